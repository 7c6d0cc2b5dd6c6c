"""What the registry's calls give back: MLflow's entities under MLflow's names.

Times are milliseconds since the epoch, versions are whole numbers, tags and stages are text. The objects are plain
records: they hold what was read and never touch the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tracker.entities import Param, _Entity


class RegisteredModelTag(Param):
    """A tag of a registered model."""


class ModelVersionTag(Param):
    """A tag of a version of a model."""


class RegisteredModelAlias(_Entity):
    """A name for one version of a model."""

    _fields = ("alias", "version")

    def __init__(self, alias: str, version: int) -> None:
        self.alias = alias
        self.version = version


class ModelVersionStatus:
    """Whether a version can be used; here a version that can be seen is complete."""

    READY = "READY"


class ModelVersion(_Entity):
    """One version of a registered model: where its files come from, the run that made them, its stage and aliases."""

    _fields = (
        "aliases", "creation_timestamp", "current_stage", "description", "last_updated_timestamp", "model_id", "name",
        "run_id", "run_link", "source", "status", "status_message", "tags", "user_id", "version",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        version: int,
        creation_timestamp: int,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        user_id: str | None = None,
        current_stage: str | None = None,
        source: str | None = None,
        run_id: str | None = None,
        status: str = ModelVersionStatus.READY,
        status_message: str | None = None,
        tags: Mapping[str, str] | None = None,
        run_link: str | None = None,
        aliases: Iterable[str] | None = None,
        model_id: str | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.user_id = user_id
        self.current_stage = current_stage
        self.source = source
        self.run_id = run_id
        self.status = status
        self.status_message = status_message
        self.tags = dict(tags or {})
        self.run_link = run_link
        self.aliases = list(aliases or ())
        self.model_id = model_id


class RegisteredModel(_Entity):
    """A named model with its versions; `latest_versions` holds the newest of each stage, `aliases` their numbers."""

    _fields = (
        "aliases", "creation_timestamp", "description", "last_updated_timestamp", "latest_versions", "name", "tags",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        creation_timestamp: int | None = None,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        latest_versions: Iterable[ModelVersion] | None = None,
        tags: Mapping[str, str] | None = None,
        aliases: Mapping[str, int] | None = None,
    ) -> None:
        self.name = name
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.latest_versions = list(latest_versions or ())
        self.tags = dict(tags or {})
        self.aliases = dict(aliases or {})
