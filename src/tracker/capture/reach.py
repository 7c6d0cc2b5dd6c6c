"""Names of the notebook that functions and classes from earlier cells read when they are used.

Invariants: nothing is called; only objects made in the notebook (their globals are its namespace) are
looked into; at most a few hundred functions a cell.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any, Final, NamedTuple

from tracker.fingerprints.kinds import identities, is_a

from .codes import closed_over, global_names

_MAX_FUNCTIONS: Final = 500
_ATOMS: Final = identities(bool, int, float, complex, str, bytes, list, tuple, dict, set, type(None))


class Behind(NamedTuple):
    """What stands behind names: the notebook's functions, and the globals that those read."""

    names: set[str]
    functions: list[FunctionType]


def names_behind(names: Iterable[str], namespace: Mapping[str, Any]) -> set[str]:
    """The globals read by the notebook's functions and classes that `names` stand for, at any depth."""
    return behind(names, namespace).names


def behind(names: Iterable[str], namespace: Mapping[str, Any], held: Iterable[Any] = ()) -> Behind:
    """The notebook's functions and classes' methods that `names` and `held` stand for, and the globals they read."""
    found = Behind(set(), [])
    seen = {name for name in names if name in namespace}
    waiting = [*held, *(namespace[name] for name in seen)]
    codes: set[int] = set()
    while waiting and len(codes) < _MAX_FUNCTIONS:
        for function in _functions(waiting.pop(), namespace, 0):
            if id(function.__code__) in codes:
                continue
            codes.add(id(function.__code__))
            found.functions.append(function)
            for name in sorted(global_names(function.__code__)):
                found.names.add(name)
                if name in namespace and name not in seen:
                    seen.add(name)
                    waiting.append(namespace[name])
    return found


def _functions(value: Any, namespace: Mapping[str, Any], depth: int) -> Iterator[FunctionType]:
    kind = type(value)
    if id(kind) in _ATOMS or depth > 4:
        return
    if kind is FunctionType:
        if value.__globals__ is namespace:
            yield value
        for held in closed_over(value):
            yield from _functions(held, namespace, depth + 1)
        if "__wrapped__" in value.__dict__:
            yield from _functions(value.__dict__["__wrapped__"], namespace, depth + 1)
    elif kind is MethodType:
        yield from _functions(value.__func__, namespace, depth + 1)
    elif is_a(value, functools.partial):
        yield from _functions(value.func, namespace, depth + 1)
    elif is_a(value, staticmethod, classmethod):
        yield from _functions(value.__func__, namespace, depth + 1)
    elif kind is property:
        for accessor in (value.fget, value.fset, value.fdel):
            yield from _functions(accessor, namespace, depth + 1)
    elif kind is functools._lru_cache_wrapper:
        yield from _functions(value.__wrapped__, namespace, depth + 1)
    else:
        yield from _methods(value if is_a(value, type) else kind, namespace, depth)


def _methods(kind: type, namespace: Mapping[str, Any], depth: int) -> Iterator[FunctionType]:
    home = namespace.get("__name__")
    for owner in type.__dict__["__mro__"].__get__(kind):
        if owner.__dict__.get("__module__") == home:
            for member in list(owner.__dict__.values()):
                if is_a(member, FunctionType, staticmethod, classmethod, property):
                    yield from _functions(member, namespace, depth + 1)
