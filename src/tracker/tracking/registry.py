"""Registered models and their versions: what the registry's calls do, on any store.

A version refers to a model's files where they are, among a run's artifacts or elsewhere; it copies nothing. Its source
is kept as it was given, and what lies in the store also by its place there, so that a store can be moved.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tracker import secrets
from tracker.entities_registry import ModelVersion, RegisteredModel
from tracker.exceptions import AlreadyExists, InvalidValue, NotFound
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.store.experiments import DELETED
from tracker.store.registry import STAGES, Model, Version, registry_of
from tracker.tracking import logged_models
from tracker.tracking.provenance import user
from tracker.tracking.registry_names import (
    ModelUri,
    check_alias,
    check_model_name,
    check_stage,
    check_tag,
    check_version,
    is_model_uri,
    parse_model_uri,
)

_ARCHIVED, _ACTIVE_STAGES = STAGES[3], STAGES[1:3]

# -- models


def create_model(store: Store, name: str, tags: Mapping[str, Any] | None, description: str | None) -> RegisteredModel:
    """A new registered model. Raises AlreadyExists, InvalidValue."""
    checked = dict(check_tag(key, value) for key, value in (tags or {}).items())
    return entity(registry_of(store).create_model(check_model_name(name), checked, _description(description)))


def ensure_model(store: Store, name: str) -> None:
    """Have a registered model of this name."""
    if registry_of(store).model(check_model_name(name)) is None:
        try:
            create_model(store, name, None, None)
        except AlreadyExists:  # another process was first
            return


def find_model(store: Store, name: str) -> Model:
    """The model of this name, as the store has it. Raises NotFound."""
    model = registry_of(store).model(check_model_name(name))
    if model is None:
        raise NotFound(f"There is no registered model named {name!r} in the store at {store.root}.")
    return model


def every_model(store: Store) -> list[Model]:
    """All models that are not deleted, by name."""
    models = registry_of(store).models()
    return [models[name] for name in sorted(models)]


def get_model(store: Store, name: str) -> RegisteredModel:
    """The model of this name. Raises NotFound."""
    return entity(find_model(store, name))


def describe_model(store: Store, name: str, description: str | None) -> RegisteredModel:
    """Give a model another description. Raises NotFound."""
    registry_of(store).change(find_model(store, name), {"e": "description", "v": _description(description)})
    return get_model(store, name)


def rename_model(store: Store, name: str, new_name: str) -> RegisteredModel:
    """Give a model another name. Raises NotFound, AlreadyExists."""
    model = find_model(store, name)
    if check_model_name(new_name) != name:
        registry_of(store).rename_model(model, new_name)
    return get_model(store, new_name)


def delete_model(store: Store, name: str) -> None:
    """Take a model with all its versions out of the registry. Raises NotFound."""
    registry_of(store).change(find_model(store, name), {"e": "state", "v": DELETED})


def set_model_tag(store: Store, name: str, key: str, value: Any) -> None:
    """Set a tag of a model. Raises NotFound."""
    key, value = check_tag(key, value)
    registry_of(store).change(find_model(store, name), {"e": "tag", "k": key, "v": value})


def delete_model_tag(store: Store, name: str, key: str) -> None:
    """Remove a tag of a model, if it has it. Raises NotFound for the model."""
    registry_of(store).change(find_model(store, name), {"e": "tag", "k": check_tag(key, "")[0], "v": None})


def set_alias(store: Store, name: str, alias: str, version: Any) -> None:
    """Give an alias to a version; another version that had it loses it. Raises NotFound."""
    check_alias(alias)
    model, found = find_version(store, name, version)
    registry_of(store).change(model, {"e": "alias", "k": alias, "v": found.number})


def delete_alias(store: Store, name: str, alias: str) -> None:
    """Take an alias away, if the model has it. Raises NotFound for the model."""
    model = find_model(store, name)
    if alias in model.aliases:
        registry_of(store).change(model, {"e": "alias", "k": alias, "v": None})


# -- versions


def create_version(
    store: Store,
    name: str,
    source: str | os.PathLike[str],
    run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    run_link: str | None = None,
    description: str | None = None,
    model_id: str | None = None,
) -> ModelVersion:
    """A new version of a model, with the next number. Raises NotFound, InvalidValue."""
    model = find_model(store, name)
    facts: dict[str, Any] = {"source": str(source), **_place(store, str(source))}
    told = {"run_id": run_id, "model_id": model_id, "run_link": run_link, "description": _description(description)}
    facts |= {key: str(value) for key, value in told.items() if value is not None} | {"user": user()}
    facts["tags"] = dict(check_tag(key, value) for key, value in (tags or {}).items())
    return get_version(store, name, registry_of(store).create_version(model, facts))


def find_version(store: Store, name: str, version: Any) -> tuple[Model, Version]:
    """A model and one of its versions, as the store has them. Raises NotFound."""
    number, model = check_version(version), find_model(store, name)
    if number not in model.versions:
        there = f"it has {_listed(model.versions)}" if model.versions else "it has none yet"
        raise NotFound(f"The registered model {name!r} has no version {number}; {there}.")
    return model, model.versions[number]


def _listed(numbers: Mapping[int, Version]) -> str:
    texts = [str(number) for number in numbers]
    return ", ".join(texts if len(texts) <= 10 else [*texts[:3], "…", *texts[-3:]])


def get_version(store: Store, name: str, version: Any) -> ModelVersion:
    """A version of a model. Raises NotFound."""
    return version_entity(*find_version(store, name, version))


def by_alias(store: Store, name: str, alias: str) -> ModelVersion:
    """The version that has the alias; `latest` is the newest. Raises NotFound, InvalidValue for an unknown alias."""
    model = find_model(store, name)
    number = max(model.versions, default=None) if alias == "latest" else model.aliases.get(alias)
    if number is None:
        there = f"it has {', '.join(model.aliases)}" if model.aliases else "it has none"
        raise InvalidValue(f"The registered model {name!r} has no alias {alias!r}; {there}.")
    return version_entity(model, model.versions[number])


def latest_versions(store: Store, name: str, stages: Sequence[str] | None) -> list[ModelVersion]:
    """The newest version of each of the stages, by default of all. Raises NotFound."""
    asked = STAGES if not stages else [check_stage(stage) for stage in stages]
    model = find_model(store, name)
    return [version_entity(model, version) for version in _latest(model) if version.stage in asked]


def _latest(model: Model) -> list[Version]:
    newest = {version.stage: version for _, version in sorted(model.versions.items())}
    return [newest[stage] for stage in STAGES if stage in newest]


def named_by(store: Store, uri: ModelUri) -> tuple[Model, Version]:
    """The version that a URI names. Raises NotFound, InvalidValue."""
    if uri.version is not None:
        return find_version(store, uri.name, uri.version)
    if uri.alias is not None:
        return find_version(store, uri.name, by_alias(store, uri.name, uri.alias).version)
    model = find_model(store, uri.name)
    numbers = [n for n, version in model.versions.items() if uri.stage in (None, version.stage)]
    if not numbers:
        where = f" in the stage {uri.stage}" if uri.stage else ""
        raise NotFound(f"The registered model {uri.name!r} has no version{where}.")
    return model, model.versions[max(numbers)]


def describe_version(store: Store, name: str, version: Any, description: str | None) -> ModelVersion:
    """Give a version another description. Raises NotFound."""
    model, found = find_version(store, name, version)
    change = {"e": "description", "n": found.number, "v": _description(description)}
    registry_of(store).change(model, change)
    return get_version(store, name, version)


def transition(store: Store, name: str, version: Any, stage: str, archive_existing: bool) -> ModelVersion:
    """Put a version into a stage, those that are there into the archive if asked for. Raises NotFound, InvalidValue."""
    stage = check_stage(stage)
    if archive_existing and stage not in _ACTIVE_STAGES:
        raise InvalidValue(f"archive_existing_versions goes with {' or '.join(_ACTIVE_STAGES)} only, not with {stage}.")
    model, found = find_version(store, name, version)
    changes = [{"e": "stage", "n": found.number, "v": stage}]
    if archive_existing:
        others = [n for n, other in model.versions.items() if other.stage == stage and n != found.number]
        changes = [*({"e": "stage", "n": n, "v": _ARCHIVED} for n in others), *changes]
    registry_of(store).change(model, *changes)
    return get_version(store, name, version)


def delete_version(store: Store, name: str, version: Any) -> None:
    """Take a version out of the registry; its number is not given again. Raises NotFound."""
    model, found = find_version(store, name, version)
    registry_of(store).change(model, {"e": "state", "n": found.number, "v": DELETED})


def set_version_tag(store: Store, name: str, version: Any, key: str | None, value: Any) -> None:
    """Set a tag of a version. Raises NotFound."""
    key, value = check_tag(key, value)
    model, found = find_version(store, name, version)
    registry_of(store).change(model, {"e": "tag", "n": found.number, "k": key, "v": value})


def delete_version_tag(store: Store, name: str, version: Any, key: str | None) -> None:
    """Remove a tag of a version, if it has it. Raises NotFound for the version."""
    model, found = find_version(store, name, version)
    registry_of(store).change(model, {"e": "tag", "n": found.number, "k": check_tag(key, "")[0], "v": None})


def version_or_stage(store: Store, name: str, version: Any, stage: str | None) -> int:
    """The number asked for, or that of the newest version in the stage. Raises NotFound, InvalidValue."""
    if (version is None) == (stage is None):
        raise InvalidValue("Give either version or stage, and not both.")
    return (
        check_version(version) if stage is None else named_by(store, ModelUri(name, stage=check_stage(stage)))[1].number
    )


# -- where a version's files are


def download_uri(store: Store, name: str, version: Any) -> str:
    """Where the files of a version are now, as a path on this machine or the source's own URI. Raises NotFound."""
    _, found = find_version(store, name, version)
    path = path_of(store, found)
    return found.source if path is None else str(path)


