"""Which objects hang below a value, by identity: what two names share.

Invariants: bounded in the objects visited; nothing is called (the garbage collector's own traversal is used), nothing
is kept alive. Modules and the classes of libraries are leaves: what functions read is told by `reach`. What never
changes (text, numbers, tuples, dtypes, an index) is not counted: it is shared by everything.
"""

from __future__ import annotations

import array
import gc
import sys
from collections.abc import Iterable
from enum import Enum
from itertools import islice
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, Final, Literal, NamedTuple
from weakref import ReferenceType

from tracker.fingerprints.kinds import identities

from .codes import closed_over

MAX_OBJECTS: Final = 800
_SAMPLE: Final = 200
_ATOMS: Final = identities(
    bool, int, float, complex, str, bytes, type(None), range, slice, type(Ellipsis), type(NotImplemented)
)
_LEAVES: Final = (ModuleType, CodeType, FrameType, Enum)
_MAX_KINDS: Final = 5_000
_Kind = Literal[
    "atom",
    "leaf",
    "class",
    "function",
    "method",
    "builtin",
    "constant",
    "sequence",
    "dict",
    "array",
    "frame",
    "plain",
    "reference",
    "object",
]


class Objects(NamedTuple):
    """Identities of objects; `cut` says that there are more than were visited."""

    ids: frozenset[int]
    cut: bool

    def joined(self, other: Objects) -> Objects:
        """The objects of both."""
        return Objects(self.ids | other.ids, self.cut or other.cut) if other.ids else self


NOTHING: Final = Objects(frozenset(), False)


def reachable(
    values: Iterable[Any], limit: int = MAX_OBJECTS, classes: bool = False, code: list[Any] | None = None
) -> Objects:
    """The changeable objects that these values are or hold; with `classes`, also the classes of those objects, the
    bases of classes, and what classes of the notebook hold.

    Functions, and classes made in the notebook, that are met on the way are added to `code`.
    """
    waiting = [value for value in values if id(type(value)) not in _ATOMS]
    found = {id(value) for value in waiting}
    seen: set[int] = set()
    kinds: dict[int, type] = {}
    known = _known
    while waiting:
        value = waiting.pop()
        kind = type(value)
        identity = id(value)
        how = known.get(id(kind)) or _classified(kind)
        if how == "atom" or how == "leaf" or identity in seen:
            continue
        if len(seen) >= limit:
            return Objects(frozenset(found), True)
        seen.add(identity)
        if how == "function":
            if value.__closure__ or value.__dict__:
                found.add(identity)
            found.update(map(id, value.__closure__ or ()))  # functions that share one see each other's assignments
            if code is not None:
                code.append(value)
            waiting += [*closed_over(value), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
            waiting += value.__dict__.values()
            continue
        if how == "class":
            if code is not None and value.__module__ == "__main__":
                code.append(value)
            if classes:
                found.update(map(id, type.__dict__["__mro__"].__get__(value)))
                waiting += held_by_class(value)
            continue
        if how == "builtin":
            if not isinstance(value.__self__, ModuleType | None):
                waiting.append(value.__self__)
            continue
        if how != "constant" and (how not in ("object", "method") or gc.is_tracked(value)):
            found.add(identity)
            if classes and id(kind) not in kinds and kind.__module__ == "__main__":
                waiting.append(kind)
            kinds[id(kind)] = kind
        if how == "reference":
            waiting.append(ReferenceType.__call__(value))
        elif how == "object":
            waiting += gc.get_referents(value)
        else:
            waiting += _parts(value, how)
    if code is not None:
        code += [kind for kind in kinds.values() if kind.__module__ == "__main__"]
    if classes:
        found |= {id(owner) for kind in kinds.values() for owner in kind.__mro__}
    return Objects(frozenset(found), False)


_known: dict[int, _Kind] = dict.fromkeys(_ATOMS, "atom")
_kept: list[type] = []
"""The types that are known, so that their identities stay their own."""


_BY_TYPE: Final[dict[type, _Kind]] = {
    FunctionType: "function", MethodType: "method", BuiltinFunctionType: "builtin", tuple: "constant",
    frozenset: "constant", list: "sequence", set: "sequence", dict: "dict", bytearray: "plain", array.array: "plain",
}  # fmt: skip


def _classified(kind: type) -> _Kind:
    """How objects of a type are looked into; remembered for types that live as long as their library."""
    how = _kind(kind)
    if kind.__module__ != "__main__" and len(_known) < _MAX_KINDS:
        _known[id(kind)] = how
        _kept.append(kind)
    return how


def _kind(kind: type) -> _Kind:
    if issubclass(kind, _LEAVES):
        return "leaf"
    if issubclass(kind, type):
        return "class"
    if issubclass(kind, ReferenceType):
        return "reference"
    for known, how in _BY_TYPE.items():
        if kind is known:
            return how
    if any(owner.__name__ == "ndarray" and owner.__module__ == "numpy" for owner in kind.__mro__):
        return "array"
    return "frame" if _copies_on_write(kind) else "object"


def _copies_on_write(kind: type) -> bool:
    """Frames of pandas copy on write: what they are made of is never changed through another one."""
    pandas = sys.modules.get("pandas")
    if pandas is None or kind.__module__.partition(".")[0] != "pandas" or int(pandas.__version__.partition(".")[0]) < 3:
        return False
    return issubclass(kind, (pandas.DataFrame, pandas.Series, pandas.Index))


def _parts(value: Any, how: _Kind) -> list[Any]:
    match how:
        case "method":
            return [value.__self__, value.__func__]
        case "sequence" | "constant":
            return _sampled(value, len(value))
        case "dict":
            return _sampled(value.values(), len(value))
        case "array":
            return _array_parts(value)
    return []


def _sampled(items: Any, size: int) -> list[Any]:
    """The items that are no atoms; of a long collection of atoms, as its first tell, none."""
    first = [item for item in islice(items, _SAMPLE) if id(type(item)) not in _ATOMS]
    if not first or size <= _SAMPLE:
        return first
    return [item for item in islice(items, 2 * MAX_OBJECTS) if id(type(item)) not in _ATOMS]


def _array_parts(value: Any) -> list[Any]:
    """What an array's memory belongs to, and the objects in it."""
    parts = [] if value.base is None else [value.base]
    if value.dtype.hasobject and value.ndim == 1:
        parts += _sampled(value[: 2 * MAX_OBJECTS].tolist(), len(value))
    return parts


def held_by_class(value: type) -> list[Any]:
    """The data that a class of the notebook, or its bases there, hold."""
    return [
        part
        for owner in type.__dict__["__mro__"].__get__(value)
        if owner.__module__ == "__main__"
        for name, part in list(type.__dict__["__dict__"].__get__(owner).items())
        if id(type(part)) not in _ATOMS and not (name[:2] == "__" and name[-2:] == "__")
    ]
