"""What the values that a cell reads are, told by content: data, code, and objects by what they hold.

Invariants: nothing of the user's is called, only libraries' own ways of telling an object's state; what cannot be told
for certain is named, never guessed; equal digests mean equal content, order, types and sharing. Code counts with the
globals of the user's modules that it reads, and with functions that stand where a library's are looked for.
"""

from __future__ import annotations

import abc
import builtins
import copyreg
import functools
import logging
import marshal
import sys
import threading
import types
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import xxhash

from tracker.fingerprints import Unreadable, encoded, fingerprint

from .codes import code_bytes, global_names, identifiers
from .hidden import IN_MEMORY, ctypes_bytes, is_global_state, is_hidden
from .layout import beside, memory_of, owner_of
from .modules import is_own, own_named
from .ownership import BASES, is_found, is_own_code, is_own_kind, is_python_made, own_parts, replaced, tells_itself

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(Ellipsis)})
_ENCODED: Final = frozenset({"datetime", "decimal", "fractions", "uuid", "pathlib", "numpy", "pandas", "zoneinfo"})
_MAX_PLAIN: Final = 2_000_000
_MAX_OBJECTS: Final = 10_000
_NUMBERS: Final = "?bhilqBHILQefdFDmM"
_LARGE: Final = 1 << 20
_HASH: Final[Any] = type.__hash__
_MAX_DEPTH: Final = 150
_CLASS_OWN: Final = frozenset(
    {"__dict__", "__weakref__", "__module__", "__qualname__", "_abc_impl", "__abstractmethods__",
     "__firstlineno__", "__static_attributes__", "__annotations_cache__"}
)  # fmt: skip
_ASKS_SIGNATURES: Final = frozenset({"__annotations__", "get_type_hints", "get_annotations", "signature"})
_Code = types.FunctionType | type | types.ModuleType


@dataclass
class Contents:
    """What was told of some values."""

    digests: dict[str, str] = field(default_factory=dict)
    common: str = ""
    """Of the code behind them and what that reads, and of what they share."""
    behind: dict[str, str] = field(default_factory=dict)
    """The digests of the parts of that, by what they are."""
    words: frozenset[str] = frozenset()
    """The names and attributes that the code behind them uses."""
    unknown: list[str] = field(default_factory=list)
    """Names, and places in modules, whose values cannot be told."""


def told(names: Mapping[str, Any], words: Iterable[str] = (), known: Mapping[int, str] | None = None) -> Contents:
    """What the values under `names` are; `words` are those of the code that uses them, `known` the digests of
    datasets among them, by identity."""
    look = _Look(names, words, known or {})
    found = Contents()
    for name in sorted(names):
        try:
            found.digests[name] = _hex(look.named(name, names[name]))
        except (Unreadable, RecursionError):
            found.unknown.append(name)
    behind, unknown = look.behind()
    found.common, found.words = _hex(b"".join(behind.values())), frozenset(look.words)
    found.behind = {label: _hex(data) for label, data in behind.items()}
    found.unknown += unknown
    return found


def _hex(data: bytes) -> str:
    return str(xxhash.xxh3_128(data).hexdigest())


