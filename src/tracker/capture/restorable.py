"""Values written down so that they can be made again to the bit, without pickle: plain Python, arrays, frames.

Invariants: a value is written only if what is read back from it has the same typed content (`encoded`), so that none
comes back as something like it; reading runs no code of the value's; one that shares memory with another is refused,
since what is done in place to one of them would no longer be seen in the other.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import xxhash

from tracker.fingerprints import Unreadable, encoded

from .content import told as contents_of
from .layout import owner_of

MAX_BYTES: Final = 1 << 29
_INT64: Final = 1 << 63
_WITH_NAN: Final = ("numpy", "math")
_SEQUENCES: Final[dict[str, Callable[[Iterable[Any]], Any]]] = {"tuple": tuple, "set": set, "frozenset": frozenset}

Files = list[tuple[str, bytes]]
"""The datasets among the values: suffix and content."""


class NotKept(Exception):
    """A value cannot be written so that it comes back; the text says why."""


def written(values: Mapping[str, Any], held: frozenset[int] = frozenset()) -> tuple[dict[str, Any], Files]:
    """The values as JSON and files. `held` are identities of what others hold. Raises NotKept."""
    writer = _Writer(held)
    told = {name: writer.named(name, value) for name, value in values.items()}
    digests = {name: _digest(name, value) for name, value in values.items()}
    made = {"values": told, "digests": digests}
    again = read(made, lambda i: writer.files[i][1])
    for name, value in values.items():
        if again is None or type(again[name]) is not type(value) or _form(again[name]) != _form(value):
            raise NotKept(f"{name} ({_kind(value)}) does not come back the same")
    return made, writer.files


def read(told: Mapping[str, Any], file: Callable[[int], bytes]) -> dict[str, Any] | None:
    """The values that `written` wrote; `file(i)` gives the content of the i-th. None where anything is not the same."""
    try:
        values = {str(name): _read(value, file) for name, value in told["values"].items()}
        return values if {name: _digest(name, value) for name, value in values.items()} == told["digests"] else None
    except (NotKept, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError, RecursionError, ImportError):
        return None


def _digest(name: str, value: Any) -> str:
    try:
        return str(xxhash.xxh3_128(encoded(value)).hexdigest())
    except (Unreadable, RecursionError) as error:
        raise NotKept(f"{name} holds {error}") from None


def _form(value: Any) -> dict[str, str]:
    """What a value tells beside its content: the order of a set, the kind of an index."""
    return contents_of({"": value}).digests


def _kind(value: Any) -> str:
    return f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}".removeprefix("builtins.")


class _Writer:
    def __init__(self, held: frozenset[int]) -> None:
        self.files: Files = []
        self._seen = set(held)
        self._kept: list[Any] = []
        self._blocks: dict[int, Any] = {}
        self._size = 0
        self._name = ""

    def named(self, name: str, value: Any) -> Any:
        self._name = name
        try:
            return self._value(value)
        except RecursionError:
            raise NotKept(f"{name} is nested too deep") from None

    def _value(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return value if -_INT64 <= value < _INT64 else {"t": "int", "v": hex(value)}
        if kind is float:
            return {"t": "float", "v": value.hex()} if value == value else self._nan(value)
        if kind is complex:
            return {"t": "complex", "v": [value.real.hex(), value.imag.hex()]}
        if kind is bytes:
            return {"t": "bytes", "v": base64.b64encode(value).decode()}
        if kind.__name__ in _SEQUENCES and kind.__module__ == "builtins":
            if kind is set:
                self._own(value)
            return {"t": kind.__name__, "v": [self._value(item) for item in value]}
        if kind is list:
            self._own(value)
            return [self._value(item) for item in value]
        if kind is dict:
            self._own(value)
            return {"t": "dict", "v": [[self._value(key), self._value(item)] for key, item in value.items()]}
        return self._of_library(value)

    def _nan(self, value: float) -> Any:
        """A value that equals nothing: lists and dicts find it by identity."""
        libraries = [name for name in _WITH_NAN if getattr(sys.modules.get(name), "nan", None) is value]
        if not libraries:
            self._own(value)
        return {"t": "nan", "v": libraries[0]} if libraries else {"t": "float", "v": value.hex()}

    def _own(self, value: Any) -> None:
        """Refuse an object that is held elsewhere too."""
        if id(value) in self._seen:
            raise NotKept(f"{self._name} shares an object with another name")
        self._seen.add(id(value))
        self._kept.append(value)  # so that its identity stays its own

    def _of_library(self, value: Any) -> Any:
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.generic) and not value.dtype.hasobject:
            array = base64.b64encode(_npy(numpy, numpy.asarray(value))).decode()
            return {"t": "scalar", "v": array}
        if numpy is not None and type(value) is numpy.ndarray:
            if not (value.flags.c_contiguous or value.flags.f_contiguous):
                raise NotKept(f"{self._name} is a view with gaps")
            if not value.flags.writeable:
                raise NotKept(f"{self._name} is a read-only view of another value")
            self._owned_memory(value)
            told = self._file(".npy", int(value.nbytes), lambda: _npy(numpy, value))
            return {**told, "owns": bool(value.flags.owndata)}
        library = _kind(value)
        if library in ("pandas.DataFrame", "pandas.Series"):
            return self._pandas(value)
        if library == "polars.DataFrame":
            self._own(value)
            told = self._file(".polars.arrow", int(value.estimated_size()), lambda: _ipc(value.to_arrow()))
            order = {one.name: one.flags["SORTED_DESC"] for one in value.iter_columns() if _is_sorted(one)}
            return {**told, "sorted": order}
        if library == "pyarrow.Table":
            return self._file(".arrow", int(value.nbytes), lambda: _ipc(value))
        raise NotKept(f"{self._name} is a {library}")

    def _pandas(self, value: Any) -> Any:
        if value.attrs or not value.flags.allows_duplicate_labels:
            raise NotKept(f"{self._name} has attributes of its own")
        self._own(value)
        self._owned_blocks(value, int(sys.modules["pandas"].__version__.partition(".")[0]) >= 3)
        size = value.memory_usage(deep=False)
        frame = value if value.ndim == 2 else value.to_frame("values")
        if value.ndim == 2:
            told = self._file(".pandas.arrow", int(size.sum()), lambda: _ipc(_arrow(frame)))
            columns = value.columns
            is_range = type(columns).__name__ == "RangeIndex"
            return {**told, "range": [columns.start, columns.stop, columns.step] if is_range else None}
        told = self._file(".pandas.arrow", int(size), lambda: _ipc(_arrow(frame)))
        return {"t": "series", "v": told, "name": self._value(value.name)}

    def _owned_blocks(self, value: Any, copies_on_write: bool) -> None:
        """Refuse a frame over an array that is held elsewhere too, or over another frame's if that may be seen."""
        for key, root in {id(root): root for root in (owner_of(block.values) for block in value._mgr.blocks)}.items():
            if copies_on_write and key not in self._seen:
                self._blocks[key] = root
            else:
                self._own(root)

    def _owned_memory(self, array: Any) -> None:
        """Refuse an array whose memory belongs to one that is held elsewhere too."""
        root = owner_of(array)
        if id(root) in self._blocks:
            raise NotKept(f"{self._name} shares an object with another name")
        self._own(root)

    def _file(self, suffix: str, size: int, make: Callable[[], bytes]) -> Any:
        self._size += size
        if self._size > MAX_BYTES:
            raise NotKept(f"its values are larger than {MAX_BYTES >> 20} MB")
        try:
            self.files.append((suffix, make()))
        except Exception as error:  # whatever a library says of a value that its format does not hold
            raise NotKept(f"{self._name} cannot be written: {str(error).splitlines()[0][:200]}") from error
        return {"t": "file", "v": len(self.files) - 1, "suffix": suffix}


