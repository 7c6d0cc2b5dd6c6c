"""SQLite files that another tracker wrote: opened for reading alone, recognised by what can be asked of them."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

_MAGIC = b"SQLite format 3\0"


def connect(path: Path) -> sqlite3.Connection:
    """A read-only connection, for any thread."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)


def answers(path: Path, query: str) -> bool:
    """Whether the file is a database that has what the query names. Raises OSError."""
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
    with contextlib.closing(connect(path)) as database, contextlib.suppress(sqlite3.Error):
        database.execute(query)
        return True
    return False
