"""What is remembered of a session: every execution of a cell, and what it took and left.

Invariants: an execution never holds an object of the user's, only names, identities and text; a cell that runs
inside another counts as part of it. `slicing` works out of this memory what a value was made by.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import PurePath
from types import FunctionType, ModuleType
from typing import Any, Final

from tracker.fingerprints.kinds import is_a

from .beside import is_librarys, modules_behind, source_beside
from .drawing import drawn, drawn_on, open_figures
from .effects import Effects, FunctionEffects, Place, Use
from .flow import effects_of
from .folders import PROGRAMS, begin_watching
from .folders import watched as watched_files
from .inplace import Content, changed_between, contents, whole
from .known import SEEDING, words
from .magics import plain_tree
from .modules import own_modules
from .mutation import Resolver, is_consumed
from .opened import OpenedFiles, begin_collecting, collected, written_through
from .paths import paths_given
from .randomness import random_states
from .reach import behind
from .reachable import NOTHING, Objects, reachable
from .settings import are_other, settings, working_folder

_MAX_KNOWN: Final = 2_000
_READ_OBJECTS: Final = 1_500
_SHELL_NAMES: Final = words(
    """
    In Out get_ipython exit quit open _ __ ___ _i _ii _iii _ih _oh _dh _exit_code __builtin__ __builtins__
    __warningregistry__ _tracker_result
    __name__ __doc__ __package__ __loader__ __spec__ __annotations__
    """
)
_STARTING: Final = words("create_task ensure_future start submit call_later call_soon run_in_executor apply_async")
_QUOTED: Final = re.compile(r"'([^'\n]{1,500})'")
_Names = frozenset[str]
_NO_NAMES: Final[_Names] = frozenset()
_GENERATORS: Final[_Names] = frozenset({"random", "numpy", "torch"})


@dataclass
class Execution:
    """One execution of one cell."""

    number: int
    """Its place in the session, from 0."""
    count: int
    """What stood in its brackets."""
    source: str
    effects: Effects
    needs: _Names = _NO_NAMES
    bound: _Names = _NO_NAMES
    """Names that it bound or deleted for certain: what they were before does not matter after it."""
    maybe: _Names = _NO_NAMES
    """Names that it may have bound, or whose objects it may have changed."""
    read: Objects = NOTHING
    changed: Objects = NOTHING
    drew: _Names = _NO_NAMES
    """Global random generators whose state it moved."""
    seeded: _Names = _NO_NAMES
    """Those that it seeded."""
    seeded_first: bool = False
    """It seeded them before anything could be drawn."""
    shown: str = ""
    """The name that the shell gives to what it showed, as `_5`."""
    files: OpenedFiles = field(default_factory=OpenedFiles)
    listed: _Names = _NO_NAMES
    """Folders that it listed."""
    taken: _Names = _NO_NAMES
    """Files that it moved or removed."""
    unknown: bool = False
    """It may have read and changed anything."""
    sets_up: bool = False
    error: str | None = None
    """The kind of exception that cut it off."""
    failed_line: int | None = None

    @cached_property
    def touched(self) -> _Names:
        """What it bound for certain or may have bound or changed; ask when it has ended."""
        return self.bound | self.maybe

    @cached_property
    def serves_all(self) -> bool:
        """Whether whatever comes after it stands on it; ask when it has ended."""
        unwatched = not self.bound and not self.read.ids  # what a star import bound is then not known
        return self.sets_up or (bool(self.effects.stars) and unwatched)

    @cached_property
    def left_traces(self) -> bool:
        """Whether there is anything that a later cell could stand on; ask when it has ended."""
        changed = bool(self.changed.ids) or self.changed.cut
        outside = bool(self.files.written or self.drew) or self.sets_up
        return bool(self.touched or self.shown) or changed or outside or self.unknown or bool(self.effects.stars)


class Session:
    """Remembers the cells of one shell; `begin` and `end` stand around each execution."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.executions: list[Execution] = []
        self.functions: dict[Place, FunctionEffects] = {}
        self.folder = working_folder()
        self.origin = self.folder
        """The folder that `folder` stands for, in a rerun."""
        self._namespace = namespace
        self._known: OrderedDict[str, Effects] = OrderedDict()
        self.states: dict[str, int] = {}
        self._now: _Watched | None = None
        self._modules = frozenset(sys.modules)
        self._beside: dict[str, int] = {}
        self._unset = False
        """Some array was made with what the memory happened to hold, which may be what an earlier one held."""

    # -- cells from before the memory began

    def adopt(self, sources: Iterable[tuple[int, str]]) -> None:
        """Remember earlier cells (execution count, source), of which only the source is known."""
        for count, source in sources:
            tree = plain_tree(source)
            if tree is None:
                continue
            effects = self._effects(source, tree)
            self.executions.append(
                Execution(
                    len(self.executions), count, source, effects,
                    needs=frozenset(effects.reads) | effects.soft,
                    bound=frozenset(effects.bound),
                    maybe=frozenset(effects.maybe | effects.changed).union(*(use.roots for use in effects.uses)),
                    drew=_GENERATORS if effects.uses or effects.seeds else _NO_NAMES,
                    seeded=_GENERATORS if effects.seeds else _NO_NAMES,
                    seeded_first=effects.seeds_first,
                    unknown=effects.unknown,
                    sets_up=effects.sets_up or "sys.path" in source or "%cd" in source or "chdir" in source,
                )
            )  # fmt: skip
            self.functions.update(effects.functions)

    # -- a cell

    def begin(self, source: str, tree: ast.Module) -> None:
        """A cell is about to run, as `tree` after IPython's transformation."""
        self._now = self._watched(source, tree)
        self._now.contents = contents(self._now.needs, self._namespace, self._now.present)
        self._now.whole = {name: self._whole(name) for name in self._now.needs}
        self._now.threads = threading.active_count()
        begin_watching()
        values = [self._namespace[name] for name in self._now.needs if name in self._namespace]
        begin_collecting(self._file_names(tree, values), values)

    def _file_names(self, tree: ast.Module, values: Iterable[Any]) -> Iterator[str]:
        """The texts that may name files: those that the cell builds of what is known, holds, and reads."""
        assert self._now is not None
        effects = self._now.done.effects
        settled = effects.reads.keys() - effects.bound.keys() - effects.maybe
        yield from paths_given(tree, {name: self._namespace[name] for name in settled if name in self._namespace})
        yield from _texts(tree, values, self._now.functions)

    def imagined(self, source: str, tree: ast.Module) -> Execution:
        """What would be known of a cell that began now; nothing is remembered of it, and a cell that runs goes on."""
        return _foreseen(self._watched(source, tree))

    def _watched(self, source: str, tree: ast.Module) -> _Watched:
        effects = self._effects(source, tree)
        names = self._namespace
        self.functions.update(effects.functions)
        wanted = {name for name in (*effects.reads, *effects.soft) if name in names}
        code: list[Any] = []
        read = reachable([names[name] for name in wanted], _READ_OBJECTS, True, code)
        reached = behind(wanted, names, code)
        inner = {name for name in reached.names - wanted if not _bound_before_use(name, effects)}
        further = NOTHING
        if inner:  # what they hold may bring further code, and that further names
            further = reachable([names[name] for name in inner if name in names], classes=True, code=code)
            reached = behind(wanted, names, code)
        needs = wanted | {name for name in reached.names if not _bound_before_use(name, effects)}
        figures = open_figures()
        further = further.joined(drawn_on(figures, effects.uses, names))
        rest = [names[name] for name in needs - wanted - inner if name in names]
        rebound = (effects.changed | effects.mentioned()) & (effects.maybe | effects.bound.keys()) & names.keys()
        kinds = {name: type(names[name]) for name in wanted if name in names}
        consumed = [names[name] for name, kind in kinds.items() if is_consumed(kind) or kind.__name__ == "Thread"]
        if not self.states:
            self.states = random_states()
        return _Watched(
            Execution(len(self.executions), 0, source, effects),
            needs=needs,
            kinds=kinds,
            consumed=reachable(consumed) if consumed else NOTHING,
            present={name: id(value) for name, value in names.items() if _is_users(name)},
            functions=reached.functions,
            read=read.joined(further).joined(reachable(rest, classes=True)),
            replaced=reachable([names[name] for name in rebound]) if rebound else NOTHING,
            modules=modules_behind([names[name] for name in needs if name in names]),
            folder=working_folder(),
            path=tuple(sys.path),
            settings=settings(),
            figures=figures,
            writing={name: written_through(names[name]) for name in (*effects.bound, *effects.maybe) if name in names},
        )

    def end(self, count: int | None, error: BaseException | None, failed_line: int | None) -> Execution | None:
        """The cell with this number has ended, with `error` raised at its line `failed_line`. What is kept of it."""
        watched, self._now = self._now, None
        if watched is None:
            return None
        done = watched.done
        done.count = count or 0
        done.files = collected()
        folders = watched_files(not PROGRAMS.isdisjoint(done.effects.magics))
        done.files.written |= folders.changed
        done.listed, done.taken = frozenset(folders.listed), frozenset(folders.taken)
        done.error = type(error).__name__ if error is not None else None
        done.failed_line = failed_line
        self._names(watched, done)
        self._objects(watched, done)
        self._random(watched, done)
        moved = working_folder() != watched.folder or tuple(sys.path) != watched.path
        moved |= are_other(watched.settings, settings()) or self._unloaded_now()
        done.sets_up |= done.effects.sets_up or moved
        deque(own_modules(), 0)  # as they are now, before somebody edits them
        self.executions.append(done)
        return done

    @property
    def running(self) -> Execution | None:
        """The cell that runs now."""
        return None if self._now is None else self._now.done

    @property
    def needed(self) -> _Names:
        """The names that the cell which runs now needs, as far as they were there when it began."""
        return frozenset() if self._now is None else frozenset(self._now.needs)

    @property
    def foreseen(self) -> Execution | None:
        """The cell that runs now with what was known of it when it began: it may yet need its `effects.soft`."""
        return None if self._now is None else _foreseen(self._now)

    # -- what it took and left

    def _effects(self, source: str, tree: ast.Module) -> Effects:
        known = self._known.get(source)
        if known is None:
            known = self._known[source] = effects_of(tree)
            self._unset |= known.unset
            if len(self._known) > _MAX_KNOWN:
                self._known.popitem(last=False)
        return known

    def _names(self, watched: _Watched, done: Execution) -> None:
        after = {name: id(value) for name, value in self._namespace.items() if _is_users(name)}
        before = watched.present
        moved = {name for name, identity in after.items() if before.get(name) != identity}
        moved |= before.keys() - after.keys()
        effects = done.effects
        certain = set(effects.bound) - effects.maybe if done.error is None else set()
        done.bound = frozenset(moved | certain | (effects.bound.keys() if done.error is None else set()))
        done.needs = frozenset(
            name for name in watched.needs if name in effects.reads or name not in effects.soft or name not in moved
        ) | frozenset(name for name in effects.reads if name not in before and not hasattr(builtins, name))
        done.maybe = frozenset((effects.maybe | effects.bound.keys()) - done.bound)
        shown = self._namespace.get("_oh")
        if type(shown) is dict and done.count in shown:
            done.shown = f"_{done.count}"
        if "_" in effects.reads:
            done.needs |= {next((earlier.shown for earlier in reversed(self.executions) if earlier.shown), "_")}

    def _objects(self, watched: _Watched, done: Execution) -> None:
        names = self._namespace
        resolver = Resolver(names, watched.kinds, self.functions)
        resolver.reached(watched.functions)
        mutations = resolver.resolve(done.effects)
        same = self._same(watched, mutations.names | mutations.rebound)
        mutations.names -= same
        mutations.rebound -= same
        changing = [names[name] for name in mutations.names | mutations.modules if name in names]
        changed = reachable([*changing, *mutations.objects, *self._loaded_now()])
        if watched.replaced.ids and mutations.names & done.bound:
            changed = Objects(changed.ids | watched.replaced.ids, changed.cut or watched.replaced.cut)
        changed = changed.joined(watched.consumed)
        seen = changed_between(watched.contents, contents(watched.needs, names, watched.present))
        drawn_here = drawn(watched.figures, done.effects.uses, names)
        done.changed = Objects(changed.ids | seen.keys() | drawn_here, changed.cut)
        told = mutations.names | set(seen.values())
        mutated = {name for name in told if name in names or name in watched.present}
        done.maybe |= (mutated | mutations.rebound) - done.bound
        done.sets_up |= mutations.sets_up or any(is_librarys(names.get(name)) for name in done.effects.changed)
        ids = done.changed.ids
        through = [written_through(value) for value in names.values() if id(value) in ids] if ids else []
        through += [watched.writing.get(name) for name in done.bound]
        done.files.written.update(path for path in through if path is not None)
        done.files.replaced.difference_update(path for path in through if path is not None)  # they close after it
        imported = self._imported(done.effects) + watched.modules
        done.files.read.update(path for path, _ in imported)
        done.read = Objects(watched.read.ids | {identity for _, identity in imported}, watched.read.cut)
        done.unknown = done.effects.unknown or mutations.unknown

    def _whole(self, name: str) -> int | None:
        if name not in self._namespace:
            return None
        try:
            return whole(self._namespace[name], self._namespace, arrays=not self._unset)
        except Exception:  # an object that cannot be looked at is not known to be the same
            return None

    def _same(self, watched: _Watched, names: Iterable[str]) -> set[str]:
        """Those that hold to the last what they held before the cell, and will: nothing is left to run."""
        if threading.active_count() > watched.threads or any(_starts(use) for use in watched.done.effects.uses):
            return set()
        return {name for name in names if (told := watched.whole.get(name)) is not None and told == self._whole(name)}

    def _loaded_now(self) -> list[ModuleType]:
        """The modules from beside the notebook that this cell was the first to import, or imported anew."""
        new = {name for name, identity in self._beside.items() if id(sys.modules.get(name)) != identity}
        if len(sys.modules) != len(self._modules):
            new |= sys.modules.keys() - self._modules
            self._modules = frozenset(sys.modules)
        found = {name: sys.modules[name] for name in new if source_beside(sys.modules.get(name)) is not None}
        self._beside.update({name: id(module) for name, module in found.items()})
        return list(found.values())

    def _unloaded_now(self) -> bool:
        """Whether modules from beside the notebook were taken away: they are loaded anew when they are imported."""
        gone = self._beside.keys() - sys.modules.keys()
        for name in gone:
            del self._beside[name]
        return bool(gone)

    def _imported(self, effects: Effects) -> list[tuple[str, int]]:
        """Source and identity of the modules from beside the notebook that a cell imports, loaded by it or before, and
        of those behind them."""
        return modules_behind([sys.modules[name] for name in effects.imports if name in sys.modules])

    def _random(self, watched: _Watched, done: Execution) -> None:
        states = random_states()
        moved = {name for name, state in states.items() if self.states.get(name, state) != state}
        seeded = self._seeded(watched, moved | (states.keys() - self.states.keys()))
        done.drew = frozenset(moved | seeded)
        done.seeded, done.seeded_first = frozenset(seeded), done.effects.seeds_first
        self.states = states

    def _seeded(self, watched: _Watched, moved: set[str]) -> set[str]:
        """The generators that a cell sets a seed of; where only a name tells so, those whose state has moved."""
        effects = watched.done.effects
        paths = list(effects.seeds)
        for function in (*watched.functions, *(self._namespace.get(name) for name in effects.bound)):
            if is_a(function, FunctionType) and function.__globals__ is self._namespace:
                told = self.functions.get((function.__code__.co_name, function.__code__.co_firstlineno))
                paths += told.seeds if told is not None else ()
        found: set[str] = set()
        for root, *path in paths:
            owner = self._namespace.get(root)
            module = str(getattr(owner if isinstance(owner, ModuleType) else type(owner), "__name__", ""))
            home = str(getattr(type(getattr(owner, "__self__", None)), "__module__", ""))
            library = (module if isinstance(owner, ModuleType) else home).partition(".")[0]
            if library in _GENERATORS:
                found.add(library)
            elif (path or [root])[-1] in SEEDING and not isinstance(owner, FunctionType | None):
                found |= moved
            elif isinstance(owner, FunctionType) and owner.__globals__ is not self._namespace:
                found |= moved if root in SEEDING else set()
        return found


