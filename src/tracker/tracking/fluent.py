"""The fluent API: calls without an id work on the active run, and start one if there is none.

MLflow's names, signatures and meanings, with these differences, all in the user's favour: a cell that is run
again makes a new run instead of an error; a metric logged without `step` counts its own steps; a parameter
may be corrected.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from tracker.entities import LifecycleStage, Run
from tracker.exceptions import InvalidState, InvalidValue
from tracker.tracking import artifact_logging, context, experiments, system_metrics
from tracker.tracking.client import MlflowClient, check_end, existing_writer, refuse_model
from tracker.tracking.context import ActiveRun, active_run, current_store
from tracker.tracking.datasets import input_of
from tracker.tracking.operations import RunOperations, receipt
from tracker.tracking.provenance import NOTE, RUN_NAME
from tracker.tracking.writer import RunWriter

if TYPE_CHECKING:
    import pandas as pd

_RUN_ID_VARIABLE = "MLFLOW_RUN_ID"


# -- runs


def start_run(
    run_id: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
) -> ActiveRun:
    """A run that is active from now on: a new one, or the one of `run_id` (or of MLFLOW_RUN_ID) again.

    As a context manager it ends with the block: FINISHED, FAILED by an exception, KILLED by an interrupt.
    Raises InvalidState if a run is active here and `nested` is not set; one of an earlier cell is ended.
    """
    outer = _outer_run(nested)
    nested = nested or (outer is not None and outer.implicit)
    if outer is not None and not nested:
        raise InvalidState(
            f"Run with UUID {outer.run_id} is already active. To start a new run, first end the current run "
            "with end_run(). To start a nested run, call start_run with nested=True."
        )
    every = dict(tags or {})
    if description is not None:
        if NOTE in every:
            raise InvalidValue(f"Give the description either as `description` or as the tag {NOTE!r}, and not both.")
        every[NOTE] = description
    existing = run_id or (os.environ.pop(_RUN_ID_VARIABLE, None) if outer is None else None)
    if existing:
        return _watched(_resumed(existing, run_name, every), log_system_metrics)
    store = outer.store if outer is not None else current_store()
    parent = _parent_of_new(outer, nested, parent_run_id)
    experiment = (
        experiments.active_experiment_id(store)
        if experiment_id is None
        else experiments.check_usable(store, experiment_id)
    )
    return _watched(context.open_run(experiment, run_name, every, parent, store=store), log_system_metrics)


def _watched(run: ActiveRun, log_system_metrics: bool | None) -> ActiveRun:
    """The run, with the machine's metrics logged beside it if that is wanted."""
    if system_metrics.is_wanted(log_system_metrics):
        try:
            system_metrics.watch(run)
        except InvalidState as error:
            warnings.warn(str(error), UserWarning, stacklevel=3)
    return run


def _outer_run(nested: bool) -> ActiveRun | None:
    """The run that is active here, once those that earlier cells left open are ended (not if `nested`)."""
    outer = context.own_run()
    while outer is not None and not nested and outer.is_left_over():
        context.close_run(outer)
        outer = context.own_run()
    return outer


def _parent_of_new(outer: ActiveRun | None, nested: bool, parent_run_id: str | None) -> str | None:
    if parent_run_id is None:
        parent = outer or (active_run() if nested else None)
        return parent.run_id if nested and parent is not None else None
    if outer is not None and outer.run_id != parent_run_id and not outer.implicit:
        raise InvalidState(
            f"The active run {outer.run_id} is not the run {parent_run_id} that was given as parent_run_id; "
            "end it first with end_run()."
        )
    if get_run(parent_run_id).info.lifecycle_stage == LifecycleStage.DELETED:
        raise InvalidState(f"The run {parent_run_id} is deleted, so that no run can start under it.")
    return parent_run_id


def _resumed(run_id: str, run_name: str | None, tags: dict[str, Any]) -> ActiveRun:
    from tracker.tracking import reading

    store = current_store()
    info = reading.get_info(store, run_id)
    if info.lifecycle_stage == LifecycleStage.DELETED:
        raise InvalidState(f"The run {run_id} is deleted, so that it cannot start again; restore_run takes it back.")
    if run_name:
        tags[RUN_NAME] = info.run_name = run_name
    writer = existing_writer(store, run_id)
    run = context.resume_run(store, info, writer)
    writer.tags(tags)
    return run


def end_run(status: str = "FINISHED") -> None:
    """End the active run of this thread or task; nothing happens if there is none."""
    check_end(status)
    run = context.own_run()
    if run is not None:
        context.close_run(run, status)


def last_active_run() -> Run | None:
    """The active run, else the one that this process opened last, as it is now; None if there was none."""
    run = active_run() or context.last_run()
    return None if run is None else MlflowClient(run.store.root).get_run(run.run_id)


def get_run(run_id: str) -> Run:
    """The run with its data. Raises NotFound."""
    return MlflowClient().get_run(run_id)


