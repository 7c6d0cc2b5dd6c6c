"""Digests of large files that this process has read before, for as long as nothing can have changed them.

Invariants: when unsure, no. A digest counts while device, inode, size and both times are what they were, to the
nanosecond: the time of change, unlike that of modification, cannot be set. It is kept only if the file was at rest for
a minute (a file system's clock is coarse, and a page that is mapped for writing is told when it is written back), lies
on a file system of this machine's own disks, and is mapped for writing nowhere in this process.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import Final

MIN_BYTES: Final = 32 << 20
MAX_KNOWN: Final = 1_000
REST_SECONDS: Final = 60
_DISKS: Final = frozenset({"ext2", "ext3", "ext4", "xfs", "f2fs"})
_Key = tuple[int, int, int, int, int]

_known: dict[_Key, str] = {}


def digest(status: os.stat_result) -> str | None:
    """The digest of the file with this status; None where it has to be read."""
    found = _known.get(_key(status)) if status.st_size >= MIN_BYTES else None
    return found if found is None or not _is_mapped(status.st_ino) else None


def remember(before: os.stat_result, after: os.stat_result, told: str) -> None:
    """Keep a digest that was made between the two, if that is safe."""
    if before.st_size < MIN_BYTES or _key(before) != _key(after):
        return
    rest = time.time() - max(before.st_mtime, before.st_ctime)
    if rest > REST_SECONDS and _is_disk(before.st_dev) and not _is_mapped(before.st_ino):
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[_key(before)] = told


def _key(status: os.stat_result) -> _Key:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(maxsize=64)
def _is_disk(device: int) -> bool:
    name = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                told = line.split()
                if told[2] == name:
                    return told[told.index("-") + 1] in _DISKS
    except (OSError, ValueError, IndexError):
        pass
    return False


def _is_mapped(inode: int) -> bool:
    """Whether this process maps a file of that inode so that it may write to it."""
    try:
        with open("/proc/self/maps", "rb") as maps:
            for line in maps:
                _, rights, _, _, node, *_ = line.split(None, 5)
                if rights[1:2] == b"w" and rights[3:4] == b"s" and int(node) == inode:
                    return True
    except (OSError, ValueError):
        return True
    return False
