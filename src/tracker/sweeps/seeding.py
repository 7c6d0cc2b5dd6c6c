"""The global random generators of a trial."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any


def seed_all(seed: int) -> None:
    """Seed Python's generator, and NumPy's and PyTorch's where they are loaded."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % (1 << 32))
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def kept_states() -> Callable[[], None]:
    """What gives the global generators the state back that they have now."""
    state = random.getstate()
    givers: list[Callable[[], Any]] = [lambda: random.setstate(state)]
    with suppress(Exception):  # a library that is half imported has no state
        numpy = sys.modules["numpy"].random
        inner = numpy.get_state()
        givers.append(lambda: numpy.set_state(inner))
    with suppress(Exception):
        torch = sys.modules["torch"]
        kept = torch.get_rng_state()
        givers.append(lambda: torch.set_rng_state(kept))

    def give_back() -> None:
        for giver in givers:
            giver()

    return give_back
