"""Which names a cell's calls change in place.

Invariants: nothing of the user's is called, and no attribute is looked up through a descriptor; an object whose
type or function is not known is held to be changed by every call that is not known to leave it alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from tracker.fingerprints.kinds import identities

from .beside import module_effects
from .effects import Effects, FunctionEffects, Place, Use
from .known import (
    ARRAY_CHANGES,
    CHANGING_FUNCTIONS,
    CONFIGURES,
    CONSUMED,
    FRAME_CHANGES,
    LEAVES_ALONE,
    METHODS,
    PURE_LIBRARIES,
)

_DEPTH: Final = 12
_ASKS: Final = ("get", "read", "print", "display", "show", "len", "fetch", "type", "id", "isinstance")
_CONNECTIONS: Final = frozenset({"sqlite3", "duckdb", "_duckdb", "sqlalchemy", "psycopg", "psycopg2"})
_KEEPERS: Final = ("Context", "Store", "Writer", "Stream", "Builder", "Cache")
"""How classes are named whose objects take in what they are given."""
_QUIET: Final = frozenset({"warnings", "tracker", "mlflow"})
"""What is set in these changes no value, or is seen elsewhere."""
_ATOMS: Final = identities(bool, int, float, complex, str, bytes, type(None), range, slice, type(Ellipsis))


@dataclass
class Mutations:
    """What has been worked out of one cell's calls."""

    names: set[str] = field(default_factory=set)
    """Names whose objects may have been changed."""
    rebound: set[str] = field(default_factory=set)
    """Global names that called functions assign."""
    modules: set[str] = field(default_factory=set)
    """Names of modules whose settings were changed."""
    objects: list[Any] = field(default_factory=list)
    """Functions whose closures or defaults were changed, and modules beside the notebook whose state was."""
    sets_up: bool = False
    """A library was told how to work from now on."""
    unknown: bool = False
    """Something was called that can do anything to the namespace."""


