"""Which store a request is about: the one that a kernel in that folder would find, or the one that is served alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracker.exceptions import InvalidValue
from tracker.store import Store, find_store

if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler

ONE_STORE = "tracker_store"
"""The web application's setting that names the one store; none: each folder's own."""


def place_of(handler: JupyterHandler) -> Place:
    """The place that the request's `folder` names, a path as the file browser tells it. Raises InvalidValue."""
    one = handler.settings.get(ONE_STORE)
    if one is not None:
        return Place(Path(one), fixed=True)
    root = Path(getattr(handler.contents_manager, "root_dir", None) or handler.settings["server_root_dir"])
    return Place(_folder(root.expanduser(), handler.get_query_argument("folder", "")), fixed=False)


class Place:
    """Where a store is, or is looked for each time anew: the first run makes it, a person may move it."""

    def __init__(self, path: Path, fixed: bool) -> None:
        self.key = (path, fixed)

    def store(self) -> Store:
        """The store as it is found now. Raises StoreError."""
        path, fixed = self.key
        return find_store(path) if fixed else find_store(start=path)


def _folder(root: Path, name: str) -> Path:
    """The folder, or the nearest above it that is there. Links lead where they lead for the file browser."""
    parts = [part for part in name.split("/") if part]
    if "\0" in name or "\\" in name or ".." in parts:
        raise InvalidValue(f"{name!r} is not a folder of this server.")
    folder = root.joinpath(*parts)
    while folder != root and not folder.is_dir():
        folder = folder.parent
    return folder
