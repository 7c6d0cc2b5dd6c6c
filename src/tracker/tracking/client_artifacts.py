"""MlflowClient's calls on artifacts."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from tracker.entities import FileInfo, Run
from tracker.exceptions import NotFound
from tracker.store import Store
from tracker.store.artifacts import resolve_inside, stays_inside
from tracker.tracking import artifact_logging, reading
from tracker.tracking.provenance import LOGGED_ARTIFACTS
from tracker.tracking.writer import RunWriter

if TYPE_CHECKING:
    import pandas as pd

_HAS_FILES = f"tags.`{LOGGED_ARTIFACTS}` IS NOT NULL"


class ArtifactCalls(ABC):
    """Files of any run of a store, by the run's id."""

    @property
    @abstractmethod
    def store(self) -> Store:
        """The store that the calls work on."""

    @abstractmethod
    def _writer(self, run_id: str) -> RunWriter: ...

    def log_artifact(self, run_id: str, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep a copy of a file (or folder), in the run's folder `artifact_path`."""
        artifact_logging.log_artifact(self._writer(run_id), local_path, artifact_path)

    def log_artifacts(self, run_id: str, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
        """Keep a copy of what is in a folder."""
        artifact_logging.log_artifacts(self._writer(run_id), local_dir, artifact_path)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        """Keep a text as a file."""
        artifact_logging.log_text(self._writer(run_id), text, artifact_file)

    def log_dict(self, run_id: str, dictionary: dict[str, Any], artifact_file: str) -> None:
        """Keep a dict as a JSON or YAML file."""
        artifact_logging.log_dict(self._writer(run_id), dictionary, artifact_file)

    def log_stream(self, run_id: str, stream: IO[bytes], artifact_file: str) -> None:
        """Keep what a binary stream gives as a file."""
        artifact_logging.log_stream(self._writer(run_id), stream, artifact_file)

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None
    ) -> None:
        """Keep a matplotlib or plotly figure as a file."""
        artifact_logging.log_figure(self._writer(run_id), figure, artifact_file, save_kwargs)

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Keep an image, as a file or as one of a series."""
        artifact_logging.log_image(self._writer(run_id), image, artifact_file, key, step, timestamp)

    def log_table(self, run_id: str, data: Any, artifact_file: str) -> None:
        """Keep a table as a file; rows are added to those it has."""
        artifact_logging.log_table(self._writer(run_id), data, artifact_file)

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: list[str] | None = None,
        extra_columns: list[str] | None = None,
    ) -> pd.DataFrame:
        """The tables of this name of an experiment's runs (or of some of them), one below the other."""
        from tracker.tracking.frames import run_rows

        everything = self._runs_with_tables(experiment_id)
        found = [run for run in everything if run_ids is None or run.info.run_id in run_ids]
        pairs = [(self._writer(run.info.run_id), row) for run, row in zip(found, run_rows(found), strict=True)]
        return artifact_logging.load_tables(pairs, artifact_file, extra_columns)

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        """What is in the run's artifact folder, or in a folder below it, by name.

        Empty if there is nothing.
        """
        root = self._artifact_root(run_id)
        folder = resolve_inside(root, path) if path else root
        if not folder.is_dir():
            return []
        entries = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".tracker-")]
        return [_file_info(entry, root) for entry in entries if stays_inside(root, entry)]

    def download_artifacts(self, run_id: str, path: str, dst_path: str | os.PathLike[str] | None = None) -> str:
        """The local path of a run's file or folder: where it is kept, or a copy in `dst_path`.

        Raises NotFound.
        """
        root = self._artifact_root(run_id)
        source = resolve_inside(root, path) if path else root
        if not source.exists():
            raise NotFound(f"The run {run_id} has no artifact {path!r}.")
        if dst_path is None:
            return str(source)
        return _copied(root, source, resolve_inside(Path(dst_path), path) if path else Path(dst_path))

    def _artifact_root(self, run_id: str) -> Path:
        reading.get_info(self.store, run_id)
        return self.store.artifact_root(run_id)

    def _runs_with_tables(self, experiment_id: str) -> list[Run]:
        ids = reading.search_run_ids(self.store, [str(experiment_id)], _HAS_FILES, "active", None, 1 << 40)
        return reading.get_runs(self.store, ids)


def _file_info(path: Path, root: Path) -> FileInfo:
    is_dir = path.is_dir()
    size = None if is_dir or not path.exists() else path.stat().st_size
    return FileInfo(str(PurePosixPath(path.relative_to(root))), is_dir, size)


def _copied(root: Path, source: Path, target: Path) -> str:
    """Copy a run's file or folder, without what is no plain file and links that leave the run."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        paths = [Path(folder, name) for name in names]
        return [p.name for p in paths if not stays_inside(root, p) or not (p.is_file() or p.is_dir())]

    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=left_out)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return str(target)
