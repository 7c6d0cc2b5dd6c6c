"""The global random generators of a trial."""

from __future__ import annotations

import random
import sys


def seed_all(seed: int) -> None:
    """Seed Python's generator, and NumPy's and PyTorch's where they are loaded."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % (1 << 32))
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
