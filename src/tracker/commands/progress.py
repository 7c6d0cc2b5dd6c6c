"""A line on stderr that says how far a long command is."""

from __future__ import annotations

import sys

_WIDTH = 40


def bar(done: int, total: int) -> None:
    """Draw the line anew for so many runs of all; it ends with the last."""
    full = _WIDTH * done // max(total, 1)
    if done == total or done % max(1, total // 1000) == 0:
        end = "\n" if done >= total else ""
        print(f"\r{'█' * full}{'░' * (_WIDTH - full)} {done:,} of {total:,} runs", end=end, file=sys.stderr, flush=True)
