"""The models that were logged, by their id: which run keeps which model where.

One small file a model, written whole before the model's id is told to anybody. A model's folder never changes: the
next model that a run logs under the same name gets that name, the earlier one a folder of its own. A model that was
logged by no run has the folder of its own id among the artifacts.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import orjson

from tracker.exceptions import InvalidValue
from tracker.store import Store
from tracker.store.artifacts import resolve_inside, write_file
from tracker.store.ids import new_id
from tracker.store.registry_files import names_in, read_object

_ID = re.compile(r"m-[0-9a-f]{32}")
_SUFFIX = ".json"


def is_id(text: str) -> bool:
    """Whether it is what a logged model's id looks like."""
    return _ID.fullmatch(text) is not None


def new_model_id() -> str:
    """An id that no model has."""
    return f"m-{new_id()}"


def record(store: Store, model_id: str, run_id: str, path: str) -> None:
    """Note that the model is the run's artifact `path`, and keep what else was noted of it. Raises OSError."""
    record_facts(store, model_id, {**(facts_of(store, model_id) or {}), "run_id": run_id, "path": path})


def record_facts(store: Store, model_id: str, facts: dict[str, Any]) -> None:
    """Note what is known of a model from the start (`model_records`). Raises OSError."""
    write_file(_file(store, model_id), orjson.dumps(facts))


def facts_of(store: Store, model_id: str) -> dict[str, Any] | None:
    """What was noted of a model, or None if this store has none of that id."""
    if not _ID.fullmatch(model_id):
        return None
    try:
        return read_object(_file(store, model_id))
    except (OSError, ValueError):
        return None


def every_id(store: Store) -> list[str]:
    """The ids of all models that were logged."""
    return names_in(_folder(store), _SUFFIX)


def forget(store: Store, model_id: str) -> None:
    """Take away what was noted of a model. Raises OSError."""
    _file(store, model_id).unlink(missing_ok=True)


def folder_of(store: Store, model_id: str) -> Path | None:
    """The folder of a logged model, or None if this store has none of that id."""
    facts = facts_of(store, model_id)
    if facts is None:
        return None
    try:
        root = store.artifact_root(str(facts.get("run_id") or model_id))
        folder = resolve_inside(root, str(facts["path"])) if facts.get("path") else root
    except (ValueError, TypeError, InvalidValue):
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


def _folder(store: Store) -> Path:
    return store.root / "models" / "logged"


def _file(store: Store, model_id: str) -> Path:
    return resolve_inside(_folder(store), f"{model_id}{_SUFFIX}")
