"""A working folder for a new process: it reads like the run's own, and what is written into it stays in it.

Invariants: folders are made, files are links; a file that the run wrote itself is not there; the modules that the run
kept stand in place of today's. The process replaces a link by a copy before it writes through it (`protect`).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_MAX_ENTRIES: Final = 20_000
_LEFT_OUT: Final = frozenset(
    {".git", ".tracker", ".hg", ".svn", "__pycache__", ".ipynb_checkpoints", "node_modules", ".venv", "venv"}
)
MAX_LEVELS: Final = 4
_WORKED_OUT: Final = re.compile(r"\.parents?\b|\bpardir\b|\bdirname\b")
_UPWARDS: Final = re.compile(r"(?:\.\.[/\\])+|\.\.(?=[\"'])")


def working_folder(
    root: Path, original: str, written: Collection[str], source: str, read: Collection[str] = ()
) -> Path:
    """A folder below `root` that stands for `original`; with its parents, as far up as `source` names them by `..`, or
    works them out (`Path.cwd().parent`) to `read` files there."""
    levels = max(levels_up(source), levels_to(original, read) if _WORKED_OUT.search(source) else 0)
    real = Path(os.path.realpath(original))
    parents = list(real.parents)[:levels]
    place = root / "work"
    for parent in reversed(parents[:-1] if levels and parents and parents[-1] == parents[-1].parent else parents):
        child = real if parent == real.parent else next(p for p in (real, *real.parents) if p.parent == parent)
        place.mkdir(parents=True, exist_ok=True)
        _link_entries(parent, place, leave=child.name)
        place = place / child.name
    place.mkdir(parents=True, exist_ok=True)
    if real.is_dir():
        _mirror(real, place, {os.path.join(real, path) for path in written})
    return place


def levels_up(source: str) -> int:
    """How far up a source names files by `..`."""
    return max((found.count("..") for found in _UPWARDS.findall(source)), default=0)


def levels_to(folder: str, files: Collection[str]) -> int:
    """How far above `folder` the nearest folder is that holds all these files too, among them those near to it."""
    real = os.path.realpath(folder)
    levels = [os.path.relpath(path, real).split(os.sep).count(os.pardir) for path in files if os.path.isabs(path)]
    return max((level for level in levels if level <= MAX_LEVELS), default=0)


def put_modules(kept: Path, names: Collection[str], place: Path) -> None:
    """Copy the modules that a run keeps, named below `kept`, over those in `place`."""
    for name in names:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copyfile(kept / name, target)


def _link_entries(folder: Path, place: Path, leave: str) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != leave and entry.name not in _LEFT_OUT:
                (place / entry.name).symlink_to(entry.path)


def _mirror(folder: Path, place: Path, written: set[str]) -> None:
    """Folders as folders, files as links, up to a bound beyond which a whole folder is a link."""
    waiting = [(folder, place)]
    count = 0
    while waiting:
        source, target = waiting.pop(0)
        try:
            entries = list(os.scandir(source))
        except OSError:
            continue
        for entry in entries:
            if entry.name in _LEFT_OUT or entry.path in written:
                continue
            count += 1
            if entry.is_dir(follow_symlinks=False) and count < _MAX_ENTRIES:
                if not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                    (target / entry.name).mkdir(exist_ok=True)
                    waiting.append((Path(entry.path), target / entry.name))
            else:
                (target / entry.name).symlink_to(entry.path)


def protect(place: str, original: str) -> None:
    """In this process, for good: writing through a link in `place` makes it a file of its own first, and writing into
    `original` is refused."""
    place, original = os.path.realpath(place) + os.sep, os.path.realpath(original) + os.sep
    busy = False

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal busy
        if busy or event not in ("open", "sqlite3.connect", "os.remove", "os.rename", "os.rmdir", "os.truncate"):
            return
        busy = True
        try:
            if event == "sqlite3.connect":
                for file in _files_of_database(arguments[0]):
                    _make_own(file, place)
            elif _writes(event, arguments):
                _check_write(os.path.abspath(os.fsdecode(arguments[0])), event, place, original)
        finally:
            busy = False

    sys.addaudithook(check)


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    path, mode, flags = (*arguments, None, 0)[:3] if event == "open" else (arguments[0], "w", 0)
    by_mode = isinstance(mode, str) and bool(set(mode) & set("wax+"))
    by_flags = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
    return (by_mode or by_flags) and isinstance(path, (str, bytes, os.PathLike))


def _files_of_database(name: Any) -> list[str]:
    """The files that SQLite may write to for a database that is opened by this name, before it is asked whether."""
    text = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else ":memory:"
    if text.startswith("file:"):
        parts = urlsplit(text)
        text = ":memory:" if "mode=memory" in parts.query else unquote(parts.path)
    return [] if text in ("", ":memory:") else [os.path.abspath(text + more) for more in ("", "-wal", "-shm")]


def _check_write(path: str, event: str, place: str, original: str) -> None:
    if os.path.islink(path) and event == "open":
        _make_own(path, place)
    elif event == "os.truncate" or not os.path.islink(path):
        real = os.path.realpath(path)
        if real.startswith(original) and not real.startswith(place) and "/.tracker/" not in real:
            raise PermissionError(13, "A rerun does not write into the run's own folder", path)


def _make_own(path: str, place: str) -> None:
    """Put a copy of a file in the place of a link to it."""
    target = os.path.realpath(path)
    if os.path.islink(path) and path.startswith(place) and os.path.isfile(target):
        os.unlink(path)
        shutil.copy(target, path)
