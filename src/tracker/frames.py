"""Runs as DataFrames: what `tracker.runs`, `tracker.history` and `tracker.sql` give, of the store in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker.tracking.context import current_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def runs(
    experiment: str | Iterable[str] | None = None,
    where: str | None = None,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """One row a run, columns `params.*`, `metrics.*`, `tags.*`; values keep their types.

    `experiment` is a name or id, or several; `where` a filter as in "metrics.accuracy > 0.9 and params.C <= 10";
    `order_by` as in "metrics.accuracy DESC". Raises FilterError, NotFound.
    """
    from tracker.query import frames

    return frames.runs(current_store(), experiment, where, order_by, limit)


def history(
    runs: Any,
    keys: str | Iterable[str] | None = None,
    points: int | None = None,
    steps: tuple[int | None, int | None] | None = None,
) -> pd.DataFrame:
    """Metric histories in one long DataFrame: run_id, key, step, time, value; ordered by step, then time.

    `points` reduces each curve to about that many points for drawing, its extremes kept; `steps=(first, last)` chooses
    a range, None for an open end: together they zoom in.
    """
    from tracker.query import frames

    return frames.history(current_store(), runs, keys, points, steps)


def sql(query: str, **bindings: Any) -> pd.DataFrame:
    """What a reading statement of DuckDB's SQL gives, `$name` taken from `bindings`.

    Views: runs, params, metrics, latest_metrics, tags, artifacts, datasets, experiments. Raises TrackerError.
    """
    from tracker.query import frames

    return frames.sql(current_store(), query, **bindings)