def path_of(store: Store, version: Version) -> Path | None:
    """The local folder of a version's files, there or not; None if its source is elsewhere. Raises InvalidValue."""
    logged = logged_models.folder_of(store, version.model_id) if version.model_id else None
    if logged is not None:
        return logged
    if version.artifact is not None:
        return resolve_inside(store.root / "artifacts", version.artifact)
    return _local(version.source)


def _local(source: str) -> Path | None:
    parts = urlsplit(source)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return Path(source).expanduser() if len(parts.scheme) <= 1 else None


def _place(store: Store, source: str) -> dict[str, Any]:
    """What a source says of itself: its place below the store's artifacts, the run there and the logged model's id.

    Raises InvalidValue, NotFound.
    """
    if not source.strip() or "\0" in source:
        raise InvalidValue(f"The source of a model version is a path or a URI; got {source!r}.")
    if not is_model_uri(source):
        return _place_of_files(store, source)
    if "/" in (name := source.removeprefix("models:").lstrip("/")) or "@" in name:
        _, origin = named_by(store, parse_model_uri(source))
        place = {"artifact": origin.artifact, "run_id": origin.run_id, "model_id": origin.model_id}
        return place if origin.artifact is not None else {**place, "source": origin.source}
    folder = logged_models.folder_of(store, name)
    if folder is None:
        raise NotFound(f"The store at {store.root} has no logged model {name}.")
    return _place_below(store, folder)


