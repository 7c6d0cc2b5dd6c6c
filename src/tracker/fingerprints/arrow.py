"""Arrow: tables, record batches and arrays; and Polars, which is Arrow inside.

Invariants: how a column is cut into chunks, offsets into buffers and what lies under a null do not count. Arrow data
cannot be changed, so the digest of a table that is still there is not worked out again.
"""

from __future__ import annotations

import weakref
from typing import Any

from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import feed_objects
from tracker.fingerprints.result import Column, Coverage, Fingerprint
from tracker.fingerprints.sampling import bound, sample_positions, sampled_why

_known: dict[int, tuple[weakref.ref[Any], Fingerprint]] = {}
_MAX_KNOWN = 1_000


def of_arrow(data: Any) -> Fingerprint:
    """The fingerprint of an Arrow Table, RecordBatch, Array or ChunkedArray."""
    entry = _known.get(id(data))
    if entry is not None and entry[0]() is data:
        return entry[1]
    found = _of_arrow(data)
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    key = id(data)
    _known[key] = (weakref.ref(data, lambda _: _known.pop(key, None)), found)
    return found


def _of_arrow(data: Any) -> Fingerprint:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        table, kind = pa.Table.from_batches([data]), "pyarrow.RecordBatch"
    elif isinstance(data, pa.Table):
        table, kind = data, "pyarrow.Table"
    else:
        table, kind = pa.table({"values": data}), f"pyarrow.{type(data).__name__}"
    metadata = repr(sorted((table.schema.metadata or {}).items()))
    return _of_table(table, kind, [str(field.type) for field in table.schema], metadata)


def of_polars(frame: Any) -> Fingerprint:
    """The fingerprint of a Polars DataFrame."""
    return _of_polars(frame, "polars.DataFrame")


def of_polars_series(series: Any) -> Fingerprint:
    """The fingerprint of a Polars Series."""
    return _of_polars(series.to_frame(), "polars.Series")


def _of_polars(frame: Any, kind: str) -> Fingerprint:
    import pyarrow as pa

    columns = []
    for series in frame.iter_columns():
        objects = str(series.dtype) == "Object"
        columns.append(_ObjectColumn(series.to_list()) if objects else series.to_arrow())
    if not any(isinstance(column, _ObjectColumn) for column in columns):
        table = pa.Table.from_arrays(columns, names=[f"{i}" for i in range(len(columns))])
        return _of_table(table, kind, [repr(dtype) for dtype in frame.dtypes], "", list(frame.columns))
    parts = Parts(kind, "full", repr(frame.shape))
    found = []
    for name, dtype, column in zip(frame.columns, frame.dtypes, columns, strict=True):
        own = Parts(repr(dtype))
        if isinstance(column, _ObjectColumn):
            feed_objects(own, "values", column.values)
        else:
            feed_arrow(own, "values", column)
        found.append(Column(name, repr(dtype), own.digest()))
        parts.text("columns", name)
        parts.text("columns", found[-1].digest)
    return Fingerprint(kind, parts.digest(), tuple(frame.shape), tuple(found), nbytes=int(frame.estimated_size()))


class _ObjectColumn:
    def __init__(self, values: list[Any]) -> None:
        self.values = values


