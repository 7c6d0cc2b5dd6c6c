"""Whether a cell drew from a global random generator: its state before and after, as a number.

Invariants: no state is changed, and no library is imported for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final


def _python(module: Any) -> int:
    return hash(module.getstate())


def _numpy(module: Any) -> int:
    state = module.get_state(legacy=False)
    inner = state["state"]
    key = inner["key"].tobytes() if "key" in inner else repr(inner)
    return hash((key, inner.get("pos"), state.get("has_gauss"), state.get("gauss")))


def _torch(module: Any) -> int:
    return hash(module.get_rng_state().numpy().tobytes())


_GENERATORS: Final[dict[str, tuple[str, Callable[[Any], int]]]] = {
    "random": ("random", _python),
    "numpy": ("numpy.random", _numpy),
    "torch": ("torch.random", _torch),
}


def random_states() -> dict[str, int]:
    """A number for the state of each global generator that is loaded."""
    found: dict[str, int] = {}
    for name, (module, state) in _GENERATORS.items():
        loaded = sys.modules.get(module)
        if loaded is not None:
            with suppress(Exception):  # a library that is half imported, or replaced, has no state to tell
                found[name] = state(loaded)
    return found
