"""Entities out of the store's views. Only this part of tracking needs the query engine, imported on use.

Parameters come back as text, times in milliseconds. A run that is not there is NotFound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tracker.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunTag,
    ViewType,
)
from tracker.exceptions import InvalidValue, NotFound
from tracker.store import Store
from tracker.tracking.values import shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_INFO = """SELECT run_id, experiment_id, coalesce("user", ''), status, epoch_ms(start_time),
    epoch_ms(end_time), lifecycle_stage, name FROM runs WHERE run_id IN (SELECT unnest($ids::VARCHAR[]))"""
_PARAMS = """SELECT run_id, key, json::VARCHAR FROM params
    WHERE run_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY key"""
_TAGS = "SELECT run_id, key, value FROM tags WHERE run_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY key"
_METRICS = """SELECT run_id, key, value, epoch_ms(time), step FROM latest_metrics
    WHERE run_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY key"""
_INPUTS = """SELECT run_id, name, digest, source_type, source, schema, profile, tags::VARCHAR FROM datasets
    WHERE run_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY name"""
_HISTORY = """SELECT value, epoch_ms(time), step FROM metrics WHERE run_id = $id AND key = $key
    ORDER BY step, time, value LIMIT $limit OFFSET $offset"""

VIEWS = {ViewType.ACTIVE_ONLY: "active", ViewType.DELETED_ONLY: "deleted", ViewType.ALL: "all"}


def view_name(view_type: int) -> str:
    """The view's name in queries. Raises InvalidValue for a number that is no ViewType."""
    if view_type not in VIEWS:
        raise InvalidValue(f"A view type is ViewType.ACTIVE_ONLY, DELETED_ONLY or ALL; got {view_type!r}.")
    return VIEWS[view_type]


def get_run(store: Store, run_id: str) -> Run:
    """The run as it is now, deleted or not. Raises NotFound."""
    found = get_runs(store, [run_id]) if isinstance(run_id, str) else []
    if not found:
        raise NotFound(f"There is no run {run_id!r} in the store at {store.root}.")
    return found[0]


def get_info(store: Store, run_id: str) -> RunInfo:
    """The run's identity and state, without its data. Raises NotFound."""
    cursor = _cursor(store)
    rows = cursor.execute(_INFO, {"ids": [str(run_id)]}).fetchall()
    if not rows:
        raise NotFound(f"There is no run {run_id!r} in the store at {store.root}.")
    return _info(store, rows[0])


def get_runs(store: Store, run_ids: Sequence[str]) -> list[Run]:
    """The runs of these ids that are there, in this order."""
    cursor = _cursor(store)
    ids = {"ids": list(run_ids)}
    cursor.begin()
    try:
        infos = {row[0]: _info(store, row) for row in cursor.execute(_INFO, ids).fetchall()}
        params = _grouped(cursor.execute(_PARAMS, ids).fetchall(), lambda key, text: Param(key, _param_text(text)))
        tags = _grouped(cursor.execute(_TAGS, ids).fetchall(), RunTag)
        metrics = _grouped(cursor.execute(_METRICS, ids).fetchall(), Metric)
        inputs = _grouped(cursor.execute(_INPUTS, ids).fetchall(), _input)
    finally:
        cursor.rollback()
        cursor.close()
    return [
        Run(infos[i], RunData(metrics.get(i), params.get(i), tags.get(i)), RunInputs(inputs.get(i)))
        for i in run_ids
        if i in infos
    ]


def search_run_ids(
    store: Store,
    experiment_ids: Iterable[str],
    filter_string: str | None,
    view: str,
    order_by: Sequence[str] | str | None,
    limit: int,
    offset: int = 0,
) -> list[str]:
    """The ids of the runs that pass, in order. Raises FilterError."""
    from tracker.query.compile import Compiler
    from tracker.query.filters import parse, parse_order

    compiler = Compiler()
    conditions = [f"r.experiment_id IN (SELECT unnest({compiler.bind([str(i) for i in experiment_ids])}::VARCHAR[]))"]
    if view != "all":
        conditions.append(f"r.lifecycle_stage = {compiler.bind(view)}")
    tree = parse(filter_string)
    if tree is not None:
        conditions.append(compiler.where(tree))
    order = compiler.order(parse_order(order_by))
    query = f"""SELECT r.run_id FROM latest.runs r {compiler.joins}
        WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}"""  # noqa: S608
    rows = _cursor(store).execute(query, compiler.bindings).fetchall()
    return [row[0] for row in rows]


