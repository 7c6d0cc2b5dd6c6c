"""MlflowClient's calls on the registry of models."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from tracker.entities import PagedList
from tracker.entities_registry import ModelVersion, RegisteredModel
from tracker.store import Store
from tracker.store.registry import STAGES
from tracker.tracking import registry
from tracker.tracking.paging import page_limit, page_of, page_offset
from tracker.tracking.registry_names import parse_model_uri

MAX_MODELS_PAGE, MAX_VERSIONS_PAGE = 1_000, 200_000


class RegistryCalls(ABC):
    """Registered models and their versions, by name and number."""

    @property
    @abstractmethod
    def store(self) -> Store:
        """The store that the calls work on."""

    # -- models

    def create_registered_model(
        self,
        name: str,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """A new registered model, without versions. Raises AlreadyExists, InvalidValue."""
        return registry.create_model(self.store, name, tags, description)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """The registered model of this name. Raises NotFound."""
        return registry.get_model(self.store, name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name. Raises NotFound, AlreadyExists."""
        return registry.rename_model(self.store, name, new_name)

    def update_registered_model(
        self, name: str, description: str | None = None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Give a registered model another description. Raises NotFound."""
        return registry.describe_model(self.store, name, description)

    def delete_registered_model(self, name: str) -> None:
        """Take a model with all its versions out of the registry; their files stay. Raises NotFound."""
        registry.delete_model(self.store, name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = 100,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """One page of the models that pass the filter, by name unless ordered otherwise. Raises FilterError."""
        from tracker.tracking.registry_search import search_models

        limit, offset = page_limit(max_results, MAX_MODELS_PAGE), page_offset(page_token)
        found = search_models(self.store, filter_string, order_by)
        return page_of(found[offset : offset + limit + 1], limit, offset)

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set a tag of a registered model. Raises NotFound."""
        registry.set_model_tag(self.store, name, key, value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a registered model, if it has it. Raises NotFound."""
        registry.delete_model_tag(self.store, name, key)

    def set_registered_model_alias(self, name: str, alias: str, version: int | str) -> None:
        """Give an alias to a version; another version that had it loses it. Raises NotFound, InvalidValue."""
        registry.set_alias(self.store, name, alias, version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Take an alias away, if the model has it. Raises NotFound."""
        registry.delete_alias(self.store, name, alias)

    # -- versions

    def create_model_version(
        self,
        name: str,
        source: str | os.PathLike[str],
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        """A new version of a registered model, whose files stay where `source` says. Raises NotFound, InvalidValue."""
        return registry.create_version(self.store, name, source, run_id, tags, run_link, description, model_id)

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """A version of a model as a new version of another, which is made if it is not there. Raises NotFound."""
        model, version = registry.named_by(self.store, parse_model_uri(src_model_uri))
        registry.ensure_model(self.store, dst_name)
        return registry.create_version(
            self.store, dst_name, f"models:/{model.name}/{version.number}", version.run_id, version.tags,
            version.run_link, version.description, version.model_id,
        )  # fmt: skip

    def get_model_version(self, name: str, version: int | str) -> ModelVersion:
        """A version of a registered model. Raises NotFound."""
        return registry.get_version(self.store, name, version)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that has the alias. Raises NotFound, and InvalidValue for an unknown alias."""
        return registry.by_alias(self.store, name, alias)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """The newest version of each of the stages, by default of all. Raises NotFound."""
        return registry.latest_versions(self.store, name, stages)

    def get_model_version_stages(self, name: str, version: int | str) -> list[str]:
        """The stages that a version can be in."""
        return list(STAGES)

    def get_model_version_download_uri(self, name: str, version: int | str) -> str:
        """Where the files of a version are: a path on this machine, or the URI of another place. Raises NotFound."""
        return registry.download_uri(self.store, name, version)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = 10_000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """One page of the versions that pass the filter, those that changed last first unless ordered otherwise.

        Raises FilterError.
        """
        from tracker.tracking.registry_search import search_versions

        limit, offset = page_limit(max_results, MAX_VERSIONS_PAGE), page_offset(page_token)
        return page_of(search_versions(self.store, filter_string, order_by, limit + 1, offset), limit, offset)

    def update_model_version(self, name: str, version: int | str, description: str | None = None) -> ModelVersion:
        """Give a version another description. Raises NotFound."""
        return registry.describe_version(self.store, name, version, description)

    def transition_model_version_stage(
        self, name: str, version: int | str, stage: str, archive_existing_versions: bool = False
    ) -> ModelVersion:
        """Put a version into a stage; with `archive_existing_versions` those that are there go to Archived.

        Raises NotFound, InvalidValue.
        """
        return registry.transition(self.store, name, version, stage, archive_existing_versions)

    def delete_model_version(self, name: str, version: int | str) -> None:
        """Take a version out of the registry; its files stay, its number is not given again. Raises NotFound."""
        registry.delete_version(self.store, name, version)

    def set_model_version_tag(
        self,
        name: str,
        version: int | str | None = None,
        key: str | None = None,
        value: Any = None,
        stage: str | None = None,
    ) -> None:
        """Set a tag of a version, or of the newest version in a stage. Raises NotFound, InvalidValue."""
        number = registry.version_or_stage(self.store, name, version, stage)
        registry.set_version_tag(self.store, name, number, key, value)

    def delete_model_version_tag(
        self, name: str, version: int | str | None = None, key: str | None = None, stage: str | None = None
    ) -> None:
        """Remove a tag of a version, or of the newest in a stage, if it has it. Raises NotFound, InvalidValue."""
        number = registry.version_or_stage(self.store, name, version, stage)
        registry.delete_version_tag(self.store, name, number, key)
