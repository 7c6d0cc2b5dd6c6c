"""The sources of imported modules that no installer has put there: a version tells nothing of them.

Invariant: a digest is of the source as the module was loaded from it, as far as somebody looked before it was edited
(the session looks after every cell): the file may say something else by now.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Set
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, Final

from .data import file_digest

_NOT_MADE: Final = ("__main__", "builtins")
_places: tuple[int, dict[str, str]] = (0, {})
_digests: dict[str, tuple[Any, str]] = {}


def own_modules() -> Iterator[tuple[str, str]]:
    """Files of such modules with their digests."""
    global _places
    if _places[0] != len(sys.modules):
        _places = (len(sys.modules), _own_files())
    for path, name in _places[1].items():
        spec = getattr(sys.modules.get(name), "__spec__", None)
        known = _digests.get(path)
        if known is None or known[0] is not spec:  # a module that is loaded again has a new one
            found = file_digest(path)
            known = _digests[path] = (spec, found.digest if found else "")
        yield path, known[1]


def own_named(words: Set[str]) -> Iterator[ModuleType]:
    """Such modules that are loaded and named in code, by their last name or in full."""
    for name in {*words, *(name for name in _places[1].values() if name.rpartition(".")[2] in words)}:
        module = sys.modules.get(name)
        if module is not None and is_own(module):
            yield module


def is_own(module: Any) -> bool:
    """Whether a module is the user's: no installer has put it where it is, or none has a file of it."""
    space = getattr(module, "__dict__", {})
    path = space.get("__file__")
    if isinstance(path, str):
        return _is_own_path(path)
    return type(module) is ModuleType and space.get("__spec__") is None and _is_made_by_hand(space)


def _is_made_by_hand(space: dict[str, Any]) -> bool:
    if space.get("__name__") in _NOT_MADE:
        return False
    return any(isinstance(value, FunctionType) and value.__globals__ is space for value in list(space.values()))


@lru_cache(maxsize=20_000)
def _is_own_path(path: str) -> bool:
    ours = os.path.dirname(os.path.dirname(__file__)) + os.sep
    installed = tuple({sys.prefix + os.sep, sys.base_prefix + os.sep, sys.exec_prefix + os.sep})
    return not path.startswith((ours, *installed)) and os.sep in path


def _own_files() -> dict[str, str]:
    paths = ((name, getattr(one, "__dict__", {}).get("__file__")) for name, one in list(sys.modules.items()))
    return {path: name for name, path in paths if isinstance(path, str) and _is_own_path(path)}
