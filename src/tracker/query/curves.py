"""Metric histories, whole or reduced to what a plot can show.

A reduced curve keeps, of each of N equal parts of its steps, the lowest and the highest point, one NaN if
it has any (the gap in the line), and of the whole its first and last point: drawn at N pixels, it looks as
the whole would. A range of steps is reduced by itself, from the points themselves: zooming in shows all there is.

Most curves are reduced by DuckDB, many in one query; a long one that is sealed is read straight from its segments
(`scan`), in half the time.
"""

# ruff: noqa: S608 (only this module's own text is put together)

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection as Connection

from tracker.exceptions import InvalidValue
from tracker.query.connection import Reader
from tracker.query.scan import Chunk, Reduction, Source, sealed_chunks

LONG = 300_000
"""From how many points on a curve is worth a pass of its own."""

Steps = tuple[int | None, int | None]
"""The first and the last step wanted; None: from the beginning, to the end."""

_LEAST, _MOST = -(2**63), 2**63 - 1
_POINTS = pa.schema([("c", pa.int32()), ("s", pa.int64()), ("t", pa.int64()), ("v", pa.float64())])

_CURVES = """
CREATE OR REPLACE TEMP TABLE curves AS
WITH wanted AS (SELECT unnest($runs::VARCHAR[]) AS r, unnest(range(len($runs))) AS place)
SELECT CAST(row_number() OVER (ORDER BY place, key) - 1 AS INTEGER) AS c, r, key AS k, points,
       greatest(first_s, $first) AS first_s, least(step, $last) AS last_s, first_t, last_t
FROM wanted JOIN latest.metrics ON run_id = r
WHERE ($keys::VARCHAR[] IS NULL OR list_contains($keys::VARCHAR[], key)) AND first_s <= $last AND step >= $first
"""
_POINTS_OF = """SELECT c, s, t, v, {more} FROM hot.metrics JOIN curves USING (r, k)
    WHERE c IN (SELECT unnest($curves::INTEGER[])) AND s BETWEEN $first AND $last"""
_AS_FOUND = _POINTS_OF.format(more="")
_COUNTS = f"SELECT c, count(*) FROM ({_AS_FOUND}) GROUP BY c"
_WHOLE = f"{_AS_FOUND} ORDER BY c, s, t, v"
_LEFT_OVER = """
SELECT s, t, v FROM (FROM hot.settled_metrics UNION ALL FROM hot.live_metrics)
WHERE r = $run AND k = $key AND s BETWEEN $first AND $last
"""

# Parts of equal numbers of steps; of equal time where all points have one step. NaN is the greatest to DuckDB.
_PART = """CAST(least($parts - 1, floor($parts * CASE
    WHEN last_s > first_s THEN (s::DOUBLE - first_s) / (last_s::DOUBLE - first_s)
    WHEN last_t > first_t THEN (t::DOUBLE - first_t) / (last_t::DOUBLE - first_t)
    ELSE 0 END)) AS INTEGER) AS part"""
_REDUCED = f"""
WITH parts AS (
    SELECT c, arg_min(s, v) AS low_s, arg_min(t, v) AS low_t, min(v) AS low,
           arg_max(s, v) FILTER (NOT isnan(v)) AS high_s, arg_max(t, v) FILTER (NOT isnan(v)) AS high_t,
           max(v) FILTER (NOT isnan(v)) AS high,
           min({{s: s, t: t, v: v}}) FILTER (isnan(v)) AS gap,
           min({{s: s, t: t, v: v}}) FILTER (part = 0) AS first,
           max({{s: s, t: t, v: v}}) FILTER (part = $parts - 1) AS last
    FROM ({_POINTS_OF.format(more=_PART)}) GROUP BY c, part
)
SELECT c, p.s AS s, p.t AS t, p.v AS v FROM (
    SELECT DISTINCT c, unnest([
        CASE WHEN NOT isnan(low) THEN {{s: low_s, t: low_t, v: low}} END,
        CASE WHEN high IS NOT NULL THEN {{s: high_s, t: high_t, v: high}} END,
        gap, first, last]) AS p
    FROM parts)
WHERE p IS NOT NULL ORDER BY c, p.s, p.t, p.v
"""


def history(
    reader: Reader,
    run_ids: Sequence[str],
    keys: Sequence[str] | None = None,
    points: int | None = None,
    steps: Steps | None = None,
) -> pa.Table:
    """Every point: run_id, key, step, time (UTC), value; in the order of `run_ids`, then by key, step, time.

    `steps` chooses a range, both ends included; with `points` each curve is reduced as by `reduced`. Raises
    InvalidValue.
    """
    table = _read(reader, run_ids, keys, points, steps)
    return _with_time(table, table.column("time").cast(pa.timestamp("us", "UTC")))


def reduced(
    reader: Reader,
    run_ids: Sequence[str],
    keys: Sequence[str] | None = None,
    points: int = 1_000,
    steps: Steps | None = None,
) -> pa.Table:
    """About `points` points a curve: run_id, key, step, time (ms since the epoch, double), value.

    Ordered as `history`. A curve that has no more points (in the range `steps`, if one is given) is given whole;
    NaN points (at most one for each two) come on top. Raises InvalidValue.
    """
    table = _read(reader, run_ids, keys, points, steps)
    return _with_time(table, pc.divide(pc.cast(table.column("time"), pa.float64(), safe=False), 1000.0))


@dataclass
class _Curve:
    """One metric of a run, and between what its wanted points lie."""

    c: int
    r: str
    k: str
    points: int
    first_s: int
    last_s: int
    first_t: int
    last_t: int