@dataclass
class _Watched:
    """What the namespace held for a cell that runs."""

    done: Execution
    needs: set[str]
    kinds: dict[str, type]
    consumed: Objects
    """What iterators that it reads held: an exhausted one holds nothing."""
    present: dict[str, int]
    functions: list[FunctionType]
    read: Objects
    replaced: Objects
    modules: list[tuple[str, int]]
    folder: str
    path: tuple[str, ...]
    settings: dict[str, Any]
    figures: tuple[int, ...]
    writing: dict[str, str | None]
    """The files that names which it binds or deletes may have written to: they are then closed."""
    contents: dict[int, Content] = field(default_factory=dict)
    whole: dict[str, int | None] = field(default_factory=dict)
    threads: int = 0


def _foreseen(watched: _Watched) -> Execution:
    effects = watched.done.effects
    needs = frozenset(name for name in watched.needs if name in effects.reads or name not in effects.soft)
    return replace(watched.done, needs=needs, read=watched.read)


def _texts(tree: ast.Module, values: Iterable[Any], functions: Iterable[FunctionType]) -> Iterator[str]:
    """The texts that a cell holds and reads: some may be names of files."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield from _QUOTED.findall(node.value)  # as SQL names files
    for value in values:
        if is_a(value, str):
            yield str.__str__(value)
        elif is_a(value, PurePath):
            yield str(value)
    for function in functions:
        yield from (constant for constant in function.__code__.co_consts if isinstance(constant, str))


def _starts(use: Use) -> bool:
    """Whether a call may let something run when the cell has ended."""
    return (use.path[-1] if use.path else use.direct) in _STARTING


@lru_cache(maxsize=50_000)
def _is_users(name: str) -> bool:
    return not (name in _SHELL_NAMES or (name[0] == "_" and name[1:].lstrip("i").isdigit()))


def _bound_before_use(name: str, effects: Effects) -> bool:
    """Whether the cell binds `name` before it reads anything that could call a function which reads it."""
    bound = effects.bound.get(name)
    return bound is not None and all(bound < moment for moment in effects.reads.values())
