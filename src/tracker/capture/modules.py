"""The sources of imported modules that no installer has put there: a version tells nothing of them.

Invariant: a digest is of the source as the module was loaded from it, as far as somebody looked before it was edited
(the session looks after every cell): the file may say something else by now.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from .data import file_digest

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


def is_own(module: Any) -> bool:
    """Whether a module is the user's: no installer has put it where it is."""
    path = getattr(module, "__dict__", {}).get("__file__")
    return isinstance(path, str) and _is_own_path(path)


@lru_cache(maxsize=20_000)
def _is_own_path(path: str) -> bool:
    ours = os.path.dirname(os.path.dirname(__file__)) + os.sep
    installed = tuple({sys.prefix + os.sep, sys.base_prefix + os.sep, sys.exec_prefix + os.sep})
    return not path.startswith((ours, *installed)) and os.sep in path


def _own_files() -> dict[str, str]:
    return {str(module.__file__): name for name, module in list(sys.modules.items()) if is_own(module)}
