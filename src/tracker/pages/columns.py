"""The run table on its way to the page: an Arrow stream for a live widget, JSON columns for a saved bundle."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from tracker.pages.numbers import rounded


def arrow_stream(table: pa.Table) -> bytes:
    """The table as an Arrow IPC stream, strings as dictionaries, so that the page compares codes."""
    fields = [
        column.dictionary_encode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        else column
        for column in table.combine_chunks().columns
    ]
    encoded = pa.table(fields, names=table.column_names)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, encoded.schema) as writer:
        writer.write_table(encoded)
    return bytes(sink.getvalue())


def buffer(data: pa.Table | bytes) -> bytes:
    """What an answer holds as it goes to the page: a table as an Arrow stream, bytes as they are."""
    return data if isinstance(data, bytes) else arrow_stream(data)


def json_columns(table: pa.Table, rows: int) -> list[dict[str, Any]]:
    """The first rows as JSON columns (js/core/types.ts), those that hold nothing left out."""
    head = table.slice(0, rows)
    columns = []
    for name in head.column_names:
        column = head.column(name)
        if name == "run_id" or column.null_count < len(column):
            kind = kind_of(column.type)
            columns.append({"name": name, "kind": kind, "values": [_json(value, kind) for value in column.to_pylist()]})
    return columns


def kind_of(arrow: pa.DataType) -> str:
    """The column kind of js/core/types.ts."""
    if pa.types.is_timestamp(arrow):
        return "time"
    if pa.types.is_boolean(arrow):
        return "bool"
    return "number" if pa.types.is_integer(arrow) or pa.types.is_floating(arrow) else "string"


def _json(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        return math.floor(value.timestamp() * 1000)
    return rounded(value)
