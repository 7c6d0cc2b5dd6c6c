"""MLflow 3's logged models into the store: each once, with its files where its run has them, or in a folder of its own.

A model's files come first, then the points of its metrics, and last the note of it, which is one file: an import that
was cut off leaves no model, and the next does the same again to the same places.
"""

from __future__ import annotations

from collections.abc import Callable

from tracker.exceptions import InvalidValue
from tracker.interop.filing import Filing
from tracker.interop.records import LoggedModelRecord, RunRecord
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.store.experiments import DELETED
from tracker.tracking import logged_models, model_records
from tracker.tracking.writer import RunWriter

MADE, READ = "tracker.mlflow.made.", "tracker.mlflow.read."
"""How the tags begin by which a run says which models it made, at which step, and which it read."""


def import_logged_model(
    store: Store,
    record: LoggedModelRecord,
    experiment_id: str,
    run_id_here: Callable[[str], str],
    filing: Filing,
) -> int:
    """Bring a model in unless it is here; how many files came. Raises InvalidValue, StoreError, OSError."""
    if not logged_models.is_id(record.id):
        raise InvalidValue(f"{record.id[:60]!r} is no id of a logged model")
    if logged_models.facts_of(store, record.id) is not None:
        return 0
    run_id = run_id_here(record.run_id) if record.run_id else None
    path = _path(store, run_id, record) if run_id else None
    placed, elsewhere = 0, record.artifacts_elsewhere
    files = RunRecord(record.id, experiment_id, artifacts=record.artifacts, artifacts_elsewhere=elsewhere)
    if record.artifacts is not None:
        writer = RunWriter(store, run_id or record.id)
        placed = filing.place(writer, files, below=path, tell=run_id is not None)
    changes = [
        {"e": "metric", "k": point["key"], "v": {**point, "run_id": run_id_here(str(point["run_id"]))}}
        for point in record.metrics
    ]
    if record.deleted:
        changes.append({"e": "state", "v": DELETED})
    if changes:
        model_records.change(store, record.id, changes)
    facts = {
        "experiment_id": experiment_id, "name": record.name, "model_type": record.model_type,
        "tags": record.tags, "params": record.params, "status": record.status, "t": record.created * 1000,
        "location": filing.elsewhere(files),
        "run_id": run_id, "path": path,
    }  # fmt: skip
    logged_models.record_facts(store, record.id, {key: value for key, value in facts.items() if value is not None})
    return placed


def _path(store: Store, run_id: str, record: LoggedModelRecord) -> str:
    """Where the run has the model: under its name, unless something else of the run is there."""
    folder = resolve_inside(store.artifact_root(run_id), record.name)
    free = not folder.exists() or logged_models.id_in(folder) == record.id
    return record.name if free else f"{record.name}.{record.id}"
