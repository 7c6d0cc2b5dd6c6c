"""What a source tells: experiments and runs in MLflow's terms, whoever kept them.

A source gives the same records in the same order each time it is read: an import that was cut off is continued by
counting what is there already. Everything in a record is somebody else's text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Point = tuple[str, float, int, int]
"""A point of a metric: key, value, step, time in ms since the epoch."""

File = tuple[str, Path | bytes]
"""A file of a run: its posix path among the run's artifacts, and where it lies or what it holds."""


@dataclass(frozen=True)
class ExperimentRecord:
    """An experiment by the id that its source knows it by."""

    id: str
    name: str
    deleted: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetRecord:
    """A dataset that a run read, its facts as the store's `input` events have them."""

    name: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """A run. Times in ms; `points` and `files` can be read once for each call.

    Its artifacts are what lies in the folder `artifacts`, and beside it `files`; `artifacts_elsewhere` says where they
    are when they cannot be reached from here.
    """

    id: str
    experiment_id: str
    name: str | None = None
    status: str = "FINISHED"
    start: int | None = None
    end: int | None = None
    deleted: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: Callable[[], Iterable[Point]] = tuple
    inputs: tuple[DatasetRecord, ...] = ()
    artifacts: Path | None = None
    files: Callable[[], Iterable[File]] = tuple
    artifacts_elsewhere: str | None = None


@dataclass(frozen=True)
class LoggedModelRecord:
    """A model that a run logged, as MLflow 3 keeps it beside its runs. Times in ms.

    `metrics` are the facts of its points: key, value, step, time, run_id, dataset_name, dataset_digest.
    """

    id: str
    experiment_id: str
    name: str
    created: int
    run_id: str | None = None
    model_type: str | None = None
    status: str = "READY"
    deleted: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: tuple[dict[str, Any], ...] = ()
    artifacts: Path | None = None
    artifacts_elsewhere: str | None = None


@dataclass(frozen=True)
class VersionRecord:
    """A version of a registered model; `deleted` stands for a number that was given and is gone."""

    number: int
    source: str
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    description: str | None = None
    stage: str = "None"
    tags: dict[str, str] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True)
class ModelRecord:
    """A registered model; its versions by number, its aliases each with a version's number."""

    name: str
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    versions: tuple[VersionRecord, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Something that was left out, and why."""

    what: str
    why: str


class Source(ABC):
    """Where records come from. `skipped` fills while it is read."""

    kind: str
    skipped: list[Skipped]

    @abstractmethod
    def experiments(self) -> Iterator[ExperimentRecord]:
        """All experiments."""

    @abstractmethod
    def runs(self) -> Iterator[RunRecord]:
        """All runs, after the experiments."""

    @abstractmethod
    def count(self) -> int:
        """How many runs there are, for a progress bar."""

    def logged_models(self) -> Iterator[LoggedModelRecord]:
        """The models that runs logged, after the runs; most sources have none."""
        return iter(())

    def models(self) -> Iterator[ModelRecord]:
        """The registered models, after those that runs logged; most sources have none."""
        return iter(())

    def close(self) -> None:  # noqa: B027 (most keep nothing open)
        """Let go of what is open."""


def typed(text: str) -> Any:
    """A parameter's text as the number or truth value that is written so, and no other text; else the text itself."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if str(value) == text and (kind is float or -(1 << 63) <= value < 1 << 63):
            return value if text not in ("nan", "inf", "-inf") else text
    return text
