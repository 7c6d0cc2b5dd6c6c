"""What every program has: a client, a place of its own, and forms of answers that do not depend on the store."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

Program = Callable[["Place"], Any]
PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    PROGRAMS[function.__name__] = function
    return function


class Place:
    """A client, and names and files that no other program has."""

    def __init__(self, uri: str, name: str, folder: Path) -> None:
        self.uri, self.name, self.folder = uri, name, folder
        self.client = MlflowClient(uri, uri)
        self._labels: dict[str, str] = {}

    def experiment(self, suffix: str = "", **options: Any) -> str:
        return str(self.client.create_experiment(f"{self.name}{suffix}", **options))

    def run(self, experiment: str, **options: Any) -> str:
        return str(self.client.create_run(experiment, **options).info.run_id)

    def label(self, value: str | None) -> str | None:
        """The same word for the same id, by the order in which ids came up."""
        return None if value is None else self._labels.setdefault(value, f"#{len(self._labels)}")


def code(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """How a call fails: its error's code. What it gives, if it does not fail."""
    try:
        return call(*args, **options)
    except MlflowException as error:
        return f"error {error.error_code}"


def tags(told: dict[str, str], *hidden: str) -> dict[str, str]:
    return {key: value for key, value in sorted(told.items()) if key not in ("mlflow.runName", *hidden)}


def names(runs: Iterable[Any]) -> list[str]:
    return [run.info.run_name for run in runs]


def shown(run: Any) -> dict[str, Any]:
    metrics = {key: "nan" if math.isnan(value) else value for key, value in sorted(run.data.metrics.items())}
    return {
        "name": run.info.run_name, "status": run.info.status, "stage": run.info.lifecycle_stage,
        "user": run.info.user_id, "start": run.info.start_time, "ended": run.info.end_time is not None,
        "params": dict(sorted(run.data.params.items())), "metrics": metrics, "tags": tags(run.data.tags),
    }  # fmt: skip
