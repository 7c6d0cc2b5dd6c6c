"""Python values as bytes that tell type and content: two values have the same bytes only if they are the same.

A value is told as a plain one (numbers, texts, None as they are; everything else as a tuple that begins with a name)
and written with `marshal` in its format 2: typed, without references, and never read back. What has no content that can
be read raises Unreadable.
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
_SMALL_ARRAY: Final = 1 << 16


class Unreadable(Exception):
    """A value whose content cannot be told from outside; the text says which type."""


def feed_objects(parts: Parts, name: str, values: Sequence[Any]) -> None:
    """Feed a list of Python objects. Raises Unreadable, TooSlow."""
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        kinds = set(map(type, chunk))
        if not kinds <= _PLAIN:
            data = b"e" + b"".join(_encoded_groups(chunk))
        elif _length(chunk, kinds) <= _LONG:
            data = b"m" + marshal.dumps(list(chunk), 2)
        else:
            _feed_long(parts, name, chunk)
            continue
        parts.feed(name, len(data).to_bytes(8, "little") + data)


def _encoded_groups(chunk: Sequence[Any]) -> Iterator[bytes]:
    """Few at a time: many tuples that live at once would start the garbage collector."""
    for start in range(0, len(chunk), _PAUSE):
        yield marshal.dumps([_told(value, 0) for value in chunk[start : start + _PAUSE]], 2)
        if len(chunk) >= _PAUSE:
            has_read(_PAUSE * _OBJECT_BYTES)


def _length(chunk: Sequence[Any], kinds: set[type]) -> int:
    texts = kinds & {str, bytes}
    return sum(map(len, chunk if texts == kinds else [one for one in chunk if type(one) in texts]))


def _feed_long(parts: Parts, name: str, chunk: Sequence[Any]) -> None:
    """Feed long texts one by one: together they would be copied into one."""
    for value in chunk:
        data = b"l" + marshal.dumps(value, 2)
        parts.feed(name, len(data).to_bytes(8, "little"))
        parts.feed(name, data)


def encoded(value: Any, depth: int = 0) -> bytes:
    """`value` as bytes. Raises Unreadable."""
    return marshal.dumps(_told(value, depth), 2)


def _told(value: Any, depth: int) -> Any:
    """`value` as a plain one: itself, or a tuple that begins with the name of its kind."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth > _MAX_DEPTH:
        raise Unreadable("values nested more than 50 deep")
    rule = _RULES.get(kind)
    if rule is not None:
        return rule(value, depth)
    return (f"{kind.__module__}.{kind.__qualname__}", _content(value, kind, depth))


def _each(values: Sequence[Any], depth: int) -> list[Any]:
    found = []
    for start in range(0, len(values), _PAUSE):
        found += [_told(value, depth) for value in values[start : start + _PAUSE]]
        if len(found) >= _PAUSE:
            has_read(_PAUSE * _OBJECT_BYTES)
    return found


def _items(value: Any, depth: int) -> tuple[str, Any]:
    plain = set(map(type, value)) <= _PLAIN
    return (type(value).__name__, value if plain else _each(value, depth + 1))


def _mapping(value: dict[Any, Any], depth: int) -> tuple[Any, ...]:
    return ("dict", *_items(list(value), depth), *_items(list(value.values()), depth))


def _unordered(value: Any, depth: int) -> tuple[str, list[bytes]]:
    return (type(value).__name__, sorted(encoded(item, depth + 1) for item in value))


def _by_repr(value: Any, depth: int) -> tuple[str, str]:
    return (type(value).__name__, repr(value))


def _moment(value: Any, depth: int) -> tuple[str, str, str, int]:
    return (type(value).__name__, repr(value), str(value.tzinfo), value.fold)


