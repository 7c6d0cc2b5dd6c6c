"""The values of Arrow arrays, of every type: their digest does not depend on chunks, offsets, or what lies under nulls.

Invariants: a part's name is a path of positions, so that no field's name is taken for another part; of each chunk the
positions of the nulls are told first, then the values that are not null, by their type.
"""

from __future__ import annotations

from typing import Any, Final

from tracker.fingerprints.digest import Parts

_TEXTS: Final = 1 << 16


def feed_arrow(parts: Parts, name: str, data: Any, *, decoded: bool = False) -> None:
    """Feed an array or chunked array. Of dictionaries, all entries and their order count, unless `decoded`.

    Raises Unreadable, TooSlow.
    """
    import pyarrow as pa

    values = _Values(parts, decoded)
    for chunk in data.chunks if isinstance(data, pa.ChunkedArray) else (data,):
        values.feed(name, chunk)
    parts.text(f"{name}.length", str(len(data)))


class _Values:
    """One column that is being read."""

    def __init__(self, parts: Parts, decoded: bool) -> None:
        self._parts = parts
        self._decoded = decoded
        self._seen: dict[str, int] = {}
        """How many values of each part the chunks before had."""
        self._dictionaries: dict[str, Any] = {}

    def feed(self, name: str, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc
        from pyarrow import types as t

        kind = array.type
        if isinstance(array, pa.ExtensionArray):
            return self.feed(name, array.storage)
        if t.is_run_end_encoded(kind):
            return self.feed(f"{name}.values", pc.run_end_decode(array))
        start = self._seen.get(name, 0)
        self._seen[name] = start + len(array)
        if t.is_null(kind):
            return None
        if t.is_union(kind):
            return self._union(name, array)
        if array.null_count:
            nulls = pc.add(pc.indices_nonzero(pc.is_null(array)).cast(pa.int64()), start)
            self._parts.feed(f"{name}.nulls", nulls.to_numpy())
        if t.is_dictionary(kind):
            self._dictionary(name, array, start)
        elif t.is_struct(kind):
            for i, child in enumerate(array.flatten()):
                self.feed(f"{name}/{i}", child)
        elif t.is_fixed_size_list(kind):
            self.feed(f"{name}/", array.flatten())
        elif t.is_list(kind) or t.is_large_list(kind) or _is_view(t, kind, "list"):
            self._list(name, array)
        elif t.is_map(kind):
            self._map(name, array)
        elif _is_text(t, kind):
            self._text(name, array)
        else:
            self._fixed(name, array)
        return None

    def _list(self, name: str, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        lengths = pc.fill_null(pc.list_value_length(array), 0).cast(pa.int64())
        self._parts.feed(f"{name}.lengths", lengths.to_numpy())
        self.feed(f"{name}/", array.flatten())

    def _map(self, name: str, array: Any) -> None:
        """By its offsets: what Arrow makes of a map in a map when it casts it to a list may end the process."""
        import numpy
        import pyarrow as pa

        told = slice(array.offset, array.offset + len(array) + 1)
        ends = numpy.frombuffer(array.buffers()[1], "i4")[told] if len(array) else numpy.zeros(1, "i4")
        lengths = numpy.diff(ends).astype("i8")
        if array.null_count:
            lengths[array.is_null().to_numpy(zero_copy_only=False)] = 0
        self._parts.feed(f"{name}.lengths", lengths)
        first, count = int(ends[0]), int(lengths.sum())
        keys, items = array.keys, array.items
        if count == int(ends[-1]) - first:
            keys, items = keys.slice(first, count), items.slice(first, count)
        else:  # what lies under a null is no content
            within = numpy.arange(count) - numpy.repeat(numpy.cumsum(lengths) - lengths, lengths)
            positions = pa.array(numpy.repeat(ends[:-1].astype("i8"), lengths) + within)
            keys, items = keys.take(positions), items.take(positions)
        self.feed(f"{name}/0", keys)
        self.feed(f"{name}/1", items)

    def _union(self, name: str, array: Any) -> None:
        """Which child each value is of, and of each child the values that are told."""
        import numpy
        import pyarrow as pa

        told = slice(array.offset, array.offset + len(array))
        codes = numpy.frombuffer(array.buffers()[1], "i1")[told] if len(array) else numpy.empty(0, "i1")
        self._parts.feed(f"{name}.codes", codes)
        for i, code in enumerate(array.type.type_codes):
            taken = numpy.flatnonzero(codes == code)
            if array.type.mode == "dense" and len(taken):
                taken = numpy.frombuffer(array.buffers()[2], "i4")[told][taken]
            self.feed(f"{name}/{i}", array.field(i).take(pa.array(taken)))

    def _dictionary(self, name: str, array: Any, start: int) -> None:
        if self._decoded:
            self.feed(f"{name}.decoded", array.dictionary_decode())
            return
        known = self._dictionaries.get(name)
        if known is None or not known.equals(array.dictionary):
            self._dictionaries[name] = array.dictionary
            own = Parts()
            feed_arrow(own, "entries", array.dictionary)
            self._parts.text(f"{name}.dictionary", f"{start} {own.digest()}")
        self._fixed(name, array.indices)

    def _text(self, name: str, array: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = str(array.type)
        if kind.endswith("view"):
            for start in range(0, len(array), _TEXTS):  # they lie apart, and are brought together piece by piece
                part = array.slice(start, _TEXTS)
                self._text(name, part.cast(pa.large_binary() if "binary" in kind else pa.large_string()))
            return
        if array.null_count:
            array = pc.fill_null(array, b"" if "binary" in kind else "")
        self._parts.feed(f"{name}.lengths", pc.binary_length(array).cast(pa.int64()).to_numpy())
        data = array.buffers()[2]
        if len(array) and data is not None:
            offsets = memoryview(array.buffers()[1]).cast("q" if kind.startswith("large") else "i")
            first, last = offsets[array.offset], offsets[array.offset + len(array)]
            self._parts.feed(name, memoryview(data)[first:last])

    def _fixed(self, name: str, array: Any) -> None:
        """Values of one width: numbers, times, decimals, booleans."""
        import pyarrow as pa
        import pyarrow.compute as pc
        from pyarrow import types as t

        if t.is_boolean(array.type):
            array = array.cast(pa.uint8())
        width = array.type.byte_width if t.is_fixed_size_binary(array.type) else array.type.bit_width // 8
        if array.null_count:
            array = pc.filter(array, pc.is_valid(array))  # their positions are told already
        if len(array) and width:
            buffer = memoryview(array.buffers()[1])
            self._parts.feed(name, buffer[array.offset * width : (array.offset + len(array)) * width])


def _is_view(t: Any, kind: Any, what: str) -> bool:
    checks = [getattr(t, f"is_{what}_view", None), getattr(t, f"is_large_{what}_view", None)]
    return any(check is not None and check(kind) for check in checks)


def _is_text(t: Any, kind: Any) -> bool:
    plain = t.is_string(kind) or t.is_large_string(kind) or t.is_binary(kind) or t.is_large_binary(kind)
    return bool(plain or _is_view(t, kind, "string") or _is_view(t, kind, "binary"))
