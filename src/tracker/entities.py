"""What the tracking calls give back: MLflow's entities under MLflow's names.

Times are milliseconds since the epoch, parameters and tags are strings, a run's status is its name
(``"FINISHED"``). The objects are plain records: they hold what was read and never touch the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")


class _Entity:
    """Base of the records: the public fields, in order, make iteration, equality and ``repr``."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and dict(self) == dict(other)

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self)
        return f"<{type(self).__name__}: {inside}>"


class PagedList(list[T]):
    """A list that is one page of a longer one; ``token`` asks for the next page, None on the last."""

    def __init__(self, items: Iterable[T], token: str | None = None) -> None:
        super().__init__(items)
        self.token = token

    def to_list(self) -> list[T]:
        """The items of this page as a plain list."""
        return list(self)


class ViewType:
    """Which entities a search looks at: the live ones, the deleted ones, or both."""

    ACTIVE_ONLY, DELETED_ONLY, ALL = 1, 2, 3
    _names: ClassVar[dict[int, str]] = {1: "active_only", 2: "deleted_only", 3: "all"}

    @classmethod
    def from_string(cls, view_str: str) -> int:
        """The number of a view's name; ValueError for a name that is none."""
        for number, name in cls._names.items():
            if name == view_str.lower():
                return number
        raise ValueError(f"{view_str!r} is not a view type: choose from {', '.join(cls._names.values())}.")

    @classmethod
    def to_string(cls, view_type: int) -> str:
        """The name of a view's number; ValueError for a number that is none."""
        if view_type not in cls._names:
            raise ValueError(f"{view_type!r} is not a view type: choose from {sorted(cls._names)}.")
        return cls._names[view_type]


class RunStatus:
    """The states a run can be in."""

    RUNNING, SCHEDULED, FINISHED, FAILED, KILLED = 1, 2, 3, 4, 5
    _names: ClassVar[dict[int, str]] = {
        1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED",
    }  # fmt: skip

    @classmethod
    def from_string(cls, status_str: str) -> int:
        """The number of a status's name."""
        for number, name in cls._names.items():
            if name == status_str:
                return number
        raise ValueError(f"{status_str!r} is not a run status: choose from {', '.join(cls._names.values())}.")

    @classmethod
    def to_string(cls, status: int) -> str:
        """The name of a status's number."""
        if status not in cls._names:
            raise ValueError(f"{status!r} is not a run status: choose from {sorted(cls._names)}.")
        return cls._names[status]

    @staticmethod
    def is_terminated(status: int) -> bool:
        """Whether a run in this state has ended."""
        return status in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)

    @classmethod
    def all_status(cls) -> list[int]:
        """The numbers of all states."""
        return list(cls._names)


class LifecycleStage:
    """Whether an experiment or a run is there or in the bin."""

    ACTIVE = "active"
    DELETED = "deleted"


class SourceType:
    """What kind of program made a run."""

    NOTEBOOK, JOB, PROJECT, LOCAL, UNKNOWN = 1, 2, 3, 4, 1000


class Metric(_Entity):
    """One point of a metric; ``timestamp`` in milliseconds."""

    _fields = ("key", "value", "timestamp", "step", "run_id")

    def __init__(
        self,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = 0,
        run_id: str | None = None,
    ) -> None:
        self.key = key
        self.value = value
        self.timestamp = timestamp
        self.step = step
        self.run_id = run_id

    def to_dictionary(self) -> dict[str, Any]:
        """The point as a plain dict."""
        return dict(self)


class Param(_Entity):
    """A parameter; the value as text."""

    _fields = ("key", "value")

    def __init__(self, key: str, value: Any) -> None:
        self.key = key
        self.value = value


class RunTag(Param):
    """A tag of a run."""


class ExperimentTag(Param):
    """A tag of an experiment."""


class InputTag(Param):
    """A tag on the use of a dataset by a run."""


class FileInfo(_Entity):
    """A file or folder among a run's artifacts; ``path`` is posix, from the run's artifact root."""

    _fields = ("path", "is_dir", "file_size")

    def __init__(self, path: str, is_dir: bool, file_size: int | None) -> None:
        self.path = path
        self.is_dir = is_dir
        self.file_size = file_size


