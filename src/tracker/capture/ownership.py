"""Whose a function or class is, and whether all that an object of a class holds can be seen.

Invariant: nothing is called; only namespaces, layouts and the places of modules are looked at.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Final

from .modules import is_own

BASES: Final[tuple[Any, ...]] = (dict, list, tuple, set, frozenset, str, bytes, int, float, complex)
_REDUCING: Final = ("__reduce__", "__reduce_ex__", "__getstate__")


def is_own_code(function: types.FunctionType) -> bool:
    """Whether a function was written in the notebook, a module of the user's, or names that no module has."""
    space = function.__globals__
    home = sys.modules.get(str(space.get("__name__")))
    return getattr(home, "__dict__", None) is not space or space["__name__"] == "__main__" or is_own(home)


def is_own_kind(kind: type) -> bool:
    """The same of a class."""
    return kind.__module__ == "__main__" or is_own(sys.modules.get(str(kind.__module__)))


def replaced(owner: types.ModuleType | type) -> set[str]:
    """Names of a library's module or class under which a function of the notebook stands."""
    if is_own(owner):
        return set()
    functions = ((name, value) for name, value in list(vars(owner).items()) if type(value) is types.FunctionType)
    return {name for name, value in functions if value.__globals__.get("__name__") == "__main__"}


def own_parts(found: Any) -> list[Any]:
    """What of the user's stands in a library's class under a name: a function, or a class behind an accessor."""
    parts = [found, *getattr(found, "__dict__", {}).values()]
    functions = [part for part in parts if isinstance(part, types.FunctionType) and is_own_code(part)]
    return functions + [part for part in parts if isinstance(part, type) and is_own_kind(part)]


def is_found(function: types.FunctionType) -> bool:
    """Whether a library's function is the one that its name stands for."""
    found: Any = sys.modules.get(str(function.__module__))
    if function.__module__ == "__main__" or is_own(found):
        return False  # what a library has made of a function of the user's
    for part in function.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found is function


_python_made: dict[type, bool] = {}


def is_python_made(kind: type) -> bool:
    """Whether all that an object of this class holds stands in its `__dict__`, its slots, and a built-in base."""
    known = _python_made.get(kind)
    if known is None:
        known = all(owner is object or owner in BASES or _is_plain(owner) for owner in kind.__mro__)
        if kind.__module__ != "__main__" and len(_python_made) < 10_000:
            _python_made[kind] = known
    return known


def _is_plain(owner: type) -> bool:
    space, base = vars(owner), owner.__base__
    if not owner.__flags__ & (1 << 9) or base is None:  # no heap type: made in C
        return False
    slots = sum(isinstance(part, types.MemberDescriptorType) for part in space.values())
    extra = slots + ("__dict__" in space) + ("__weakref__" in space)
    is_open = "__slots__" in space or bool(owner.__dictoffset__)
    return is_open and owner.__basicsize__ - base.__basicsize__ <= 8 * extra


def tells_itself(kind: type) -> bool:
    """Whether a class above it says by itself what its objects are made of."""
    return any(name in vars(owner) for owner in kind.__mro__ if owner is not object for name in _REDUCING)
