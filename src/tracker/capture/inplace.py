"""Objects changed in place, whoever did it: a number for what each object directly holds, before a cell and after it.

Invariants: bounded in the objects visited; nothing of the user's is called (the garbage collector's own traversal is
used) and nothing is kept alive; what changes by being looked at (frames, plots) is told by its shape alone.
"""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import Enum
from functools import _lru_cache_wrapper
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any, Final, NamedTuple

import xxhash

from tracker.fingerprints.kinds import identities

from .codes import closed_over

_LIMIT: Final = 250
_ITEMS: Final = 100
_OTHERS: Final = 20
_TOP: Final = 300
_TEXT: Final = 1_000
_BYTES: Final = 65_536
_SAMPLED: Final = 1_024
_LARGE: Final = 2**61 - 1
_CONSTANT: Final = identities(
    bool, int, float, complex, str, bytes, type(None), range, slice, CodeType, FrameType, BuiltinFunctionType
)
_SEQUENCES: Final = identities(list, tuple, deque)
_SETS: Final = identities(set, frozenset)
_MAPPINGS: Final = identities(dict, defaultdict, OrderedDict)
_COLLECTIONS: Final = identities(list, dict, set, deque, defaultdict, OrderedDict, bytearray)
_PLAIN: Final = frozenset({"__main__", "types", "typing", "abc"})
_SAID: Final = identities(FunctionType, bool, int, str, tuple, type(None))
"""What counts of a class's members with names such as `__call__`: what it is written to do."""
_LEFT_OUT: Final = ("matplotlib", "logging", "threading", "asyncio", "sqlite3", "duckdb", "_duckdb")


class Content(NamedTuple):
    """What an object held: as a number, and the name that it was first reached by."""

    number: int
    name: str
    is_length: bool = False


def contents(names: Iterable[str], namespace: Mapping[str, Any], users: Iterable[str]) -> dict[int, Content]:
    """By identity, what the objects that these names are or hold directly hold, the nearest ones first; and of the
    user's latest names how long every other collection is, and what the first objects of the notebook's own classes
    hold."""
    waiting = deque((name, namespace[name]) for name in names if name in namespace)
    found: dict[int, Content] = {}
    while waiting and len(found) < _LIMIT:
        name, value = waiting.popleft()
        kind = type(value)
        if id(kind) in _CONSTANT or id(value) in found or issubclass(kind, (ModuleType, Enum)):
            continue
        try:
            number, parts = _looked_at(value, kind, namespace)
        except Exception:  # noqa: S112  an object that cannot be looked at is left to what its calls tell
            continue
        found[id(value)] = Content(number, name)
        if kind.__module__ == "__main__":
            waiting.append((name, kind))
        waiting.extend((name, part) for part in parts if id(type(part)) not in _CONSTANT)
    _on_top(found, namespace, users)
    return found


def _on_top(found: dict[int, Content], namespace: Mapping[str, Any], users: Iterable[str]) -> None:
    """Add what the user's names stand for and was not reached."""
    looked_into = 0
    for name in list(users)[-_TOP:]:
        value: Any = namespace.get(name)
        kind = type(value)
        if id(kind) in _COLLECTIONS:
            if id(value) not in found:
                found[id(value)] = Content(len(value), name, True)
        elif looked_into < _OTHERS and (kind if kind is not type else value).__module__ == "__main__":
            looked_into += 1
            if id(value) not in found:
                with suppress(Exception):
                    found[id(value)] = Content(_looked_at(value, kind, namespace)[0], name)


def changed_between(before: Mapping[int, Content], after: Mapping[int, Content]) -> dict[int, str]:
    """The objects that hold something else, by identity, each with a name that led to it."""
    return {
        identity: content.name
        for identity, content in after.items()
        if (earlier := before.get(identity)) is not None
        and earlier.number != content.number
        and earlier.is_length == content.is_length
    }


def whole(value: Any, namespace: Mapping[str, Any], arrays: bool = True) -> int | None:
    """A number for an object and all that hangs below it: while it stays the same nothing there has changed. None where
    that cannot be told: of libraries' own objects, of what is large, and of arrays where `arrays` says so."""
    waiting = [value]
    seen: set[int] = set()
    numbers: list[int] = []
    while waiting:
        part = waiting.pop()
        kind = type(part)
        if id(kind) in _CONSTANT:
            numbers.append(hash(_key(part)))
            continue
        if id(part) in seen:
            continue
        seen.add(id(part))
        parts = _whole_parts(part, kind, namespace)
        if parts is None or len(seen) > _LIMIT or (kind.__module__ == "numpy" and not arrays):
            return None
        numbers += [id(part), len(parts)]
        waiting += parts
    return hash(tuple(numbers))


def _whole_parts(value: Any, kind: type, namespace: Mapping[str, Any]) -> list[Any] | None:
    if id(kind) in _SEQUENCES or id(kind) in _SETS:
        return list(value) if len(value) <= _ITEMS else None
    if id(kind) in _MAPPINGS:
        return [*value.keys(), *value.values()] if len(value) <= _ITEMS else None
    if kind is bytearray:
        return [bytes(value)] if len(value) <= _TEXT else None
    if kind is FunctionType:
        return _of_function(value, namespace)
    if kind is property:
        return [value.fget, value.fset, value.fdel]
    if kind is staticmethod or kind is classmethod:
        return [value.__func__]
    if issubclass(kind, ModuleType):
        return None
    if issubclass(kind, type):
        return _all_of_class(value) if value.__module__ == "__main__" else []
    library = kind.__module__.partition(".")[0]
    if library == "_abc" or issubclass(kind, (Enum, GetSetDescriptorType, MemberDescriptorType)):
        return []
    if library == "numpy" and not issubclass(kind, sys.modules["numpy"].ndarray):
        return None if gc.is_tracked(value) else []
    if library == "numpy":
        form = [value.shape, value.strides, value.dtype.str, value.flags.writeable]
        return [told, *form] if value.nbytes <= _BYTES and (told := _array(value)) is not None else None
    if library == "torch":
        return _torch_parts(value, kind)
    plain = all(owner.__module__ in _PLAIN or owner.__module__ == "builtins" for owner in kind.__mro__)
    if plain and kind.__mro__[-2].__module__ in _PLAIN:
        return [*_held(value, kind), kind]
    return None


