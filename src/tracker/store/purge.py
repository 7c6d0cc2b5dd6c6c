"""What purged runs leave among the files, and taking it away.

A run is purged by one event (`purge`, see `events`), which hides all of it from every reader at once and for ever,
also from stores into which its files are copied later. Only then, and after that event is on disk, are its files
touched; so a death at any instant leaves each run either whole and in the bin, or gone. What is left of purged runs is
found again by the next call. The files of a folder go out of sight by one rename before they are removed. Nothing
outside the store is reached: names are looked up in the listing of the folder, links are removed and not followed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from tracker.store import events
from tracker.store.health import ARTIFACTS
from tracker.store.ids import new_id
from tracker.store.store import Store

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_GONE = ".gone-"


def purge_runs(store: Store, runs: Iterable[str]) -> None:
    """Make these runs gone for good, in one write that is on disk when this returns. Raises StoreError, OSError."""
    lines = [events.event("purge", r=run, t=store.clock()) for run in runs]
    if not lines:
        return
    store.append(b"".join(lines))
    flush(store.journal_path)


def purge_experiments(store: Store, experiments: Iterable[str]) -> None:
    """Make these experiments gone for good; their runs are purged before. Raises StoreError."""
    lines = [events.event("experiment.state", x=one, v="purged", t=store.clock()) for one in experiments]
    if lines:
        store.append(b"".join(lines))


def flush(path: Path) -> None:
    """Have what was written to a file on disk when this returns. Raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def artifact_folders(root: Path) -> dict[str, Path]:
    """The folders of artifacts that have a run's id for a name, by that id."""
    return {entry.name: Path(entry.path) for entry in _entries(root / ARTIFACTS) if _RUN_ID.fullmatch(entry.name)}


def remove_artifacts(root: Path, runs: Collection[str]) -> None:
    """Remove the artifact folders of these runs, and what earlier removals left. Raises OSError."""
    for run, folder in artifact_folders(root).items():
        if run in runs:
            with contextlib.suppress(FileNotFoundError):  # another collector is at it
                folder.rename(folder.with_name(f"{_GONE}{run}-{new_id()}"))
    for path in half_removed(root):
        _remove(path)


def half_removed(root: Path) -> list[Path]:
    """What removals that were cut short have left."""
    return [Path(entry.path) for entry in _entries(root / ARTIFACTS) if entry.name.startswith(_GONE)]


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def last_change(folder: Path) -> float:
    """When something was last written below a folder, in seconds since the epoch."""
    latest = 0.0
    for parent, _, names in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in names)):
            with contextlib.suppress(OSError):
                latest = max(latest, os.lstat(path).st_mtime)
    return latest


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from list(entries)
    except OSError:
        return
