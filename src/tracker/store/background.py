"""Sealing beside other work: one thread of low priority, at most one at a time, stopped when the process ends.

Nobody waits for it but a process that ends, until its query is cut off; killing it at any instant loses nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from pathlib import Path

from tracker.store.sealing import Sealer

WORTH_JOURNALS, WORTH_BYTES = 20, 8 << 20
_IDLE_SECONDS, _AGAIN_SECONDS = 60.0, 60.0
_STOP_SECONDS, _STOP_AGAIN_SECONDS = 60.0, 0.05

_at_work: tuple[Sealer, threading.Thread] | None = None
_next: dict[Path, float] = {}
_is_fork = False


def seal_in_background(root: Path, journals: int, size: int, spent: bool = False) -> None:
    """Seal the store in a thread of low priority if this many journals of this size are worth it; returns at once.

    `spent`: there are segments to be removed when their readers are through.

    Never more than one at a time, and never in a forked child, which may be gone the next moment.
    """
    global _at_work
    worth = spent or journals >= WORTH_JOURNALS or size >= WORTH_BYTES
    now = time.monotonic()
    if not worth or _is_fork or _next.get(root, 0.0) > now or (_at_work is not None and _at_work[1].is_alive()):
        return
    _next[root] = now + _AGAIN_SECONDS
    sealer = Sealer(root, idle_seconds=_IDLE_SECONDS, threads=1)
    thread = threading.Thread(target=_in_background, args=(sealer,), name="tracker-sealer", daemon=True)
    _at_work = sealer, thread
    with contextlib.suppress(RuntimeError):  # the interpreter is ending
        thread.start()


def _in_background(sealer: Sealer) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # of this thread alone, in which the engine works
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    with contextlib.suppress(Exception):  # nothing is lost: the next one tries again
        sealer.run()


def _stop_at_exit() -> None:
    """Wait for the sealer to stop: the interpreter aborts the process if it ends while the engine is at work."""
    if _at_work is None:
        return
    sealer, thread = _at_work
    latest = time.monotonic() + _STOP_SECONDS
    while thread.is_alive() and time.monotonic() < latest:
        sealer.stop()  # again and again: it cuts off one query of several
        thread.join(_STOP_AGAIN_SECONDS)


def _after_fork_in_child() -> None:
    global _at_work, _is_fork
    _at_work, _is_fork = None, True


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
