"""One process's journal: an append-only NDJSON file that its owner holds locked for as long as it lives.

Invariants: every call appends one or more whole lines with one `os.write` before it returns, so that what was
acknowledged survives SIGKILL; only its owner writes a journal (after a fork the child opens its own); after a write
that was cut short the next one starts on a new line, so that only the line that was refused is damaged.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from pathlib import Path

from tracker.exceptions import StoreError
from tracker.store import locks
from tracker.store.artifacts import make_folder
from tracker.store.ids import new_id

SUFFIX = ".ndjson"
_CLOSED = -1

_open_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


class Journal:
    """Appends lines to this process's file in `folder`; the file is made at the first append."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._forget()
        _open_journals.add(self)

    def _forget(self) -> None:
        self._fd = _CLOSED
        self._torn = False
        self.name: str | None = None

    def append(self, lines: bytes) -> None:
        """Write whole lines; when this returns they are safe from the death of the process. Raises StoreError."""
        try:
            if not self._torn and os.write(self._fd, lines) == len(lines):
                return
        except OSError as error:
            if self._fd != _CLOSED:
                raise self._refused(error) from error
            self._open()
            return self.append(lines)
        self._append_after_tear(lines)

    def _append_after_tear(self, lines: bytes) -> None:
        """A write was cut short, now or earlier: begin a new line and write these again."""
        self._torn = True
        rest = b"\n" + lines
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise self._refused(error) from error
        self._torn = False

    def _refused(self, error: OSError) -> StoreError:
        where = self._folder.parent
        return StoreError(f"The store at {where} cannot be written: {error.strerror}. Nothing logged before is lost.")

    def _open(self) -> None:
        with self._opening:
            if self._fd != _CLOSED:
                return
            try:
                make_folder(self._folder)
                name, fd = self._create()
            except OSError as error:
                raise self._refused(error) from error
            self.name, self._torn, self._fd = name, False, fd

    def _create(self) -> tuple[str, int]:
        """A new file, its lock held. Raises OSError."""
        while True:
            name = new_id()
            path = self._folder / f"{name}{SUFFIX}"
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            locks.hold(fd)
            if os.fstat(fd).st_nlink:
                return name, fd
            os.close(fd)  # before it was locked a sealer found it empty and swept it up

    def ensure(self) -> None:
        """Open the file if it is not, and again if it was removed beneath us. Raises StoreError."""
        if self._fd != _CLOSED and os.fstat(self._fd).st_nlink == 0:
            self.close()
        if self._fd == _CLOSED:
            self._open()

    def close(self) -> None:
        """Close the file and let go of its lock; a later append opens a new one."""
        fd = self._fd
        self._forget()
        if fd != _CLOSED:
            os.close(fd)


_clock_lock = threading.Lock()
_last_time = 0


def clock() -> int:
    """Microseconds since the epoch, strictly increasing in this process even when the system's clock goes back."""
    global _last_time
    with _clock_lock:
        _last_time = max(time.time_ns() // 1000, _last_time + 1)
        return _last_time


def _after_fork_in_child() -> None:
    global _clock_lock
    _clock_lock = threading.Lock()
    for journal in list(_open_journals):
        journal._opening = threading.Lock()
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