def metric_history(store: Store, run_id: str, key: str, limit: int | None = None, offset: int = 0) -> list[Metric]:
    """A metric's points by step, time and value; an empty list for a metric that the run lacks."""
    most = (1 << 62) if limit is None else limit
    rows = _cursor(store).execute(_HISTORY, {"id": run_id, "key": key, "limit": most, "offset": offset}).fetchall()
    return [Metric(key, value, time, step, run_id) for value, time, step in rows]


def all_points(store: Store, run_id: str) -> dict[str, list[tuple[int, float]]]:
    """Every metric of a run with its (step, value) points by step and time."""
    query = "SELECT key, step, value FROM metrics WHERE run_id = $id ORDER BY key, step, time, value"
    found: dict[str, list[tuple[int, float]]] = {}
    for key, step, value in _cursor(store).execute(query, {"id": run_id}).fetchall():
        found.setdefault(key, []).append((step, value))
    return found


def find_run_ids(store: Store, text: str) -> list[str]:
    """The run of this id; else those whose id begins with `text` (of 6 characters or more) or that have it as their
    name, the latest first."""
    query = """SELECT run_id FROM runs WHERE lifecycle_stage = 'active'
        AND (run_id = $text OR name = $text OR (length($text) >= 6 AND starts_with(run_id, $text)))
        ORDER BY run_id = $text DESC, start_time DESC"""
    found = [row[0] for row in _cursor(store).execute(query, {"text": text}).fetchall()]
    return found[:1] if text in found else found


def run_id_of(store: Store, run: Any) -> str:
    """The id of a run that is given as a Run or a row of a table, by its id, by at least 6 characters that it begins
    with, or by a name that only one run has. Raises NotFound, InvalidValue."""
    if not isinstance(run, str):
        known = getattr(getattr(run, "info", run), "run_id", None)
        if not isinstance(known, str):
            raise InvalidValue(f"A run is given as a Run or by its id; got {run!r}.")
        return known
    found = find_run_ids(store, run.strip()) or _deleted(store, run.strip())
    if len(found) > 1:
        raise InvalidValue(f"{run!r} is what {len(found)} runs are called or begin with; give a whole id: {found[0]}.")
    if not found:
        raise NotFound(f"There is no run {run!r} in the store at {store.root}.")
    return found[0]


def _deleted(store: Store, run_id: str) -> list[str]:
    """A run that was deleted is still there for who knows its id."""
    try:
        return [get_info(store, run_id).run_id]
    except NotFound:
        return []


def last_steps(store: Store, run_id: str) -> dict[str, int]:
    """The greatest step of each metric of a run."""
    query = "SELECT key, step FROM latest_metrics WHERE run_id = $id"
    return dict(_cursor(store).execute(query, {"id": run_id}).fetchall())


def child_run_ids(store: Store, run_id: str) -> list[str]:
    """The ids of the live runs directly below a run, oldest first."""
    query = "SELECT run_id FROM runs WHERE parent_run_id = $id AND lifecycle_stage = 'active' ORDER BY run_id"
    return [row[0] for row in _cursor(store).execute(query, {"id": run_id}).fetchall()]


def _cursor(store: Store) -> DuckDBPyConnection:
    from tracker.query import reader

    return reader(store).cursor()


def _param_text(text: str) -> str:
    try:
        return shown(json.loads(text))
    except RecursionError:  # nested beyond reason, in a store from elsewhere
        return text


def _grouped(rows: Iterable[tuple[Any, ...]], make: Any) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for run_id, *fields in rows:
        groups.setdefault(run_id, []).append(make(*fields))
    return groups


def _info(store: Store, row: tuple[Any, ...]) -> RunInfo:
    run_id, experiment_id, user, status, start, end, stage, name = row
    return RunInfo(run_id, experiment_id, user, status, start, end, stage, _artifact_uri(store, run_id), name)


def _artifact_uri(store: Store, run_id: str) -> str | None:
    try:
        return str(store.artifact_root(run_id))
    except InvalidValue:  # a foreign store may hold any text as an id
        return None


def _input(
    name: str, digest: str, kind: str, source: str, schema: str | None, profile: str | None, tags: str | None
) -> DatasetInput:
    told = json.loads(tags) if tags else {}
    pairs = told.items() if isinstance(told, dict) else ()
    return DatasetInput(
        Dataset(name, digest, kind, source, schema, profile),
        [InputTag(key, str(value)) for key, value in pairs],
    )
