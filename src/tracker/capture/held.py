"""Files that the process holds open: what is written to one of them raises no event.

Invariant: only looked at, by the system's own list of open files; where there is none, nothing is told.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import Final

_LIST: Final = "/proc/self/fd"
_STREAMS: Final = frozenset({"0", "1", "2"})
_NOT_DATA: Final = ("history.sqlite", "/.tracker/")


def held_files() -> dict[str, tuple[int, int]]:
    """Size and time of change of each file that is open for writing, by its path; ours and the history left out."""
    found: dict[str, tuple[int, int]] = {}
    with suppress(OSError):
        for number in os.listdir(_LIST):
            if number in _STREAMS:
                continue
            with suppress(OSError, ValueError):
                path = os.readlink(f"{_LIST}/{number}")
                status = os.fstat(int(number))
                if stat.S_ISREG(status.st_mode) and not any(part in path for part in _NOT_DATA):
                    found[path] = (status.st_size, status.st_mtime_ns)
    return found
