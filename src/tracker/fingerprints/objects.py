"""Python values as bytes that tell type and content: two values have the same bytes only if they are the same.

Lists of plain values go through `marshal` in its format 2 (typed, no references, written and never read back), 65,536
at a time; everything else by the rules below. What has no content that can be read raises Unreadable.
"""

from __future__ import annotations

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
from collections.abc import Sequence
from typing import Any, Final

from tracker.fingerprints.digest import Parts

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes})
_BY_REPR: Final = (
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal,
    fractions.Fraction, uuid.UUID, pathlib.PurePath, range, slice, type(Ellipsis), type(NotImplemented),
)  # fmt: skip
_BASES: Final[tuple[Any, ...]] = (int, float, complex, str, bytes, tuple, list, dict)
_CHUNK: Final = 1 << 16
_MAX_DEPTH: Final = 50


class Unreadable(Exception):
    """A value whose content cannot be told from outside; the text says which type."""


def feed_objects(parts: Parts, name: str, values: Sequence[Any]) -> None:
    """Feed a list of Python objects. Raises Unreadable."""
    for start in range(0, len(values), _CHUNK):
        chunk = list(values[start : start + _CHUNK])
        if set(map(type, chunk)) <= _PLAIN:
            data = b"m" + marshal.dumps(chunk, 2)
        else:
            data = b"e" + b"".join(encoded(value) for value in chunk)
        parts.feed(name, len(data).to_bytes(8, "little") + data)


def encoded(value: Any, depth: int = 0) -> bytes:
    """`value` as typed bytes with their length. Raises Unreadable."""
    if depth > _MAX_DEPTH:
        raise Unreadable("values nested more than 50 deep")
    kind = type(value)
    if kind in _PLAIN:
        return _framed("p", marshal.dumps(value, 2))
    if kind in (list, tuple):
        return _framed(kind.__name__, b"".join(encoded(item, depth + 1) for item in value))
    if kind is dict:
        return _framed("dict", b"".join(encoded(k, depth + 1) + encoded(v, depth + 1) for k, v in value.items()))
    if kind in (set, frozenset):
        return _framed(kind.__name__, b"".join(sorted(encoded(item, depth + 1) for item in value)))
    if kind in (bytearray, memoryview):
        return _framed(kind.__name__, bytes(value))
    return _framed(f"{kind.__module__}.{kind.__qualname__}", _content(value, kind, depth))


def _content(value: Any, kind: type, depth: int) -> bytes:
    if isinstance(value, enum.Enum):
        return _framed(value.name, encoded(value.value, depth + 1))
    if issubclass(kind, _BY_REPR):
        zone = getattr(value, "tzinfo", None)
        fold = getattr(value, "fold", 0)
        return repr(value).encode() + str(zone).encode() + bytes([fold])
    for rule in (_numpy, _pandas, _nested):
        data = rule(value)
        if data is not None:
            return data
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return encoded(tuple(value), depth + 1)
    for base in _BASES:  # a subclass: its content as the base has it, and what it has beside that
        if isinstance(value, base):
            return encoded(base(value), depth + 1) + encoded(dict(getattr(value, "__dict__", {})), depth + 1)
    if isinstance(value, types.SimpleNamespace) or "__dataclass_fields__" in kind.__dict__:
        return encoded(dict(vars(value)) if hasattr(value, "__dict__") else _slots(value), depth + 1)
    raise Unreadable(f"{kind.__module__}.{kind.__qualname__} objects")


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
    from tracker.fingerprints.dispatch import fingerprint

    found = fingerprint(value)
    if found is None:
        return None
    if found.coverage != "full":
        raise Unreadable(found.why)
    return struct.pack("<q", len(found.shape)) + found.digest.encode()


def _framed(tag: str, data: bytes) -> bytes:
    head = tag.encode("utf-8", "surrogatepass")
    return struct.pack("<qq", len(head), len(data)) + head + data
