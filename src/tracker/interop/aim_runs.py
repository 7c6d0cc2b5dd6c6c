"""Aim's repositories (`.aim`), read by the installed `aim`, since only that knows how it keeps runs in RocksDB.

Metrics with their contexts, a run's attributes (nested dicts by dots), experiment, tags and note. Images, texts and
distributions stay in Aim. Runs that Aim has not indexed it does not list: how many is told.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.interop.records import ExperimentRecord, Point, RunRecord, Skipped, Source
from tracker.interop.values import flattened


def is_source(path: Path) -> bool:
    """Whether the folder is a repository of Aim, or holds one."""
    return (path / ".aim").is_dir() or (path.name == ".aim" and path.is_dir())


class AimRuns(Source):
    """The runs of a repository."""

    kind = "Aim repository"

    def __init__(self, path: Path) -> None:
        self.skipped: list[Skipped] = []
        try:
            aim: Any = importlib.import_module("aim")
        except ImportError as error:
            raise InvalidValue(
                f"{path} is a repository of Aim, which only Aim can read: pip install aim, or export a CSV table there."
            ) from error
        repository = aim.Repo.from_path(str(path.parent if path.name == ".aim" else path))
        self._runs = sorted(repository.iter_runs(), key=lambda run: str(run.hash))
        known = {str(run.hash) for run in self._runs}
        missing = [name for name in repository.list_all_runs() if name not in known]
        if missing:
            why = "Aim has not indexed them: `aim storage reindex`, then import again"
            self.skipped.append(Skipped(f"{len(missing):,} runs of {path}", why))

    def count(self) -> int:
        """How many runs are indexed."""
        return len(self._runs)

    def experiments(self) -> Iterator[ExperimentRecord]:
        """Aim's experiments."""
        for name in dict.fromkeys(str(run.experiment or "default") for run in self._runs):
            yield ExperimentRecord(name, name)

    def runs(self) -> Iterator[RunRecord]:
        """The runs."""
        for run in self._runs:
            params = {key: value for key, value in flattened(_attributes(run)) if not key.startswith("__")}
            tags = {"tags": ", ".join(run.tags), "mlflow.note.content": run.description}
            yield RunRecord(
                id=str(run.hash),
                experiment_id=str(run.experiment or "default"),
                name=run.name,
                status="FINISHED" if run.end_time else "RUNNING",
                start=_milliseconds(run.creation_time),
                end=_milliseconds(run.end_time),
                deleted=bool(run.archived),
                params=params,
                tags={key: str(value) for key, value in tags.items() if value},
                points=lambda run=run: _points(run),  # type: ignore[misc]
            )


def _attributes(run: Any) -> dict[str, Any]:
    try:
        told = run[...]
    except (KeyError, IndexError):  # a run without any
        return {}
    return told if isinstance(told, dict) else {}


def _points(run: Any) -> Iterator[Point]:
    start = _milliseconds(run.creation_time) or 0
    for metric in run.metrics():
        context = " ".join(f"{key}={value}" for key, value in sorted(metric.context.to_dict().items()))
        name = f"{metric.name} {context}" if context else str(metric.name)
        steps, columns = metric.data.items_list()
        times = columns[2] if len(columns) > 2 else [None] * len(steps)
        for step, value, time in zip(steps, columns[0], times, strict=False):
            yield name, float(value), int(step), _milliseconds(time) or start


def _milliseconds(seconds: float | None) -> int | None:
    return round(seconds * 1000) if seconds is not None and math.isfinite(seconds) else None
