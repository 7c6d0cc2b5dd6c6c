"""How the registry's files are made and read: each whole or not at all, each name given once.

Invariants: a file that was made exclusively is complete when it can be seen, and never changes. What is read may come
from anywhere: only regular files of a bounded size are opened, links are not followed, and a damaged file costs itself.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path
from typing import Any

import orjson

from tracker.store.artifacts import make_folder
from tracker.store.ids import new_id

SUFFIX = ".json"
MAX_FILE_BYTES = 1 << 20
MAX_EVENTS_BYTES = 1 << 28
_SETTLED_SECONDS = 5.0
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def create_exclusively(path: Path, data: bytes) -> bool:
    """Make a file with this content unless there is one; whether it was made. Raises OSError."""
    make_folder(path.parent)
    temporary = path.with_name(f".{new_id()}")
    _write_new(temporary, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError:  # no hard links here: a reader that comes meanwhile looks again
        try:
            _write_new(path, data)
        except FileExistsError:
            return False
    finally:
        temporary.unlink()
    return True


def _write_new(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)


def read_bytes(path: str | Path, start: int = 0, most: int = MAX_FILE_BYTES) -> bytes:
    """What a regular file holds after `start`. Raises OSError, also for a link and for more than `most` bytes."""
    with open(os.open(path, _OPEN), "rb", buffering=0) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_size > most:
            raise OSError(f"not a file of at most {most:,} bytes")
        file.seek(start)
        return file.readall()


def read_object(path: str | Path) -> dict[str, Any]:
    """The JSON object that a file holds. Raises OSError, ValueError."""
    value = orjson.loads(read_bytes(path))
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def is_settled(path: str | Path) -> bool:
    """Whether a file is old enough that nobody is still writing it."""
    with contextlib.suppress(OSError):
        return time.time() - os.stat(path, follow_symlinks=False).st_mtime > _SETTLED_SECONDS
    return True


def names_in(folder: Path, suffix: str) -> list[str]:
    """The names of the files in a folder, without their suffix; none for a folder that is not there."""
    try:
        with os.scandir(folder) as entries:
            return [e.name[: -len(suffix)] for e in entries if e.name.endswith(suffix) and e.name[0] != "."]
    except OSError:
        return []