def _place_of_files(store: Store, source: str) -> dict[str, Any]:
    root = store.root / "artifacts"
    if source.startswith("runs:"):
        run_id, _, inside = source.removeprefix("runs:").lstrip("/").partition("/")
        folder = resolve_inside(resolve_inside(root, run_id), inside)
        if not folder.exists() and "%" in inside:
            folder = resolve_inside(resolve_inside(root, run_id), unquote(inside))
        return _place_below(store, folder)
    path = _local(source)
    return {} if path is None or not path.exists() else _place_below(store, path)


def _place_below(store: Store, folder: Path) -> dict[str, Any]:
    root = os.path.realpath(store.root / "artifacts")
    try:
        inside = Path(os.path.realpath(folder)).relative_to(root).as_posix()
    except ValueError:
        return {"source": str(folder.absolute())}
    model_id = logged_models.id_in(folder)
    known = model_id is not None and logged_models.folder_of(store, model_id) == folder
    run_id = inside.partition("/")[0]  # or the id of a model that no run logged
    return {
        "artifact": inside,
        "run_id": None if run_id == model_id else run_id,
        "model_id": model_id if known else None,
    }


# -- entities


def entity(model: Model) -> RegisteredModel:
    """The model as the calls give it back."""
    latest = [version_entity(model, version) for version in _latest(model)]
    return RegisteredModel(
        model.name, model.created, model.updated, model.description, latest, model.tags, model.aliases
    )


def version_entity(model: Model, version: Version) -> ModelVersion:
    """The version as the calls give it back."""
    aliases = [alias for alias, number in model.aliases.items() if number == version.number]
    return ModelVersion(
        model.name, version.number, version.created, version.updated, version.description, version.user, version.stage,
        version.source, version.run_id, tags=version.tags, run_link=version.run_link, aliases=aliases,
        model_id=version.model_id,
    )  # fmt: skip


def _description(text: Any) -> str | None:
    if text is not None and not isinstance(text, str):
        raise InvalidValue(f"A description is text; got {type(text).__name__}.")
    return text and secrets.masked(text)[0]