def _torch_parts(value: Any, kind: type) -> list[Any] | None:
    torch = sys.modules["torch"]
    if issubclass(kind, torch.nn.Module):
        return _held(value, kind)
    if not issubclass(kind, torch.Tensor) or value.device.type != "cpu" or value.layout is not torch.strided:
        return None
    if value.numel() * value.element_size() > _BYTES or value.dtype is torch.bfloat16 or value.is_quantized:
        return None
    number = xxhash.xxh3_64_intdigest(value.detach().numpy().tobytes())
    return [number, value._version, value.requires_grad, value.grad if value.is_leaf else None]


def _looked_at(value: Any, kind: type, namespace: Mapping[str, Any]) -> tuple[int, list[Any]]:
    """The number of one object, and what it holds."""
    if id(kind) in _SEQUENCES:
        return _number(value, len(value))
    if id(kind) in _MAPPINGS:
        held = [*islice(value.keys(), _ITEMS), *islice(value.values(), _ITEMS)]
        return hash((len(value), *map(_key, held))), held
    if kind is FunctionType:
        return _number(_of_function(value, namespace))
    if issubclass(kind, type):
        return _class(value) if value.__module__ == "__main__" else (0, [])
    library = kind.__module__.partition(".")[0]
    if library == "numpy" or library == "torch":
        told = _array(value) if library == "numpy" else _tensor(value)
        if told is not None:
            return told, []
    if library in ("pandas", "polars", "pyarrow"):
        shape = getattr(value, "shape", None)
        return hash(shape) if isinstance(shape, tuple) else 0, []
    if library in _LEFT_OUT or not gc.is_tracked(value):
        return 0, []
    if kind is _lru_cache_wrapper:
        return hash(tuple(value.cache_info())), [value.__wrapped__]
    return _number(_held(value, kind))


def _held(value: Any, kind: type) -> list[Any]:
    """What any other object refers to; its attributes, whether they stand in it or in a dict of its own."""
    held = [part for part in gc.get_referents(value) if part is not kind]
    if len(held) == 1 and type(held[0]) is dict and len(held[0]) <= _ITEMS and all(type(k) is str for k in held[0]):
        return [part for part in held[0].values() if part is not kind]
    return held


def _number(held: Any, size: int = 0) -> tuple[int, list[Any]]:
    first = list(islice(held, _ITEMS))
    last = [held[-1]] if size > _ITEMS else []
    return hash((size or len(held), *map(_key, first), *map(_key, last))), first


def _key(part: Any) -> Any:
    """An object as what it is told by: numbers and short texts by their kind and value, since their identity comes
    again, and what is equal or has the same hash (1 and True, -1 and -2) may be told apart."""
    kind = type(part)
    if kind is int:
        return part if 0 <= part < _LARGE else (hex(part),)
    if kind is float:
        return (part,) if 0 < part < _LARGE else (part.hex(),)
    if kind is str:
        return part if len(part) <= _TEXT else id(part)
    if kind is bytes:
        return (bytes, part) if len(part) <= _TEXT else id(part)
    if kind is complex:
        return (repr(part),)
    return part if kind is CodeType else id(part)


def _of_function(value: FunctionType, namespace: Mapping[str, Any]) -> list[Any]:
    if value.__globals__ is not namespace and not value.__closure__:
        return []
    defaults = (*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values())
    return [value.__code__, *closed_over(value), *defaults, *value.__dict__.keys(), *value.__dict__.values()]


def _class(value: type) -> tuple[int, list[Any]]:
    members = _members(value)
    return hash(tuple((name, _key(part)) for name, part in members)), [
        part for name, part in members[:_ITEMS] if not _is_special(name)
    ]


def _all_of_class(value: type) -> list[Any]:
    members = _members(value)
    return [value.__bases__, *(name for name, _ in members), *(part for _, part in members)]


def _members(value: type) -> list[tuple[str, Any]]:
    held = list(type.__dict__["__dict__"].__get__(value).items())
    return [(name, part) for name, part in held if not _is_special(name) or id(type(part)) in _SAID]


def _is_special(name: str) -> bool:
    return name[:2] == "__" and name[-2:] == "__"


def _array(value: Any) -> int | None:
    """The content of a NumPy array, of a large one a sample."""
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not numpy.ndarray or value.dtype.hasobject:
        return None
    if value.nbytes > _BYTES:
        if not value.flags.c_contiguous:
            return hash(value.shape)
        flat = value.reshape(-1)
        value = flat[:: max(1, flat.size // _SAMPLED)]
    return xxhash.xxh3_64_intdigest(value.tobytes())


def _tensor(value: Any) -> int | None:
    """How often a tensor of PyTorch was changed in place."""
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    if tensor is None or not issubclass(type(value), tensor):
        return None
    with suppress(RuntimeError):
        return int(value._version)
    return 0