class Resolver:
    """Tells what a cell's calls change, by the namespace after it and the kinds of its names before it."""

    def __init__(
        self, namespace: Mapping[str, Any], kinds: Mapping[str, type], functions: Mapping[Place, FunctionEffects]
    ) -> None:
        self._namespace = namespace
        self._kinds = kinds
        self._functions = functions
        self._found = Mutations()
        self._seen: set[Place] = set()
        self._worked_out: dict[int, frozenset[str]] = {}
        self._homes: dict[str, Resolver] = {}

    def resolve(self, effects: Effects) -> Mutations:
        """The mutations of the cell with these effects."""
        found = self._found
        found.names |= effects.changed
        for use in effects.uses:
            found.names |= self._changed_by(use, frozenset(), 0)
        for name in (*effects.reads, *effects.soft):
            kind = self._kind(name)
            if kind is not None and is_consumed(kind):
                found.names.add(name)
        return found

    def reached(self, functions: Iterable[FunctionType]) -> None:
        """Count in what these functions, which the cell may call, do to globals."""
        for function in functions:
            self._global_effects(function, 0)

    def _kind(self, name: str) -> type | None:
        if name in self._kinds:
            return self._kinds[name]
        value = self._namespace.get(name, _ABSENT)
        return None if value is _ABSENT else type(value)

    def _changed_by(self, use: Use, local: frozenset[str], depth: int) -> frozenset[str]:
        """The names that one call changes; names in `local` are of a function's own, of unknown kind."""
        changed = set(self._consumed(use, local))
        receiver = None if use.direct is None or use.direct in local else use.direct
        known = self._known_callee(use, receiver)
        if use.inplace:
            changed |= use.roots if not isinstance(known, FunctionType) or use.path else set()
            for name, roots in use.keywords:
                changed |= roots if name == "out" else set()
        if known is not None:
            return frozenset(changed | self._by_function(known, use, depth))
        if use.path:
            changed |= self._by_method(use, local, depth)
        elif use.roots:
            changed |= self._by_instance(use, local, depth)
        return frozenset(changed)

    def _consumed(self, use: Use, local: frozenset[str]) -> set[str]:
        given = frozenset().union(*use.arguments, *(names for _, names in use.keywords)) - local
        found = {name for name in given if self._is_used_up(name, use)}
        found |= self._by_callbacks(use, given)
        return found | {name for name in use.roots - local if self._is_used_up(name, use)}

    def _is_used_up(self, name: str, use: Use) -> bool:
        """Whether a call that is given this object, or a method of it, changes it whatever it is."""
        kind = self._kind(name)
        if kind is None:
            return False
        if is_consumed(kind):
            return True
        called = use.path[-1] if use.path else use.direct or ""
        if (
            called.startswith(_ASKS)
            or (use.asks and _asks_for_good(kind, called))
            or called in LEAVES_ALONE - {"plot", "hist", "bar"}
        ):
            return False
        return is_drawn_on(kind) or _holds_drawings(self._namespace.get(name)) or _library(kind) in _CONNECTIONS

    def _by_callbacks(self, use: Use, given: frozenset[str]) -> set[str]:
        """What stands beside a function that changes what it is given may be given to it."""
        for name in given:
            function = self._namespace.get(name)
            if isinstance(function, FunctionType) and function.__globals__ is self._namespace:
                told = self._functions.get((function.__code__.co_name, function.__code__.co_firstlineno))
                if told is not None and self._changing(told, 1) & frozenset(told.parameters):
                    return set(given - {name})
        return set()

    # -- what is called

    def _known_callee(self, use: Use, receiver: str | None) -> Any:
        """The function or class that is called, where it can be found without running anything."""
        if receiver is None:
            return None
        value = self._namespace.get(receiver, _ABSENT)
        if value is _ABSENT:
            value = getattr(sys.modules["builtins"], receiver, _ABSENT) if not use.path else _ABSENT
        if self._kinds.get(receiver, type(value)) is not type(value):
            return None
        for attribute in use.path:
            if isinstance(value, ModuleType):
                value = value.__dict__.get(attribute, _UNKNOWN_MEMBER)
            elif isinstance(value, type) and len(use.path) > 1:
                return None
            elif isinstance(value, type):
                return value if _member(value, attribute) is None else None
            else:
                return None
        if value is _UNKNOWN_MEMBER:
            return _Library(str(getattr(self._namespace.get(receiver), "__name__", "")), use.path[-1])
        if isinstance(value, (type, FunctionType, BuiltinFunctionType, MethodType)) or _is_compiled(value):
            return value
        return None

    def _by_function(self, function: Any, use: Use, depth: int) -> set[str]:
        if isinstance(function, type):
            return self._by_source(_member(function, "__init__"), use, depth, 1) or set()
        known = self._by_source(function, use, depth, 0)
        if known is not None:
            return known
        name = str(getattr(function, "__name__", ""))
        bound = getattr(function, "__self__", None)
        if not isinstance(bound, ModuleType | type | None):
            if is_consumed(type(bound)) or _changes(type(bound), (name,), name):
                self._found.objects.append(bound)
            return set()
        self._settings(name, use)
        library = (getattr(function, "__module__", None) or "builtins").partition(".")[0]
        if library in _CONNECTIONS and use.path and not use.asks:
            self._found.modules |= use.roots
        if name in CHANGING_FUNCTIONS:
            return set().union(*use.arguments)
        if name == "backward":
            self._backward()
        if library in PURE_LIBRARIES or library.startswith("_"):
            return set()
        return set().union(*use.arguments, *(names for _, names in use.keywords))

    def _by_source(self, function: Any, use: Use, depth: int, skipped: int) -> set[str] | None:
        """The arguments that a function of the notebook, or of a module beside it, changes; None for any other."""
        home = self._home(function)
        if home is None:
            return None
        changed = home._by_python(function, use, depth, skipped)
        self._take_over(home, function)
        return changed

    def _home(self, function: Any) -> Resolver | None:
        """What resolves the names in a function: this for the notebook's own, one a module for those beside it."""
        if not isinstance(function, FunctionType):
            return None
        if function.__globals__ is self._namespace:
            return self
        path = function.__code__.co_filename
        if path not in self._homes:
            known = module_effects(path)
            if known is None:
                return None
            self._homes[path] = Resolver(function.__globals__, {}, known.functions)
        return self._homes[path]

    def _take_over(self, home: Resolver, function: FunctionType) -> None:
        """What a module's function did to the module counts as a change of the module."""
        if home is self:
            return
        told = home._found
        known = (function.__code__.co_name, function.__code__.co_firstlineno) in home._functions
        if told.names or told.rebound or told.unknown or not known:
            module = sys.modules.get(str(function.__globals__.get("__name__")))
            self._found.objects += [] if module is None else [module]
            names = function.__globals__
            self._found.objects += [names[name] for name in told.names if name in names]  # taken from there by import
        self._found.objects += told.objects

    def _settings(self, name: str, use: Use) -> None:
        if name.startswith(CONFIGURES):
            self._found.modules |= use.roots
            owners = [self._namespace.get(root) for root in use.roots]
            told = any(isinstance(owner, ModuleType) and owner.__name__ not in _QUIET for owner in owners)
            self._found.sets_up |= told and not any(use.arguments)

    def _by_python(self, function: FunctionType, use: Use, depth: int, skipped: int) -> set[str]:
        effects = self._functions.get((function.__code__.co_name, function.__code__.co_firstlineno))
        wrapped = function.__dict__.get("__wrapped__")
        if effects is None and isinstance(wrapped, FunctionType):
            return self._by_python(wrapped, use, depth, skipped)
        if effects is None:
            return set().union(*use.arguments, *(names for _, names in use.keywords))
        self._global_effects(function, depth)
        return self._by_effects(effects, use, depth, skipped)

    def _by_effects(self, effects: FunctionEffects, use: Use, depth: int, skipped: int) -> set[str]:
        """The arguments of a call that the called function changes; `skipped` parameters are bound already."""
        changing = self._changing(effects, depth)
        parameters = effects.parameters[skipped:]
        changed: set[str] = set()
        for i, names in enumerate(use.arguments):
            if i >= len(parameters) or parameters[i] in changing:
                changed |= names if i < len(parameters) or changing else set()
        for name, names in use.keywords:
            if name in changing or name == "**":
                changed |= names
        return changed

    def _changing(self, effects: FunctionEffects, depth: int) -> frozenset[str]:
        """The names, parameters among them, whose objects a function's body changes."""
        if depth > _DEPTH:
            return frozenset(effects.parameters)
        if id(effects) in self._worked_out:
            return self._worked_out[id(effects)]
        self._worked_out[id(effects)] = frozenset(effects.parameters)  # what a recursive call is held to change
        found = set(effects.changed)
        for use in effects.uses:
            mentioned = use.roots.union(*use.arguments, *(names for _, names in use.keywords))
            found |= self._changed_by(use, mentioned - effects.free, depth + 1)
        changing = frozenset(found) & (effects.free | frozenset(effects.parameters))
        self._worked_out[id(effects)] = changing
        return changing

    def _global_effects(self, function: FunctionType, depth: int) -> None:
        code = function.__code__
        effects = self._functions.get((code.co_name, code.co_firstlineno))
        if effects is None:
            return
        closed = frozenset(code.co_freevars)
        if closed or function.__defaults__ or function.__kwdefaults__:
            changing = self._changing(effects, depth)
            if changing & closed or (changing & frozenset(effects.parameters)):
                self._found.objects.append(function)
        place = (code.co_name, code.co_firstlineno)
        if place not in self._seen:
            self._seen.add(place)
            self._found.unknown |= effects.unknown
            self._found.rebound |= effects.rebound
            self._found.names |= self._changing(effects, depth) - frozenset(effects.parameters) - closed

    def _by_method(self, use: Use, local: frozenset[str], depth: int) -> set[str]:
        method = use.path[-1]
        kind = None if use.direct is None or use.direct in local else self._kind(use.direct)
        if method == "backward":
            self._backward()
        changed: set[str] = set().union(*use.arguments) if method in CHANGING_FUNCTIONS else set()
        if use.asks and kind is not None and _asks_for_good(kind, method):
            return changed
        if kind is None or id(kind) in _ATOMS:
            return changed | (set() if method in LEAVES_ALONE or id(kind) in _ATOMS else use.roots)
        if issubclass(kind, type):
            told = self._by_class(use, depth)
            return changed | (set(use.roots) if told is None else told)
        if kind is ModuleType:
            self._settings(method, use)
            return changed if method in LEAVES_ALONE else changed | use.roots
        own = _member(kind, method) if len(use.path) == 1 else None
        told = self._by_own_method(own, use, depth)
        if told is not None:
            return changed | told
        return changed | (set(use.roots) if _changes(kind, use.path, method) else set())

    def _by_class(self, use: Use, depth: int) -> set[str] | None:
        """A method called on a class; None where its source is not known."""
        owner = self._namespace.get(use.direct or "")
        if not isinstance(owner, type) or len(use.path) > 1:
            return None if use.path[-1] not in LEAVES_ALONE else set()
        stored = next(
            (k.__dict__[use.path[-1]] for k in type.__dict__["__mro__"].__get__(owner) if use.path[-1] in k.__dict__),
            None,
        )
        if isinstance(stored, classmethod):
            return self._by_own_method(stored.__func__, use, depth)
        return self._by_source(_member(owner, use.path[-1]), use, depth, 0)

    def _by_own_method(self, method: Any, use: Use, depth: int) -> set[str] | None:
        """A method of a class made in the notebook or beside it, by its source; None for any other."""
        home = self._home(method)
        if home is None:
            return None
        effects = home._functions.get((method.__code__.co_name, method.__code__.co_firstlineno))
        if effects is None or not effects.parameters:
            return set(use.roots)
        changed = self._by_source(method, use, depth, 1) or set()
        return changed | use.roots if effects.parameters[0] in home._changing(effects, depth) else changed

    def _by_instance(self, use: Use, local: frozenset[str], depth: int) -> set[str]:
        """A call of an object that is no function: a model, a partial, something unknown."""
        kind = None if use.direct is None or use.direct in local else self._kind(use.direct)
        if kind is not None and isinstance(own := _member(kind, "__call__"), FunctionType):
            told = self._by_own_method(own, use, depth)
            return set(use.roots) if told is None else told
        return set(use.roots).union(*use.arguments)

    def _backward(self) -> None:
        """Gradients reach whatever took part in the computation: every module, optimizer and tensor there is."""
        for name, value in self._namespace.items():
            if any(owner.__module__.startswith("torch") for owner in type(value).__mro__):
                self._found.names.add(name)


