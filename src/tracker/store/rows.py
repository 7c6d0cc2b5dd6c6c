"""How a journal's lines become rows in DuckDB's SQL: the one reading of them, for queries and for sealing.

Text only: who executes it imports the engine. A row has the fields of `events` and `w`, the journal's name. A line
that is no event becomes a row of NULLs; a time beyond what timestamps can show is brought to their bound.
"""

# ruff: noqa: S608 (only this module's own names are put together)

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_COLUMNS = {"e": "VARCHAR", "r": "VARCHAR", "x": "VARCHAR", "k": "VARCHAR", "v": "JSON", "s": "BIGINT", "t": "BIGINT"}

# Years 1 to 9999: what timestamps can show. A journal from elsewhere may say anything.
FIRST_TIME, LAST_TIME = -62135596800000000, 253402300799999999
TIME = f"greatest({FIRST_TIME}, least({LAST_TIME}, coalesce(t, 0)))"

FIELDS = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items()) + ", w VARCHAR"

OF_JOURNALS = f"""
SELECT e, r, x, k, coalesce(v, 'null') AS v, s, {TIME} AS t, parse_filename(filename, true) AS w
FROM read_json($files, format = 'newline_delimited', ignore_errors = true, filename = true,
               maximum_object_size = 16777216, columns = {_COLUMNS})
"""

OF_TEXTS = f"""
SELECT e, r, x, k, coalesce(v, 'null') AS v, s, {TIME} AS t, w
FROM (SELECT w, unnest(CASE WHEN json_valid(line) THEN json_transform(line, '{json.dumps(_COLUMNS)}') END)
      FROM (SELECT w, unnest(string_split(text, chr(10))) AS line
            FROM (SELECT unnest($writers::VARCHAR[]) AS w, unnest($texts::VARCHAR[]) AS text))
      WHERE trim(line, ' ' || chr(9) || chr(11) || chr(12) || chr(13)) <> '')
"""
"""The same of lines that were read already: `$texts`, and of each whose journal it is, `$writers`."""

# The columns of a segment's tables. `last`: no later event of this kind, run and key is in the same journal.
SEGMENT = {
    "events": {
        "e": "VARCHAR", "r": "VARCHAR", "x": "VARCHAR", "k": "VARCHAR", "v": "JSON", "s": "BIGINT", "t": "BIGINT",
        "w": "VARCHAR", "last": "BOOLEAN",
    },
    "metrics": {"r": "VARCHAR", "k": "VARCHAR", "s": "BIGINT", "t": "BIGINT", "v": "DOUBLE", "w": "VARCHAR"},
    "series": {
        "r": "VARCHAR", "k": "VARCHAR", "w": "VARCHAR",
        "best": 'STRUCT(s BIGINT, t BIGINT, "real" BOOLEAN, v DOUBLE)', "points": "BIGINT",
        "first_s": "BIGINT", "first_t": "BIGINT", "last_t": "BIGINT",
    },
}  # fmt: skip
_DESCRIBED = "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($file))"


def points(rows: str) -> str:
    """The metric points among the rows: r, k, s, t, v (a double), w."""
    return f"""SELECT r, k, coalesce(s, 0) AS s, t, value AS v, w
        FROM (SELECT *, TRY_CAST(v ->> '$' AS DOUBLE) AS value FROM {rows} WHERE e = 'metric')
        WHERE r IS NOT NULL AND k IS NOT NULL AND value IS NOT NULL"""


def series(of_points: str) -> str:
    """One row for each metric of a run in each journal: its latest point, and between what it lies.

    The latest is the greatest by (step, time, value), NaN lowest.
    """
    return f"""SELECT r, k, w, max({{s: s, t: t, real: NOT isnan(v), v: v}}) AS best, count(*) AS points,
            min(s) AS first_s, min(t) AS first_t, max(t) AS last_t
        FROM ({of_points}) GROUP BY r, k, w"""


def check_columns(db: Connection, segment: Path) -> None:
    """Raise ValueError if a table of the segment has other columns than these, DuckDB's errors if it is none."""
    for table, columns in SEGMENT.items():
        file = segment / f"{table}.parquet"
        if dict(db.execute(_DESCRIBED, {"file": str(file)}).fetchall()) != columns:
            raise ValueError(f"{file.name} has other columns than a segment's")