_RULES: Final[dict[type, Callable[[Any, int], Any]]] = {
    list: lambda value, depth: _items(value, depth) if value else ("list",),
    tuple: lambda value, depth: _items(value, depth) if value else ("tuple",),
    dict: _mapping,
    set: _unordered,
    frozenset: _unordered,
    bytearray: lambda value, depth: ("bytearray", bytes(value)),
    memoryview: lambda value, depth: ("memoryview", value.format, value.shape, value.tobytes()),
    array.array: lambda value, depth: ("array.array", value.typecode, value.tobytes()),
    collections.deque: lambda value, depth: ("deque", value.maxlen, _each(list(value), depth + 1)),
    slice: lambda value, depth: ("slice", *_each((value.start, value.stop, value.step), depth + 1)),
    datetime.datetime: _moment,
    datetime.time: _moment,
    datetime.date: lambda value, depth: ("date", value.toordinal()),
    datetime.timedelta: lambda value, depth: ("timedelta", value.days, value.seconds, value.microseconds),
    decimal.Decimal: _by_repr,
    fractions.Fraction: _by_repr,
    uuid.UUID: lambda value, depth: ("UUID", value.bytes),
}
"""The rules of exact classes; those that follow are for all others, and for what is derived from these."""


def _content(value: Any, kind: type, depth: int) -> Any:
    if isinstance(value, enum.Enum):
        return (str(value.name), _told(value.value, depth + 1))
    for rule in (_numpy, _pandas):
        data = rule(value, depth)
        if data is not None:
            return data
    for base in _BY_REPR:
        if isinstance(value, base):
            return (base.__repr__(value), str(getattr(value, "tzinfo", None)), getattr(value, "fold", 0))
    data = _nested(value)
    if data is not None:
        return data
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return _told((tuple(kind._fields), tuple(tuple.__iter__(value))), depth + 1)
    for base, plain in _BASES.items():  # a subclass: its content as the base has it, and what it has beside that
        if isinstance(value, base):
            factory = value.default_factory if isinstance(value, collections.defaultdict) else None
            beside = dict(getattr(value, "__dict__", {})) | ({"default_factory": _name(factory)} if factory else {})
            return (_told(plain(value), depth + 1), _told(beside, depth + 1))
    if isinstance(value, types.SimpleNamespace) or "__dataclass_fields__" in kind.__dict__:
        return _told(dict(vars(value)) if hasattr(value, "__dict__") else _slots(value), depth + 1)
    raise Unreadable(f"{kind.__module__}.{kind.__qualname__} objects")


def _name(factory: Any) -> str:
    return str(getattr(factory, "__qualname__", type(factory).__qualname__))


def _slots(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__ if hasattr(value, name)}


def _numpy(value: Any, depth: int) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if type(value) is numpy.ndarray or isinstance(value, numpy.generic):
        dtype = value.dtype
        if dtype.kind in "biufcmMSU" and dtype.char not in "gG" and value.nbytes <= _SMALL_ARRAY:
            return (dtype.str, value.shape, value.tobytes())
    if not isinstance(value, numpy.generic):
        return None
    if value.dtype.hasobject:
        raise Unreadable("numpy values that hold objects")
    from tracker.fingerprints.arrays import array_digest

    return array_digest(numpy.asarray(value))


def _pandas(value: Any, depth: int) -> Any:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if value is pandas.NaT or value is pandas.NA:
        return ()
    if isinstance(value, pandas.Timestamp):
        return (value.value, value.unit, str(value.tz), value.fold)
    if isinstance(value, pandas.Timedelta):
        return (value.value, value.unit)
    if isinstance(value, pandas.Period):
        return (value.ordinal, value.freqstr)
    if isinstance(value, pandas.Interval):
        return (_told(value.left, depth + 1), _told(value.right, depth + 1), value.closed)
    return None


def _nested(value: Any) -> tuple[str, int] | None:
    """A dataset inside a value."""
    from tracker.fingerprints.dispatch import reader

    read = reader(value)
    if read is None:
        return None
    with sampling(False):
        found = read(value)
    if found.coverage != "full":
        raise Unreadable(found.why)
    return (found.digest, len(found.shape))
