"""What views ask beyond the run table: extremes of metrics, a part of a curve in more detail, runs that changed."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tracker.query.connection import Reader

_EXTREMES = """
SELECT r AS run_id, k AS key, min(v) FILTER (NOT isnan(v)) AS min, max(v) FILTER (NOT isnan(v)) AS max
FROM hot.metrics WHERE k IN (SELECT unnest($keys::VARCHAR[])) GROUP BY r, k ORDER BY r
"""

# One point more at each side, so that the line leaves the frame.
_FINER = """
WITH wanted AS (SELECT unnest($runs::VARCHAR[]) AS r, unnest(range(len($runs))) AS place),
points AS (SELECT r, place, s, t, v FROM hot.metrics JOIN wanted USING (r) WHERE k = $key),
inside AS (
    SELECT *, CAST(floor($parts * (s - $low) / greatest(1e-9, $high - $low)) AS INTEGER) AS part
    FROM points WHERE s BETWEEN $low AND $high
),
kept AS (
    SELECT DISTINCT r, place, unnest([
        arg_min({s: s, t: t, v: v}, v) FILTER (NOT isnan(v)), arg_max({s: s, t: t, v: v}, v) FILTER (NOT isnan(v)),
        min({s: s, t: t, v: v}) FILTER (isnan(v))]) AS p
    FROM inside GROUP BY r, place, part
    UNION ALL SELECT r, place, max({s: s, t: t, v: v}) FROM points WHERE s < $low GROUP BY r, place
    UNION ALL SELECT r, place, min({s: s, t: t, v: v}) FROM points WHERE s > $high GROUP BY r, place
)
SELECT r AS run_id, $key AS key, p.s AS step, p.t AS time, p.v AS value
FROM kept WHERE p IS NOT NULL ORDER BY place, step, time
"""

_CHANGED = """
SELECT DISTINCT r FROM hot.events WHERE t > $since AND r IS NOT NULL
UNION SELECT DISTINCT r FROM hot.series WHERE last_t > $since AND r IS NOT NULL
UNION SELECT run_id FROM latest.runs WHERE status = 'RUNNING'
"""


def extremes(reader: Reader, keys: Sequence[str]) -> pa.Table:
    """The least and greatest value of metrics by run, NaN left out: run_id, then min.KEY and max.KEY for each key."""
    long = _table(reader, _EXTREMES, {"keys": list(keys)})
    runs = pc.unique(long.column("run_id"))
    columns: dict[str, pa.Array] = {"run_id": runs}
    for key in keys:
        part = long.filter(pc.equal(long.column("key"), key))
        places = pc.index_in(runs, part.column("run_id").combine_chunks())
        for name in ("min", "max"):
            columns[f"{name}.{key}"] = part.column(name).combine_chunks().take(places)
    return pa.table(columns)


def finer(reader: Reader, runs: Sequence[str], key: str, span: tuple[float, float], points: int) -> pa.Table:
    """A metric's curves between two steps in about `points` points each, as `curves.reduced` gives whole curves."""
    bindings = {"runs": list(runs), "key": key, "low": span[0], "high": span[1], "parts": max(1, points // 2)}
    table = _table(reader, _FINER, bindings)
    time = pc.divide(pc.cast(table.column("time"), pa.float64(), safe=False), 1000.0)
    return table.set_column(table.column_names.index("time"), "time", time)


def changed_runs(reader: Reader, since: int) -> list[str]:
    """Ids of the runs of which something was written since (µs since the epoch), or that are running."""
    return [str(run) for run in _table(reader, _CHANGED, {"since": since}).column("r").to_pylist()]


def _table(reader: Reader, query: str, bindings: dict[str, object]) -> pa.Table:
    cursor = reader.cursor()
    try:
        return cursor.sql(query, params=bindings).to_arrow_table()
    finally:
        cursor.close()
