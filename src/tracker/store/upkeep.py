"""What a process does for its journals beside writing to them, in one daemon thread that sleeps most of the time.

Invariants: a journal that grew is flushed to disk within a second, at a run's end at once, and before the process
exits, so that the loss of power costs a second at most; one that is large enough goes on in a new file. Logging calls
know nothing of this and never wait for it. The thread is started by the first write of a process; a forked child
starts its own.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from typing import Protocol

INTERVAL_SECONDS = 1.0


class Tended(Protocol):
    """What is looked after."""

    def tend(self) -> None:
        """Do what is due; never raises."""


_tended: weakref.WeakSet[Tended] = weakref.WeakSet()
_wake = threading.Event()
_thread: threading.Thread | None = None


def look_after(journal: Tended) -> None:
    """Tend a journal from now on, for as long as it exists."""
    global _thread
    _tended.add(journal)
    if _thread is None:
        _thread = threading.Thread(target=_work, name="tracker-upkeep", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending: `_at_exit` does it
            _thread.start()


def soon() -> None:
    """Tend all journals now, in the thread."""
    _wake.set()


def _work() -> None:
    while True:
        _wake.wait(INTERVAL_SECONDS)
        _wake.clear()
        _tend_all()


def _tend_all() -> None:
    for journal in list(_tended):
        journal.tend()


def _after_fork_in_child() -> None:
    global _wake, _thread
    _wake, _thread = threading.Event(), None


atexit.register(_tend_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
