"""MlflowClient: everything by id, for any run and experiment of a store, with MLflow's signatures."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tracker.entities import (
    Experiment,
    LifecycleStage,
    Metric,
    PagedList,
    Param,
    Run,
    RunTag,
    ViewType,
)
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.store import Store
from tracker.store.ids import new_id
from tracker.tracking import context, edits, experiments, reading
from tracker.tracking.client_artifacts import ArtifactCalls
from tracker.tracking.client_registry import RegistryCalls
from tracker.tracking.location import store_at
from tracker.tracking.names import random_name
from tracker.tracking.operations import RunOperations, receipt
from tracker.tracking.paging import page_limit, page_of, page_offset
from tracker.tracking.provenance import LOGGED_ARTIFACTS, PARENT, RUN_NAME, USER, user
from tracker.tracking.writer import RunWriter, shared_writer

if TYPE_CHECKING:
    pass

_HAS_FILES = f"tags.`{LOGGED_ARTIFACTS}` IS NOT NULL"
_ENDED = ("FINISHED", "FAILED", "KILLED")


class MlflowClient(ArtifactCalls, RegistryCalls):
    """Reads and writes a store by ids.

    `tracking_uri` names the store's folder; without one it is the current store.
    """

    def __init__(self, tracking_uri: str | os.PathLike[str] | None = None, registry_uri: str | None = None) -> None:
        self._asked: Store | None = store_at(tracking_uri) if tracking_uri else None

    @property
    def store(self) -> Store:
        """The store that the client works on."""
        return self._asked or context.current_store()

    @property
    def tracking_uri(self) -> str:
        """The URI of the store's folder."""
        return self.store.root.as_uri()

    # -- experiments

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None
    ) -> str:
        """The id of a new experiment.

        Raises AlreadyExists if an active one has the name, InvalidValue for a bad name.
        """
        if artifact_location is not None:
            warnings.warn(
                f"tracker keeps artifacts in the store, in {self.store.root / 'artifacts'}; "
                f"artifact_location={artifact_location!r} is noted with the experiment and not used.",
                UserWarning,
                stacklevel=2,
            )
        return experiments.create(self.store, name, artifact_location, tags)

    def get_experiment(self, experiment_id: str) -> Experiment:
        """The experiment of this id. Raises NotFound."""
        return experiments.get(self.store, experiment_id)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """The experiment of this name: the active one, else the one deleted last; None if there is none."""
        return experiments.named(self.store, name)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """One page of the experiments that pass the filter. Raises FilterError."""
        from tracker.tracking.experiment_search import search

        view, limit, offset = reading.view_name(view_type), page_limit(max_results), page_offset(page_token)
        everything = [experiments.entity(self.store, entry) for entry in experiments.every(self.store)]
        seen = [one for one in everything if view in ("all", one.lifecycle_stage)]
        return page_of(search(seen, filter_string, order_by)[offset : offset + limit + 1], limit, offset)

    def delete_experiment(self, experiment_id: str) -> None:
        """Put an experiment and its runs into the bin. Raises NotFound."""
        experiments.delete(self.store, experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment and its runs out of the bin.

        Raises AlreadyExists if its name was given to another.
        """
        experiments.restore(self.store, experiment_id)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name. Raises AlreadyExists if it is taken."""
        experiments.rename(self.store, experiment_id, new_name)

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        experiments.set_tag(self.store, experiment_id, key, value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag of an experiment. Raises NotFound if it has no such tag."""
        experiments.delete_tag(self.store, experiment_id, key)

    # -- runs

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """A new run, RUNNING until `set_terminated` or the end of this process; it does not become active."""
        experiment_id = experiments.check_usable(self.store, experiment_id)
        every = {USER: user()} | dict(tags or {})
        every[RUN_NAME] = run_name or every.get(RUN_NAME) or random_name()
        store, run_id = self.store, new_id()
        shared_writer(store, run_id, lambda: RunWriter(store, run_id)).start(experiment_id, every, start_time)
        return self.get_run(run_id)

    def get_run(self, run_id: str) -> Run:
        """The run with its data. Raises NotFound."""
        return reading.get_run(self.store, run_id)

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run that this one is nested in, or None."""
        parent = self.get_run(run_id).data.tags.get(PARENT)
        return None if parent is None else self.get_run(parent)

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """One page of the runs that pass the filter, newest first unless ordered. Raises FilterError."""
        limit, offset = page_limit(max_results), page_offset(page_token)
        ids = [experiment_ids] if isinstance(experiment_ids, str | int) else experiment_ids
        view = reading.view_name(run_view_type)
        found = reading.search_run_ids(
            self.store, [str(i) for i in ids], filter_string, view, order_by, limit + 1, offset
        )
        page = page_of(found, limit, offset)
        return PagedList(reading.get_runs(self.store, page), page.token)

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change a run's status or name."""
        writer = self._writer(run_id)
        if status == "RUNNING":
            writer.resume()
        elif status is not None:
            self.set_terminated(run_id, status)
        if name:
            writer.tags({RUN_NAME: name})

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run as FINISHED, FAILED or KILLED; `end_time` in ms, default now."""
        status = check_end(status or "FINISHED")
        writer = self._writer(run_id)
        writer.end(status, end_time)
        context.settle(run_id, status, end_time if end_time is not None else self.store.clock() // 1000)

    def delete_run(self, run_id: str) -> None:
        """Put a run into the bin. Raises NotFound."""
        self._set_state(run_id, LifecycleStage.DELETED)

    def restore_run(self, run_id: str) -> None:
        """Take a run out of the bin. Raises NotFound."""
        self._set_state(run_id, LifecycleStage.ACTIVE)

    # -- params, metrics, tags

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log a parameter; gives it back, or a receipt with `synchronous=False`."""
        self._writer(run_id).params({key: value})
        return receipt(synchronous) or value

    def log_metric(
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> RunOperations | None:
        """Log one point of a metric; without `step`, the next one of this metric."""
        refuse_model(model_id)
        self._writer(run_id).metric(key, value, step, timestamp)
        return receipt(synchronous)

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
        """Set a tag."""
        self._writer(run_id).tags({key: value})
        return receipt(synchronous)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag. Raises NotFound if the run has no such tag."""
        if key not in self.get_run(run_id).data.tags:
            raise NotFound(f"The run {run_id} has no tag {key!r}.")
        self._writer(run_id).remove_tag(key)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """Log many points, parameters and tags."""
        writer = self._writer(run_id)
        writer.params({param.key: param.value for param in params})
        writer.points((m.key, m.value, m.step, m.timestamp) for m in metrics)
        writer.tags({tag.key: tag.value for tag in tags})
        return receipt(synchronous)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """All points of a metric, by step, time and value; empty for a metric that the run lacks.

        Raises NotFound.
        """
        reading.get_info(self.store, run_id)
        return PagedList(reading.metric_history(self.store, run_id, key))

    # -- inside

    def _writer(self, run_id: str) -> RunWriter:
        return existing_writer(self.store, run_id)

    def _set_state(self, run_id: str, state: str) -> None:
        edits.edit([run_id], state=state, store=self.store)


Client = MlflowClient


def existing_writer(store: Store, run_id: str) -> RunWriter:
    """The writer of a run that is there. Raises NotFound; InvalidState for a deleted run."""

    def make() -> RunWriter:
        info = reading.get_info(store, run_id)
        if info.lifecycle_stage == LifecycleStage.DELETED:
            raise InvalidState(f"The run {run_id} is deleted; take it back with restore_run before you write to it.")
        return RunWriter(store, run_id, lambda: reading.last_steps(store, run_id))

    return shared_writer(store, run_id, make)


def check_end(status: Any) -> str:
    """The status itself, if a run can end so. Raises InvalidValue."""
    if status not in _ENDED:
        raise InvalidValue(f"A run ends as {', '.join(_ENDED)}; got {status!r}.")
    return str(status)


def refuse_model(model_id: Any) -> None:
    """Raises InvalidValue for a metric that is meant for a model."""
    if model_id is not None:
        raise InvalidValue(
            f"Metrics and data belong to runs here, not to models; {model_id!r} cannot be given as a model."
        )