class _Look:
    def __init__(self, names: Mapping[str, Any], words: Iterable[str], known: Mapping[int, str]) -> None:
        self.words = set(words)
        self._names = names
        self._known = known
        self._left = _MAX_OBJECTS
        self._kept: list[Any] = []
        self._places: dict[int, int] = {}
        self._first: dict[int, tuple[str, int]] = {}
        self._memory: dict[int, tuple[str, int]] = {}
        self._shared: list[str] = []
        self._codes: dict[int, _Code] = {}
        self._waiting: list[_Code] = []
        self._kinds: dict[type, None] = {}
        self._libraries: set[str] = set()
        self._label = ""

    # -- a name, and what stands behind all of them

    def named(self, label: str, value: Any) -> bytes:
        """The bytes of one value. Raises Unreadable."""
        self._label, self._places = label, {}
        return self._value(value, 0)

    def behind(self) -> tuple[dict[str, bytes], list[str]]:
        """The bytes of all code that was met, by what it is, and what of it cannot be told."""
        parts: dict[str, bytes] = {}
        unknown: list[str] = []
        done: set[tuple[int, str]] = set()
        modules: dict[int, types.ModuleType] = {id(builtins): builtins}
        before = -1
        while self._waiting or len(done) + len(self.words) != before:
            before = len(done) + len(self.words)
            modules.update((id(module), module) for module in own_named(self.words))
            while self._waiting:
                code = self._waiting.pop()
                if isinstance(code, types.ModuleType):
                    modules[id(code)] = code
                    self._libraries.add(code.__name__.partition(".")[0])
                    continue
                for label, value in self._parts_of(code):
                    self._noted(label, value, parts, unknown)
            for module in list(modules.values()):
                space = vars(module)
                for word in sorted((self.words & space.keys()) | replaced(module)):
                    if (id(module), word) not in done:
                        done.add((id(module), word))
                        self._of_module(module, word, space[word], parts, unknown)
            for owner, word in self._in_libraries():
                if (id(owner), word) not in done:
                    done.add((id(owner), word))
                    parts |= _borrowed(owner, word)
                    for part in own_parts(vars(owner)[word]):
                        self._noted(f"{owner.__qualname__}.{word}", part, parts, unknown)
        parts["shared"] = "|".join(self._shared).encode("utf-8", "surrogatepass")
        return parts, unknown

    def _noted(self, label: str, value: Any, parts: dict[str, bytes], unknown: list[str]) -> None:
        try:
            parts[label] = parts.get(label, b"") + _framed(label, self.named(label, value))
        except (Unreadable, RecursionError):
            unknown.append(label)

    def _of_module(
        self, module: types.ModuleType, word: str, value: Any, parts: dict[str, bytes], unknown: list[str]
    ) -> None:
        """What a module has under a word: all of it in the user's own, in a library only whose function it is."""
        label = f"{module.__name__}.{word}"
        is_function = isinstance(value, types.FunctionType) and is_own_code(value)
        if is_own(module) or is_function or is_own_kind(type(value)):
            self._noted(label, value, parts, unknown)
        elif isinstance(value, types.ModuleType):
            self._note(value)
        elif type(value) in _PLAIN and word != "__name__":
            parts[label] = _framed(label, marshal.dumps(value, 2))
        elif callable(value) and not isinstance(value, type):
            name = (
                f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', getattr(value, '__name__', ''))}"
            )
            parts[label] = _framed(label, name.encode("utf-8", "replace"))

    def _parts_of(self, code: _Code) -> Iterator[tuple[str, Any]]:
        """The globals that a function reads; what a class of the user's is made of."""
        if isinstance(code, types.FunctionType):
            space = code.__globals__
            home = str(space.get("__name__"))
            for name in sorted(global_names(code.__code__)):
                if name in space and not (home == "__main__" and name in self._names):
                    yield f"{home}.{name}", space[name]
        elif isinstance(code, type):
            label = f"{code.__module__}.{code.__qualname__}"
            registered = abc._get_dump(code)[0] if isinstance(code, abc.ABCMeta) else ()  # type: ignore[attr-defined]
            known = [*registered, *(code.__subclasses__() if "__subclasses__" in self.words else ())]
            yield f"{label}()", [type(code), *code.__bases__, *known]
            for name, part in list(vars(code).items()):
                if name not in _CLASS_OWN and not isinstance(part, _DESCRIPTORS):
                    yield f"{label}.{name}", part

    def _in_libraries(self) -> Iterator[tuple[type, str]]:
        """The classes of libraries that matter, with names under which something of the user's may stand."""
        kinds = dict(self._kinds)
        for library in {kind.__module__.partition(".")[0] for kind in kinds} | self._libraries:
            top = vars(sys.modules[library]) if library in sys.modules else {}
            kinds.update((value, None) for value in list(top.values()) if isinstance(value, type))
        for owner in dict.fromkeys(owner for kind in kinds for owner in kind.__mro__):
            if not is_own_kind(owner):
                full = replaced(owner) if owner in self._kinds else set()
                yield from ((owner, word) for word in sorted((self.words & vars(owner).keys()) | full))

    def _note(self, code: _Code) -> None:
        if id(code) not in self._codes:
            self._codes[id(code)] = code
            self._waiting.append(code)

    # -- values

    def _value(self, value: Any, depth: int) -> bytes:
        kind = type(value)
        if type(kind).__hash__ is not _HASH:
            raise Unreadable(f"a {kind.__name__}, whose class tells by itself what it equals")
        if kind in _PLAIN:
            return _framed("p", marshal.dumps(value, 2))
        if depth > _MAX_DEPTH:
            raise Unreadable("values nested too deep")
        if isinstance(value, types.ModuleType):
            self._note(value)
            return _framed("module", value.__name__.encode())
        if isinstance(value, type):
            return self._class(value)
        if kind is not tuple and kind is not frozenset:
            place = self._placed(value)
            if place is not None:
                return place
        self._left -= 1
        if self._left < 0:
            raise Unreadable("more objects than are looked at")
        if kind in _CONTAINERS:
            return _framed(kind.__name__, self._items(value, kind, depth))
        if kind in _SPECIAL:
            return _framed(kind.__name__, _SPECIAL[kind](self, value, depth + 1))
        return self._object(value, kind, depth + 1)

    def _placed(self, value: Any) -> bytes | None:
        """A word for an object that was met before under this name; notes the first meeting."""
        identity = id(value)
        place = self._places.get(identity)
        if place is not None:
            return _framed("same", place.to_bytes(4, "little"))
        place = self._places[identity] = len(self._places)
        self._kept.append(value)  # so that its identity stays its own
        first = self._first.setdefault(identity, (self._label, place))
        if first[0] != self._label:
            self._shared.append(f"{first[0]}.{first[1]}={self._label}.{place}")
        return None

    def _all(self, values: Iterable[Any], depth: int) -> bytes:
        return b"".join([self._value(value, depth + 1) for value in values])

    def _items(self, value: Any, kind: type, depth: int) -> bytes:
        if kind is dict:
            return self._plain_or_each(list(value), depth) + self._plain_or_each(list(value.values()), depth)
        return self._plain_or_each(list(value), depth)

    def _plain_or_each(self, items: list[Any], depth: int) -> bytes:
        if len(items) > _MAX_PLAIN:
            raise Unreadable("too many items")
        if set(map(type, items)) <= _PLAIN:
            return _framed("m", marshal.dumps(items, 2))
        if len(items) > self._left:
            raise Unreadable("too many items")
        return _framed("e", self._all(items, depth))

    def _class(self, kind: type) -> bytes:
        if is_own_kind(kind):
            self._note(kind)
        else:
            self._kinds[kind] = None
        return _framed("class", f"{kind.__module__}.{kind.__qualname__}".encode("utf-8", "surrogatepass"))

    def _object(self, value: Any, kind: type, depth: int) -> bytes:
        head = self._class(kind)
        data = self._dataset(value)
        if data is not None:
            return head + data + (self._attributes(value, depth) if is_own_kind(kind) else b"")
        root = str(kind.__module__).partition(".")[0]
        if root in _ENCODED:
            with suppress(Unreadable):
                return head + encoded(value)
        if isinstance(value, Enum):
            own = {name: part for name, part in vars(value).items() if name[:1] != "_"}
            return head + self._value([value._name_, value._value_, own], depth)
        if isinstance(value, logging.Logger):
            return head + self._value([value.name, value.getEffectiveLevel(), value.disabled], depth)
        if is_own_kind(kind):
            if not is_python_made(kind):
                raise Unreadable(kind.__qualname__)
            return head + self._base(value, depth) + self._attributes(value, depth)
        return head + self._of_library(value, kind, root, depth)

    def _of_library(self, value: Any, kind: type, root: str, depth: int) -> bytes:
        if isinstance(value, Iterator) and kind.__name__ not in IN_MEMORY:
            raise Unreadable(f"a {kind.__name__}, which is used up by looking")
        if is_hidden(kind, root):
            raise Unreadable(kind.__name__)
        if root == "ctypes":
            return ctypes_bytes(value)
        if is_python_made(kind) and not tells_itself(kind):
            return self._base(value, depth) + self._attributes(value, depth)
        return self._reduced(value, kind, depth)

    def _reduced(self, value: Any, kind: type, depth: int) -> bytes:
        """A library's object as the library itself takes it apart."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                way: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
                parts = way(value) if way is not None else value.__reduce_ex__(4)
        except Exception as error:
            raise Unreadable(kind.__name__) from error
        if isinstance(parts, str):
            spaces = (getattr(module, "__dict__", {}) for module in list(sys.modules.values()))
            if not any(space.get(parts) is value for space in (self._names, *spaces)):
                raise Unreadable(f"a {kind.__name__} that no module has by its name")
            return _framed("global", parts.encode())
        made = [list(part) if isinstance(part, Iterator) else part for part in parts]
        self._kept.append(made)
        return self._all(made, depth)

    def _dataset(self, value: Any) -> bytes | None:
        numpy = sys.modules.get("numpy")
        digest = _plain_array(numpy, value) or self._known.get(id(value))
        if digest is None:
            found = fingerprint(value)
            if found is None:
                return None
            if found.coverage != "full":
                raise Unreadable(found.why)
            digest = found.digest
        self._note_memory(value)
        told = digest.encode() + self._all(beside(value, self.words), 1)
        if numpy is None or not isinstance(value, numpy.ndarray):
            return told + self._tensor(value)
        flags = value.flags
        root = owner_of(value)
        memory = b"" if root is value else self._placed(root) or b"view"
        return told + bytes([flags.c_contiguous, flags.f_contiguous, flags.writeable]) + memory

    def _note_memory(self, value: Any) -> None:
        for address in memory_of(value):
            first = self._memory.setdefault(address, (self._label, len(self._places)))
            if first[0] != self._label:
                self._shared.append(f"{first[0]}.{first[1]}~{self._label}.{len(self._places)}")

    def _tensor(self, value: Any) -> bytes:
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(value, torch.Tensor):
            return b""
        grad = value.grad if value.is_leaf else None
        return bytes([value.requires_grad, value.is_leaf]) + self._value(grad, 1)

    def _base(self, value: Any, depth: int) -> bytes:
        """What an object holds as a dict, list, number or text, whatever its own class makes of that."""
        for base in BASES:
            if isinstance(value, base):
                if base in _CONTAINERS:
                    items = dict(dict.items(value)) if base is dict else list(base.__iter__(value))
                    return self._items(items, base, depth)
                return self._all(base.__getnewargs__(value), depth)
        return b""

    def _attributes(self, value: Any, depth: int) -> bytes:
        """What stands in an object's `__dict__` and slots."""
        found: list[Any] = []
        with suppress(AttributeError):
            for name, part in list(object.__getattribute__(value, "__dict__").items()):
                if name == "__array_interface__":
                    raise Unreadable("an address in memory")
                found += [name, part]
        for owner in type(value).__mro__:
            for name, slot in vars(owner).items():
                if isinstance(slot, types.MemberDescriptorType) and "__slots__" in vars(owner):
                    with suppress(AttributeError):
                        found += [name, slot.__get__(value)]
        return _framed("attributes", self._all(found, depth))

    # -- code

    def function(self, value: types.FunctionType, depth: int) -> bytes:
        name = f"{value.__module__}.{value.__qualname__}"
        if not is_own_code(value) and is_found(value):
            return name.encode("utf-8", "surrogatepass")
        if is_own_code(value):
            self.words |= identifiers(value.__code__)
            self._note(value)
        cells = []
        for cell in value.__closure__ or ():
            try:
                cells.append(cell.cell_contents)
            except ValueError:
                cells.append(None)
        told = [value.__defaults__, value.__kwdefaults__, cells, value.__dict__, value.__name__, value.__doc__]
        if self.words & _ASKS_SIGNATURES:
            told.append(value.__annotations__)
        return _framed(name, code_bytes(value.__code__)) + self._all(told, depth)

    def method(self, value: types.MethodType, depth: int) -> bytes:
        return self._all([value.__self__, value.__func__], depth)

    def builtin(self, value: Any, depth: int) -> bytes:
        owner = value.__self__
        name = f"{value.__module__}.{value.__qualname__}".encode()
        if owner is None or isinstance(owner, (types.ModuleType, type)) or is_global_state(owner):
            return name
        return name + self._value(owner, depth)

    def inner(self, value: Any, depth: int) -> bytes:
        return self._value(value.__func__, depth)

    def accessors(self, value: property, depth: int) -> bytes:
        return self._all([value.fget, value.fset, value.fdel], depth)

    def cached(self, value: Any, depth: int) -> bytes:
        if value.cache_info().currsize:
            raise Unreadable("a cache that is filled")
        return self._value(value.__wrapped__, depth)

    def context(self, value: ContextVar[Any], depth: int) -> bytes:
        return self._value([value.name, value.get(None)], depth)

    def proxy(self, value: Any, depth: int) -> bytes:
        return self._value(dict(value), depth)

    def reference(self, value: Any, depth: int) -> bytes:
        return self._value(value(), depth)

    def octets(self, value: Any, depth: int) -> bytes:
        owner = value.obj if isinstance(value, memoryview) else None
        return bytes(value) + ((self._placed(owner) or b"") if owner is not None else b"")

    def locked(self, value: Any, depth: int) -> bytes:
        return b"locked" if "unlocked" not in repr(value)[:40] else b""


