"""The user's own SQL over the views of the store: one reading statement, with bound values.

Invariant: nothing but a SELECT (or EXPLAIN of one, or PIVOT) is executed. With that the connection has
external access off, a locked configuration and no extensions: a statement can read the store's folder and
nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import StatementType

from tracker.exceptions import InvalidValue
from tracker.query.connection import Reader

_COMMENT = r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_EXPLAIN = re.compile(rf"{_COMMENT}EXPLAIN\b{_COMMENT}(?:ANALYZE\b)?{_COMMENT}(?:\([^)]*\))?", re.I | re.S)
# A pivot that finds its columns itself is several statements to DuckDB; a COPY of one begins otherwise.
# No comment may come first: DuckDB nests them, so that what a pattern takes for their end may not be it.
_PIVOT = re.compile(r"\s*(?:PIVOT|SELECT|FROM)\b", re.I)
_VIEWS = "runs, params, metrics, latest_metrics, tags, artifacts, datasets, experiments"


def query(reader: Reader, text: str, bindings: Mapping[str, Any] | None = None) -> pa.Table:
    """What a reading statement gives, `$name` taken from `bindings`.

    Raises InvalidValue, with DuckDB's sentence for a mistake in the statement.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidValue(f"There is no SQL to run; try FROM runs. The views are {_VIEWS}.")
    try:
        _check(text)
        cursor = reader.cursor()
        try:
            return _without_decimals(cursor.sql(text, params=dict(bindings or {})).to_arrow_table())
        finally:
            cursor.close()
    except duckdb.Error as error:
        raise InvalidValue(str(error)) from error


def _check(text: str) -> None:
    statements = duckdb.extract_statements(text)
    if len(statements) != 1:
        raise InvalidValue(f"One statement at a time; this has {len(statements)}. Run each on its own.")
    kind = statements[0].type
    explained = _EXPLAIN.match(text) if kind == StatementType.EXPLAIN else None
    if explained is not None:
        _check(text[explained.end() :])
    elif kind != StatementType.SELECT and not (kind == StatementType.MULTI and _PIVOT.match(text)):
        raise InvalidValue(f"Only statements that read can be run, as SELECT; this is {kind.name}. Views: {_VIEWS}.")


def _without_decimals(table: pa.Table) -> pa.Table:
    """Decimals (a sum of integers, a literal such as 0.5) as plain numbers."""
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(place, field.name, _plain_number(table.column(place)))
    return table


def _plain_number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type.scale == 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    return column.cast(pa.float64())
