"""What neptune-exporter wrote: `data/<project>/<run>_part_<n>.parquet`, and files in a folder of their own.

One row is one value: of a parameter, or of one step of a series. `float_series` become metrics; single values become
parameters, those of `sys/` the run's own facts; texts and histograms of series become artifacts, as files do. Steps
that have a fraction are multiplied by the least power of ten, up to 10⁶, that makes them whole, and this is told.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.interop.records import ExperimentRecord, File, Point, RunRecord, Skipped, Source
from tracker.interop.values import time_ms
from tracker.store.artifacts import resolve_inside

_COLUMNS = {"project_id", "run_id", "attribute_path", "attribute_type", "step", "timestamp"}
_SINGLE = {"float", "int", "string", "bool", "datetime", "string_set"}
_MAX_FILES = 1_000_000


def parts(path: Path) -> list[Path]:
    """The Parquet files of the export at a path: one itself, or those below a folder."""
    found = [path] if path.is_file() and path.suffix == ".parquet" else []
    if path.is_dir():
        for folder in (path, path / "data"):
            found = found or sorted((*folder.glob("*.parquet"), *folder.glob("*/*.parquet")))[:_MAX_FILES]
    return found if found and _is_export(found[0]) else []


def _is_export(path: Path) -> bool:
    import pyarrow
    from pyarrow.parquet import read_schema

    with contextlib.suppress(OSError, pyarrow.ArrowException):
        return set(read_schema(path).names) >= _COLUMNS
    return False


@dataclass
class _Run:
    """A run as its rows tell it."""

    project: str
    id: str
    paths: list[Path] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    scale: int = 0
    times: list[int] = field(default_factory=list)


class NeptuneExport(Source):
    """The runs of an export."""

    kind = "Neptune export"

    def __init__(self, place: Path, found: list[Path]) -> None:
        self.skipped: list[Skipped] = []
        self._files_at = _files_folder(place)
        self._runs: dict[tuple[str, str], _Run] = {}
        for path in found:
            self._look(path)

    def count(self) -> int:
        """How many runs there are."""
        return len(self._runs)

    def experiments(self) -> Iterator[ExperimentRecord]:
        """One a project and experiment."""
        for name in dict.fromkeys(map(_experiment, self._runs.values())):
            yield ExperimentRecord(name, name)

    def runs(self) -> Iterator[RunRecord]:
        """The runs."""
        for run in self._runs.values():
            own = {key.removeprefix("sys/"): value for key, value in run.values.items() if key.startswith("sys/")}
            if run.scale:
                why = f"they have fractions: all steps of the run are kept times {10**run.scale:,}"
                self.skipped.append(Skipped(f"steps of run {run.id}", why))
            tags = {f"neptune.{key}": _text(value) for key, value in own.items() if value is not None}
            if own.get("owner"):
                tags["mlflow.user"] = str(own["owner"])
            if own.get("description"):
                tags["mlflow.note.content"] = str(own["description"])
            start = time_ms(own.get("creation_time")) or min(run.times, default=None)
            yield RunRecord(
                id=f"{run.project}\n{run.id}",
                experiment_id=_experiment(run),
                name=str(own.get("custom_run_id") or run.id),
                status="FAILED" if own.get("failed") is True else "FINISHED",
                start=start,
                end=max(run.times, default=start),
                deleted=own.get("trashed") is True,
                params={key: _param(value) for key, value in run.values.items() if not key.startswith("sys/")},
                tags=tags,
                points=lambda run=run: self._points(run),  # type: ignore[misc]
                files=lambda run=run: self._files(run),  # type: ignore[misc]
            )

    def _look(self, path: Path) -> None:
        """Take the single values of a part, which steps it has, and when."""
        for row in self._rows(path):
            key = (str(row["project_id"]), str(row["run_id"]))
            run = self._runs.setdefault(key, _Run(*key))
            if path not in run.paths:
                run.paths.append(path)
            kind = row["attribute_type"]
            if kind in _SINGLE:
                run.values[str(row["attribute_path"])] = row.get(f"{kind}_value")
            if row["timestamp"] is not None:
                time = time_ms(row["timestamp"])
                if time is not None:
                    run.times = [min([time, *run.times]), max([time, *run.times])]
            step = row["step"]
            if isinstance(step, Decimal) and step != step.to_integral_value():
                run.scale = max(run.scale, min(6, -int(step.normalize().as_tuple().exponent)))

    def _rows_of(self, run: _Run) -> Iterator[dict[str, Any]]:
        for path in run.paths:
            for row in self._rows(path):
                if str(row["run_id"]) == run.id and str(row["project_id"]) == run.project:
                    yield row

    def _points(self, run: _Run) -> Iterator[Point]:
        for row in self._rows_of(run):
            value = row.get("float_value")
            if row["attribute_type"] == "float_series" and value is not None:
                yield str(row["attribute_path"]), float(value), _step(row, run), time_ms(row["timestamp"]) or 0

    def _files(self, run: _Run) -> Iterator[File]:
        texts: dict[str, list[str]] = {}
        for row in self._rows_of(run):
            kind, name = row["attribute_type"], str(row["attribute_path"])
            if kind in ("file", "file_series", "artifact"):
                yield from self._file(row, name if kind != "file_series" else f"{name}/{_step(row, run)}")
            elif kind == "string_series" and row.get("string_value") is not None:
                texts.setdefault(f"{name}.txt", []).append(f"{row['string_value']}\n")
            elif kind == "histogram_series" and row.get("histogram_value") is not None:
                line = json.dumps({"step": _step(row, run), **row["histogram_value"]}, default=str)
                texts.setdefault(f"{name}.ndjson", []).append(f"{line}\n")
        for name, lines in texts.items():
            yield name, "".join(lines).encode("utf-8", "replace")

    def _file(self, row: dict[str, Any], name: str) -> Iterator[File]:
        told = (row.get("file_value") or {}).get("path")
        if not isinstance(told, str) or self._files_at is None:
            self.skipped.append(Skipped(f"file {name!r}", "the export's folder of files is not beside its data"))
            return
        try:
            path = resolve_inside(self._files_at, told)
        except InvalidValue as error:
            self.skipped.append(Skipped(f"file {name!r}", error.message))
            return
        found = [path] if not path.is_dir() else [one for one in sorted(path.rglob("*")) if one.is_file()]
        for one in found:
            inside = one.relative_to(path).as_posix() if path.is_dir() else ""
            ending = "" if inside or one.suffix == Path(name).suffix else one.suffix
            yield f"{name}/{inside}" if inside else f"{name}{ending}", one

    def _rows(self, path: Path) -> Iterator[dict[str, Any]]:
        import pyarrow
        from pyarrow.parquet import ParquetFile

        try:
            with ParquetFile(path) as file:
                if not set(file.schema_arrow.names) >= _COLUMNS:
                    raise KeyError("it lacks columns of an export")
                for batch in file.iter_batches(batch_size=50_000):
                    yield from batch.to_pylist()
        except (OSError, pyarrow.ArrowException, KeyError) as error:
            skipped = Skipped(f"the rest of {path}", str(error).splitlines()[0][:200])
            if skipped not in self.skipped:
                self.skipped.append(skipped)


def _files_folder(place: Path) -> Path | None:
    base = place if place.is_dir() else place.parent
    return next((f for f in (base / "files", base.parent / "files", base.parent.parent / "files") if f.is_dir()), None)


def _experiment(run: _Run) -> str:
    name = run.values.get("sys/name") or run.values.get("sys/experiment/name")
    return f"{run.project}/{name}" if name and name != run.id else run.project


def _step(row: dict[str, Any], run: _Run) -> int:
    step = row["step"]
    return 0 if step is None else int(step * 10**run.scale)


def _param(value: Any) -> Any:
    return (
        sorted(map(str, value))
        if isinstance(value, (set, tuple, list))
        else _text(value)
        if not isinstance(value, (bool, int, float, str, type(None)))
        else value
    )


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple, set)):
        return ", ".join(map(str, value))
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)
