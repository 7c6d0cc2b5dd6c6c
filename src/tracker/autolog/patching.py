"""Replacing functions and methods of libraries in place, and putting them back exactly.

What somebody else replaced after us is left alone on undoing: our replacement, still in its chain, then only passes on.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CellType, FunctionType, ModuleType
from typing import Any

Make = Callable[[Any], Any]
"""Gives the replacement of an original."""

_MISSING = object()


class Patches:
    """Replacements that belong together; `undo` takes all back, the last first."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._undo: list[Callable[[], None]] = []
        self._done: set[tuple[int, str]] = set()

    def undo(self) -> None:
        """Put every original back."""
        with self._lock:
            while self._undo:
                self._undo.pop()()
            self._done.clear()

    def attribute(self, owner: Any, name: str, make: Make) -> None:
        """Replace an attribute of a class, module or instance; an inherited one gets covered. Once only."""
        with self._lock:
            if (id(owner), name) in self._done:
                return
            own = vars(owner).get(name, _MISSING)
            new = make(getattr(owner, name) if own is _MISSING else own)
            setattr(owner, name, new)
            self._done.add((id(owner), name))
            self._undo.append(lambda: _put_back(owner, name, own, new))

    def method(self, owner: type, name: str, make: Make) -> None:
        """Replace a method that the class itself defines, also one that a descriptor keeps as its `fn`."""
        own = vars(owner).get(name)
        if isinstance(own, FunctionType):
            self.attribute(owner, name, make)
        elif isinstance(getattr(own, "fn", None), FunctionType):
            self.attribute(own, "fn", make)

    def function(self, module: ModuleType, name: str, make: Make) -> None:
        """Replace a module's function for all who hold it, wherever they imported it from."""
        function = getattr(module, name, None)
        if not isinstance(function, FunctionType):
            return
        cell = _inner(function)
        if cell is not None:
            self._cell(cell, make)
        else:
            self._everywhere(function, make)

    def _cell(self, cell: CellType, make: Make) -> None:
        """A decorated function calls what its closure holds: exchanged there, every name of it has the new one."""
        with self._lock:
            if (id(cell), "") in self._done:
                return
            old = cell.cell_contents
            new = cell.cell_contents = make(old)
            self._done.add((id(cell), ""))

            def put_back() -> None:
                if cell.cell_contents is new:
                    cell.cell_contents = old

            self._undo.append(put_back)

    def _everywhere(self, function: FunctionType, make: Make) -> None:
        with self._lock:
            if (id(function), "") in self._done:
                return
            new = make(function)
            rebind(function, new)
            self._done |= {(id(function), ""), (id(new), "")}
            self._undo.append(lambda: rebind(new, function))


def rebind(old: Any, new: Any) -> None:
    """Let every module's name for `old` (the notebook's own too) stand for `new`."""
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if type(names) is not dict:
            continue
        for name in [name for name, value in list(names.items()) if value is old]:
            names[name] = new


def _put_back(owner: Any, name: str, own: Any, new: Any) -> None:
    if vars(owner).get(name) is not new:
        return
    if own is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, own)


def _inner(function: FunctionType) -> CellType | None:
    """Where a decorated function's closure holds the function that it decorates."""
    inner = getattr(function, "__wrapped__", None)
    if inner is None:
        return None
    for cell in function.__closure__ or ():
        try:
            if cell.cell_contents is inner:
                return cell
        except ValueError:  # an empty cell
            continue
    return None
