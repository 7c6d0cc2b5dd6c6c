"""Where the store is: as asked for, else TRACKER_STORE, else the nearest `.tracker/` upwards, else a new one here.

TRACKER_CEILING names folders (separated as in PATH) at which the way up ends, as GIT_CEILING_DIRECTORIES does for git:
they and what is above them are not looked at, unless one is where the search begins.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tracker.exceptions import StoreError
from tracker.store.store import Store, open_store

FOLDER = ".tracker"
VARIABLE = "TRACKER_STORE"
CEILING_VARIABLE = "TRACKER_CEILING"


def find_store(uri: str | os.PathLike[str] | None = None, start: Path | None = None) -> Store:
    """The store that `uri` names (a path, `file:…`, `tracker:…`), for none the one that is found. Raises StoreError.

    `start` is the folder from which it is looked for, else the working folder.
    """
    asked = os.fspath(uri) if uri is not None else os.environ.get(VARIABLE, "")
    path = path_of(asked) if asked else None
    try:
        return open_store(_folder(path) if path is not None else _nearest(start or Path.cwd()))
    except FileNotFoundError as error:
        raise StoreError(
            "The working folder has been removed, so no store is found from it: go to another, or name a store."
        ) from error


def path_of(uri: str) -> Path | None:
    """The path that a store's URI names, or None for "wherever it is found". Raises StoreError for other schemes."""
    scheme = urlsplit(uri).scheme
    if len(scheme) <= 1:  # none, or a Windows drive
        return Path(uri).expanduser()
    if scheme not in ("file", "tracker"):
        raise StoreError(f"{uri!r} is no place for a store: tracker keeps runs in a folder. Give a path, as './runs'.")
    rest = uri[len(scheme) + 1 :]
    if rest.startswith("//"):
        rest = urlsplit(uri).netloc + urlsplit(uri).path
    return Path(unquote(rest)).expanduser() if rest else None


def _folder(path: Path) -> Path:
    """A store's own folder as it is; a project's folder means the store inside it."""
    if path.name == FOLDER or (path / "store.json").exists() or not path.is_dir():
        return path
    return path / FOLDER if any(not _is_ours(entry.name) for entry in path.iterdir()) else path


def _is_ours(name: str) -> bool:
    """Whether it is what a process that makes a store at this moment puts there before `store.json` is."""
    return name in ("store.json", "journal") or name.startswith((".tracker-", ".store-"))


def _nearest(start: Path) -> Path:
    ceilings = {Path(os.path.realpath(name)) for name in os.environ.get(CEILING_VARIABLE, "").split(os.pathsep) if name}
    for folder in (start, *start.parents):
        if folder in ceilings and folder != start:
            break
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    return start / FOLDER
