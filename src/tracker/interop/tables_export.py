"""Runs as tables: a folder of Parquet files, or one CSV file.

The Parquet folder, times in UTC with microseconds:

    runs.parquet         run_id, name, status, experiment, experiment_id, start_time, end_time, duration (s),
                         parent_run_id, user, note, star, lifecycle_stage ("active" | "deleted"), artifact_uri
    experiments.parquet  experiment_id, name, lifecycle_stage, created, updated, artifact_location, tags (map)
    params.parquet       run_id, key, value (text), number (double, where it is one), type ("int", "float", "bool",
                         "string", "json", "null"), json (the value itself)
    metrics.parquet      run_id, key, step, time, value: every point, sorted by run, key, step, time
    tags.parquet         run_id, key, value
    artifacts.parquet    run_id, path, size (bytes)
    datasets.parquet     run_id, name, digest, context, source_type, source, schema, profile, tags
    artifacts/RUN_ID/…   the files

The CSV file has one row a run, with the columns of `tracker.runs()` that `tracker import` knows again: run_id, name,
status, experiment, start_time, end_time, then params.*, metrics.* (the last value), tags.*.
"""

# ruff: noqa: S608 (only this module's own text is put together)

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tracker.interop.export_report import ExportReport
from tracker.query import reader
from tracker.query.table import run_table
from tracker.store import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_OF_RUNS = "WHERE run_id IN (SELECT r FROM exported)"
TABLES = {
    "runs": f"""SELECT run_id, name, status, experiment, experiment_id, start_time, end_time, duration, parent_run_id,
        "user", note, star, lifecycle_stage, artifact_uri FROM runs {_OF_RUNS} ORDER BY start_time, run_id""",
    "experiments": "FROM experiments WHERE experiment_id IN (SELECT experiment_id FROM exported) ORDER BY created",
    "params": f"SELECT run_id, key, value, number, type, json::VARCHAR AS json FROM params {_OF_RUNS} ORDER BY ALL",
    "metrics": f"SELECT run_id, key, step, time, value FROM metrics {_OF_RUNS} ORDER BY run_id, key, step, time, value",
    "tags": f"FROM tags {_OF_RUNS} ORDER BY ALL",
    "artifacts": f"FROM artifacts {_OF_RUNS} ORDER BY ALL",
    "datasets": f"""SELECT run_id, name, digest, context, source_type, source, schema, profile, tags::VARCHAR AS tags
        FROM datasets {_OF_RUNS} ORDER BY ALL""",
}
_ROWS_AT_ONCE = 1 << 18
_KNOWN_AGAIN = ("run_id", "name", "status", "experiment", "start_time", "end_time")


def write_parquet(cursor: Connection, store: Store, runs: Collection[str], path: Path, report: ExportReport) -> None:
    """Write the runs that are chosen on the cursor into a folder. Raises OSError."""
    from pyarrow.parquet import ParquetWriter

    path.mkdir(parents=True, exist_ok=True)
    for name, query in TABLES.items():
        batches = cursor.sql(query).to_arrow_reader(_ROWS_AT_ONCE)
        with ParquetWriter(path / f"{name}.parquet", batches.schema, compression="zstd") as file:
            for batch in batches:
                file.write_batch(batch)
                report.points += batch.num_rows if name == "metrics" else 0
    for run in runs:
        for source, name in report.artifacts_of(store, run):
            target = path / "artifacts" / run / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            report.files += 1


def write_csv(store: Store, runs: Collection[str], path: Path, report: ExportReport) -> None:
    """Write the runs as one table. Raises OSError."""
    from pyarrow.csv import write_csv as write

    table = run_table(reader(store), run_ids=list(runs), view="all", all_tags=True)
    names = [n for n in table.column_names if n in _KNOWN_AGAIN or n.startswith(("params.", "metrics.", "tags."))]
    table = table.select(names)
    for i, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            text = table.column(i).cast(pa.timestamp("us", "UTC"))
            table = table.set_column(i, column.name, pc.strftime(text, "%Y-%m-%dT%H:%M:%S+00:00"))
    write(table, path)
    report.points = sum(table.num_rows - table.column(n).null_count for n in names if n.startswith("metrics."))
