"""One thread for all that is to be done every so often while cells run.

To start a thread takes longer than an empty cell may. Invariant: after `forget` the step is not running and will not.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

IDLE_SECONDS = 10
BUSY_SECONDS = 5


class Ticker:
    """Calls steps every `seconds`, and sleeps when there have been none for a while. A step must not raise."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._steps: list[Callable[[], None]] = []
        self._calling = threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, step: Callable[[], None]) -> None:
        """Call `step` from now on."""
        self._steps.append(step)
        self._wanted.set()
        if self._thread is None or not self._thread.is_alive():  # a forked child has none
            self._thread = threading.Thread(target=self._run, name="tracker-card", daemon=True)
            self._thread.start()

    def forget(self, step: Callable[[], None]) -> None:
        """Call `step` no more."""
        if step not in self._steps:
            return
        self._steps.remove(step)
        if self._calling.acquire(timeout=BUSY_SECONDS):  # a fork may have left it held by nobody
            self._calling.release()

    def _run(self) -> None:
        idle = 0.0
        while True:
            time.sleep(self._seconds)
            for step in list(self._steps):
                with self._calling:
                    if step in self._steps:
                        step()
            idle = 0.0 if self._steps else idle + self._seconds
            if idle > IDLE_SECONDS:
                idle = 0.0
                self._wanted.clear()
                if not self._steps:
                    self._wanted.wait()