class Experiment(_Entity):
    """A named collection of runs."""

    DEFAULT_EXPERIMENT_NAME = "Default"
    _fields = (
        "experiment_id", "name", "artifact_location", "lifecycle_stage", "tags",
        "creation_time", "last_update_time",
    )  # fmt: skip

    def __init__(
        self,
        experiment_id: str,
        name: str,
        artifact_location: str,
        lifecycle_stage: str,
        tags: dict[str, str] | None = None,
        creation_time: int | None = None,
        last_update_time: int | None = None,
    ) -> None:
        self.experiment_id = experiment_id
        self.name = name
        self.artifact_location = artifact_location
        self.lifecycle_stage = lifecycle_stage
        self.tags = dict(tags or {})
        self.creation_time = creation_time
        self.last_update_time = last_update_time


class RunInfo(_Entity):
    """A run's identity and state, without its data."""

    _fields = (
        "artifact_uri", "end_time", "experiment_id", "lifecycle_stage", "run_id", "run_name",
        "start_time", "status", "user_id",
    )  # fmt: skip

    def __init__(
        self,
        run_id: str,
        experiment_id: str,
        user_id: str = "",
        status: str = "RUNNING",
        start_time: int | None = None,
        end_time: int | None = None,
        lifecycle_stage: str = LifecycleStage.ACTIVE,
        artifact_uri: str | None = None,
        run_name: str | None = None,
    ) -> None:
        self.run_id = run_id
        self.experiment_id = experiment_id
        self.user_id = user_id
        self.status = status
        self.start_time = start_time
        self.end_time = end_time
        self.lifecycle_stage = lifecycle_stage
        self.artifact_uri = artifact_uri
        self.run_name = run_name

    @property
    def run_uuid(self) -> str:
        """MLflow's older name of ``run_id``."""
        return self.run_id


class RunData(_Entity):
    """What a run logged: the latest value of each metric, parameters and tags as text."""

    _fields = ("metrics", "params", "tags")

    def __init__(
        self,
        metrics: Iterable[Metric] | None = None,
        params: Iterable[Param] | None = None,
        tags: Iterable[RunTag] | None = None,
    ) -> None:
        self._points = list(metrics or ())
        self.metrics: dict[str, float] = {point.key: point.value for point in self._points}
        self.params: dict[str, str] = {param.key: param.value for param in params or ()}
        self.tags: dict[str, str] = {tag.key: tag.value for tag in tags or ()}

    def to_dictionary(self) -> dict[str, dict[str, Any]]:
        """The three dicts in one."""
        return dict(self)


class Dataset(_Entity):
    """A dataset as a run saw it: where it came from, its schema and a digest of its content."""

    _fields = ("name", "digest", "source_type", "source", "schema", "profile")

    def __init__(
        self,
        name: str,
        digest: str,
        source_type: str,
        source: str,
        schema: str | None = None,
        profile: str | None = None,
    ) -> None:
        self.name = name
        self.digest = digest
        self.source_type = source_type
        self.source = source
        self.schema = schema
        self.profile = profile

    def to_dictionary(self) -> dict[str, Any]:
        """The dataset as a plain dict."""
        return dict(self)


class DatasetInput(_Entity):
    """The use of a dataset by a run."""

    _fields = ("tags", "dataset")

    def __init__(self, dataset: Dataset, tags: list[InputTag] | None = None) -> None:
        self.dataset = dataset
        self.tags = list(tags or ())


class RunInputs(_Entity):
    """What a run read."""

    _fields = ("dataset_inputs",)

    def __init__(self, dataset_inputs: list[DatasetInput] | None = None) -> None:
        self.dataset_inputs = list(dataset_inputs or ())


class Run(_Entity):
    """A run as it was when it was read: ``info``, ``data`` and ``inputs``."""

    _fields = ("info", "data", "inputs")

    def __init__(self, run_info: RunInfo, run_data: RunData, run_inputs: RunInputs | None = None) -> None:
        self._info = run_info
        self._data = run_data
        self._inputs = run_inputs or RunInputs()

    @property
    def info(self) -> RunInfo:
        """Identity, times and status."""
        return self._info

    @property
    def data(self) -> RunData:
        """Metrics, parameters and tags."""
        return self._data

    @property
    def inputs(self) -> RunInputs:
        """The datasets that the run read."""
        return self._inputs

    def to_dictionary(self) -> dict[str, Any]:
        """The whole run as nested plain dicts."""
        return {
            "info": dict(self.info),
            "data": self.data.to_dictionary(),
            "inputs": {
                "dataset_inputs": [
                    {"dataset": use.dataset.to_dictionary(), "tags": {tag.key: tag.value for tag in use.tags}}
                    for use in self.inputs.dataset_inputs
                ]
            },
        }