def _read(
    reader: Reader, run_ids: Sequence[str], keys: Sequence[str] | None, points: int | None, steps: Steps | None
) -> pa.Table:
    if points is not None and (isinstance(points, bool) or not isinstance(points, int) or points < 4):
        raise InvalidValue(f"A curve is reduced to a whole number of points, at least 4; got {points!r}.")
    first, last = _range(steps)
    runs = list(dict.fromkeys(map(str, run_ids)))
    wanted = None if keys is None else [str(key) for key in keys]
    cursor, sealed = reader.snapshot()
    cursor.begin()
    try:
        cursor.execute(_CURVES, {"runs": runs, "keys": wanted, "first": first, "last": last})
        curves = [_Curve(*row) for row in cursor.execute("FROM curves ORDER BY c").fetchall()]
        tables = _tables(cursor, sealed, curves, points, (first, last))
    finally:
        cursor.rollback()
        cursor.close()
    return _named(pa.concat_tables(tables), curves)


def _range(steps: Steps | None) -> tuple[int, int]:
    try:
        first, last = (None, None) if steps is None else steps
        first = _LEAST if first is None else operator.index(first)
        last = _MOST if last is None else operator.index(last)
    except (TypeError, ValueError):
        raise InvalidValue(f"A range of steps is two whole numbers, as steps=(0, 1000); got {steps!r}.") from None
    return max(_LEAST, min(_MOST, first)), max(_LEAST, min(_MOST, last))


def _tables(
    cursor: Connection, sealed: list[Source], curves: list[_Curve], points: int | None, steps: tuple[int, int]
) -> list[pa.Table]:
    """The points that are kept of each curve, as c, s, t, v; each curve's together and in order."""

    def ask(query: str, some: list[_Curve], **more: object) -> pa.Table:
        if not some:
            return _POINTS.empty_table()
        bindings = {"curves": [curve.c for curve in some], "first": steps[0], "last": steps[1]} | more
        return cursor.sql(query, params=bindings).to_arrow_table().select(_POINTS.names)

    if points is None:
        found = ask(_AS_FOUND, curves) if len(curves) == 1 else None  # a sealed curve lies in order
        return [found if found is not None and _in_order(found) else ask(_WHOLE, curves)]
    parts = (points - 2) // 2
    scanned = []
    for curve in (curve for curve in curves if curve.points > max(LONG, points)):
        kept = _scanned(cursor, sealed, curve, points, parts, steps)
        if kept is not None:
            scanned.append((curve, kept))
    rest = [curve for curve in curves if all(curve is not done for done, _ in scanned)]
    if steps != (_LEAST, _MOST) and rest:
        bindings = {"curves": [curve.c for curve in rest], "first": steps[0], "last": steps[1]}
        counts = dict(cursor.execute(_COUNTS, bindings).fetchall())
        for curve in rest:
            curve.points = counts.get(curve.c, 0)
    return [
        ask(_WHOLE, [curve for curve in rest if curve.points <= points]),
        ask(_REDUCED, [curve for curve in rest if curve.points > points], parts=parts),
        *(_table(curve, kept) for curve, kept in scanned),
    ]


def _in_order(points: pa.Table) -> bool:
    s, t = points.column("s").to_numpy(), points.column("t").to_numpy()
    return bool(np.all((s[1:] > s[:-1]) | (s[1:] == s[:-1]) & (t[1:] > t[:-1])))


def _scanned(
    cursor: Connection, sealed: list[Source], curve: _Curve, points: int, parts: int, steps: tuple[int, int]
) -> list[tuple[int, int, float]] | None:
    """What is kept of a curve that is sealed for the most part; None if it is not, or a file cannot be read so."""
    bindings = {"run": curve.r, "key": curve.k, "first": steps[0], "last": steps[1]}
    (count,) = cursor.execute(f"SELECT count(*) FROM ({_LEFT_OVER})", bindings).fetchall()[0]
    if count > LONG:
        return None
    by_time = curve.first_s == curve.last_s
    first, last = (curve.first_t, curve.last_t) if by_time else (curve.first_s, curve.last_s)
    edges = np.array([first - (first - last) * part // parts for part in range(1, parts)], np.int64)
    reduction = Reduction(edges, by_time, few=points)
    try:
        for chunk in sealed_chunks(sealed, curve.r, curve.k, steps):
            reduction.take(chunk)
    except (OSError, ValueError, pa.ArrowException):
        return None
    if count:
        rest = cursor.sql(f"{_LEFT_OVER} ORDER BY s, t, v", params=bindings).to_arrow_table()
        reduction.take(Chunk(*(rest.column(name).to_numpy() for name in "stv")))
    return reduction.points()


def _table(curve: _Curve, points: list[tuple[int, int, float]]) -> pa.Table:
    columns: list[Any] = list(zip(*points, strict=True)) or [[], [], []]
    return pa.table([[curve.c] * len(points), *columns], schema=_POINTS)


def _named(points: pa.Table, curves: list[_Curve]) -> pa.Table:
    """The points of all curves in their order, with run and key in place of their number."""
    number = points.column("c").combine_chunks()
    if len(curves) > 1 and not bool(np.all(np.diff(number.to_numpy()) >= 0)):
        points = points.take(pa.array(np.argsort(number.to_numpy(), kind="stable")))
        number = points.column("c").combine_chunks()
    names = {"run_id": [curve.r for curve in curves], "key": [curve.k for curve in curves]}
    columns = {name: pa.array(values, pa.string()).take(number) for name, values in names.items()}
    return pa.table(columns | {"step": points["s"], "time": points["t"], "value": points["v"]})


def _with_time(table: pa.Table, time: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index("time"), "time", time)