def _of_table(table: Any, kind: str, dtypes: list[str], metadata: str, names: list[str] | None = None) -> Fingerprint:
    names = list(table.column_names) if names is None else names
    coverage: Coverage = "full"
    read, why, size = table, "", int(table.nbytes)
    if size > bound():
        import numpy

        read = table.take(sample_positions(numpy, table.num_rows, size // max(1, table.num_rows)))
        coverage, why = "sampled", sampled_why(size)
    parts = Parts(kind, coverage)
    parts.text("rows", str(table.num_rows))
    parts.text("metadata", metadata)
    columns = []
    for name, dtype, column, field in zip(names, dtypes, read.columns, read.schema, strict=True):
        own = Parts(dtype, str(field.type))
        feed_arrow(own, "values", column)
        columns.append(Column(name, dtype, own.digest()))
        parts.text("columns", name)
        parts.text("columns", f"{field.nullable}{columns[-1].digest}")
    spec = [
        {"type": mlflow_arrow_type(f.type), "name": n, "required": True}
        for n, f in zip(names, table.schema, strict=True)
    ]
    shape = (int(table.num_rows), len(columns))
    return Fingerprint(kind, parts.digest(), shape, tuple(columns), coverage, why, size, {"mlflow_colspec": spec})


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


# -- values


def feed_arrow(parts: Parts, name: str, data: Any) -> None:
    """Feed an array or chunked array: positions of nulls, then values by their type. Raises Unreadable."""
    import pyarrow as pa

    if _is_odd(data.type):
        feed_objects(parts, name, data.to_pylist())
        return
    seen: dict[str, int] = {}
    for chunk in data.chunks if isinstance(data, pa.ChunkedArray) else (data,):
        _feed_chunk(parts, name, chunk, seen)
    parts.text(f"{name}.length", str(len(data)))


def _is_odd(kind: Any) -> bool:
    """Whether the type is, or holds, one that is read value by value."""
    from pyarrow import types as t

    if t.is_union(kind) or t.is_run_end_encoded(kind) or t.is_map(kind):
        return True
    return any(_is_odd(kind.field(i).type) for i in range(kind.num_fields))


def _feed_chunk(parts: Parts, name: str, array: Any, seen: dict[str, int]) -> None:
    """Feed one chunk; `seen` counts the values of each part in the chunks before."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types as t

    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        _feed_chunk(parts, name, array.storage, seen)
        return
    start = seen.get(name, 0)
    seen[name] = start + len(array)
    if array.null_count:
        nulls = pc.add(pc.indices_nonzero(pc.is_null(array)).cast(pa.int64()), start)
        parts.feed(f"{name}.nulls", nulls.to_numpy())
    if t.is_null(kind):
        return
    if t.is_dictionary(kind):
        _feed_chunk(parts, f"{name}.decoded", array.dictionary_decode(), seen)
    elif t.is_struct(kind):
        for field, child in zip(kind, array.flatten(), strict=True):
            _feed_chunk(parts, f"{name}.{field.name}", child, seen)
    elif t.is_fixed_size_list(kind):
        _feed_chunk(parts, f"{name}[]", array.flatten(), seen)
    elif t.is_list(kind) or t.is_large_list(kind) or _is_view(t, kind, "list"):
        parts.feed(f"{name}.lengths", pc.fill_null(pc.list_value_length(array), 0).cast(pa.int64()).to_numpy())
        _feed_chunk(parts, f"{name}[]", array.flatten(), seen)
    elif _is_text(t, kind):
        _feed_text(parts, name, array)
    else:
        _feed_fixed(parts, name, array)


def _is_view(t: Any, kind: Any, what: str) -> bool:
    checks = [getattr(t, f"is_{what}_view", None), getattr(t, f"is_large_{what}_view", None)]
    return any(check is not None and check(kind) for check in checks)


def _is_text(t: Any, kind: Any) -> bool:
    plain = t.is_string(kind) or t.is_large_string(kind) or t.is_binary(kind) or t.is_large_binary(kind)
    return bool(plain or _is_view(t, kind, "string") or _is_view(t, kind, "binary"))


def _feed_text(parts: Parts, name: str, array: Any) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if str(array.type).endswith("view"):
        array = array.cast(pa.large_binary() if "binary" in str(array.type) else pa.large_string())
    if array.null_count:
        array = pc.fill_null(array, b"" if "binary" in str(array.type) else "")
    parts.feed(f"{name}.lengths", pc.binary_length(array).cast(pa.int64()).to_numpy())
    if not len(array):
        return
    wide = str(array.type).startswith("large")
    offsets = memoryview(array.buffers()[1]).cast("q" if wide else "i")
    data = array.buffers()[2]
    if data is not None:
        first, last = offsets[array.offset], offsets[array.offset + len(array)]
        parts.feed(name, memoryview(data)[first:last])


def _feed_fixed(parts: Parts, name: str, array: Any) -> None:
    """Values of one width: numbers, times, decimals, booleans."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types as t

    if t.is_boolean(array.type):
        array = array.cast(pa.uint8())
    width = array.type.byte_width if t.is_fixed_size_binary(array.type) else array.type.bit_width // 8
    if array.null_count:
        valid = pc.is_valid(array)
        array = pc.filter(array, valid)  # their positions are told already
    if len(array):
        buffer = memoryview(array.buffers()[1])
        parts.feed(name, buffer[array.offset * width : (array.offset + len(array)) * width])
