"""Runs of the store given to others: a zip of ours, MLflow, Parquet, CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, get_args

from tracker.exceptions import AlreadyExists, InvalidValue, NotFound
from tracker.interop import run_lines
from tracker.interop.export_report import ExportReport
from tracker.interop.progress import Progress, shown
from tracker.query import frames, reader
from tracker.store import Store
from tracker.tracking import reading
from tracker.tracking.location import current_store

Format = Literal["zip", "mlflow", "parquet", "csv"]


def export(
    path: str | os.PathLike[str],
    runs: Any = None,
    *,
    to: Format | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> ExportReport:
    """Write runs to `path`, for another tracker or another store.

    `runs`: ids or names, runs, or a DataFrame with `run_id`; None: all, those in the bin too. `to`: "zip", which
    `tracker.import_from` takes back to the last bit; "mlflow", a new folder in the format of MLflow's `mlruns`, or by
    the installed MLflow a new SQLite file where `path` ends in .db; "parquet", a new folder of tables
    (`tracker.interop.parquet`); "csv", one row a run. Without `to` the path says it: .zip, .csv, .db, a folder named
    mlruns. Raises NotFound, InvalidValue, AlreadyExists where something is at `path`.
    """
    target, source = Path(path).expanduser(), store or current_store()
    form = to or _format_of(target)
    if form not in get_args(Format):
        raise InvalidValue(f"Runs are exported to {', '.join(get_args(Format))}; got {to!r}.")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise AlreadyExists(f"There is something at {target}; give a path where nothing is.")
    ids = None if runs is None else _ids(source, runs)
    target.parent.mkdir(parents=True, exist_ok=True)
    progress = progress or shown()
    cursor = reader(source).cursor()
    cursor.begin()
    try:
        chosen = run_lines.choose(cursor, ids)
        report = ExportReport(target, form, runs=len(chosen))
        for run in run_lines.running(cursor):
            report.skip(f"the rest of run {run}", "it is still running; what it has until now is given, as KILLED")
        if form == "zip":
            from tracker.interop.archive import write_zip

            write_zip(cursor, source, chosen, ids is None, target, report, progress)
        elif form == "mlflow":
            from tracker.interop.mlflow_export import write_mlflow

            write_mlflow(cursor, source, chosen, ids is None, target, report, progress)
        elif form == "parquet":
            from tracker.interop.tables_export import write_parquet

            write_parquet(cursor, source, chosen, target, report)
        else:
            from tracker.interop.tables_export import write_csv

            write_csv(source, chosen, target, report)
    finally:
        cursor.rollback()
        cursor.close()
    return report


def _format_of(path: Path) -> str:
    suffixes = {".zip": "zip", ".csv": "csv", ".db": "mlflow", ".sqlite": "mlflow", ".parquet": "parquet"}
    found = "mlflow" if path.name == "mlruns" else suffixes.get(path.suffix.lower())
    if found is None:
        raise InvalidValue(f"{path} does not say in which format: give to=…, one of {', '.join(get_args(Format))}.")
    return found


def _ids(store: Store, runs: Any) -> list[str]:
    """The ids of runs that are told by id, by a beginning of it, or by name. Raises NotFound."""
    found: list[str] = []
    for told in frames.run_ids(runs):
        ids = [told] if _is_run(store, told) else reading.find_run_ids(store, told)
        if not ids:
            raise NotFound(f"There is no run {told!r} in the store at {store.root}.")
        found += ids
    return list(dict.fromkeys(found))


def _is_run(store: Store, run: str) -> bool:
    rows = reader(store).cursor().execute("SELECT 1 FROM runs WHERE run_id = $id", {"id": run}).fetchall()
    return bool(rows)
