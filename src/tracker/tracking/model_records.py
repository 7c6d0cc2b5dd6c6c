"""Logged models in full, as MLflow keeps them: what is known of each beside its files.

What is known from the start is in the model's own file (`logged_models`), written once. What comes later (its status,
tags, parameters, metrics, that it was deleted) are changes in the registry's journals, under the model's id. A model
that was logged here natively has no more than its files: it is READY, and belongs to its run.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tracker.exceptions import NotFound
from tracker.store import Store
from tracker.store.experiments import ACTIVE, DELETED
from tracker.store.registry import registry_of
from tracker.tracking import logged_models

PENDING, READY = "PENDING", "READY"


@dataclass
class ModelRecord:
    """A logged model; times in ms. `path` is its place below the artifacts of the run `run_id`, if it has one."""

    id: str
    name: str
    created: int
    updated: int
    experiment_id: str | None = None
    run_id: str | None = None
    path: str | None = None
    location: str | None = None
    """Where its files are, when that is not in the store."""
    model_type: str | None = None
    status: str = READY
    state: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    """Its points: key, value, step, time, run_id, dataset_name, dataset_digest."""


def create(store: Store, model_id: str, facts: dict[str, Any]) -> ModelRecord:
    """A new model; `facts` are fields of ModelRecord. Raises StoreError, InvalidValue."""
    store.ensure()
    logged_models.record_facts(store, model_id, {**facts, "t": store.clock(), "status": PENDING})
    return get(store, model_id)


def get(store: Store, model_id: str) -> ModelRecord:
    """The model of this id, deleted or not. Raises NotFound."""
    facts = logged_models.facts_of(store, model_id)
    if facts is None:
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    return _fold(store, model_id, facts)


def every(store: Store, deleted: bool = False) -> list[ModelRecord]:
    """All models that are not deleted (or those that are), oldest first."""
    found = {model_id: logged_models.facts_of(store, model_id) for model_id in sorted(logged_models.every_id(store))}
    records = [_fold(store, model_id, facts) for model_id, facts in found.items() if facts is not None]
    return [record for record in records if (record.state == DELETED) is deleted]


def remove(store: Store, model_id: str) -> None:
    """Remove a model with its files for good. Raises OSError."""
    folder = logged_models.folder_of(store, model_id)
    logged_models.forget(store, model_id)
    if folder is not None:
        shutil.rmtree(folder)


def change(store: Store, model_id: str, changes: Iterable[dict[str, Any]]) -> None:
    """Note changes of a model, all or none: `e`, `k`, `v`. Raises StoreError, InvalidValue."""
    registry_of(store).note(model_id, *changes)


def _fold(store: Store, model_id: str, facts: dict[str, Any]) -> ModelRecord:
    path, run_id = _text(facts, "path"), _text(facts, "run_id")
    created = _time(facts, model_id)
    name = _text(facts, "name") or (path or model_id).rpartition("/")[2]
    record = ModelRecord(model_id, name, created, created, run_id=run_id, path=path)
    for key in ("experiment_id", "location", "model_type"):
        setattr(record, key, _text(facts, key))
    record.status = _text(facts, "status") or READY
    record.tags, record.params = _texts(facts.get("tags")), _texts(facts.get("params"))
    seen: set[tuple[Any, ...]] = set()
    for time, event in registry_of(store).changes_of(model_id):
        _change(record, event, time // 1000, seen)
    return record


def _change(record: ModelRecord, event: dict[str, Any], time: int, seen: set[tuple[Any, ...]]) -> None:
    key, value = str(event.get("k")), event.get("v")
    match event.get("e"):
        case "status" if isinstance(value, str):
            record.status, record.updated = value, max(record.updated, time)
        case "state" if value in (ACTIVE, DELETED):
            record.state, record.updated = str(value), max(record.updated, time)
        case "tag" if value is None:
            record.tags.pop(key, None)
        case "tag":
            record.tags[key] = str(value)
        case "param":
            record.params[key] = str(value)
        case "metric" if isinstance(value, dict):
            point = {**value, "key": key}
            once = tuple(str(point.get(name)) for name in ("key", "value", "step", "time", "run_id", "dataset_name"))
            if once not in seen:
                seen.add(once)
                record.metrics.append(point)


def _time(facts: dict[str, Any], model_id: str) -> int:
    told = facts.get("t")
    if isinstance(told, int):
        return told // 1000
    return int(model_id.removeprefix("m-")[:12], 16)  # an id says when it was made


def _text(facts: dict[str, Any], key: str) -> str | None:
    value = facts.get(key)
    return value if isinstance(value, str) else None


def _texts(told: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}
