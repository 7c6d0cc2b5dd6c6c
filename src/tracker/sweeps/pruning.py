"""Which trials are not worth going on with: those whose curve is behind the middle of the finished ones.

Invariants: nothing is pruned before `FEWEST` trials have finished, nor in the first fifth of their length; a trial is
judged by its best value so far, as they are at the same step.
"""

from __future__ import annotations

import math
import statistics
from typing import Final

from tracker.sweeps.strategies import Direction

FEWEST: Final = 4
_FIRST_PART: Final = 0.2

Curve = list[tuple[int, float]]
"""Steps, rising, and values."""


class Pruner:
    """Judges running trials by the finished ones."""

    def __init__(self, direction: Direction) -> None:
        self._sign = 1.0 if direction == "maximize" else -1.0
        self._finished: dict[int, Curve] = {}

    def knows(self, number: int) -> bool:
        """Whether a trial's curve was added."""
        return number in self._finished

    def add(self, number: int, curve: Curve) -> None:
        """The curve of a trial that has finished."""
        self._finished[number] = curve

    def is_behind(self, curve: Curve) -> bool:
        """Whether a running trial is worse than the median of the finished ones at its last step."""
        others = [other for other in self._finished.values() if len(other) > 1]
        if len(others) < FEWEST or not curve:
            return False
        step = curve[-1][0]
        if step < _FIRST_PART * statistics.median(other[-1][0] for other in others):
            return False
        best = self._best(curve, step)
        known = [value for other in others if (value := self._best(other, step)) is not None]
        return best is not None and len(known) >= FEWEST and best < statistics.median(known)

    def _best(self, curve: Curve, until: int) -> float | None:
        values = [self._sign * value for step, value in curve if step <= until and not math.isnan(value)]
        return max(values, default=None)
