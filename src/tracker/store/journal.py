"""One process's journal: an append-only NDJSON file that its owner holds locked for as long as it lives.

Invariants: every call appends one or more whole lines with one `os.write` before it returns, so that what was
acknowledged survives SIGKILL; only its owner writes a journal (after a fork the child opens its own); after a write
that was cut short the next one starts on a new line, so that only the line that was refused is damaged. A large
journal goes on in a new file, which says so in its first line (`events`); the descriptor stays the same, so that
writers notice nothing and no line is in two files. The lock guards all but appending.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
import warnings
import weakref
from pathlib import Path

from tracker.exceptions import StoreError
from tracker.store import events, locks, upkeep
from tracker.store.artifacts import make_folder
from tracker.store.ids import new_id
from tracker.store.owners import owner_event

SUFFIX = ".ndjson"
ROTATE_BYTES = 64 << 20
HEARTBEAT_SECONDS, DEAD_AFTER_SECONDS = 5.0, 20.0  # where the file system has no locks
_CLOSED = -1

_open_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


class Journal:
    """Appends lines to this process's file in `folder`; the file is made at the first append."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._pending = _CLOSED
        self._forget()
        _open_journals.add(self)

    def _forget(self) -> None:
        self._fd = _CLOSED
        self._torn = False
        self.name: str | None = None
        self._earlier: list[str] = []
        self._locked = True
        self._flushed = 0
        self._beat = 0.0
        self._troubled = False

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
            with self._guard:  # not in two files
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            raise self._refused(error) from error
        self._torn = False

    def _refused(self, error: OSError) -> StoreError:
        where = self._folder.parent
        return StoreError(f"The store at {where} cannot be written: {error.strerror}. Nothing logged before is lost.")

    def _open(self) -> None:
        with self._guard:
            if self._fd != _CLOSED:
                return
            try:
                make_folder(self._folder)
                name, fd, self._locked = self._create()
                if not self._locked:
                    os.write(fd, owner_event(clock()))
            except OSError as error:
                raise self._refused(error) from error
            self.name, self._torn, self._fd, self._pending = name, False, fd, _CLOSED
        upkeep.look_after(self)

    def _create(self) -> tuple[str, int, bool]:
        """A new file, and whether its lock is held. Raises OSError."""
        while True:
            name = new_id()
            path = self._folder / f"{name}{SUFFIX}"
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            self._pending = fd
            locked = locks.hold(fd)
            if os.fstat(fd).st_nlink:
                return name, fd, locked
            os.close(fd)  # before it was locked a sealer found it empty and swept it up

    def is_there(self) -> bool:
        """Whether the file is open, and was not removed beneath us."""
        return self._fd != _CLOSED and os.fstat(self._fd).st_nlink > 0

    def ensure(self) -> None:
        """Open the file if it is not, and again if it was removed beneath us. Raises StoreError."""
        if not self.is_there():
            self.close()
            self._open()

    def close(self) -> None:
        """Close the file and let go of its lock; a later append opens a new one."""
        with self._guard:
            fd = self._fd
            self._forget()
            if fd != _CLOSED:
                os.close(fd)

    # -- upkeep, in a thread of its own

    def tend(self) -> None:
        """Flush what was written since the last time; show that the process lives; rotate a large file."""
        try:
            with self._guard:
                if self._fd == _CLOSED:
                    return
                size, now = os.fstat(self._fd).st_size, time.monotonic()
                if size != self._flushed:
                    os.fsync(self._fd)
                    self._flushed, self._beat = size, now
                elif not self._locked and now - self._beat >= HEARTBEAT_SECONDS:
                    os.utime(self._fd)
                    self._beat = now
                if size >= ROTATE_BYTES and not self._torn:
                    self._rotate()
        except OSError as error:
            if not self._troubled:
                self._troubled = True
                with contextlib.suppress(UserWarning):  # where warnings are errors
                    warnings.warn(
                        f"The journal {self.name} in {self._folder} cannot be flushed to disk: {error.strerror}. "
                        "What is logged survives the death of this process, but perhaps not a loss of power.",
                        stacklevel=2,
                    )

    def rotate(self) -> None:
        """Go on in a new file now, if there is one at all. Raises StoreError."""
        try:
            with self._guard:
                if self._fd != _CLOSED and not self._torn:
                    os.fsync(self._fd)
                    self._rotate()
        except OSError as error:
            raise self._refused(error) from error

    def _rotate(self) -> None:
        """Go on in a new file. What is being appended meanwhile lands whole in one of the two."""
        assert self.name is not None
        earlier = [*self._earlier, self.name]
        name, fd, locked = self._create()
        try:
            line = events.event("journal", v=earlier, t=clock()) + (b"" if locked else owner_event(clock()))
            if os.write(fd, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.dup2(fd, self._fd, inheritable=False)
        except OSError:
            (self._folder / f"{name}{SUFFIX}").unlink()
            raise
        finally:
            os.close(fd)
            self._pending = _CLOSED
        self.name, self._earlier, self._locked, self._flushed = name, earlier, locked, 0


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
        journal._guard = threading.Lock()
        if journal._pending != _CLOSED:
            os.close(journal._pending)
            journal._pending = _CLOSED
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
