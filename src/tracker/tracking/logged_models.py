"""The models that runs logged, by their id: which run keeps which model where.

One small file a model, written whole before the model's id is told to anybody. A model's folder never changes: the
next model that a run logs under the same name gets that name, the earlier one a folder of its own.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import orjson

from tracker.store import Store
from tracker.store.artifacts import resolve_inside, write_file
from tracker.store.ids import new_id

_ID = re.compile(r"m-[0-9a-f]{32}")


def new_model_id() -> str:
    """An id that no model has."""
    return f"m-{new_id()}"


def record(store: Store, model_id: str, run_id: str, path: str) -> None:
    """Note that the model is the run's artifact `path`. Raises OSError."""
    write_file(_file(store, model_id), orjson.dumps({"run_id": run_id, "path": path}))


def folder_of(store: Store, model_id: str) -> Path | None:
    """The folder of a logged model, or None if this store has none of that id."""
    if not _ID.fullmatch(model_id):
        return None
    try:
        told = orjson.loads(_file(store, model_id).read_bytes())
        folder = resolve_inside(store.artifact_root(str(told["run_id"])), str(told["path"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if folder.is_dir() else None


def place(store: Store, run_id: str, source: Path, path: str) -> None:
    """Move the folder `source`, made below the run's artifacts, to the run's artifact `path`. Raises OSError.

    What a model that was there already was logged as stays: it is moved aside, and found by its id as before.
    """
    target = resolve_inside(store.artifact_root(run_id), path)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        try:
            os.rename(source, target)
            return
        except OSError:
            if not target.is_dir() or not any(target.iterdir()):
                raise
        _move_aside(store, run_id, target, path)


def _move_aside(store: Store, run_id: str, target: Path, path: str) -> None:
    earlier = id_in(target) or f"m-{new_id()}"
    aside = f"{path}.{earlier}"
    try:
        os.rename(target, resolve_inside(store.artifact_root(run_id), aside))
    except FileNotFoundError:
        return  # another process moved it
    record(store, earlier, run_id, aside)


def id_in(folder: Path) -> str | None:
    """The id of the model in a folder, or None if it says none."""
    try:
        text = (folder / "MLmodel").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(rf"^model_id: ({_ID.pattern})$", text, re.MULTILINE)
    return found[1] if found else None


def _file(store: Store, model_id: str) -> Path:
    return resolve_inside(store.root / "models" / "logged", f"{model_id}.json")
