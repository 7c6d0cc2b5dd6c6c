"""A display follows the store: other kernels' runs appear while this kernel is idle.

The watch is a timer on the kernel's own event loop, which a running cell keeps from firing: a busy kernel is never
asked. It looks at files first, and reads only when they changed; the slower the reading, the rarer.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable
from typing import Any

from tracker.pages.watch import state_of
from tracker.store import Store

EVERY_SECONDS = 2.0
_PART_OF_TIME = 0.05


def follow(owner: Any, store: Store, look: Callable[[Any], None], alive: Callable[[Any], bool]) -> None:
    """Call `look(owner)` after each change of the store, while `alive(owner)`; nothing where no event loop runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    reference = weakref.ref(owner)
    seen = state_of(store)

    def turn() -> None:
        nonlocal seen
        current = reference()
        if current is None or not alive(current):
            return
        started = time.monotonic()
        try:
            now = state_of(store)
            if now != seen:
                seen = now
                look(current)
        except Exception:  # noqa: S110 (the display stays as it was; the next turn may do better)
            pass
        loop.call_later(max(EVERY_SECONDS, (time.monotonic() - started) / _PART_OF_TIME), turn)

    loop.call_later(EVERY_SECONDS, turn)
