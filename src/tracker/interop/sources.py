"""Which source a path or URI is."""

from __future__ import annotations

import os
from pathlib import Path

from tracker.exceptions import InvalidValue
from tracker.interop import (
    aim_runs,
    mlflow_database,
    mlflow_files,
    neptune,
    store_copy,
    tables,
    tensorboard,
    trackio,
    wandb_runs,
)
from tracker.interop.records import Source
from tracker.interop.store_copy import OwnStore

_KNOWN = (
    "an MLflow folder (mlruns/), an MLflow SQLite file or database URI (postgresql://…, mysql://…), TensorBoard event "
    "files, W&B offline runs (wandb/), a Trackio project (SQLite or Parquet), a Neptune export, an Aim repository, "
    "a CSV table of runs, or a store of ours (.tracker) or a zip of one"
)


def source_at(place: str | os.PathLike[str]) -> Source | OwnStore:
    """The source that the path or URI is. Raises InvalidValue, naming what can be read."""
    text = os.fspath(place)
    if "://" in text and not text.startswith("file:"):
        return mlflow_database.MlflowDatabase(text)
    path = Path(text.removeprefix("file://").removeprefix("file:")).expanduser()
    if not path.exists():
        raise InvalidValue(f"There is nothing at {path}. Give the path of {_KNOWN}.")
    if store_copy.is_store(path) or store_copy.is_zip(path):
        return OwnStore(path)
    for folder in (path, path / "mlruns"):
        if mlflow_files.is_source(folder):
            return mlflow_files.MlflowFiles(folder)
    for file in (path, path / "mlflow.db"):
        if mlflow_database.is_source(file):
            return mlflow_database.MlflowDatabase(file)
    if path.suffix.lower() == ".csv":
        return tables.CsvTable(path)
    if logs := wandb_runs.logs(path):
        return wandb_runs.WandbRuns(logs)
    if projects := trackio.projects(path):
        return trackio.Trackio(projects)
    if parts := neptune.parts(path):
        return neptune.NeptuneExport(path, parts)
    if tensorboard.is_source(path):
        return tensorboard.TensorBoard(path)
    if aim_runs.is_source(path):
        return aim_runs.AimRuns(path)
    raise InvalidValue(f"{path} is nothing that can be imported: that is {_KNOWN}.")
