"""The registry's files of a store as they are, for another store: registered models with their versions, and the notes
of which run logged which model.

A model that is not in the other store comes whole, its times and numbers kept; one that is there gains the versions
that it lacks, with the next numbers (`registering`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

import orjson

from tracker.exceptions import InvalidValue
from tracker.interop.records import ModelRecord, Skipped, VersionRecord
from tracker.interop.registering import import_model
from tracker.store import Store, registry_files
from tracker.store.ids import new_id
from tracker.store.journal import SUFFIX as JOURNAL
from tracker.store.registry import Model, registry_of

NAMES, VERSIONS, EVENTS, LOGGED = "names", "versions", "events", "logged"
_JSON = registry_files.SUFFIX


def models_of(store: Store, runs: Collection[str] | None) -> list[Model]:
    """The registered models with a version of one of the runs (None: all models)."""
    every = registry_of(store).models().values()
    return [m for m in every if runs is None or any(v.run_id in runs for v in m.versions.values())]


def logged_by(store: Store, runs: Collection[str] | None) -> list[str]:
    """The ids of the models that these runs logged, and of those of no run (None: all)."""
    folder, found, mine = store.root / "models" / LOGGED, [], None if runs is None else {None, *runs}
    for name in sorted(registry_files.names_in(folder, _JSON)):
        with contextlib.suppress(OSError, ValueError):
            facts = registry_files.read_object(folder / f"{name}{_JSON}")
            if mine is None or facts.get("run_id") in mine:
                found.append(name)
    return found


def files(store: Store, models: Collection[Model], logged: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The registry's files of these models, by their paths below `models/`; the changes of all in one journal."""
    root, ids = store.root / "models", {model.id for model in models}
    for name in sorted(registry_files.names_in(root / NAMES, _JSON)):
        with contextlib.suppress(OSError, ValueError):
            path = root / NAMES / f"{name}{_JSON}"
            if registry_files.read_object(path).get("model") in ids:
                yield f"{NAMES}/{path.name}", registry_files.read_bytes(path)
    for model in models:
        folder = root / VERSIONS / model.id
        for number in sorted(registry_files.names_in(folder, _JSON)):
            with contextlib.suppress(OSError):
                path = folder / f"{number}{_JSON}"
                yield f"{VERSIONS}/{model.id}/{path.name}", registry_files.read_bytes(path)
    for identifier in logged:
        with contextlib.suppress(OSError):
            yield f"{LOGGED}/{identifier}{_JSON}", registry_files.read_bytes(root / LOGGED / f"{identifier}{_JSON}")
    changes = b"".join(_changes(root / EVENTS, ids.union(logged)))
    if changes:
        yield f"{EVENTS}/{new_id()}{JOURNAL}", changes


def _changes(folder: Path, models: Collection[str]) -> Iterator[bytes]:
    for writer in sorted(registry_files.names_in(folder, JOURNAL)):
        with contextlib.suppress(OSError):
            text = registry_files.read_bytes(folder / f"{writer}{JOURNAL}", 0, registry_files.MAX_EVENTS_BYTES)
            for line in text[: text.rfind(b"\n") + 1].splitlines():
                with contextlib.suppress(ValueError, AttributeError):
                    if orjson.loads(line).get("m") in models:
                        yield line + b"\n"


def copy_registry(source: Store, target: Store, runs: Collection[str], skipped: list[Skipped]) -> int:
    """Bring in the models of these runs, and those of no run; how many versions came. `skipped` is told what did not.

    Raises StoreError.
    """
    here = registry_of(target).models()
    ids_here = {model.id for model in here.values()}
    every = [m for m in models_of(source, None) if not m.versions or _concerns(m, runs)]
    fresh = [m for m in every if m.name not in here and m.id not in ids_here]
    logged = [
        one for one in logged_by(source, runs) if not (target.root / "models" / LOGGED / f"{one}{_JSON}").exists()
    ]
    for name, data in files(source, fresh, logged):
        registry_files.create_exclusively(target.root / "models" / name, data)
    versions = sum(len(m.versions) for m in fresh)
    for model in every:
        if model not in fresh:
            try:
                versions += import_model(target, _record(model), lambda run: run, skipped)
            except InvalidValue as error:
                skipped.append(Skipped(f"model {model.name!r}", error.message))
    return versions


def _concerns(model: Model, runs: Collection[str]) -> bool:
    return any(version.run_id is None or version.run_id in runs for version in model.versions.values())


def _record(model: Model) -> ModelRecord:
    versions = tuple(
        VersionRecord(v.number, v.source, v.run_id, v.run_link, v.model_id, v.description, v.stage, v.tags)
        for v in model.versions.values()
    )
    return ModelRecord(model.name, model.description, model.tags, model.aliases, versions)
