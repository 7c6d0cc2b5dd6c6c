"""Which objects hang below a value, by identity: what two names share.

Invariants: bounded in the objects visited; nothing is called (the garbage collector's own traversal is used), nothing
is kept alive. Functions, modules and classes are leaves: what functions read is told by `reach`. What never changes
(text, numbers, tuples, dtypes, an index) is not counted: it is shared by everything.
"""

from __future__ import annotations

import array
import gc
import sys
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from itertools import islice
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, Final, NamedTuple

MAX_OBJECTS: Final = 1_000
_SAMPLE: Final = 200
_ATOMS: Final = frozenset(
    {bool, int, float, complex, str, bytes, type(None), range, slice, type(Ellipsis), type(NotImplemented)}
)
_LEAVES: Final = (ModuleType, type, BuiltinFunctionType, CodeType, FrameType, Enum)
_CONTAINERS: Final = (tuple, frozenset)
_SEQUENCES: Final = (list, tuple, set, frozenset)


class Objects(NamedTuple):
    """Identities of objects; `cut` says that there are more than were visited."""

    ids: frozenset[int]
    cut: bool

    def meets(self, other: Objects) -> bool:
        """Whether the two share an object, or may: nobody knows of what both leave out."""
        return (self.cut and other.cut) or not self.ids.isdisjoint(other.ids)


NOTHING: Final = Objects(frozenset(), False)


def reachable(values: Iterable[Any], limit: int = MAX_OBJECTS, classes: bool = False) -> Objects:
    """The changeable objects that these values are or hold; with `classes`, also the classes of those objects."""
    waiting = [value for value in values if type(value) not in _ATOMS]
    found = {id(value) for value in waiting}
    seen: set[int] = set()
    kinds: set[type] = set()
    while waiting:
        value = waiting.pop()
        kind: Any = type(value)
        if kind in _ATOMS or id(value) in seen:
            continue
        if len(seen) >= limit:
            return Objects(frozenset(found), True)
        seen.add(id(value))
        if isinstance(value, _LEAVES):
            continue
        if kind is FunctionType:
            if value.__closure__:
                found.add(id(value))
            waiting += [*_contents(value), *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
            continue
        if kind not in _CONTAINERS and _changeable(value, kind):
            found.add(id(value))
            kinds.add(kind)
        if not _is_leaf(kind):
            waiting += _parts(value, kind)
    if classes:
        found |= {id(owner) for kind in kinds for owner in kind.__mro__}
    return Objects(frozenset(found), False)


def _changeable(value: Any, kind: type) -> bool:
    return gc.is_tracked(value) or kind in (dict, list, set, bytearray, array.array) or _is_array(kind)


@lru_cache(maxsize=1_000)
def _is_array(kind: Any) -> bool:
    return any(owner.__name__ == "ndarray" and owner.__module__ == "numpy" for owner in kind.__mro__)


@lru_cache(maxsize=1_000)
def _is_leaf(kind: Any) -> bool:
    """Frames of pandas copy on write: what they are made of is never changed through another one."""
    pandas = sys.modules.get("pandas")
    if pandas is None or kind.__module__.partition(".")[0] != "pandas" or int(pandas.__version__.partition(".")[0]) < 3:
        return False
    return issubclass(kind, (pandas.DataFrame, pandas.Series, pandas.Index))


def _parts(value: Any, kind: type) -> list[Any]:
    if kind is MethodType:
        return [value.__self__, value.__func__]
    if kind in _SEQUENCES:
        return _sampled(value, len(value))
    if kind is dict:
        return _sampled(value.values(), len(value))
    if _is_array(kind):
        return _array_parts(value)
    if not gc.is_tracked(value):
        return []
    return [part for part in gc.get_referents(value) if type(part) not in _ATOMS and not isinstance(part, type)]


def _sampled(items: Any, size: int) -> list[Any]:
    """The items that are no atoms; of a long collection of atoms, as its first tell, none."""
    first = [item for item in islice(items, _SAMPLE) if type(item) not in _ATOMS]
    if not first or size <= _SAMPLE:
        return first
    return [item for item in islice(items, 2 * MAX_OBJECTS) if type(item) not in _ATOMS]


def _array_parts(value: Any) -> list[Any]:
    """What an array's memory belongs to, and the objects in it."""
    parts = [] if value.base is None else [value.base]
    if value.dtype.hasobject and value.ndim == 1:
        parts += _sampled(value[: 2 * MAX_OBJECTS].tolist(), len(value))
    return parts


def _contents(function: FunctionType) -> list[Any]:
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            continue
    return found
