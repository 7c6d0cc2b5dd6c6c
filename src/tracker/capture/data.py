"""The data that a cell reads: fingerprints of the datasets under its names, and of the files that it opened.

Invariants: read before the cell runs, so that what it changes is told as it was; nothing is kept alive or
changed; what is beyond a bound says so in its coverage.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import xxhash

from tracker.fingerprints import Fingerprint, Wait, fingerprint, one_wait

from . import unchanged

MAX_DATASETS: Final = 200
MAX_ITEMS: Final = 100
MAX_FILES: Final = 200
_MAX_DEPTH: Final = 3
MAX_ENTRIES: Final = 5_000
MAX_FILE_BYTES: Final = 1 << 30
_BLOCK: Final = 1 << 20
_SAMPLED_BLOCKS: Final = 64


def datasets_read(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Fingerprint]:
    """Fingerprints of the datasets under `names`, and of those in lists, tuples and dicts under them.

    Together they take about a second at most: what comes too late is sampled.
    """
    found: dict[str, Fingerprint] = {}
    seen: dict[int, Fingerprint] = {}
    with one_wait():
        for name in sorted(names):
            if name not in namespace or len(found) >= MAX_DATASETS:
                continue
            for label, value in parts_of(name, namespace[name]):
                told = seen.get(id(value)) or fingerprint(value)
                if told is not None:
                    seen[id(value)] = found[label] = told
    return found


def parts_of(name: str, value: Any) -> list[tuple[str, Any]]:
    """The values under a name that may be datasets, each with its label; the name alone for too many."""
    parts = [(name, value)]
    for _ in range(_MAX_DEPTH):
        opened = [part for label, held in parts for part in _items(label, held)]
        if len(opened) > MAX_ITEMS:
            return parts
        parts = opened
    return parts


def _items(name: str, value: Any) -> list[tuple[str, Any]]:
    """What a container holds, as the container classes themselves have it; any other value itself."""
    base: Any = list if isinstance(value, list) else tuple
    if isinstance(value, base) and base.__len__(value) <= MAX_ITEMS:
        return [(f"{name}[{i}]", item) for i, item in enumerate(base.__iter__(value))]
    if isinstance(value, dict) and dict.__len__(value) <= MAX_ITEMS:
        held = dict.items(value)
        return [(f"{name}[{key!r}]"[:200], item) for key, item in held if type(key) in (str, int)]
    return [(name, value)]


@dataclass(frozen=True)
class FileRead:
    """A file that was opened for reading: its real path, size in bytes, and digest of the content."""

    path: str
    size: int
    digest: str
    coverage: str
    """"full", or "sampled" beyond MAX_FILE_BYTES and where time is short."""


def files_read(paths: Iterable[str]) -> list[FileRead]:
    """Those of `paths` that are files now, with their digests, by path.

    Together they take about a second, and a little for each: what comes too late is sampled.
    """
    wait = Wait()
    found = []
    for path in sorted(paths)[:MAX_FILES]:
        told = file_digest(path, wait)
        if told is not None:
            found.append(told)
    return found


def file_digest(path: str, wait: Wait | None = None) -> FileRead | None:
    """What is told of one file; None for what is no regular file, or cannot be read.

    A large one for which `wait` is over before all is read is sampled.
    """
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        return _digest_of(path, fd, wait)
    except OSError:
        return None
    finally:
        os.close(fd)


def presence(path: str) -> str:
    """What is at a path: the digest of a file, "folder", empty for nothing or what cannot be read; with a slash at its
    end, the digest of a folder's list."""
    if path.endswith(os.sep):
        return listing(path) or ""
    found = file_digest(path)
    return found.digest if found is not None else "folder" if os.path.isdir(path) else ""


def listing(folder: str) -> str | None:
    """A digest of the names in a folder in their order, and which of them are folders or links; empty where there is
    no folder, None where it holds too many."""
    running = xxhash.xxh3_128()
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count >= MAX_ENTRIES:
                    return None
                running.update(os.fsencode(f"{entry.name}\0{entry.is_dir()}{entry.is_symlink()}\0"))
    except OSError:
        return ""
    return running.hexdigest()


def _digest_of(path: str, fd: int, wait: Wait | None) -> FileRead | None:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return None
    size = status.st_size
    known = unchanged.digest(status)
    if known is not None:
        return FileRead(path, size, known, "full")
    patience = wait if size > _SAMPLED_BLOCKS * _BLOCK else None
    whole = _whole(fd, patience) if size <= MAX_FILE_BYTES else None
    if whole is not None:
        unchanged.remember(status, os.fstat(fd), whole)
        return FileRead(path, size, whole, "full")
    running = xxhash.xxh3_128(str(size).encode())
    for i in range(_SAMPLED_BLOCKS):
        os.lseek(fd, (size - _BLOCK) * i // (_SAMPLED_BLOCKS - 1), os.SEEK_SET)
        running.update(os.read(fd, _BLOCK))
    return FileRead(path, size, running.hexdigest(), "sampled")


def _whole(fd: int, wait: Wait | None) -> str | None:
    """The digest of all that a file holds; None where that takes too long."""
    running = xxhash.xxh3_128()
    while data := os.read(fd, 4 * _BLOCK):
        running.update(data)
        if wait is not None and wait.is_over():
            return None
    return running.hexdigest()
