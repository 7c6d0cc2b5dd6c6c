"""Modules from beside the notebook: which of them values come from, and where their sources are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

from tracker.fingerprints.kinds import is_a

from .opened import is_installed


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
            waiting += _homes_in(module)
        seen.add(name)
    return found


def _homes_in(module: ModuleType) -> list[str]:
    """The modules that a module has names of, or from."""
    values = [value for value in list(vars(module).values()) if is_a(value, FunctionType, type, ModuleType)]
    return [str(value.__name__ if isinstance(value, ModuleType) else value.__module__) for value in values]


def source_beside(module: Any) -> str | None:
    """The real path of a module's source, if that is no installed library's."""
    path = getattr(module, "__dict__", {}).get("__file__")
    return _real_source(path) if isinstance(path, str) else None


@lru_cache(maxsize=20_000)
def _real_source(path: str) -> str | None:
    return None if not path.endswith(".py") or is_installed(path) else os.path.realpath(path)
