"""Modules from beside the notebook: which of them values come from, where their sources are, what those do."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from tracker.fingerprints.kinds import is_a

from .effects import Effects, either
from .flow import effects_of
from .opened import is_installed

_MAX_SOURCE: Final = 200_000
_MAX_SOURCES: Final = 200
_sources: dict[str, tuple[tuple[int, int], Effects]] = {}


def modules_behind(values: Iterable[Any]) -> list[tuple[str, int]]:
    """Source and identity of the modules from beside the notebook that values come from, and of those behind them."""
    found = []
    waiting: list[str] = []
    for value in values:
        kind = value if is_a(value, FunctionType, type, ModuleType) else type(value)
        name = kind.__name__ if isinstance(kind, ModuleType) else kind.__module__
        if isinstance(name, str) and name not in ("__main__", "builtins"):
            waiting.append(name)
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name not in seen and module is not None and (path := source_beside(module)) is not None:
            found.append((path, id(module)))
            waiting += [*_homes_in(module), *_imported_by(module, path)]
        seen.add(name)
    return found


def _homes_in(module: ModuleType) -> list[str]:
    """The modules that a module has names of, or from."""
    values = [value for value in list(vars(module).values()) if is_a(value, FunctionType, type, ModuleType)]
    return [str(value.__name__ if isinstance(value, ModuleType) else value.__module__) for value in values]


def _imported_by(module: ModuleType, path: str) -> Iterator[str]:
    """The modules that its source names in import statements, one that is named from its own package in full."""
    effects = module_effects(path)
    package = module.__dict__.get("__package__")
    for name in () if effects is None else effects.imports:
        yield name
        if package:
            yield f"{package}.{name.removeprefix('None.')}"


def module_effects(filename: str) -> Effects | None:
    """What a source file does in any version of it that was seen: a loaded module may be of an earlier one. None if it
    is no small file of Python."""
    known = _sources.get(filename)
    try:
        status = os.stat(filename)
        mark = (status.st_mtime_ns, status.st_size)
        if known is not None and known[0] == mark:
            return known[1]
        if is_installed(filename) or status.st_size > _MAX_SOURCE:
            return None
        found = effects_of(ast.parse(Path(filename).read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return None if known is None else known[1]
    if known is not None:
        found.imports |= known[1].imports
        for place, earlier in known[1].functions.items():
            now = found.functions.get(place)
            found.functions[place] = earlier if now is None else either(earlier, now)
    elif len(_sources) >= _MAX_SOURCES:
        del _sources[next(iter(_sources))]
    _sources[filename] = (mark, found)
    return found


def source_beside(module: Any) -> str | None:
    """The real path of a module's source, if that is no installed library's."""
    path = getattr(module, "__dict__", {}).get("__file__")
    return _real_source(path) if isinstance(path, str) else None


@lru_cache(maxsize=20_000)
def _real_source(path: str) -> str | None:
    return None if not path.endswith(".py") or is_installed(path) else os.path.realpath(path)


def is_librarys(value: Any) -> bool:
    """Whether it is a module or class of a library: what is stored there is seen from everywhere."""
    if not is_a(value, ModuleType, type):
        return False
    module = value if isinstance(value, ModuleType) else sys.modules.get(str(value.__module__))
    name = getattr(module, "__name__", "__main__")
    return name not in ("__main__", "sys") and source_beside(module) is None
