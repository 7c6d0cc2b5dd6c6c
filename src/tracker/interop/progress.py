"""A line on stderr that says how far a long import or export is; for a person, and only once it takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Progress = Callable[[int, int], object]
_WIDTH = 40
_AFTER_SECONDS, _EVERY_SECONDS = 1.0, 0.1


def shown() -> Progress | None:
    """What draws the line anew for so many runs of all, in a terminal or a notebook; else None."""
    if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        return None
    began = drawn = time.monotonic()
    visible = False

    def draw(done: int, total: int) -> None:
        nonlocal drawn, visible
        now = time.monotonic()
        if done >= total:
            if visible:
                print(f"\r{' ' * (_WIDTH + 40)}\r", end="", file=sys.stderr, flush=True)
        elif now - began > _AFTER_SECONDS and now - drawn > _EVERY_SECONDS:
            full = _WIDTH * done // max(total, 1)
            line = f"\r{'█' * full}{'░' * (_WIDTH - full)} {done:,} of {total:,} runs"
            print(line, end="", file=sys.stderr, flush=True)
            drawn, visible = now, True

    return draw
