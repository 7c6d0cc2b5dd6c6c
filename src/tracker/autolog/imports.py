"""Telling when a library's modules have been imported, without importing any.

A finder in front of `sys.meta_path` lets the others find the module, and has its loader report once the module
has run. Loaders keep their type, and nothing of ours stays on them. With no watch set there is no finder.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

Loaded = Callable[[ModuleType], None]

_lock = threading.RLock()
_watches: dict[str, list[Loaded]] = {}
"""What wants to hear of modules, by the root package's name."""


def watch(root: str, loaded: Loaded) -> None:
    """Call `loaded` with each module of the package `root`: those that are imported already, now, then each new one.

    `loaded` must not raise.
    """
    with _lock:
        _watches.setdefault(root, []).append(loaded)
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == root and isinstance(module, ModuleType) and not _is_loading(module):
            loaded(module)


def unwatch(root: str, loaded: Loaded) -> None:
    """The opposite of `watch`."""
    with _lock:
        left = [one for one in _watches.get(root, ()) if one is not loaded]
        if left:
            _watches[root] = left
        else:
            _watches.pop(root, None)
        if not _watches and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


def _is_loading(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self) -> None:
        self._asking = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _watches or getattr(self._asking, "name", None) == fullname:
            return None
        self._asking.name = fullname  # finders like ours ask the whole path again
        try:
            spec = self._found(fullname, path, target)
        finally:
            self._asking.name = None
        if spec is not None and spec.loader is not None:
            _report_after(spec.loader)
        return spec

    def _found(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> importlib.machinery.ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: importlib.machinery.ModuleSpec | None = find(name, path, target)
            if spec is not None:
                return spec
        return None


def _report_after(loader: Any) -> None:
    """Let a loader tell of the module that it executes next."""
    execute = getattr(loader, "exec_module", None)
    if execute is None:
        return

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        execute(module)
        _tell(sys.modules.get(module.__name__, module))

    try:
        loader.exec_module = exec_module
    except AttributeError:  # a loader that takes no attributes: its modules are not seen
        return


def _tell(module: ModuleType) -> None:
    for loaded in list(_watches.get(module.__name__.partition(".")[0], ())):
        loaded(module)


_finder = _Finder()
