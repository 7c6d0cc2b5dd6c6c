"""The registry of models as a program uses it: a model's files by `models:/…`, and MLflow's calls without a client."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tracker.entities import PagedList
from tracker.entities_registry import ModelVersion, RegisteredModel
from tracker.exceptions import InvalidValue, NotFound
from tracker.models.model import MODEL_FILE
from tracker.models.uris import local_path
from tracker.store import Store
from tracker.tracking import registry
from tracker.tracking.client import MlflowClient
from tracker.tracking.location import current_store, get_tracking_uri
from tracker.tracking.registry_names import parse_model_uri

__all__ = [
    "get_registry_uri", "register_model", "resolve", "search_model_versions", "search_registered_models",
    "set_model_version_tag", "set_registry_uri",
]  # fmt: skip

T = TypeVar("T")


def resolve(uri: str, store: Store | None = None) -> Path:
    """The folder with the files of the version that a `models:/…` URI names, in the current store unless told.

    Raises InvalidValue for what is no such URI; NotFound if there is no such version, or no files where it says.
    """
    place = store or current_store()
    model, version = registry.named_by(place, parse_model_uri(uri))
    path = registry.path_of(place, version)
    if path is None or not path.exists():
        raise NotFound(
            f"The files of version {version.number} of the model {model.name!r} are not on this machine: "
            f"its source is {version.source}."
        )
    return path


def register_model(
    model_uri: str | os.PathLike[str],
    name: str,
    await_registration_for: int | None = None,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """A new version of the registered model `name`, made if need be, for the model's files at `model_uri`.

    `model_uri`: `runs:/RUN_ID/PATH`, `models:/NAME/VERSION` or a folder. What it names is kept where it is: among its
    run's artifacts, or in the folder. Raises NotFound if there is no model, InvalidValue.
    """
    if env_pack is not None:
        raise InvalidValue("env_pack is for Databricks; a model's environment is in its requirements.txt here.")
    store, source = current_store(), os.fspath(model_uri)
    folder = local_path(source, store=store)
    if not (folder / MODEL_FILE).is_file():
        raise NotFound(f"There is no model at {source}: {folder} has no file {MODEL_FILE}.")
    registry.ensure_model(store, name)
    version = registry.create_version(store, name, source, tags=tags)
    print(f"Created version {version.version} of the registered model {version.name!r}.", file=sys.stderr)
    return version


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[RegisteredModel]:
    """The registered models that pass the filter, by name unless ordered otherwise. Raises FilterError."""
    client = MlflowClient()
    return _all(lambda most, token: client.search_registered_models(filter_string, most, order_by, token), max_results)


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> list[ModelVersion]:
    """The versions that pass the filter, those that changed last first unless ordered otherwise. Raises FilterError."""
    client = MlflowClient()
    return _all(lambda most, token: client.search_model_versions(filter_string, most, order_by, token), max_results)


def _all(page: Callable[[int, str | None], PagedList[T]], wanted: int | None) -> list[T]:
    found = page(min(wanted, 1000) if wanted is not None else 1000, None)
    every = list(found)
    while found.token and (wanted is None or len(every) < wanted):
        found = page(1000, found.token)
        every += found
    return every[:wanted]


def set_model_version_tag(
    name: str, version: int | str | None = None, key: str | None = None, value: Any = None
) -> None:
    """Set a tag of a version of a registered model. Raises NotFound, InvalidValue."""
    MlflowClient().set_model_version_tag(name, version, key, value)


def get_registry_uri() -> str:
    """Where models are registered: in the store of the runs."""
    return get_tracking_uri()


def set_registry_uri(uri: str | os.PathLike[str]) -> None:
    """Accepted for programs written for MLflow: models are registered in the store of the runs. Raises InvalidValue.

    A folder other than the store is refused, since its versions would refer to runs elsewhere.
    """
    from tracker.tracking.location import is_local, store_at

    if uri and is_local(uri) and store_at(uri).root != current_store().root:
        raise InvalidValue(f"Models are registered in the store of their runs, {current_store().root}; got {uri}.")
