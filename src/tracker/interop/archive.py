"""A zip that holds a store with some runs of another: `tracker import` takes it back, and unzipped it is a store."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tracker.interop import registry_copy, run_lines
from tracker.interop.export_report import ExportReport
from tracker.interop.progress import Progress
from tracker.store import Store
from tracker.store.ids import new_id
from tracker.store.store import FORMAT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_LEVEL = 6


def write_zip(
    cursor: Connection,
    store: Store,
    runs: Collection[str],
    every: bool,
    path: Path,
    report: ExportReport,
    progress: Progress | None,
) -> None:
    """Write the runs that are chosen on the cursor, whole or not at all. `every`: all models come along. OSError."""
    temporary = path.with_name(f".{path.name}.{new_id()}.part")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file:
            file.writestr("store.json", orjson.dumps({"format": FORMAT, "id": new_id()}))
            _write_events(cursor, store, file, report)
            for done, run in enumerate(runs, 1):
                _write_artifacts(store, run, file, report)
                if progress is not None:
                    progress(done, len(runs))
            chosen = None if every else set(runs)
            models = registry_copy.models_of(store, chosen)
            report.versions = sum(len(model.versions) for model in models)
            for name, data in registry_copy.files(store, models, registry_copy.logged_by(store, chosen)):
                file.writestr(f"models/{name}", data)
        os.chmod(temporary, 0o600)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_events(cursor: Connection, store: Store, file: zipfile.ZipFile, report: ExportReport) -> None:
    chosen, told = run_lines.experiments_chosen(cursor), store.experiments()
    with file.open(f"journal/{new_id()}.ndjson", "w", force_zip64=True) as journal:
        journal.write(b"".join(run_lines.experiment_lines(told[one] for one in sorted(chosen) if one in told)))
        for line in run_lines.run_lines(cursor, {}):
            journal.write(line)
        block = []
        for line in run_lines.point_lines(cursor):
            block.append(line)
            if len(block) == 10_000:
                journal.write(b"".join(block))
                report.points += len(block)
                block.clear()
        journal.write(b"".join(block))
        report.points += len(block)


def _write_artifacts(store: Store, run: str, file: zipfile.ZipFile, report: ExportReport) -> None:
    for path, name in report.artifacts_of(store, run):
        file.write(path, f"artifacts/{run}/{name}")
        report.files += 1