def _read(told: Any, file: Callable[[int], bytes]) -> Any:
    if isinstance(told, list):
        return [_read(item, file) for item in told]
    if not isinstance(told, dict):
        return told
    kind, value = told["t"], told["v"]
    if kind == "dict":
        return {_read(key, file): _read(item, file) for key, item in value}
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](_read(item, file) for item in value)
    if kind == "series":
        series = _read(value, file)["values"]
        series.name = _read(told["name"], file)
        return series
    if kind == "file":
        return _as_it_was(_READERS[told["suffix"]](file(int(value))), told)
    return _ATOMS[kind](value)


def _is_sorted(series: Any) -> bool:
    return bool(series.flags["SORTED_ASC"] or series.flags["SORTED_DESC"])


def _as_it_was(value: Any, told: Mapping[str, Any]) -> Any:
    """A dataset with what its format does not hold."""
    if told.get("owns"):
        value = value.copy(order="K")
    if told.get("range"):
        columns = sys.modules["pandas"].RangeIndex(*map(int, told["range"]), name=value.columns.name)
        value.columns = columns
    if told.get("sorted"):
        series = [value[str(name)].set_sorted(descending=bool(down)) for name, down in told["sorted"].items()]
        value = value.with_columns(series)
    return value


def _array(data: bytes) -> Any:
    import numpy

    return numpy.load(io.BytesIO(data), allow_pickle=False)


def _table(data: bytes) -> Any:
    import pyarrow as pa

    return pa.ipc.open_file(pa.BufferReader(data)).read_all()


def _polars(data: bytes) -> Any:
    import polars

    return polars.from_arrow(_table(data))


_ATOMS: Final[dict[str, Callable[[Any], Any]]] = {
    "int": lambda v: int(v, 16),
    "float": float.fromhex,
    "nan": lambda v: importlib.import_module(v if v in _WITH_NAN else "math").nan,
    "complex": lambda v: complex(float.fromhex(v[0]), float.fromhex(v[1])),
    "bytes": lambda v: base64.b64decode(v, validate=True),
    "scalar": lambda v: _array(base64.b64decode(v, validate=True))[()],
}
_READERS: Final[dict[str, Callable[[bytes], Any]]] = {
    ".npy": _array,
    ".arrow": _table,
    ".polars.arrow": _polars,
    ".pandas.arrow": lambda data: _table(data).to_pandas().copy(),  # what came without a copy is read-only
}

SUFFIXES: Final = frozenset(_READERS)


def _npy(numpy: Any, array: Any) -> bytes:
    file = io.BytesIO()
    numpy.save(file, array, allow_pickle=False)
    return file.getvalue()


def _arrow(frame: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(frame)


def _ipc(table: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def as_json(told: Mapping[str, Any]) -> bytes:
    """What `written` gives, and what stands beside it, as bytes."""
    return json.dumps(told).encode()


def from_json(data: bytes) -> dict[str, Any] | None:
    """The same back; None for what is no such thing."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