class _Absent:
    pass


class _Library:
    """A function of a library that is loaded when it is asked for."""

    def __init__(self, module: str, name: str) -> None:
        self.__module__, self.__name__ = module, name


_ABSENT: Final = _Absent()
_UNKNOWN_MEMBER: Final = _Absent()


def is_consumed(kind: type) -> bool:
    """Whether any use of such an object changes it: iterators, open files, random generators."""
    if kind.__name__ in CONSUMED and _library(kind) in ("builtins", "itertools"):
        return True
    name, library = kind.__name__, _library(kind)
    if library in ("numpy", "random", "torch") and name in ("Generator", "RandomState", "Random", "SeedSequence"):
        return True
    return library in ("_io", "io") or (name.endswith("iterator") and library == "builtins") or name == "reader"


def _asks_for_good(kind: type, method: str) -> bool:
    """Whether a question leaves a connection as it was: what the answer is read from is an object of its own."""
    return (kind.__name__ == "Connection" and _library(kind) == "sqlite3") or method in ("sql", "query")


def is_drawn_on(kind: type) -> bool:
    """Whether it is a figure, or a part of one: to draw changes it."""
    return any(owner.__module__.startswith("matplotlib") and owner.__name__ == "Artist" for owner in kind.__mro__)


def _holds_drawings(value: Any) -> bool:
    """Whether it is an array of a figure's parts."""
    dtype = getattr(value, "dtype", None) if _library(type(value)) == "numpy" else None
    return bool(getattr(dtype, "hasobject", False) and value.size and is_drawn_on(type(value.flat[0])))


