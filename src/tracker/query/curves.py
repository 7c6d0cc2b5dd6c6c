"""Metric histories, whole or reduced to what a plot can show.

A reduced curve keeps, of each of N equal parts of its steps, the lowest and the highest point, one NaN if
it has any (the gap in the line), and of the whole its first and last point: drawn at N pixels, it looks as
the whole would.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tracker.exceptions import InvalidValue
from tracker.query.connection import Reader

_WANTED = """
WITH wanted AS (SELECT unnest($runs::VARCHAR[]) AS r, unnest(range(len($runs))) AS place),
curves AS (
    SELECT r, place, key AS k, points, first_s, step AS last_s, first_t, last_t,
           CAST(row_number() OVER (ORDER BY place, key) AS INTEGER) AS c
    FROM wanted JOIN latest.metrics ON run_id = r
    WHERE $keys::VARCHAR[] IS NULL OR list_contains($keys::VARCHAR[], key)
)"""

_WHOLE = f"""{_WANTED}
SELECT r AS run_id, k AS key, s AS step, t AS time, v AS value
FROM hot.metrics JOIN curves USING (r, k) ORDER BY place, k, s, t, v
"""  # noqa: S608

# Parts of equal numbers of steps; of equal time where all points have one step.
_REDUCED = f"""{_WANTED},
placed AS (
    SELECT c, s, t, v, points <= $points AS whole,
           CAST(least($parts - 1, floor($parts * CASE
               WHEN last_s > first_s THEN (s::DOUBLE - first_s) / (last_s::DOUBLE - first_s)
               WHEN last_t > first_t THEN (t::DOUBLE - first_t) / (last_t::DOUBLE - first_t)
               ELSE 0 END)) AS INTEGER) AS part
    FROM hot.metrics JOIN curves USING (r, k)
),
parts AS (
    SELECT c,
           arg_min({{s: s, t: t, v: v}}, v) FILTER (NOT isnan(v)) AS lowest,
           arg_max({{s: s, t: t, v: v}}, v) FILTER (NOT isnan(v)) AS highest,
           min({{s: s, t: t, v: v}}) FILTER (isnan(v)) AS gap,
           min({{s: s, t: t, v: v}}) FILTER (part = 0) AS first,
           max({{s: s, t: t, v: v}}) FILTER (part = $parts - 1) AS last
    FROM placed WHERE NOT whole GROUP BY c, part
),
kept AS (
    SELECT DISTINCT c, unnest(kept) AS p
    FROM (SELECT c, [lowest, highest, gap, first, last] AS kept FROM parts)
    UNION ALL
    SELECT c, {{s: s, t: t, v: v}} AS p FROM placed WHERE whole
)
SELECT r AS run_id, k AS key, p.s AS step, p.t AS time, p.v AS value
FROM kept JOIN curves USING (c) WHERE p IS NOT NULL ORDER BY place, k, p.s, p.t, p.v
"""  # noqa: S608


def history(
    reader: Reader, run_ids: Sequence[str], keys: Sequence[str] | None = None, points: int | None = None
) -> pa.Table:
    """Every point: run_id, key, step, time (UTC), value; in the order of `run_ids`, then by key, step, time.

    With `points` each curve is reduced as by `reduced`. Raises InvalidValue.
    """
    table = _read(reader, run_ids, keys, points)
    return _with_time(table, table.column("time").cast(pa.timestamp("us", "UTC")))


def reduced(reader: Reader, run_ids: Sequence[str], keys: Sequence[str] | None = None, points: int = 1_000) -> pa.Table:
    """About `points` points a curve: run_id, key, step, time (ms since the epoch, double), value.

    Ordered as `history`. A curve that has no more points is given whole; NaN points (at most one for each
    two) come on top. Raises InvalidValue.
    """
    table = _read(reader, run_ids, keys, points)
    return _with_time(table, pc.divide(pc.cast(table.column("time"), pa.float64(), safe=False), 1000.0))


def _read(reader: Reader, run_ids: Sequence[str], keys: Sequence[str] | None, points: int | None) -> pa.Table:
    if points is not None and (isinstance(points, bool) or not isinstance(points, int) or points < 4):
        raise InvalidValue(f"A curve is reduced to a whole number of points, at least 4; got {points!r}.")
    bindings: dict[str, object] = {
        "runs": list(dict.fromkeys(map(str, run_ids))),
        "keys": None if keys is None else [str(key) for key in keys],
    }
    if points is not None:
        bindings |= {"points": points, "parts": (points - 2) // 2}
    cursor = reader.cursor()
    try:
        return cursor.sql(_WHOLE if points is None else _REDUCED, params=bindings).to_arrow_table()
    finally:
        cursor.close()


def _with_time(table: pa.Table, time: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index("time"), "time", time)
