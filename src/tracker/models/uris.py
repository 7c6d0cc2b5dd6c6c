"""Where a model's files are: `runs:/RUN/PATH`, `models:/NAME/…`, `models:/m-ID`, `file:…` or a path."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tracker.exceptions import InvalidValue, NotFound
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking.location import current_store
from tracker.tracking.logged_models import folder_of

_LOGGED = re.compile(r"models:/+(m-[0-9a-f]{32})(?:/(.*))?$")


def local_path(
    uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, store: Store | None = None
) -> Path:
    """The folder (or file) that a URI names, or a copy of it in `dst_path`. Raises NotFound, InvalidValue."""
    path = _found(uri, store)
    if not path.exists():
        raise NotFound(f"There is no model at {os.fspath(uri)}: {path} does not exist.")
    if dst_path is None:
        return path
    target = Path(dst_path, path.name)
    (shutil.copytree if path.is_dir() else shutil.copyfile)(path, target)
    return target


def _found(uri: str | os.PathLike[str], store: Store | None) -> Path:
    if not isinstance(uri, str):
        return Path(uri)
    scheme = urlsplit(uri).scheme
    match scheme:
        case "runs":
            return _of_run(uri, store or current_store())
        case "models":
            return _of_models(uri, store or current_store())
        case "file":
            return Path(unquote(urlsplit(uri).path))
    if len(scheme) > 1:
        raise InvalidValue(
            f"{uri!r} is no place that tracker reads models from; give a path, file:…, runs:/RUN_ID/PATH or models:/…."
        )
    return Path(uri)


def _of_run(uri: str, store: Store) -> Path:
    run_id, _, inside = uri[len("runs:") :].lstrip("/").partition("/")
    if not run_id or not inside:
        raise InvalidValue(f"{uri!r} does not name a run's model: give runs:/RUN_ID/PATH.")
    root = store.artifact_root(run_id)
    path = resolve_inside(root, inside)
    if not path.exists() and "%" in inside:
        path = resolve_inside(root, unquote(inside))
    if not path.exists():
        raise NotFound(f"The run {run_id} has no artifact {inside!r} in the store {store.root}.")
    return path


def _of_models(uri: str, store: Store) -> Path:
    logged = _LOGGED.match(uri)
    if logged is None:
        from tracker.models.registry import resolve

        return resolve(uri, store)
    path = folder_of(store, logged[1])
    if path is None:
        raise NotFound(f"The store {store.root} has no model {logged[1]}.")
    return resolve_inside(path, logged[2]) if logged[2] else path
