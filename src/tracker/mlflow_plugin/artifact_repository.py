"""Artifacts below a store's `artifacts/` as MLflow reads and writes them.

What a run keeps is recorded with it, so that the notebook lists it too. A logged model's files are below its id,
wherever they are kept: among those of its run, as the notebook wants them, where MLflow does not list them again.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.artifact.artifact_repo import ArtifactRepository as Base
from mlflow.store.artifact.artifact_repo import verify_artifact_path

from tracker.mlflow_plugin.errors import refuse, translates
from tracker.mlflow_plugin.places import place_of
from tracker.store.artifacts import resolve_inside, stays_inside, write_by
from tracker.tracking import logged_models
from tracker.tracking.writer import RunWriter

_TEMPORARY, _MODEL = ".tracker-", "m-"


@translates
class ArtifactRepository(Base):
    """The files of one place: a run's, a folder's below them, or (place "") those of all runs, for a server."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        self._store, self._place = place_of(artifact_uri)

    # -- writing

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        verify_artifact_path(artifact_path)
        self._keep([(local_file, _joined(artifact_path, os.path.basename(local_file)))])

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        verify_artifact_path(artifact_path)
        files = [(path, _joined(artifact_path, inside)) for path, inside in _files_below(local_dir)]
        self._folder(artifact_path or "").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keep(files)

    def log_artifact_from_stream(self, stream: Any, artifact_path: str) -> None:
        """Keep what a binary stream gives as the file `artifact_path`."""
        verify_artifact_path(artifact_path)
        run_id, inside = self._in_run(artifact_path)
        RunWriter(self._store, run_id).artifact_stream(inside, stream)

    def _keep(self, files: list[tuple[str, str]]) -> None:
        if not files:
            return
        run_id = self._in_run(files[0][1])[0]
        pairs = [(source, self._in_run(target)[1]) for source, target in files]
        if run_id.startswith(_MODEL):
            for source, target in pairs:
                _copy(source, resolve_inside(self._store.artifact_root(run_id), target))
        else:
            RunWriter(self._store, run_id).artifact_files(pairs)

    def _in_run(self, path: str) -> tuple[str, str]:
        """The run, or the model that no run logged, of a path from here, and the path below it."""
        run_id, _, inside = self._kept_at(path).partition("/")
        if not inside:
            refuse(f"{path!r} is no place for an artifact: it belongs to no run.")
        return run_id, inside

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        target = self._folder(artifact_path or "")
        if target == self._store.root / "artifacts":
            refuse("All artifacts of a store cannot be deleted at once.")
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)

    # -- reading

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        folder = self._folder(path or "")
        if not folder.is_dir() or self._hidden(path or "") is not None:
            return []
        found = []
        for entry in sorted(folder.iterdir()):
            name = _joined(path, entry.name)
            inside = stays_inside(self._folder(""), entry) and not entry.name.startswith(_TEMPORARY)
            if inside and self._hidden(name) is None:
                found.append(_info(name, entry))
        return found

    def _hidden(self, path: str) -> str | None:
        """The id of the logged model whose files a path leads to by way of its run, if it does."""
        run_id, _, inside = _joined(self._place, path).partition("/")
        if not inside or "/" in self._place or run_id.startswith(_MODEL):
            return None
        folder = self._store.artifact_root(run_id) / inside.partition("/")[0]
        model_id = logged_models.id_in(folder)
        known = model_id is not None and logged_models.folder_of(self._store, model_id) == folder
        return model_id if known else None

    def get_local_path(self, artifact_path: str) -> str | None:
        """Where a file or folder is on this machine."""
        found = self._folder(artifact_path or "")
        return str(found) if found.exists() else None

    def download_artifacts(self, artifact_path: str, dst_path: str | None = None) -> str:
        found = self._folder(artifact_path or "")
        if not found.exists():
            raise MlflowException(f"No such artifact: '{artifact_path}'", error_code=RESOURCE_DOES_NOT_EXIST)
        if dst_path is None:
            return str(found)
        return str(super().download_artifacts(artifact_path, dst_path))

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        found = self._folder(remote_file_path)
        if not found.is_file():
            raise MlflowException(f"No such artifact: '{remote_file_path}'", error_code=RESOURCE_DOES_NOT_EXIST)
        shutil.copyfile(found, local_path)

    def _folder(self, path: str) -> Path:
        """The place of a path from here. Raises InvalidValue for one that leaves."""
        return resolve_inside(self._store.root / "artifacts", self._kept_at(path))

    def _kept_at(self, path: str) -> str:
        """The place below the store's artifacts of a path from here."""
        place = _joined(self._place, path)
        first, _, inside = place.partition("/")
        facts = logged_models.facts_of(self._store, first) if first.startswith(_MODEL) else None
        if facts is None or not facts.get("run_id"):
            return place
        return _joined(str(facts["run_id"]), str(facts.get("path") or ""), inside)


def _joined(*parts: str | None) -> str:
    told = [part for part in parts if part]
    return posixpath.normpath(posixpath.join(*told)) if told else ""


def _info(name: str, path: Path) -> FileInfo:
    is_dir = path.is_dir()
    return FileInfo(name, is_dir, None if is_dir or not path.exists() else path.stat().st_size)


def _files_below(folder: str) -> Iterator[tuple[str, str]]:
    for here, _, names in os.walk(folder):
        inside = Path(here).relative_to(folder)
        for name in sorted(names):
            yield os.path.join(here, name), (inside / name).as_posix()


def _copy(source: str, target: Path) -> None:
    with open(source, "rb") as stream:
        write_by(target, lambda file: shutil.copyfileobj(stream, file, 1 << 20))
