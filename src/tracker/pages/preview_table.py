"""A file of rows as a table: a page of it, read by DuckDB, which is given this one file and nothing else.

Invariants: each page has its own connection with external access off but for the file's folder, its configuration
locked, its memory bounded; a page holds a bounded number of rows, columns and characters. Only a file of moderate size
is put in order, since that reads it whole.
"""

# ruff: noqa: S608 (only this module's own text and quoted names are put together)

from __future__ import annotations

import re
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tracker.exceptions import InvalidValue
from tracker.pages.files import RunFile

PAGE_ROWS: Final = 100
MOST_COLUMNS: Final = 300
MOST_CHARACTERS: Final = 300
ORDER_BYTES: Final = 200 << 20
MEMORY: Final = "1GB"
_CSV = "read_csv($file, ignore_errors = true, sample_size = 2000, max_line_size = 1000000, buffer_size = 8000000)"
TABLES: Final = {
    ".csv": _CSV, ".tsv": _CSV, ".csv.gz": _CSV, ".tsv.gz": _CSV,
    ".parquet": "read_parquet($file)",
    ".ndjson": "read_json($file, format = 'newline_delimited', ignore_errors = true, maximum_object_size = 1000000)",
    ".jsonl": "read_json($file, format = 'newline_delimited', ignore_errors = true, maximum_object_size = 1000000)",
}  # fmt: skip
_SPECIAL: Final = re.compile(r"[*?\[]")


def table_page(
    file: RunFile, offset: int, order: str | None = None, descending: bool = False
) -> tuple[dict[str, Any], list[pa.Table]]:
    """Rows from `offset` on, by the column `order` if one is given.

    Gives {kind: "table", offset, total (None where only reading all would tell), columns: [{name, type}], more,
    ordered} and the rows as a table of texts and numbers. Raises InvalidValue for what cannot be read as a table.
    """
    source = TABLES[file.suffix]
    name = _SPECIAL.sub(lambda found: f"[{found[0]}]", str(file.path))  # a name is a name, not a pattern
    db = _connection(str(file.path.parent))
    try:
        described = db.execute(f"DESCRIBE FROM {source}", {"file": name}).fetchall()
        columns = [(row[0], row[1]) for row in described[:MOST_COLUMNS]]
        sortable = file.size <= ORDER_BYTES
        known = sortable and order in [column for column, _ in columns]
        ordering = f"ORDER BY {_quoted(order or '')} {'DESC' if descending else 'ASC'} NULLS LAST" if known else ""
        chosen = ", ".join(_shown(column, kind) for column, kind in columns)
        query = f"SELECT {chosen} FROM {source} {ordering} LIMIT {PAGE_ROWS + 1} OFFSET {offset}"
        rows = db.sql(query, params={"file": name}).to_arrow_table()
        total = _total(db, file, source, name)
    except (duckdb.Error, pa.ArrowException, UnicodeError) as error:
        raise InvalidValue(f"This file cannot be read as a table: {str(error).splitlines()[0][:300]}") from error
    finally:
        db.close()
    shown = {
        "kind": "table",
        "offset": offset,
        "total": total,
        "more": rows.num_rows > PAGE_ROWS,
        "columns": [{"name": column, "type": kind[:60]} for column, kind in columns],
        "wider": len(described) - len(columns),
        "sortable": sortable,
    }
    return shown, [_plain(rows.slice(0, PAGE_ROWS))]


def _connection(folder: str) -> duckdb.DuckDBPyConnection:
    limits: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False, "autoload_known_extensions": False, "memory_limit": MEMORY, "threads": 2,
    }  # fmt: skip
    db = duckdb.connect(":memory:", config=limits)
    quoted = folder.replace("'", "''")
    for statement in (
        "SET GLOBAL TimeZone = 'UTC'",
        "SET GLOBAL python_enable_replacements = false",
        f"SET allowed_directories = ['{quoted}']",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        db.execute(statement)
    return db


def _total(db: duckdb.DuckDBPyConnection, file: RunFile, source: str, name: str) -> int | None:
    """How many rows there are, where that costs little: Parquet says it, of a small file they are counted."""
    if file.suffix != ".parquet" and file.size > ORDER_BYTES // 10:
        return None
    row = db.execute(f"SELECT count(*) FROM {source}", {"file": name}).fetchone()
    return int(row[0]) if row else None


def _shown(column: str, kind: str) -> str:
    """A number stays one; everything else is the beginning of its text."""
    name = _quoted(column)
    if kind in ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER", "USMALLINT", "UTINYINT"):
        return name
    if kind.startswith("DECIMAL"):
        return f"{name}::DOUBLE AS {name}"
    if kind == "BLOB":
        return f"'(' || octet_length({name}) || ' bytes)' AS {name}"
    return f"left({name}::VARCHAR, {MOST_CHARACTERS}) AS {name}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(rows: pa.Table) -> pa.Table:
    """With names that no two columns share, as the page reads them by place."""
    columns = [
        pc.cast(column, pa.string()) if pa.types.is_null(column.type) else column for column in rows.combine_chunks()
    ]
    return pa.table(columns, names=[str(place) for place in range(rows.num_columns)])
