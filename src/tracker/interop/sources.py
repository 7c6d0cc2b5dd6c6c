"""Which source a path or URI is."""

from __future__ import annotations

import os
from pathlib import Path

from tracker.exceptions import InvalidValue
from tracker.interop import mlflow_database, mlflow_files, tables
from tracker.interop.records import Source

_KNOWN = (
    "an MLflow folder (mlruns/), an MLflow SQLite file or database URI (postgresql://…, mysql://…), "
    "or a CSV table of runs"
)


def source_at(place: str | os.PathLike[str]) -> Source:
    """The source that the path or URI is. Raises InvalidValue, naming what can be read."""
    text = os.fspath(place)
    if "://" in text and not text.startswith("file:"):
        return mlflow_database.MlflowDatabase(text)
    path = Path(text.removeprefix("file://").removeprefix("file:")).expanduser()
    if not path.exists():
        raise InvalidValue(f"There is nothing at {path}. Give the path of {_KNOWN}.")
    for folder in (path, path / "mlruns"):
        if mlflow_files.is_source(folder):
            return mlflow_files.MlflowFiles(folder)
    for file in (path, path / "mlflow.db"):
        if mlflow_database.is_source(file):
            return mlflow_database.MlflowDatabase(file)
    if path.suffix.lower() == ".csv":
        return tables.CsvTable(path)
    raise InvalidValue(f"{path} is nothing that can be imported: that is {_KNOWN}.")
