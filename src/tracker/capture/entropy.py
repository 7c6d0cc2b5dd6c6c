"""Whether a cell drew from the system's entropy by way of Python: NumPy's generators that are given no seed do, and
with them SciPy's and Optuna's, wherever they are called.

Invariants: what is drawn is what it would be; Python's own name is put back at the end. What a module draws when it is
imported does not count, nor what NumPy's old generators do: they draw before they take the seed that they are given.
"""

from __future__ import annotations

import random
import sys
from types import FrameType
from typing import Any, Final

_SEEDS: Final = ("seed", "random_state")


class EntropyWatch:
    """Listens between `begin` and `end`."""

    def __init__(self) -> None:
        self.drew = False
        self._source: Any = None

    def begin(self) -> None:
        """Listen from now on."""
        source: Any = random._urandom  # type: ignore[attr-defined]

        def urandom(size: int) -> bytes:
            self.drew = self.drew or _counts()
            return bytes(source(size))

        self._source, random._urandom = source, urandom  # type: ignore[attr-defined]

    def end(self) -> None:
        """Listen no longer."""
        if self._source is not None:
            self._source, random._urandom = None, self._source  # type: ignore[attr-defined]


def _counts() -> bool:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals is vars(random):
        frame = frame.f_back
    if frame is not None and "RandomState" in frame.f_code.co_names:
        seeds = [frame.f_locals[name] for name in _SEEDS if name in frame.f_code.co_varnames]
        return bool(seeds) and all(seed is None for seed in seeds)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back
    return True
