"""Advisory locks that the system releases when their process dies.

A writer holds its file exclusively; a reader probes with a shared lock, so that two readers never mistake each other
for a writer. A lock belongs to the open file, not to the process: the probe sees a lock of its own process too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes against reading and writing: lock one far beyond any data.
    _BEYOND = 1 << 62

    def hold(fd: int) -> None:
        """Take the exclusive lock of an open file; waits for a probe to pass."""
        os.lseek(fd, _BEYOND, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_LOCK, 1)

    def is_held(path: Path) -> bool:
        """Whether some open file of any process holds the lock of the file at `path`."""
        fd = os.open(path, os.O_RDWR)
        try:
            os.lseek(fd, _BEYOND, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

else:
    import fcntl

    def hold(fd: int) -> None:
        """Take the exclusive lock of an open file; waits for a probe to pass."""
        fcntl.flock(fd, fcntl.LOCK_EX)

    def is_held(path: Path) -> bool:
        """Whether some open file of any process holds the lock of the file at `path`."""
        fd = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False
