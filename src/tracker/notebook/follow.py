"""A display follows the store: other kernels' runs appear while this kernel is idle.

The watch is a timer on the kernel's own event loop, which a running cell keeps from firing: a busy kernel is never
asked. It looks at files first, and reads only when they changed; the slower the reading, the rarer. What goes wrong is
told in the page, which keeps what had arrived, and is over with the next look that goes well.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable
from typing import Any

from tracker.exceptions import TrackerError
from tracker.pages.watch import state_of
from tracker.store import Store

EVERY_SECONDS = 2.0
_PART_OF_TIME = 0.05


def follow(owner: Any, store: Store, look: Callable[[Any], None]) -> None:
    """Call `look(owner)` after each change of the store while its widget lives; nothing without an event loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    reference = weakref.ref(owner)
    seen = state_of(store)

    def turn() -> None:
        nonlocal seen
        current = reference()
        if current is None or current.widget.comm is None:
            return
        started = time.monotonic()
        now = state_of(store)
        if now != seen:
            seen = now
            current.widget.trouble = looked(current, store, look)
        loop.call_later(max(EVERY_SECONDS, (time.monotonic() - started) / _PART_OF_TIME), turn)

    loop.call_later(EVERY_SECONDS, turn)


def looked(owner: Any, store: Store, look: Callable[[Any], None]) -> str:
    """Look once; what is the matter, in a sentence for people, '' where nothing is."""
    if state_of(store) is None:
        return f"The store at {store.root} is gone: what had arrived stays."
    try:
        look(owner)
    except TrackerError as error:
        return str(error)
    except Exception as error:  # a fault of ours is told; the next look may do better
        return f"What changed could not be read: {type(error).__name__}: {error}"
    return ""
