"""A child run for each candidate of a search, which took place while the search's own run did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.autolog.calls import Call
from tracker.store.ids import new_id
from tracker.tracking.names import random_name
from tracker.tracking.provenance import PARENT, RUN_NAME, automatic_tags
from tracker.tracking.writer import RunWriter, shared_writer


def candidate_tags(call: Call, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of every candidate: those that name the estimator, and those that a run gets by itself."""
    return automatic_tags() | {PARENT: call.run.run_id, "mlflow.autologging": call.library} | dict(tags)


def log_candidate(
    call: Call,
    tags: Mapping[str, str],
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    dataset: tuple[str, dict[str, Any]] | None = None,
) -> None:
    """Log one candidate, whole, as a finished child run."""
    store, run_id = call.store, new_id()
    writer = shared_writer(store, run_id, lambda: RunWriter(store, run_id))
    info = call.run.info
    writer.start(info.experiment_id, {**tags, RUN_NAME: random_name()}, info.start_time)
    writer.params({str(name): value for name, value in params.items()})
    writer.metrics(metrics)
    if dataset is not None:
        writer.input(*dataset)
    writer.end("FINISHED")
