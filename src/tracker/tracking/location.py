"""Which store this process tracks into, and the URIs that name it.

The store is a folder. A URI of another kind (`http://…`, `sqlite:///…`, `databricks`) comes from a program
made for a server: it is answered with one warning, and the folder that would be found without it is used.
"""

from __future__ import annotations

import os
import re
import warnings

from tracker.store import Store, find_store

STORE_VARIABLE = "TRACKER_STORE"
MLFLOW_VARIABLE = "MLFLOW_TRACKING_URI"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_FOREIGN_WORDS = ("databricks", "databricks-uc", "uc")

_asked: Store | None = None
_found: tuple[tuple[str, str, str], Store] | None = None
_uri_is_set = False


def current_store() -> Store:
    """The store that tracking calls without one of their own use. Raises StoreError."""
    global _found
    if _asked is not None:
        return _asked
    here = (os.environ.get(STORE_VARIABLE, ""), os.environ.get(MLFLOW_VARIABLE, ""), _folder_here())
    if _found is not None and not here[2] and _found[0][:2] == here[:2]:
        return _found[1]  # the folder was removed under us: the store is where it was
    if _found is None or _found[0] != here:
        uri = here[1] if not here[0] and here[1] and is_local(here[1]) else None
        _found = (here, find_store(uri))
    return _found[1]


def _folder_here() -> str:
    try:
        return os.getcwd()
    except OSError:  # the folder was removed under us; finding the store will say so
        return ""


def is_local(uri: str | os.PathLike[str]) -> bool:
    """Whether a URI names a folder: a path, `file:…` or `tracker:…`."""
    if not isinstance(uri, str):
        return True
    scheme = _SCHEME.match(uri)
    return (scheme is None and uri not in _FOREIGN_WORDS) or (
        scheme is not None and scheme[1].lower() in ("file", "tracker")
    )


def store_at(uri: str | os.PathLike[str] | None, asked_by: str = "tracking_uri") -> Store:
    """The store that a URI names; for None the current one.

    For a server's or a database's URI the folder found without it.
    """
    if uri is None or uri == "":
        return current_store()
    if is_local(uri):
        return find_store(uri)
    store = find_store()
    warnings.warn(
        f"{asked_by}={uri!r} is not a folder. tracker needs no server and no database: "
        f"runs are kept in {store.root}. Give a folder's path to keep them elsewhere.",
        UserWarning,
        stacklevel=3,
    )
    return store


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Keep runs in the folder at `uri` (a path, `file:…` or `tracker:…`) from now on; None searches again.

    Runs that are open go on in their own store. Raises StoreError if there can be no store there.
    """
    global _asked, _uri_is_set
    if uri is None or uri == "":
        _asked, _uri_is_set = None, False
        return
    _asked, _uri_is_set = store_at(uri, "set_tracking_uri"), True


def get_tracking_uri() -> str:
    """The URI of the folder where runs are kept, as `file:///…`."""
    return current_store().root.as_uri()


def is_tracking_uri_set() -> bool:
    """Whether a place was asked for, by `set_tracking_uri` or the environment, rather than found."""
    mlflow = os.environ.get(MLFLOW_VARIABLE, "")
    return _uri_is_set or bool(os.environ.get(STORE_VARIABLE)) or bool(mlflow and is_local(mlflow))
