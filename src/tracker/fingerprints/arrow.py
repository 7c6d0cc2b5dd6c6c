"""Arrow: tables, record batches and arrays; and Polars, which is Arrow inside.

Invariants: how a column is cut into chunks, offsets into buffers and what lies under a null do not count. The digest of
a table that is still there is kept only where its memory is nobody's to change: a table may lie over a NumPy array.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tracker.fingerprints.arrow_values import feed_arrow
from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import encoded, feed_objects
from tracker.fingerprints.result import Column, Fingerprint
from tracker.fingerprints.sampling import OBJECT_WEIGHT, Runs, read_rows, rows_to_read

_known: dict[int, tuple[weakref.ref[Any], Fingerprint]] = {}
_MAX_KNOWN = 1_000


def of_arrow(data: Any) -> Fingerprint:
    """The fingerprint of an Arrow Table, RecordBatch, Array or ChunkedArray."""
    entry = _known.get(id(data))
    if entry is not None and entry[0]() is data:
        return entry[1]
    found = _of_arrow(data)
    if found.coverage == "full" and _is_constant(data):
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        key = id(data)
        _known[key] = (weakref.ref(data, lambda _: _known.pop(key, None)), found)
    return found


def _is_constant(data: Any) -> bool:
    """Whether no buffer is one that may be written to, as those over NumPy arrays and those of Arrow itself are."""
    import pyarrow as pa

    columns = data.columns if isinstance(data, (pa.Table, pa.RecordBatch)) else (data,)
    chunks = (chunk for column in columns for chunk in getattr(column, "chunks", (column,)))
    return all(buffer is None or not buffer.is_mutable for chunk in chunks for buffer in _buffers(chunk))


def _buffers(array: Any) -> Iterator[Any]:
    yield from array.buffers()
    if hasattr(array, "dictionary"):
        yield from _buffers(array.dictionary)


def _of_arrow(data: Any) -> Fingerprint:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        table, kind = pa.Table.from_batches([data]), "pyarrow.RecordBatch"
    elif isinstance(data, pa.Table):
        table, kind = data, "pyarrow.Table"
    else:
        table, kind = pa.table({"values": data}), f"pyarrow.{type(data).__name__}"
    return _of_table(table, kind)


def of_polars(frame: Any) -> Fingerprint:
    """The fingerprint of a Polars DataFrame."""
    return _of_polars(frame, "polars.DataFrame")


def of_polars_series(series: Any) -> Fingerprint:
    """The fingerprint of a Polars Series."""
    return _of_polars(series.to_frame(), "polars.Series")


def _of_polars(frame: Any, kind: str) -> Fingerprint:
    columns = [_Column(series.name, repr(series.dtype), _polars_values(series)) for series in frame.iter_columns()]
    return _of_columns(columns, kind, int(frame.height))


def _polars_values(series: Any) -> Any:
    """As an Arrow array, or as a list where Arrow has no such type."""
    import pyarrow as pa

    if str(series.dtype) != "Object":
        try:
            return series.to_arrow()
        except pa.ArrowException:
            pass
    return series.to_list()


def _of_table(table: Any, kind: str) -> Fingerprint:
    metadata = repr(sorted((table.schema.metadata or {}).items()))
    columns = [
        _Column(name, str(field.type), column, field)
        for name, column, field in zip(table.column_names, table.columns, table.schema, strict=True)
    ]
    return _of_columns(columns, kind, int(table.num_rows), metadata)


@dataclass
class _Column:
    """A column that is to be read: Arrow's values, or a list of objects."""

    name: str
    dtype: str
    values: Any
    field: Any = None
    """Arrow's own; dictionaries count only with it, since Polars' are its own affair."""

    @property
    def is_objects(self) -> bool:
        return isinstance(self.values, list)

    @property
    def nbytes(self) -> int:
        import pyarrow as pa

        if self.is_objects:
            return OBJECT_WEIGHT * len(self.values)
        try:
            return int(self.values.nbytes)
        except pa.ArrowException:  # of views, which older versions cannot say
            return int(self.values.get_total_buffer_size())

    @property
    def mlflow_type(self) -> str:
        return "string" if self.is_objects else mlflow_arrow_type(self.values.type)

    def digest(self, runs: Runs | None) -> str:
        kind = "" if self.is_objects else str(self.values.type)
        own = Parts(self.dtype, kind)
        if self.field is not None:
            own.feed("metadata", _beside(self.field))
        for part in read_rows(self.values, runs):
            if isinstance(part, list):
                feed_objects(own, "values", part)
            else:
                feed_arrow(own, "values", part, decoded=self.field is None)
        return own.digest()


def _of_columns(columns: list[_Column], kind: str, rows: int, metadata: str = "") -> Fingerprint:
    size = sum(column.nbytes for column in columns)
    runs, coverage, why = rows_to_read(rows, size, len(columns))
    parts = Parts(kind, coverage)
    parts.text("rows", str(rows))
    parts.text("metadata", metadata)
    found = []
    for column in columns:
        found.append(Column(column.name, column.dtype, column.digest(runs)))
        parts.text("columns", column.name)
        parts.text("columns", f"{column.field is None or column.field.nullable}{found[-1].digest}")
    spec = [{"type": column.mlflow_type, "name": column.name, "required": True} for column in columns]
    schema = {"mlflow_colspec": spec}
    return Fingerprint(kind, parts.digest(), (rows, len(columns)), tuple(found), coverage, why, size, schema)


def _beside(field: Any) -> bytes:
    """What a field and those inside tell beside names and types; empty for nothing."""
    kind = field.type
    found = [] if not field.metadata else [encoded(sorted(field.metadata.items()))]
    if hasattr(kind, "extension_name"):
        told = kind.__arrow_ext_serialize__() if hasattr(kind, "__arrow_ext_serialize__") else str(kind)
        found.append(encoded((kind.extension_name, told)))
        kind = kind.storage_type
    for i in range(kind.num_fields):
        inside = _beside(kind.field(i))
        if inside:
            found.append(encoded((i, inside)))
    return b"".join(found)


def mlflow_arrow_type(kind: Any) -> str:
    """MLflow's column type of an Arrow type."""
    import pyarrow.types as t

    if t.is_boolean(kind):
        return "boolean"
    if t.is_integer(kind):
        return "long" if kind.bit_width == 64 or t.is_uint32(kind) else "integer"
    if t.is_floating(kind):
        return "double" if kind.bit_width == 64 else "float"
    if t.is_timestamp(kind) or t.is_date(kind):
        return "datetime"
    return "binary" if t.is_binary(kind) or t.is_large_binary(kind) else "string"
