"""Advisory locks that the system releases when their process dies.

A writer holds its file exclusively; a reader probes with a shared lock, so that two readers never mistake each other
for a writer. A lock belongs to the open file, not to the process: the probe sees a lock of its own process too. Some
file systems have no locks: that is an answer of its own here, and never an error.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_open_here: set[int] = set()

if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes against reading and writing: lock one far beyond any data.
    _BEYOND = 1 << 62
    _READ_ONLY = os.O_RDWR

    def _lock(fd: int, shared: bool, wait: bool) -> None:
        os.lseek(fd, _BEYOND, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

    def _unlock(fd: int) -> None:
        os.lseek(fd, _BEYOND, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    _READ_ONLY = os.O_RDONLY

    def _lock(fd: int, shared: bool, wait: bool) -> None:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


def hold(fd: int) -> bool:
    """Take the exclusive lock of an open file, waiting for a probe to pass; False where there are no locks."""
    try:
        _lock(fd, shared=False, wait=True)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def is_held(path: Path) -> bool | None:
    """Whether some open file of any process holds the lock of the file; None where there are no locks."""
    fd = os.open(path, _READ_ONLY)
    try:
        _lock(fd, shared=True, wait=False)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    finally:
        os.close(fd)
    return False


@contextlib.contextmanager
def shared(path: Path) -> Iterator[bool]:
    """Keeps the file from being locked by a writer; gives False if one has it, or there are no locks."""
    with _kept(os.open(path, _READ_ONLY), shared=True) as locked:
        yield locked


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[bool]:
    """Holds the lock of a file that is made if need be; gives False if another has it, or there are no locks."""
    with _kept(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), shared=False) as locked:
        yield locked


@contextlib.contextmanager
def _kept(fd: int, shared: bool) -> Iterator[bool]:
    _open_here.add(fd)
    try:
        try:
            _lock(fd, shared, wait=False)
        except OSError:
            yield False
        else:
            try:
                yield True
            finally:
                _unlock(fd)  # closing is not enough: a forked child may have the file open too
    finally:
        _open_here.discard(fd)
        os.close(fd)


def _after_fork_in_child() -> None:
    while _open_here:
        os.close(_open_here.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
