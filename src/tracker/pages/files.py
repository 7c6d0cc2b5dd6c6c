"""A run's files: what is in a folder, and parts of a file, by paths that never leave the run.

Invariants: only plain files are opened, so that a pipe makes nobody wait; nothing is read beyond the bytes asked for.
"""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from tracker.exceptions import InvalidValue, NotFound
from tracker.store import Store
from tracker.store.artifacts import resolve_inside, stays_inside

MOST_ENTRIES: Final = 2_000
MOST_LOOKED_AT: Final = 200_000
PART_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class RunFile:
    """A plain file of a run, found and measured."""

    path: Path
    name: str
    """Its path inside the run."""
    size: int

    @property
    def suffix(self) -> str:
        """The end of its name in small letters: ".csv", ".plotly.json"."""
        lower = self.path.name.lower()
        for double in (".plotly.json", ".csv.gz", ".tsv.gz"):
            if lower.endswith(double):
                return double
        return os.path.splitext(lower)[1]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The file for reading. Raises OSError."""
        fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(fd, "rb") as file:
            yield file

    def read(self, offset: int, most: int) -> bytes:
        """At most so many bytes from `offset` on. Raises NotFound if it is gone."""
        try:
            with self.open() as file:
                file.seek(offset)
                return file.read(most)
        except OSError as error:
            raise NotFound(f"{self.name} cannot be read: {error.strerror}.") from error


def run_file(store: Store, run_id: str, path: str) -> RunFile:
    """The run's file of this path. Raises NotFound, InvalidValue for a path that leaves the run."""
    place = resolve_inside(store.artifact_root(run_id), path)
    try:
        found = os.stat(place)
    except OSError:
        raise NotFound(f"The run keeps no file {path!r} (any more).") from None
    if not stat.S_ISREG(found.st_mode):
        raise InvalidValue(f"{path!r} is no plain file.")
    return RunFile(place, path, found.st_size)


def listing(store: Store, run_id: str, path: str = "") -> dict[str, Any]:
    """What is in a folder of the run: `files`, folders first, by name, each {name, path, folder, size}; `total`.

    Of very many the first are given. A folder that is not there is empty. Raises InvalidValue.
    """
    root = store.artifact_root(run_id)
    folder = resolve_inside(root, path) if path else root
    entries = list(_entries(root, folder))
    first = heapq.nsmallest(MOST_ENTRIES, entries, key=lambda entry: (not entry[1], entry[0]))
    files = [
        {"name": name, "path": f"{path}/{name}" if path else name, "folder": is_folder, "size": size}
        for name, is_folder, size in first
    ]
    return {"files": files, "total": len(entries)}


def _entries(root: Path, folder: Path) -> Iterator[tuple[str, bool, int]]:
    """Name, whether it is a folder, and size, of the plain files and folders that lie within the run."""
    try:
        with os.scandir(folder) as found:
            for _, entry in zip(range(MOST_LOOKED_AT), found, strict=False):
                if entry.name.startswith(".tracker-") or not _is_text(entry.name):
                    continue
                if entry.is_symlink() and not stays_inside(root, Path(entry.path)):
                    continue
                try:
                    told = entry.stat()
                except OSError:
                    continue
                if stat.S_ISDIR(told.st_mode):
                    yield entry.name, True, 0
                elif stat.S_ISREG(told.st_mode):
                    yield entry.name, False, told.st_size
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no text cannot be told to a page, nor asked for by it
        return False
    return True


def part(file: RunFile, offset: int) -> tuple[dict[str, Any], bytes]:
    """A part of a file for a download: {size, next}, `next` being where the following part begins, or None."""
    if offset < 0:
        raise InvalidValue("A part of a file begins at 0 or after it.")
    data = file.read(offset, PART_BYTES)
    end = offset + len(data)
    return {"size": file.size, "next": end if data and end < file.size else None}, data
