"""MLflow's folders (`mlruns/`): `<experiment>/<run>/{meta.yaml,params,metrics,tags,inputs,artifacts}`, and `.trash`.

Format: mlflow/store/tracking/file_store.py. What is half-written costs itself: a run without a readable `meta.yaml` is
skipped, a metric line that is none is skipped and told. Links are not followed out of the folder.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker.exceptions import TrackerError
from tracker.interop.logged_models import MADE, READ
from tracker.interop.records import (
    DatasetRecord,
    ExperimentRecord,
    LoggedModelRecord,
    ModelRecord,
    Point,
    RunRecord,
    Skipped,
    Source,
    VersionRecord,
    typed,
)
from tracker.yaml_files import read_yaml

STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
DELETED_STAGE = "Deleted_Internal"
MAX_META_BYTES = 1 << 20
LOGGED_STATUSES = {1: "PENDING", 2: "READY", 3: "FAILED"}
_NO_EXPERIMENTS = {".trash", "models", "traces"}


def is_source(path: Path) -> bool:
    """Whether the folder holds MLflow's experiments."""
    return path.is_dir() and any((folder / "meta.yaml").is_file() for folder in _folders(path, path / ".trash"))


class MlflowFiles(Source):
    """The runs of an `mlruns/` folder, those in its bin included."""

    kind = "MLflow folder"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.skipped: list[Skipped] = []

    def count(self) -> int:
        """How many folders of runs there are."""
        return sum(1 for experiment in self._experiment_folders() for _ in _run_folders(experiment))

    def experiments(self) -> Iterator[ExperimentRecord]:
        """The experiments whose `meta.yaml` can be read."""
        for folder in self._experiment_folders():
            meta = self._meta(folder)
            if meta is not None:
                yield ExperimentRecord(
                    folder.name,
                    str(meta.get("name") or folder.name),
                    meta.get("lifecycle_stage") == "deleted" or folder.parent.name == ".trash",
                    _texts(folder / "tags"),
                )

    def runs(self) -> Iterator[RunRecord]:
        """The runs whose `meta.yaml` can be read, experiment by experiment."""
        for experiment in self._experiment_folders():
            if not (experiment / "meta.yaml").is_file():
                continue
            for folder in _run_folders(experiment):
                meta = self._meta(folder)
                if meta is not None:
                    yield self._run(folder, experiment, meta)

    def logged_models(self) -> Iterator[LoggedModelRecord]:
        """The models that runs logged, each in `<experiment>/models/<id>/{meta.yaml,params,tags,metrics,artifacts}`."""
        for experiment in self._experiment_folders():
            for folder in sorted(_folders(experiment / "models")):
                meta = self._meta(folder)
                if meta is not None:
                    yield self._logged(folder, experiment, meta)

    def _logged(self, folder: Path, experiment: Path, meta: dict[str, Any]) -> LoggedModelRecord:
        artifacts, status = folder / "artifacts", meta.get("status")
        run = meta.get("source_run_id")
        return LoggedModelRecord(
            id=folder.name,
            experiment_id=experiment.name,
            name=str(meta.get("name") or folder.name),
            created=_whole(meta.get("creation_timestamp")) or 0,
            run_id=str(run) if run else None,
            model_type=None if meta.get("model_type") is None else str(meta["model_type"]),
            status=LOGGED_STATUSES.get(status, "READY") if isinstance(status, int) else "READY",
            deleted=meta.get("lifecycle_stage") == "deleted",
            tags=_texts(folder / "tags"),
            params=_texts(folder / "params"),
            metrics=tuple(self._model_points(folder / "metrics")),
            artifacts=artifacts if artifacts.is_dir() else None,
            artifacts_elsewhere=None if artifacts.is_dir() else str(meta.get("artifact_location") or "") or None,
        )

    def _model_points(self, folder: Path) -> Iterator[dict[str, Any]]:
        """Lines `time value step run [dataset digest]`."""
        for key, path in _files(folder):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                parts = line.split(" ")
                try:
                    yield model_point(key, float(parts[1]), int(parts[2]), int(parts[0]), parts[3], *parts[4:6])
                except (ValueError, IndexError, TypeError):
                    self.skipped.append(Skipped(f"{path}, line {number}", "it is no point of a model's metric"))

    def models(self) -> Iterator[ModelRecord]:
        """The registered models, each in `models/<name>/{meta.yaml,tags,aliases,version-<n>}`."""
        for folder in sorted(_folders(self.root / "models")):
            meta = self._meta(folder)
            if meta is not None:
                versions = (self._version(f) for f in _folders(folder) if f.name.startswith("version-"))
                found = sorted((v for v in versions if v is not None), key=lambda v: v.number)
                yield ModelRecord(
                    str(meta.get("name") or folder.name),
                    meta.get("description"),
                    _texts(folder / "tags"),
                    {a: int(text) for a, text in _texts(folder / "aliases").items() if text.strip().isdecimal()},
                    tuple(found),
                )

    def _version(self, folder: Path) -> VersionRecord | None:
        number, meta = folder.name.removeprefix("version-"), self._meta(folder)
        if meta is None or not number.isdecimal():
            return None
        stage = str(meta.get("current_stage") or "None")
        return VersionRecord(
            int(number), str(meta.get("source") or ""), meta.get("run_id"), meta.get("run_link"), meta.get("model_id"),
            meta.get("description"), stage, _texts(folder / "tags"), deleted=stage == DELETED_STAGE,
        )  # fmt: skip

    def _run(self, folder: Path, experiment: Path, meta: dict[str, Any]) -> RunRecord:
        status = meta.get("status")
        tags = _texts(folder / "tags")
        if meta.get("user_id"):
            tags.setdefault("mlflow.user", str(meta["user_id"]))
        tags |= self._model_links(folder)
        artifacts = folder / "artifacts"
        elsewhere = meta.get("artifact_uri")
        return RunRecord(
            id=folder.name,
            experiment_id=experiment.name,
            name=tags.get("mlflow.runName") or meta.get("run_name") or None,
            status=STATUSES.get(status, str(status)) if isinstance(status, int) else str(status),
            start=_whole(meta.get("start_time")),
            end=_whole(meta.get("end_time")),
            deleted=meta.get("lifecycle_stage") == "deleted",
            params={key: typed(text) for key, text in _texts(folder / "params").items()},
            tags=tags,
            points=lambda: self._points(folder / "metrics"),
            inputs=tuple(self._inputs(folder, experiment)),
            artifacts=artifacts if artifacts.is_dir() else None,
            artifacts_elsewhere=None if artifacts.is_dir() or not elsewhere else str(elsewhere),
        )

    def _model_links(self, run: Path) -> dict[str, str]:
        """The tags that say which models the run made and read."""
        found = {}
        for folder in sorted(_folders(run / "outputs", run / "inputs")):
            link = self._meta(folder) or {}
            if link.get("destination_type") == "MODEL_OUTPUT":
                found[f"{MADE}{link.get('destination_id')}"] = str(link.get("step") or 0)
            elif link.get("source_type") == "MODEL":
                found[f"{READ}{link.get('source_id')}"] = ""
        return found

    def _points(self, folder: Path) -> Iterator[Point]:
        for key, path in _files(folder):
            with path.open(encoding="utf-8", errors="replace") as lines:
                for number, line in enumerate(lines, 1):
                    parts = line.split(" ")
                    try:
                        time, value = int(parts[0]), float(parts[1])
                        yield key, value, int(parts[2]) if len(parts) > 2 else 0, time
                    except (ValueError, IndexError):
                        if line.strip():
                            self.skipped.append(Skipped(f"{path}, line {number}", "it is no point of a metric"))

    def _inputs(self, run: Path, experiment: Path) -> Iterator[DatasetRecord]:
        for folder in sorted(_folders(run / "inputs")):
            link = self._meta(folder) or {}
            name = str(link.get("source_id") or "")
            if link.get("source_type") != "DATASET" or os.path.basename(name) != name:
                continue
            facts = self._meta(experiment / "datasets" / name)
            if facts and facts.get("name"):
                kept = {key: facts.get(key) for key in ("digest", "source_type", "source", "schema", "profile")}
                tags = link.get("tags")
                yield DatasetRecord(str(facts["name"]), {**kept, "tags": tags if isinstance(tags, dict) else {}})

    def _experiment_folders(self) -> list[Path]:
        found = _folders(self.root, self.root / ".trash")
        return sorted((f for f in found if f.name not in _NO_EXPERIMENTS), key=lambda f: f.name)

    def _meta(self, folder: Path) -> dict[str, Any] | None:
        path = folder / "meta.yaml"
        try:
            meta = read_yaml(path, MAX_META_BYTES)
            if isinstance(meta, dict):
                return meta
            why = "it holds no fields"
        except TrackerError as error:
            why = str(error)
        if path.exists():
            self.skipped.append(Skipped(str(path), f"it cannot be read: {why}"))
        else:
            self.skipped.append(Skipped(str(folder), "its meta.yaml is missing"))
        return None


def model_point(
    key: str, value: float, step: int, time: int, run: str, dataset: str | None = None, digest: str | None = None
) -> dict[str, Any]:
    """A point of a logged model's metric, as the store keeps it: a number that is not finite is a word."""
    told = value if math.isfinite(value) else str(value)
    return {
        "key": key, "value": told, "step": step, "time": time, "run_id": run,
        "dataset_name": dataset, "dataset_digest": digest,
    }  # fmt: skip


def _folders(*parents: Path) -> list[Path]:
    found = []
    for parent in parents:
        if parent.is_dir():
            found += [entry for entry in parent.iterdir() if entry.is_dir() and not entry.is_symlink()]
    return found


def _run_folders(experiment: Path) -> list[Path]:
    inside = ("datasets", "tags", "models", "traces")
    return sorted(folder for folder in _folders(experiment) if folder.name not in inside)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder by the key that their path makes: a key with a slash is a folder and a file."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path


def _texts(folder: Path) -> dict[str, str]:
    return {key: path.read_text(encoding="utf-8", errors="replace") for key, path in _files(folder)}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
