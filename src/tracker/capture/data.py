"""The data that a cell reads: fingerprints of the datasets under its names, and of the files that it opened.

Invariants: read before the cell runs, so that what it changes is told as it was; nothing is kept alive or
changed; what is beyond a bound says so in its coverage.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import xxhash

from tracker.fingerprints import Fingerprint, fingerprint

MAX_DATASETS: Final = 200
MAX_ITEMS: Final = 100
MAX_FILES: Final = 200
MAX_FILE_BYTES: Final = 1 << 30
_BLOCK: Final = 1 << 20
_SAMPLED_BLOCKS: Final = 64


def datasets_read(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Fingerprint]:
    """Fingerprints of the datasets under `names`, and of those in plain lists, tuples and dicts under them."""
    found: dict[str, Fingerprint] = {}
    seen: dict[int, Fingerprint] = {}
    for name in sorted(names):
        if name not in namespace or len(found) >= MAX_DATASETS:
            continue
        for label, value in parts_of(name, namespace[name]):
            told = seen.get(id(value)) or fingerprint(value)
            if told is not None:
                seen[id(value)] = found[label] = told
    return found


def parts_of(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The values under a name that may be datasets, each with its label."""
    kind = type(value)
    if kind in (list, tuple) and len(value) <= MAX_ITEMS:
        yield from ((f"{name}[{i}]", item) for i, item in enumerate(value))
    elif kind is dict and len(value) <= MAX_ITEMS:
        yield from ((f"{name}[{key!r}]"[:200], item) for key, item in value.items() if isinstance(key, (str, int)))
    else:
        yield name, value


@dataclass(frozen=True)
class FileRead:
    """A file that was opened for reading: its real path, size in bytes, and digest of the content."""

    path: str
    size: int
    digest: str
    coverage: str
    """"full", or "sampled" beyond MAX_FILE_BYTES."""


def files_read(paths: Iterable[str]) -> list[FileRead]:
    """Those of `paths` that are files now, with their digests, by path."""
    found = []
    for path in sorted(paths)[:MAX_FILES]:
        told = file_digest(path)
        if told is not None:
            found.append(told)
    return found


def file_digest(path: str) -> FileRead | None:
    """What is told of one file; None for what is no regular file, or cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        return _digest_of(path, fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def presence(path: str) -> str:
    """What is at a path: the digest of a file, "folder", empty for nothing or what cannot be read."""
    found = file_digest(path)
    return found.digest if found is not None else "folder" if os.path.isdir(path) else ""


def _digest_of(path: str, fd: int) -> FileRead | None:
    import stat

    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return None
    size, running = status.st_size, xxhash.xxh3_128()
    if size <= MAX_FILE_BYTES:
        while data := os.read(fd, 4 * _BLOCK):
            running.update(data)
        return FileRead(path, size, running.hexdigest(), "full")
    running.update(str(size).encode())
    for i in range(_SAMPLED_BLOCKS):
        os.lseek(fd, (size - _BLOCK) * i // (_SAMPLED_BLOCKS - 1), os.SEEK_SET)
        running.update(os.read(fd, _BLOCK))
    return FileRead(path, size, running.hexdigest(), "sampled")
