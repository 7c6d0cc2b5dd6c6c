"""The run table: one row a run, with a column for each parameter, metric and tag that any of the runs has.

Invariant: the rows are chosen and ordered once; the values of each kind are then read long, sorted by key,
and spread into columns, at a cost of one pass over the values whatever the number of columns.
"""

# ruff: noqa: S608 (what `Compiler` gives)

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection as Connection

from tracker.exceptions import InvalidValue, NotFound
from tracker.query.compile import Compiler
from tracker.query.connection import Reader
from tracker.query.filters import parse, parse_order
from tracker.store import Store

View = Literal["active", "deleted", "all"]

_ATTRIBUTES = """r.run_id, r.name, r.status, r.experiment, r.start_time, r.end_time, r.duration, r.parent_run_id,
    r."user", r.note, r.star"""
_PARAMS = """
SELECT key, row, kind, num, int, CASE WHEN key IN (SELECT unnest($texts::VARCHAR[])) THEN text END AS text
FROM chosen JOIN latest.params USING (run_id) WHERE kind <> 'null' ORDER BY key, row
"""
_TEXTS = "SELECT DISTINCT key FROM latest.params WHERE kind NOT IN ('int', 'float', 'null')"
_METRICS = "SELECT key, row, value FROM chosen JOIN latest.metrics USING (run_id) ORDER BY key, row"
_TAGS = "SELECT key, row, value FROM chosen JOIN latest.tags USING (run_id) {where} ORDER BY key, row"
_OWN_TAGS = "WHERE NOT starts_with(key, 'mlflow.') AND NOT starts_with(key, 'tracker.')"
_NOT_FINITE = pa.array(["NaN", "Infinity", "-Infinity"])


def run_table(
    reader: Reader,
    experiments: Sequence[str] | None = None,
    where: str | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    view: View = "active",
    run_ids: Sequence[str] | None = None,
    all_tags: bool = False,
) -> pa.Table:
    """The runs that pass, one row a run, newest first unless ordered otherwise.

    Columns: run_id, name, status, experiment, start_time, end_time (UTC), duration (s), parent_run_id, user,
    note, star; then params.*, metrics.* (latest), tags.* in the order of their keys (tags of `mlflow.` and
    `tracker.` only with `all_tags`). A parameter's column is int64, double or bool where all its values are,
    else text. `experiments` and `run_ids` are ids; None stands for all. Raises FilterError, InvalidValue.
    """
    compiler = Compiler()
    conditions = _conditions(compiler, experiments, where, view, run_ids)
    order = compiler.order(parse_order(order_by))
    query = f"""CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT *, row_number() OVER () - 1 AS row
        FROM (SELECT {_ATTRIBUTES} FROM latest.runs r {compiler.joins} {conditions}
              ORDER BY {order} {_page(limit, offset)})"""
    cursor = reader.cursor()
    cursor.begin()
    try:
        cursor.execute(query, compiler.bindings)
        return _assemble(cursor, all_tags)
    finally:
        cursor.rollback()
        cursor.close()


def count_runs(
    reader: Reader, experiments: Sequence[str] | None = None, where: str | None = None, view: View = "active"
) -> int:
    """How many runs pass. Raises FilterError."""
    compiler = Compiler()
    conditions = _conditions(compiler, experiments, where, view, None)
    query = f"SELECT count(*) FROM latest.runs r {compiler.joins} {conditions}"
    row = reader.cursor().execute(query, compiler.bindings).fetchone()
    return int(row[0]) if row else 0


def experiment_ids(store: Store, experiments: Sequence[str]) -> list[str]:
    """The ids of experiments that are given by name or id. Raises NotFound."""
    known = store.experiments()
    names = {e.name: e.id for e in sorted(known.values(), key=lambda e: e.state == "active")}
    ids = []
    for wanted in experiments:
        if wanted not in names and wanted not in known:
            have = ", ".join(repr(e.name) for e in known.values() if e.state == "active") or "none"
            raise NotFound(f"The store at {store.root} has no experiment {wanted!r}; it has {have}.")
        ids.append(names.get(wanted, wanted))
    return ids


