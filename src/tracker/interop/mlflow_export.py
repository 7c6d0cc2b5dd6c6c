"""Runs in MLflow's own formats: a folder as its file store wrote it, or by the installed MLflow a new SQLite file.

MLflow has refused to log into folders since 3.13 and brings them into a database itself
(`mlflow migrate-filestore --source mlruns --target sqlite:///mlflow.db`): for a database the folder is made, and given
to that. Values become text, times milliseconds, since MLflow keeps no other; of equal points of a metric one is
written, as in its databases. A name that is no path, or clashes with another (`a` beside `a/b`), is skipped and told.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Collection, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue
from tracker.interop import registry_copy
from tracker.interop.export_report import ExportReport
from tracker.interop.mlflow_files import STATUSES
from tracker.interop.progress import Progress
from tracker.store import Experiment, Store
from tracker.store.artifacts import resolve_inside
from tracker.store.experiments import ACTIVE
from tracker.store.ids import DEFAULT_EXPERIMENT_ID
from tracker.store.registry import Model, Version
from tracker.tracking import reading
from tracker.yaml_files import yaml_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

    from tracker.entities import DatasetInput, Run

_CODES = {name: code for code, name in STATUSES.items()}
_LOCAL = 4
_MAX_NAME_BYTES = 255
_RUNS_AT_ONCE = 500


def write_mlflow(
    cursor: Connection,
    store: Store,
    runs: Collection[str],
    every: bool,
    path: Path,
    report: ExportReport,
    progress: Progress | None,
) -> None:
    """Write the runs that are chosen on the cursor. Raises InvalidValue where MLflow is needed and missing, OSError."""
    if path.suffix.lower() not in (".db", ".sqlite"):
        _Folder(cursor, store, path, path.absolute(), report).write(runs, every, progress)
        return
    try:
        from mlflow.store.fs2db import migrate
    except ImportError as error:
        raise InvalidValue(
            f"Writing {path.name} needs MLflow 3.13 or later: pip install mlflow. Without it give a folder's path, "
            "which MLflow's `mlflow migrate-filestore` makes a database of."
        ) from error
    artifacts = path.absolute().with_name(f"{path.name}.artifacts")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".tracker-") as place:
        folder = Path(place, "mlruns")
        _Folder(cursor, store, folder, artifacts, report).write(runs, every, progress)
        migrate(Path(place), f"sqlite:///{path.absolute()}", progress=False)


class _Folder:
    """An `mlruns` folder that is made; the artifacts may go elsewhere."""

    def __init__(self, cursor: Connection, store: Store, root: Path, artifacts: Path, report: ExportReport) -> None:
        self._cursor, self._store, self._root, self._artifacts = cursor, store, root, artifacts
        self._report = report
        self._experiments: dict[str, Path] = {}

    def write(self, runs: Collection[str], every: bool, progress: Progress | None) -> None:
        """Write the runs with their experiments, and the models that have versions of them (`every`: all)."""
        ids, done = list(runs), 0
        for experiment in self._store.experiments().values():
            self._experiment(experiment)
        for start in range(0, len(ids), _RUNS_AT_ONCE):
            for run in reading.get_runs(self._store, ids[start : start + _RUNS_AT_ONCE]):
                self._run(run)
                done += 1
                if progress is not None:
                    progress(done, len(ids))
        for model in registry_copy.models_of(self._store, None if every else set(ids)):
            self._model(model, set(ids))

    # -- experiments and runs

    def _experiment(self, told: Experiment) -> None:
        number = _number(told.id)
        folder = self._root / (number if told.state == ACTIVE else f".trash/{number}")
        self._experiments[told.id] = folder
        _write_yaml(
            folder / "meta.yaml",
            {
                "artifact_location": (self._artifacts / number).as_uri(), "creation_time": told.created,
                "experiment_id": number, "last_update_time": told.updated,
                "lifecycle_stage": "active" if told.state == ACTIVE else "deleted", "name": told.name,
            },
        )  # fmt: skip
        for key, text in told.tags.items():
            self._text(folder / "tags", key, text, f"tag of experiment {told.name!r}")

    def _run(self, run: Run) -> None:
        info = run.info
        experiment = self._experiments.get(info.experiment_id)
        if experiment is None:  # a run whose experiment was never told
            name = "Default" if info.experiment_id == DEFAULT_EXPERIMENT_ID else info.experiment_id
            self._experiment(Experiment(info.experiment_id, name, info.start_time or 0, info.start_time or 0))
            experiment = self._experiments[info.experiment_id]
        try:
            folder = resolve_inside(experiment, info.run_id)
        except InvalidValue as error:
            self._report.skip(f"run {info.run_id[:60]!r}", error.message)
            return
        what, kept = f"run {info.run_id}", self._artifacts / experiment.name / info.run_id / "artifacts"
        _write_yaml(
            folder / "meta.yaml",
            {
                "artifact_uri": kept.as_uri(), "end_time": info.end_time, "entry_point_name": "",
                "experiment_id": experiment.name, "lifecycle_stage": info.lifecycle_stage, "run_id": info.run_id,
                "run_name": info.run_name, "run_uuid": info.run_id, "source_name": "", "source_type": _LOCAL,
                "source_version": "", "start_time": info.start_time, "status": _CODES.get(info.status, 3),
                "tags": [], "user_id": info.user_id,
            } | ({"deleted_time": info.end_time or info.start_time} if info.lifecycle_stage == "deleted" else {}),
        )  # fmt: skip
        for key, text in run.data.params.items():
            self._text(folder / "params", key, text, f"{what}, parameter")
        for key, text in run.data.tags.items():
            self._text(folder / "tags", key, text, f"{what}, tag")
        self._points(folder / "metrics", info.run_id)
        for number, one in enumerate(run.inputs.dataset_inputs):
            self._dataset(experiment, folder, number, one)
        for source, name in self._report.artifacts_of(self._store, info.run_id):
            target = kept / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            self._report.files += 1
        kept.mkdir(parents=True, exist_ok=True)

    def _points(self, folder: Path, run: str) -> None:
        query = """SELECT key, epoch_ms(time) AS ms, value, step, count(*) FROM metrics WHERE run_id = $run
            GROUP BY ALL ORDER BY key, step, ms, value"""
        rows = self._cursor.execute(query, {"run": run}).fetchall()
        for key, points in groupby(rows, key=lambda row: row[0]):
            lines = [f"{ms} {value!r} {step}\n" for _, ms, value, step, _ in points]
            if self._text(folder, key, "".join(lines), f"run {run}, metric"):
                self._report.points += len(lines)
        equal = sum(row[4] - 1 for row in rows)
        if equal:
            self._report.skip(f"{equal:,} points of run {run}", "MLflow keeps equal points of one millisecond once")

    def _dataset(self, experiment: Path, run: Path, number: int, told: DatasetInput) -> None:
        one = told.dataset
        name = hashlib.md5(f"{one.name}\n{one.digest}".encode(), usedforsecurity=False).hexdigest()
        facts = {key: getattr(one, key) for key in ("digest", "name", "profile", "schema", "source", "source_type")}
        _write_yaml(experiment / "datasets" / name / "meta.yaml", facts)
        link = hashlib.md5(f"{name}\n{run.name}\n{number}".encode(), usedforsecurity=False).hexdigest()
        _write_yaml(
            run / "inputs" / link / "meta.yaml",
            {
                "destination_id": run.name, "destination_type": "RUN", "source_id": name, "source_type": "DATASET",
                "tags": {tag.key: tag.value for tag in told.tags},
            },
        )  # fmt: skip

    # -- models

    def _model(self, model: Model, runs: Collection[str]) -> None:
        try:
            folder = resolve_inside(self._root / "models", model.name)
        except InvalidValue as error:
            self._report.skip(f"model {model.name!r}", error.message)
            return
        _write_yaml(
            folder / "meta.yaml",
            {
                "creation_timestamp": model.created, "description": model.description,
                "last_updated_timestamp": model.updated, "name": model.name,
                "aliases": {alias: str(number) for alias, number in model.aliases.items()},
            },
        )  # fmt: skip
        self._texts(folder, model.tags, f"model {model.name!r}")
        for alias, number in model.aliases.items():
            self._text(folder / "aliases", alias, str(number), f"model {model.name!r}, alias")
        for number, version in model.versions.items():
            self._version(folder / f"version-{number}", model, version, runs)

    def _version(self, folder: Path, model: Model, version: Version, runs: Collection[str]) -> None:
        run, _, inside = (version.artifact or "").partition("/")
        source = f"runs:/{run}/{inside}" if run in runs and inside else version.source
        _write_yaml(
            folder / "meta.yaml",
            {
                "creation_timestamp": version.created, "current_stage": version.stage,
                "description": version.description, "last_updated_timestamp": version.updated,
                "model_id": version.model_id, "name": model.name, "run_id": version.run_id,
                "run_link": version.run_link, "source": source, "status": "READY", "status_message": None,
                "storage_location": source, "user_id": version.user, "version": version.number,
            },
        )  # fmt: skip
        self._texts(folder, version.tags, f"model {model.name!r}, version {version.number}")
        self._report.versions += 1

    # -- files

    def _texts(self, folder: Path, texts: Mapping[str, str], what: str) -> None:
        for key, text in texts.items():
            self._text(folder / "tags", key, text, f"{what}, tag")

    def _text(self, folder: Path, key: str, text: str, what: str) -> bool:
        """Write a file named by a key; whether it could be."""
        why = f"{key[:60]!r} is no path that MLflow's folders can hold"
        with contextlib.suppress(InvalidValue, OSError):
            path = resolve_inside(folder, key)
            if all(part and part != "." and len(part.encode()) <= _MAX_NAME_BYTES for part in key.split("/")):
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("x", encoding="utf-8", errors="replace", newline="") as file:
                    file.write(text)
                return True
        self._report.skip(f"{what} {key[:60]!r}", why)
        return False


def _number(identifier: str) -> str:
    """MLflow's experiments have numbers; ours that of their id."""
    if identifier == DEFAULT_EXPERIMENT_ID or (identifier.isdecimal() and len(identifier) <= 18):
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "replace")).digest()
    return str(10**17 + int.from_bytes(digest[:8], "big") % (9 * 10**17))


def _write_yaml(path: Path, facts: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml_text(dict(facts)), encoding="utf-8")
