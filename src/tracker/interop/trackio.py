"""Trackio's projects: one SQLite file each, or Parquet files made of one (`X.parquet`, `X_configs.parquet` …).

Each row of `metrics` is a step of a run with its values; configs become parameters, nested dicts by dots, and the
machine's metrics go under `system/`. Earlier versions know runs by name alone. Media lie in `media/<project>/<run>/`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.interop import sqlite_files
from tracker.interop.records import ExperimentRecord, File, Point, RunRecord, Skipped, Source
from tracker.interop.values import MEDIA, flattened, is_number, json_value, real, spoken, time_ms

Row = dict[str, Any]
_OWN = {"id", "run_id", "run_name", "timestamp", "step", "log_id", "space_id", "created_at"}
_SIDES = ("_configs", "_system", "_traces", "_artifacts", "_artifact_versions", "_artifact_aliases")


def projects(path: Path) -> list[Path]:
    """The projects' files at a path: one itself, or those in a folder (a database before its Parquet files)."""
    if path.is_file():
        return [path] if _is_project(path) else []
    found = {file.stem: file for file in sorted(path.glob("*.parquet")) if not file.stem.endswith(_SIDES)}
    found |= {file.stem: file for file in sorted(path.glob("*.db"))}
    return [file for file in found.values() if _is_project(file)]


def _is_project(path: Path) -> bool:
    if path.suffix == ".parquet":
        return {"run_name", "timestamp", "step"} <= set(_columns(path))
    return sqlite_files.answers(path, "SELECT run_name, step, metrics FROM metrics LIMIT 0")


class Trackio(Source):
    """The runs of Trackio's projects."""

    kind = "Trackio"

    def __init__(self, found: list[Path]) -> None:
        self.skipped: list[Skipped] = []
        self._projects = found
        self._runs = {path: self._list(path) for path in found}
        self._told: set[tuple[str, str]] = set()

    def count(self) -> int:
        """How many runs there are."""
        return sum(map(len, self._runs.values()))

    def experiments(self) -> Iterator[ExperimentRecord]:
        """One a project, with its file's name."""
        for path in self._projects:
            yield ExperimentRecord(path.stem, path.stem)

    def runs(self) -> Iterator[RunRecord]:
        """The runs, project by project."""
        for path, runs in self._runs.items():
            configs = {_run_of(row): row for row in self._rows(path, "configs")}
            for run, (name, first, last) in runs.items():
                config = configs.get(run, {})
                own = {k: v for k, v in config.items() if k.startswith("_")}
                tags = {"mlflow.user": own.get("_Username"), "group": own.get("_Group")}
                media = path.parent / "media" / path.stem / name
                yield RunRecord(
                    id=f"{path.stem}\n{run}",
                    experiment_id=path.stem,
                    name=name,
                    start=time_ms(own.get("_Created")) or first,
                    end=last,
                    params={k: v for k, v in flattened(config) if k not in _OWN and k not in own},
                    tags={key: str(value) for key, value in tags.items() if value},
                    points=lambda path=path, run=run: self._points(path, run),  # type: ignore[misc]
                    files=lambda media=media: _media(media),  # type: ignore[misc]
                )

    def _list(self, path: Path) -> dict[str, tuple[str, int | None, int | None]]:
        """Each run with its name and the times of its first and last row."""
        found: dict[str, tuple[str, int | None, int | None]] = {}
        for table in ("configs", "metrics"):
            for row in self._rows(path, table):
                run, time = _run_of(row), time_ms(row.get("timestamp") or row.get("created_at"))
                _, first, last = found.get(run, ("", time, time))
                times = [t for t in (first, last, time) if t is not None]
                found[run] = (str(row.get("run_name")), min(times, default=None), max(times, default=None))
        return found

    def _points(self, path: Path, run: str) -> Iterator[Point]:
        for row in self._rows(path, "metrics", run):
            step, time = row.get("step"), time_ms(row.get("timestamp")) or 0
            for key, value in flattened({k: v for k, v in row.items() if k not in _OWN}):
                number = spoken(value)
                if is_number(number):
                    yield key, real(number), step if isinstance(step, int) else 0, time
                elif value is not None:
                    self._tell(run, key, value)
        for step, row in enumerate(self._rows(path, "system_metrics", run)):
            for key, value in flattened({k: v for k, v in row.items() if k not in _OWN}):
                if is_number(spoken(value)):
                    yield f"system/{key}", real(spoken(value)), step, time_ms(row.get("timestamp")) or 0

    def _tell(self, run: str, key: str, value: Any) -> None:
        if (run, key) not in self._told:
            self._told.add((run, key))
            what = str(value[MEDIA])[:60] if isinstance(value, dict) and MEDIA in value else type(value).__name__
            self.skipped.append(Skipped(f"{key[:200]!r} in run {run[:60]}", f"it is no number but {what}"))

    def _rows(self, path: Path, table: str, run: str | None = None) -> Iterator[Row]:
        try:
            yield from (_of_parquet if path.suffix == ".parquet" else self._of_database)(path, table, run)
        except (sqlite3.Error, OSError) as error:
            raise InvalidValue(f"{path} cannot be read as a project of Trackio: {error}.") from error

    def _of_database(self, path: Path, table: str, run: str | None) -> Iterator[Row]:
        with contextlib.closing(sqlite_files.connect(path)) as database:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            if not columns:
                return
            key = "run_id" if "run_id" in columns else "run_name"
            where = f" WHERE {key} = ?" if run is not None else ""
            query = f"SELECT * FROM {table}{where} ORDER BY id"  # noqa: S608 (our tables' and columns' names)
            for values in database.execute(query, () if run is None else (run,)):
                row = dict(zip(columns, values, strict=True))
                text = row.pop("metrics", None) or row.pop("config", None) or "{}"
                try:
                    told = json_value(text)
                except (ValueError, TypeError):
                    self.skipped.append(Skipped(f"row {row.get('id')} of {table} in {path}", "it is no JSON"))
                    continue
                yield (told if isinstance(told, dict) else {}) | row


def _of_parquet(path: Path, table: str, run: str | None) -> Iterator[Row]:
    suffix = {"metrics": "", "configs": "_configs", "system_metrics": "_system"}[table]
    file = path.with_name(f"{path.stem}{suffix}.parquet")
    if not file.is_file():
        return
    for row in _reading(file, lambda parquet: (r for batch in parquet.iter_batches() for r in batch.to_pylist())):
        if run is None or _run_of(row) == run:
            yield row


def _columns(path: Path) -> list[str]:
    return list(_reading(path, lambda parquet: parquet.schema_arrow.names))


def _reading(path: Path, read: Callable[[Any], Any]) -> Iterator[Any]:
    """What a Parquet file gives; nothing where it is none."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    with contextlib.suppress(OSError, pyarrow.ArrowException), ParquetFile(path) as parquet:
        yield from read(parquet)


def _run_of(row: Row) -> str:
    return str(row.get("run_id") or row.get("run_name"))


def _media(folder: Path) -> Iterator[File]:
    if folder.is_dir() and not folder.is_symlink():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield f"media/{path.relative_to(folder).as_posix()}", path