_CONTAINERS: Final = frozenset({list, tuple, dict, set, frozenset})
_DESCRIPTORS: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)
_SPECIAL: Final[dict[type, Callable[[_Look, Any, int], bytes]]] = {
    types.FunctionType: _Look.function, types.MethodType: _Look.method, types.BuiltinFunctionType: _Look.builtin,
    staticmethod: _Look.inner, classmethod: _Look.inner, property: _Look.accessors,
    functools._lru_cache_wrapper: _Look.cached, ContextVar: _Look.context, types.MappingProxyType: _Look.proxy,
    weakref.ref: _Look.reference, bytearray: _Look.octets, memoryview: _Look.octets,
    type(threading.Lock()): _Look.locked, type(threading.RLock()): _Look.locked,
}  # fmt: skip


def _borrowed(owner: type, word: str) -> dict[str, bytes]:
    """Which function a library's class has under the name of another."""
    found, label = vars(owner)[word], f"{owner.__qualname__}.{word}"
    if type(found) is not types.FunctionType or found.__qualname__ == label:
        return {}
    return {f"{owner.__module__}.{label}": f"{found.__module__}.{found.__qualname__}".encode("utf-8", "replace")}


def _plain_array(numpy: Any, value: Any) -> str | None:
    """The digest of an array of numbers, of which a model may hold thousands."""
    if numpy is None or type(value) is not numpy.ndarray or value.dtype.char not in _NUMBERS or value.nbytes > _LARGE:
        return None
    running = xxhash.xxh3_128(f"{value.dtype.str}{value.shape}".encode())
    running.update(numpy.ascontiguousarray(value).reshape(-1).view(numpy.uint8))
    return str(running.hexdigest())


def _framed(tag: str, data: bytes) -> bytes:
    head = tag.encode("utf-8", "surrogatepass")
    return len(head).to_bytes(4, "little") + len(data).to_bytes(8, "little") + head + data
