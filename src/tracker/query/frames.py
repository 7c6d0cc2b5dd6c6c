"""Answers as DataFrames: what stands behind `tracker.runs`, `tracker.history` and `tracker.sql`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import pandas as pd

from tracker.exceptions import InvalidValue, NotFound
from tracker.query import curves
from tracker.query import sql as user_sql
from tracker.query.connection import Reader, reader
from tracker.query.table import experiment_ids, run_table
from tracker.store import Store


def runs(
    store: Store,
    experiment: str | Iterable[str] | None = None,
    where: str | None = None,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """The runs of an experiment (a name or id, or several; None for all), one row a run; see `run_table`.

    Raises NotFound for an unknown experiment, FilterError for a mistake in `where` or `order_by`.
    """
    ids = None if experiment is None else experiment_ids(store, _listed(experiment))
    keys = None if order_by is None else _listed(order_by)
    return cast(pd.DataFrame, run_table(reader(store), ids, where, keys, limit).to_pandas())


def history(
    store: Store,
    runs: Any,
    keys: str | Iterable[str] | None = None,
    points: int | None = None,
    steps: curves.Steps | None = None,
) -> pd.DataFrame:
    """Metric histories, long: run_id, key, step, time, value; by run as given, then key, step, time.

    `runs` is an id, a run, a DataFrame with `run_id`, or several; `points` reduces each curve to about that
    many; `steps` is a range of them, both ends included. Raises NotFound, InvalidValue.
    """
    ids, asked = run_ids(runs), reader(store)
    _check_runs(asked, ids)
    table = curves.history(asked, ids, None if keys is None else _listed(keys), points, steps)
    return cast(pd.DataFrame, table.to_pandas())


def sql(store: Store, query: str, /, **bindings: Any) -> pd.DataFrame:
    """What one reading statement gives over the store's views. Raises InvalidValue in DuckDB's words."""
    return cast(pd.DataFrame, user_sql.query(reader(store), query, bindings).to_pandas())


def run_ids(runs: Any) -> list[str]:
    """The ids out of what holds some: an id, a run, a DataFrame with `run_id`, a selection, or several.

    Raises InvalidValue where there are none.
    """
    if isinstance(runs, str):
        return [runs]
    if hasattr(getattr(runs, "info", None), "run_id"):
        return [str(runs.info.run_id)]
    if isinstance(getattr(runs, "selected", None), list):
        return [str(run) for run in runs.selected]
    if hasattr(runs, "columns") and "run_id" in runs.columns:
        return [str(run) for run in runs["run_id"]]
    if isinstance(runs, Iterable) and not hasattr(runs, "columns"):
        return [identifier for run in runs for identifier in run_ids(run)]
    raise InvalidValue(f"No runs in {runs!r}: give run ids, runs, or a DataFrame with a column run_id.")


def _check_runs(reader: Reader, ids: list[str]) -> None:
    asked = "(SELECT unnest($ids::VARCHAR[]) AS id)"
    query = f"SELECT id FROM {asked} ANTI JOIN latest.runs ON run_id = id LIMIT 1"  # noqa: S608
    missing = reader.cursor().execute(query, {"ids": ids}).fetchone()
    if missing is not None:
        raise NotFound(f"No run {missing[0]!r} in the store at {reader.store.root}.")


def _listed(texts: str | Iterable[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)
