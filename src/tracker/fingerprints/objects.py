"""Python values as bytes that tell type and content: two values have the same bytes only if they are the same.

Lists of plain values go through `marshal` in its format 2 (typed, no references, written and never read back), 65,536
at a time; everything else by the rules below. What has no content that can be read raises Unreadable.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import marshal
import pathlib
import struct
import sys
import types
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from tracker.fingerprints.digest import Parts
from tracker.fingerprints.sampling import has_read, sampling

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes})
_BY_REPR: Final = (
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal,
    fractions.Fraction, uuid.UUID, pathlib.PurePath, range, type(Ellipsis), type(NotImplemented),
)  # fmt: skip
_BASES: Final[dict[type, Callable[[Any], Any]]] = {
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: bytes.__bytes__,
    tuple: lambda value: tuple(tuple.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}
"""What a value is for those that its class is derived from, without asking the class itself."""
_CHUNK: Final = 1 << 16
_LONG: Final = 1 << 24
_PAUSE: Final = 1 << 8
_OBJECT_BYTES: Final = 1 << 12
_MAX_DEPTH: Final = 50


class Unreadable(Exception):
    """A value whose content cannot be told from outside; the text says which type."""


def feed_objects(parts: Parts, name: str, values: Sequence[Any]) -> None:
    """Feed a list of Python objects. Raises Unreadable, TooSlow."""
    for start in range(0, len(values), _CHUNK):
        chunk = list(values[start : start + _CHUNK])
        kinds = set(map(type, chunk))
        if not kinds <= _PLAIN:
            data = b"e" + b"".join(_each(chunk, 0))
        elif _length(chunk, kinds) <= _LONG:
            data = b"m" + marshal.dumps(chunk, 2)
        else:
            _feed_long(parts, name, chunk)
            continue
        parts.feed(name, len(data).to_bytes(8, "little") + data)


def _length(chunk: list[Any], kinds: set[type]) -> int:
    texts = kinds & {str, bytes}
    return sum(map(len, chunk if texts == kinds else [one for one in chunk if type(one) in texts]))


def _feed_long(parts: Parts, name: str, chunk: list[Any]) -> None:
    """Feed long texts one by one: together they would be copied into one."""
    for value in chunk:
        data = b"l" + marshal.dumps(value, 2)
        parts.feed(name, len(data).to_bytes(8, "little"))
        parts.feed(name, data)


def _each(values: Sequence[Any], depth: int) -> Iterator[bytes]:
    for i, value in enumerate(values):
        yield encoded(value, depth)
        if i % _PAUSE == _PAUSE - 1:
            has_read(_PAUSE * _OBJECT_BYTES)


def encoded(value: Any, depth: int = 0) -> bytes:
    """`value` as typed bytes with their length. Raises Unreadable."""
    if depth > _MAX_DEPTH:
        raise Unreadable("values nested more than 50 deep")
    kind = type(value)
    if kind in _PLAIN:
        return _framed("p", marshal.dumps(value, 2))
    if kind in (list, tuple):
        if value and set(map(type, value)) <= _PLAIN:
            return _framed(f"{kind.__name__} of plain values", marshal.dumps(value, 2))
        return _framed(kind.__name__, b"".join(_each(value, depth + 1)))
    if kind is dict:
        return _framed("dict", b"".join(encoded(k, depth + 1) + encoded(v, depth + 1) for k, v in value.items()))
    if kind in (set, frozenset):
        return _framed(kind.__name__, b"".join(sorted(encoded(item, depth + 1) for item in value)))
    if kind is bytearray:
        return _framed(kind.__name__, bytes(value))
    if kind is memoryview:
        return _framed(f"memoryview {value.format} {value.shape}", value.tobytes())
    if kind is array.array:
        return _framed(f"array.array {value.typecode}", value.tobytes())
    if kind is collections.deque:
        return _framed(f"deque {value.maxlen}", b"".join(_each(value, depth + 1)))
    if kind is slice:
        return _framed("slice", b"".join(_each((value.start, value.stop, value.step), depth + 1)))
    return _framed(f"{kind.__module__}.{kind.__qualname__}", _content(value, kind, depth))


def _content(value: Any, kind: type, depth: int) -> bytes:
    if isinstance(value, enum.Enum):
        return _framed(str(value.name), encoded(value.value, depth + 1))
    for rule in (_numpy, _pandas):
        data = rule(value)
        if data is not None:
            return data
    for base in _BY_REPR:
        if isinstance(value, base):
            zone = getattr(value, "tzinfo", None)
            text = f"{base.__repr__(value)}{zone}"
            return text.encode("utf-8", "surrogatepass") + bytes([getattr(value, "fold", 0)])
    data = _nested(value)
    if data is not None:
        return data
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return encoded((tuple(kind._fields), tuple(tuple.__iter__(value))), depth + 1)
    for base, plain in _BASES.items():  # a subclass: its content as the base has it, and what it has beside that
        if isinstance(value, base):
            factory = value.default_factory if isinstance(value, collections.defaultdict) else None
            beside = dict(getattr(value, "__dict__", {})) | ({"default_factory": _name(factory)} if factory else {})
            return encoded(plain(value), depth + 1) + encoded(beside, depth + 1)
    if isinstance(value, types.SimpleNamespace) or "__dataclass_fields__" in kind.__dict__:
        return encoded(dict(vars(value)) if hasattr(value, "__dict__") else _slots(value), depth + 1)
    raise Unreadable(f"{kind.__module__}.{kind.__qualname__} objects")


def _name(factory: Any) -> str:
    return str(getattr(factory, "__qualname__", type(factory).__qualname__))


def _slots(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__ if hasattr(value, name)}


def _numpy(value: Any) -> bytes | None:
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.generic):
        return None
    dtype = value.dtype
    if dtype.hasobject:
        raise Unreadable("numpy values that hold objects")
    from tracker.fingerprints.arrays import array_digest

    return bytes.fromhex(array_digest(numpy.asarray(value)))


def _pandas(value: Any) -> bytes | None:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if value is pandas.NaT or value is pandas.NA:
        return b""
    if isinstance(value, pandas.Timestamp):
        return f"{value.value}|{value.unit}|{value.tz}|{value.fold}".encode()
    if isinstance(value, pandas.Timedelta):
        return f"{value.value}|{value.unit}".encode()
    if isinstance(value, pandas.Period):
        return f"{value.ordinal}|{value.freqstr}".encode()
    if isinstance(value, pandas.Interval):
        return encoded((value.left, value.right, value.closed), 1)
    return None


def _nested(value: Any) -> bytes | None:
    """A dataset inside a value."""
    from tracker.fingerprints.dispatch import reader

    read = reader(value)
    if read is None:
        return None
    with sampling(False):
        found = read(value)
    if found.coverage != "full":
        raise Unreadable(found.why)
    return struct.pack("<q", len(found.shape)) + found.digest.encode()


def _framed(tag: str, data: bytes) -> bytes:
    head = tag.encode("utf-8", "surrogatepass")
    return struct.pack("<qq", len(head), len(data)) + head + data