def get_parent_run(run_id: str) -> Run | None:
    """The run that this one is nested in, or None. Raises NotFound."""
    return MlflowClient().get_parent_run(run_id)


def delete_run(run_id: str) -> None:
    """Put a run into the bin. Raises NotFound."""
    MlflowClient().delete_run(run_id)


def restore_run(run_id: str) -> None:
    """Take a run out of the bin. Raises NotFound."""
    MlflowClient().restore_run(run_id)


def _writer(run_id: str | None = None) -> RunWriter:
    """The writer of the run of this id, else of the active run, which is started if there is none."""
    if run_id is not None:
        return existing_writer(current_store(), run_id)
    run = active_run() or start_run()
    return run.writer


# -- params, metrics, tags


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a parameter, its type kept; gives it back, or a receipt with `synchronous=False`."""
    _writer().params({key: value})
    return receipt(synchronous) or value


def log_params(
    params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None
) -> RunOperations | None:
    """Log several parameters in one write."""
    _writer(run_id).params(params)
    return receipt(synchronous)


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log one point of a metric; without `step`, the next one of this metric (0, 1, 2, …). `timestamp` in ms.

    When it returns, the point survives the death of the process. Raises InvalidValue for what is no number.
    """
    if model_id is not None:
        refuse_model(model_id)
    run = active_run() if run_id is None else None
    (_writer(run_id) if run is None else run.writer).metric(key, value, step, timestamp)
    return None if synchronous is not False else RunOperations()


def log_metrics(
    metrics: Mapping[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log one point of several metrics in one write; none is written if one of them is no number."""
    refuse_model(model_id)
    _writer(run_id).metrics(metrics, step, timestamp)
    return receipt(synchronous)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """Set a tag; its value becomes text."""
    _writer().tags({key: value})
    return receipt(synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    """Set several tags in one write."""
    _writer().tags(tags)
    return receipt(synchronous)


def delete_tag(key: str) -> None:
    """Remove a tag of the active run. Raises NotFound if it has no such tag."""
    writer = _writer()
    MlflowClient(writer.store.root).delete_tag(writer.run_id, key)


def log_input(
    dataset: Any = None, context: str | None = None, tags: Mapping[str, Any] | None = None, model: Any = None
) -> None:
    """Note that the active run reads a dataset: a DataFrame, an array, or an `entities.Dataset`.

    `context` says what for, as in "training". Raises InvalidValue for another kind of data, and for `model`.
    """
    refuse_model(model)
    name, value = input_of(dataset, context, tags)
    _writer().input(name, value)


def flush_async_logging() -> None:
    """Nothing waits: every call has written when it returns."""


def flush_artifact_async_logging() -> None:
    """Nothing waits: every call has written when it returns."""


# -- artifacts


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Keep a copy of a file (or folder), in the run's folder `artifact_path`.

    Raises InvalidValue if it is not there.
    """
    artifact_logging.log_artifact(_writer(run_id), local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Keep a copy of what is in a folder. Raises InvalidValue if there is no such folder."""
    artifact_logging.log_artifacts(_writer(run_id), local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Keep a text as a file."""
    artifact_logging.log_text(_writer(run_id), text, artifact_file)


def log_dict(dictionary: dict[str, Any], artifact_file: str, run_id: str | None = None) -> None:
    """Keep a dict as a JSON file, or YAML for a name that ends so."""
    artifact_logging.log_dict(_writer(run_id), dictionary, artifact_file)


def log_stream(stream: IO[bytes], artifact_file: str, run_id: str | None = None) -> None:
    """Keep what a binary stream gives as a file."""
    artifact_logging.log_stream(_writer(run_id), stream, artifact_file)


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None) -> None:
    """Keep a matplotlib or plotly figure in the format that the name ends in."""
    artifact_logging.log_figure(_writer(), figure, artifact_file, save_kwargs)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Keep an image (PIL or array) as the file `artifact_file`, or as one of the series `key`."""
    artifact_logging.log_image(_writer(), image, artifact_file, key, step, timestamp)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Keep a DataFrame or dict of columns as .json or .parquet; rows are added to those that the file has."""
    artifact_logging.log_table(_writer(run_id), data, artifact_file)


def load_table(
    artifact_file: str, run_ids: list[str] | None = None, extra_columns: list[str] | None = None
) -> pd.DataFrame:
    """The tables of this name of the active experiment's runs (or of some of them), one below the other."""
    experiment = experiments.active_experiment_id(current_store())
    if run_ids:
        experiment = get_run(run_ids[0]).info.experiment_id
    return MlflowClient().load_table(experiment, artifact_file, run_ids, extra_columns)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the active run's artifacts are, or one of them; it need not exist."""
    writer = _writer()
    root = writer.store.artifact_root(writer.run_id)
    return str(writer.artifact_path(artifact_path) if artifact_path else root)
