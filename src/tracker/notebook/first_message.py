"""The moment before a cell is first heard of: its card must stand above whatever it shows.

Invariant: between `wait` and `stop` the kernel sends no message (a display, a traceback, a widget's, a question) before
`before` was called; the message itself goes out as it came. What a cell prints lies in a buffer for a while: it is for
those who see the write to tell.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar


class FirstMessage:
    """Calls `before`, which is to call `stop`, ahead of the first message of `shell`'s kernel."""

    _waiting: ClassVar[FirstMessage | None] = None

    def __init__(self, shell: Any, before: Callable[[], object]) -> None:
        self._session: Any = getattr(getattr(shell, "kernel", None), "session", None)
        self._before = before
        self._process = os.getpid()
        self._hook: Callable[..., Any] | None = None

    def wait(self) -> bool:
        """Begin to listen. False where there is no session of ipykernel's to listen to."""
        if not hasattr(self._session, "send"):
            return False
        send = self._session.send

        def send_heard(*arguments: Any, **named: Any) -> Any:
            self._now()
            return send(*arguments, **named)

        self._hook = self._session.send = send_heard
        FirstMessage._waiting = self
        return True

    def _now(self) -> None:
        # What a forked child says is no affair of this process's card.
        if self._hook is not None and os.getpid() == self._process:
            self._before()

    def stop(self) -> None:
        """Listen no more."""
        hook, self._hook = self._hook, None
        if hook is not None and vars(self._session).get("send") is hook:
            del self._session.send
        if FirstMessage._waiting is self:
            FirstMessage._waiting = None


def _before_fork() -> None:
    # What a child prints is passed on by the parent without a word to us.
    if FirstMessage._waiting is not None:
        FirstMessage._waiting._now()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
