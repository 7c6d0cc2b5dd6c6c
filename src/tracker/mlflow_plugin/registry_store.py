"""MLflow's model registry on ours. MLflow's own filters and orderings work on its entities, of which there are few."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from mlflow.entities.model_registry.model_version_stages import (
    DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS,
    get_canonical_stage,
)
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList
from mlflow.store.model_registry.abstract_store import AbstractStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import (
    _validate_model_alias_name,
    _validate_model_alias_name_reserved,
    _validate_model_name,
    _validate_model_renaming,
    _validate_model_version,
    _validate_model_version_tag,
    _validate_registered_model_tag,
    _validate_tag_name,
)

from tracker.exceptions import AlreadyExists, NotFound
from tracker.mlflow_plugin.errors import refuse, translates, unsupported
from tracker.mlflow_plugin.places import SERVER_ROOT, artifact_root, store_of
from tracker.store.registry import Model, Version, registry_of
from tracker.tracking import logged_models, model_records, registry

MAX_MODELS, MAX_VERSIONS = 1_000, 200_000
_PROMPT = "mlflow.prompt.is_prompt"
_NEWEST_FIRST = ["last_updated_timestamp DESC", "name ASC", "version_number DESC"]


@translates
class RegistryStore(AbstractStore):
    """Registered models and their versions. `store_uri` is `tracker:` or `tracker:PATH`."""

    def __init__(self, store_uri: str | None = None, tracking_uri: str | None = None) -> None:
        super().__init__(store_uri, tracking_uri)
        self.store = store_of(store_uri)
        self._root = artifact_root(self.store, os.environ.get(SERVER_ROOT))

    # -- models

    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        _validate_model_name(name)
        for tag in tags or ():
            _validate_registered_model_tag(tag.key, tag.value)
            if tag.key == _PROMPT:
                unsupported("create_prompt")(self)
        try:
            registry.create_model(self.store, name, {tag.key: tag.value for tag in tags or ()}, description)
        except AlreadyExists:
            refuse(f"Registered Model (name={name}) already exists.", RESOURCE_ALREADY_EXISTS)
        return self.get_registered_model(name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        return self._entity(self._model(name))

    def update_registered_model(
        self, name: str, description: str | None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        self._model(name)
        registry.describe_model(self.store, name, description)
        return self.get_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        _validate_model_renaming(new_name)
        self._model(name)
        try:
            registry.rename_model(self.store, name, new_name)
        except AlreadyExists:
            refuse(f"Registered Model (name={new_name}) already exists.", RESOURCE_ALREADY_EXISTS)
        return self.get_registered_model(new_name)

    def delete_registered_model(self, name: str) -> None:
        self._model(name)
        registry.delete_model(self.store, name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = 100,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        if max_results != 0:  # no models, says MLflow's store
            _check_max_results(max_results, MAX_MODELS)
        every = [self._entity(model) for model in registry.every_model(self.store)]
        found = SearchModelUtils.sort(SearchModelUtils.filter(every, filter_string), order_by)
        return _page(found, max_results, page_token)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        asked = [get_canonical_stage(stage) for stage in stages or DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS]
        asked = asked if stages else ["None", *asked, "Archived"]
        return [
            version for version in self.get_registered_model(name).latest_versions if version.current_stage in asked
        ]

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag) -> None:
        _validate_model_name(name)
        _validate_registered_model_tag(tag.key, tag.value)
        self._model(name)
        registry.set_model_tag(self.store, name, tag.key, tag.value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        _validate_tag_name(key)
        self._model(name)
        registry.delete_model_tag(self.store, name, key)

    def set_registered_model_alias(self, name: str, alias: str, version: Any) -> None:
        _validate_model_alias_name(alias)
        _validate_model_alias_name_reserved(alias)
        self._version(name, version)
        registry.set_alias(self.store, name, alias, version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        _validate_model_alias_name(alias)
        self._model(name)
        registry.delete_alias(self.store, name, alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        _validate_model_alias_name(alias)
        model = self._model(name)
        number = max(model.versions, default=None) if alias.lower() == "latest" else model.aliases.get(alias)
        if number is None:
            refuse(f"Registered model alias {alias} not found.")
        return self.get_model_version(name, number)

    # -- versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Sequence[ModelVersionTag] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        _validate_model_name(name)
        for tag in tags or ():
            _validate_model_version_tag(tag.key, tag.value)
        self._model(name)
        run_id = run_id or self._run_of(source, model_id)
        told = {tag.key: tag.value for tag in tags or ()}
        made = registry.create_version(self.store, name, source, run_id, told, run_link, description, model_id)
        return self.get_model_version(name, made.version)

    def _run_of(self, source: str, model_id: str | None) -> str | None:
        logged = model_id or (source.removeprefix("models:").strip("/") if source.startswith("models:/m-") else None)
        try:
            return model_records.get(self.store, logged).run_id if logged else None
        except NotFound as error:
            refuse(
                f"Unable to fetch model from model URI source artifact location '{source}'. Error: {error.message}",
                INTERNAL_ERROR,
            )

    def get_model_version(self, name: str, version: Any) -> ModelVersion:
        return self._version_entity(*self._version(name, version))

    def update_model_version(self, name: str, version: Any, description: str | None) -> ModelVersion:
        self._version(name, version)
        registry.describe_version(self.store, name, version, description)
        return self.get_model_version(name, version)

    def transition_model_version_stage(
        self, name: str, version: Any, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        canonical = get_canonical_stage(stage)
        if archive_existing_versions and canonical not in DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS:
            refuse(
                f"Model version transition cannot archive existing model versions because '{stage}' is not an Active "
                f"stage. Valid stages are {DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS}",
                INTERNAL_ERROR,
            )
        self._version(name, version)
        registry.transition(self.store, name, version, canonical, archive_existing_versions)
        return self.get_model_version(name, version)

    def delete_model_version(self, name: str, version: Any) -> None:
        self._version(name, version)
        registry.delete_version(self.store, name, version)

    def get_model_version_download_uri(self, name: str, version: Any) -> str:
        _, found = self._version(name, version)
        scheme = urlsplit(found.source).scheme
        if scheme == "models" and found.model_id and logged_models.facts_of(self.store, found.model_id):
            return str(append_to_uri_path(self._root.uri, found.model_id))
        if scheme in ("", "models", "runs") and found.artifact is not None:
            return str(append_to_uri_path(self._root.uri, found.artifact))
        return found.source

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        _check_max_results(max_results, MAX_VERSIONS)
        every = [
            self._version_entity(model, v)
            for model in registry.every_model(self.store)
            for v in model.versions.values()
        ]
        try:
            passing = SearchModelVersionUtils.filter(every, filter_string)
        except ValueError as error:
            refuse(f"Invalid value for numeric attribute: {error}")
        found = SearchModelVersionUtils.sort(passing, order_by or _NEWEST_FIRST)
        return _page(found, max_results, page_token)

    def set_model_version_tag(self, name: str, version: Any, tag: ModelVersionTag) -> None:
        _validate_model_version_tag(tag.key, tag.value)
        self._version(name, version)
        registry.set_version_tag(self.store, name, version, tag.key, tag.value)

    def delete_model_version_tag(self, name: str, version: Any, key: str) -> None:
        _validate_tag_name(key)
        self._version(name, version)
        registry.delete_version_tag(self.store, name, version, key)

    def list_webhooks_by_event(
        self, event: Any, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Any]:
        """None: a server asks this at each change."""
        return PagedList([], None)

    def _await_model_version_creation(self, mv: ModelVersion, await_creation_for: int) -> None:
        """A version is ready when it is made."""

    # -- inside

    def _model(self, name: str) -> Model:
        _validate_model_name(name)
        try:
            return registry.find_model(self.store, name)
        except NotFound:
            refuse(f"Registered Model with name={name} not found", RESOURCE_DOES_NOT_EXIST)

    def _version(self, name: str, version: Any) -> tuple[Model, Version]:
        _validate_model_name(name)
        number = int(_validate_model_version(version) or version)
        model = registry_of(self.store).model(name)
        if model is None or number not in model.versions:
            refuse(f"Model Version (name={name}, version={number}) not found", RESOURCE_DOES_NOT_EXIST)
        return model, model.versions[number]

    def _entity(self, model: Model) -> RegisteredModel:
        newest = {version.stage: version for _, version in sorted(model.versions.items())}
        return RegisteredModel(
            name=model.name,
            creation_timestamp=model.created,
            last_updated_timestamp=model.updated,
            description=model.description,
            latest_versions=[self._version_entity(model, version) for version in newest.values()],
            tags=[RegisteredModelTag(key, value) for key, value in model.tags.items()],
            aliases=[RegisteredModelAlias(alias, number) for alias, number in model.aliases.items()],
        )

    def _version_entity(self, model: Model, version: Version) -> ModelVersion:
        return ModelVersion(
            name=model.name,
            version=version.number,
            creation_timestamp=version.created,
            last_updated_timestamp=version.updated,
            description=version.description,
            user_id=None,
            current_stage=version.stage,
            source=version.source,
            run_id=version.run_id,
            tags=[ModelVersionTag(key, value) for key, value in version.tags.items()],
            run_link=version.run_link,
            aliases=[alias for alias, number in model.aliases.items() if number == version.number],
            model_id=version.model_id,
        )


for _name in ("create_webhook", "get_webhook", "list_webhooks", "update_webhook", "delete_webhook", "test_webhook"):
    setattr(RegistryStore, _name, unsupported(_name))


def _check_max_results(max_results: Any, most: int) -> None:
    if not isinstance(max_results, int) or max_results < 1:
        refuse(f"Invalid value for max_results. It must be a positive integer, but got {max_results}")
    if max_results > most:
        refuse(
            f"Invalid value for request parameter max_results. It must be at most {most}, but got value {max_results}"
        )


def _page(found: list[Any], max_results: int | None, page_token: str | None) -> PagedList[Any]:
    assert max_results is not None
    start = SearchUtils.parse_start_offset_from_page_token(page_token)
    end = start + max_results
    return PagedList(found[start:end], SearchUtils.create_page_token(end) if end < len(found) else None)