def _changes(kind: type, path: tuple[str, ...], method: str) -> bool:
    """Whether a method of a library's object changes it."""
    library = _library(kind)
    for base, methods in METHODS.items():
        if issubclass(kind, base) and library in ("builtins", "collections"):
            return method in methods if len(path) == 1 else method not in LEAVES_ALONE
    if library == "threading":
        return True
    if library == "collections" or is_consumed(kind):
        return method not in LEAVES_ALONE
    if library == "numpy":
        return method in ARRAY_CHANGES or is_consumed(kind)
    if library in ("pandas", "polars", "pyarrow") and not kind.__name__.endswith(_KEEPERS):
        return method in FRAME_CHANGES
    if library == "torch" and kind.__name__ in ("Tensor", "Parameter"):
        return method.endswith("_") or method == "backward"
    return method not in LEAVES_ALONE


def _library(kind: type) -> str:
    return str(getattr(kind, "__module__", "")).partition(".")[0]


def _member(kind: type, name: str) -> Any:
    """A class's member as it is stored, its bases looked through in order."""
    for owner in type.__dict__["__mro__"].__get__(kind):
        if name in owner.__dict__:
            member = owner.__dict__[name]
            return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
    return None


def _is_compiled(value: object) -> bool:
    """Whether it is a function that a library has made in its own way: NumPy's ufuncs, Cython's functions."""
    kind = type(value)
    is_cython = kind.__name__ in ("cython_function_or_method", "fused_cython_function")
    return is_cython or (kind.__module__.partition(".")[0] == "numpy" and callable(value))