# -- choosing rows


def _conditions(
    compiler: Compiler,
    experiments: Sequence[str] | None,
    where: str | None,
    view: View,
    run_ids: Sequence[str] | None,
) -> str:
    if view not in ("active", "deleted", "all"):
        raise InvalidValue(f"A view of runs is 'active', 'deleted' or 'all'; got {view!r}.")
    conditions = []
    if view != "all":
        conditions.append(f"r.lifecycle_stage = {compiler.bind(view)}")
    for column, values in (("experiment_id", experiments), ("run_id", run_ids)):
        if values is not None:
            ids = compiler.bind([str(value) for value in values])
            conditions.append(f"r.{column} IN (SELECT unnest({ids}::VARCHAR[]))")
    tree = parse(where)
    if tree is not None:
        conditions.append(compiler.where(tree))
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _page(limit: int | None, offset: int) -> str:
    for name, number in (("limit", limit), ("offset", offset)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
            raise InvalidValue(f"The {name} of a run table is a whole number from 0 on; got {number!r}.")
    return f"{'' if limit is None else f'LIMIT {limit}'} OFFSET {offset}"


# -- spreading values into columns


def _assemble(cursor: Connection, all_tags: bool) -> pa.Table:
    def read(query: str, **bindings: object) -> pa.Table:
        return cursor.sql(query, params=bindings).to_arrow_table()

    table = read("SELECT * EXCLUDE (row) FROM chosen ORDER BY row")
    spread = _Spread(table.num_rows)
    columns = {name: table.column(name) for name in table.column_names}
    texts = [key for (key,) in cursor.execute(_TEXTS).fetchall()]
    columns |= spread("params", read(_PARAMS, texts=texts), _typed)
    columns |= spread("metrics", read(_METRICS), _plain)
    columns |= spread("tags", read(_TAGS.format(where="" if all_tags else _OWN_TAGS)), _plain)
    return pa.table(columns)


class _Spread:
    """Turns (key, row, value…) sorted by key into one column a key, with nulls where a row has no value."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __call__(self, prefix: str, long: pa.Table, values: Callable[[pa.Table], pa.Array]) -> dict[str, pa.Array]:
        long = long.combine_chunks()
        rows = long.column("row").to_numpy()
        return {
            f"{prefix}.{key}": self._column(values(long.slice(start, stop - start)), rows[start:stop])
            for key, start, stop in _groups(long.column("key"))
        }

    def _column(self, values: pa.Array, rows: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array:
        if len(values) == self._length:
            return values
        places = np.full(self._length, -1)
        places[rows] = np.arange(len(rows))
        return values.take(pa.array(places, mask=places < 0))


def _groups(keys: pa.ChunkedArray) -> Iterator[tuple[str, int, int]]:
    """Each run of equal keys: the key, where it starts, where it ends."""
    start = 0
    encoded = keys.value_counts() if len(keys) else pa.array([])
    for entry in encoded:
        stop = start + entry["counts"].as_py()
        yield entry["values"].as_py(), start, stop
        start = stop


def _plain(long: pa.Table) -> pa.Array:
    return _whole(long.column("value"))


def _typed(long: pa.Table) -> pa.Array:
    """A parameter's values in the narrowest type that holds them all."""
    kinds = set(pc.unique(long.column("kind")).to_pylist())
    if kinds == {"int"}:
        return _whole(long.column("int"))
    if kinds == {"bool"}:
        return _whole(pc.equal(long.column("text"), "true"))
    if kinds <= {"int", "float"}:
        return _whole(long.column("num"))
    text = _whole(long.column("text"))
    if kinds <= {"int", "float", "string"} and kinds != {"string"}:
        strings = pc.equal(long.column("kind"), "string")
        if pc.all(pc.is_in(text.filter(_whole(strings)), value_set=_NOT_FINITE)).as_py():
            return pc.cast(pc.replace_substring(text, "Infinity", "inf"), pa.float64())
    return text


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined
