"""Searching registered models and their versions with the language that searches runs."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.entities_registry import ModelVersion, RegisteredModel
from tracker.query.grammar import Name, Vocabulary
from tracker.store import Store
from tracker.store.registry import Model, Version
from tracker.tracking import registry
from tracker.tracking.matching import matching, ordered

_TIMES = {"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"}
_MODELS = Vocabulary(
    "Registered models",
    {
        "name": "text", "description": "text", "creation_timestamp": "time", "last_updated_timestamp": "time",
    },
    {**_TIMES, "timestamp": "last_updated_timestamp"},
)  # fmt: skip
_VERSIONS = Vocabulary(
    "Versions of models",
    {
        "name": "text", "version_number": "number", "run_id": "text", "source_path": "text", "current_stage": "text",
        "user_id": "text", "description": "text", "creation_timestamp": "time", "last_updated_timestamp": "time",
    },
    {**_TIMES, "version": "version_number", "source": "source_path", "stage": "current_stage"},
)  # fmt: skip

_One = tuple[Model, Version]


def search_models(
    store: Store, filter_string: str | None, order_by: Sequence[str] | str | None
) -> list[RegisteredModel]:
    """The models that pass, by name unless ordered otherwise. Raises FilterError."""
    found = matching(registry.every_model(store), _of_model, filter_string, _MODELS)
    return [registry.entity(model) for model in ordered(found, _of_model, order_by, _MODELS)]


def search_versions(
    store: Store, filter_string: str | None, order_by: Sequence[str] | str | None, limit: int, offset: int
) -> list[ModelVersion]:
    """The versions that pass, those that changed last first unless ordered otherwise. Raises FilterError."""
    every = [(model, version) for model in registry.every_model(store) for version in model.versions.values()]
    found = matching(every, _of_version, filter_string, _VERSIONS)
    found.sort(key=lambda one: (-one[1].updated, one[0].name, -one[1].number))
    found = ordered(found, _of_version, order_by, _VERSIONS)[offset : offset + limit]
    return [registry.version_entity(model, version) for model, version in found]


def _of_model(name: Name, model: Model) -> str | float | None:
    if name.entity == "tags":
        return model.tags.get(name.key)
    match name.key:
        case "name":
            return model.name
        case "description":
            return model.description
        case "creation_timestamp":
            return model.created
        case _:
            return model.updated


def _of_version(name: Name, one: _One) -> str | float | None:
    model, version = one
    if name.entity == "tags":
        return version.tags.get(name.key)
    match name.key:
        case "name":
            return model.name
        case "version_number":
            return version.number
        case "run_id":
            return version.run_id
        case "source_path":
            return version.source
        case "current_stage":
            return version.stage
        case "user_id":
            return version.user
        case "description":
            return version.description
        case "creation_timestamp":
            return version.created
        case _:
            return version.updated
