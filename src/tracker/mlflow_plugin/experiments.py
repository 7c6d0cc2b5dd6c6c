"""Experiments as MLflow wants them: a name stays taken by a deleted experiment, ids are numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow.entities import Experiment, ExperimentTag, LifecycleStage, ViewType
from mlflow.protos.databricks_pb2 import INVALID_STATE, RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils
from mlflow.utils.uri import resolve_uri_if_local
from mlflow.utils.validation import _validate_experiment_name, _validate_experiment_tag

from tracker.mlflow_plugin.errors import refuse, translates
from tracker.mlflow_plugin.places import ArtifactRoot
from tracker.store import Experiment as Entry
from tracker.store import Store
from tracker.store.experiments import ACTIVE
from tracker.tracking import experiments

MAX_RESULTS = 50_000


@translates
class ExperimentCalls:
    """The calls of a tracking store on experiments."""

    store: Store
    root: ArtifactRoot

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] | None = None
    ) -> str:
        _validate_experiment_name(name)
        for tag in tags or ():
            _validate_experiment_tag(tag.key, tag.value)
        self._refuse_taken(name)
        location = resolve_uri_if_local(artifact_location) if artifact_location else None
        return experiments.create(self.store, name, location, {tag.key: tag.value for tag in tags or ()})

    def get_experiment(self, experiment_id: str) -> Experiment:
        return self._entity(self._entry(experiment_id))

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        found = experiments.named(self.store, experiment_name)
        return None if found is None else self.get_experiment(found.experiment_id)

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        check_max_results(max_results)
        stages = LifecycleStage.view_type_to_stages(view_type)
        every = [self._entity(entry) for entry in experiments.every(self.store) if entry.state in stages]
        found = SearchExperimentsUtils.filter(every, filter_string)
        found = SearchExperimentsUtils.sort(found, order_by or ["creation_time DESC", "experiment_id ASC"])
        return PagedList(*SearchUtils.paginate(found, page_token, max_results))

    def delete_experiment(self, experiment_id: str) -> None:
        self._existing(experiment_id, ACTIVE)
        experiments.delete(self.store, experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        self._existing(experiment_id, LifecycleStage.DELETED)
        experiments.restore(self.store, experiment_id)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        _validate_experiment_name(new_name)
        entry = self._entry(experiment_id)
        if entry.state != ACTIVE:
            refuse("Cannot rename a non-active experiment.", INVALID_STATE)
        if new_name != entry.name:
            self._refuse_taken(new_name)
            experiments.rename(self.store, experiment_id, new_name)

    def set_experiment_tag(self, experiment_id: str, tag: ExperimentTag) -> None:
        _validate_experiment_tag(tag.key, tag.value)
        self._active(experiment_id)
        experiments.set_tag(self.store, experiment_id, tag.key, tag.value)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        if key not in self._active(experiment_id).tags:
            refuse(f"No tag with name: {key} in experiment with id {experiment_id}", RESOURCE_DOES_NOT_EXIST)
        experiments.delete_tag(self.store, experiment_id, key)

    def _refuse_taken(self, name: str) -> None:
        if experiments.named(self.store, name) is not None:
            refuse(f"Experiment(name={name}) already exists.", RESOURCE_ALREADY_EXISTS)

    def _entry(self, experiment_id: Any) -> Entry:
        identifier = experiment_number(experiment_id)
        if identifier != "0" and identifier not in self.store.experiments():
            refuse(f"No Experiment with id={identifier} exists", RESOURCE_DOES_NOT_EXIST)
        return experiments.entry_of(self.store, identifier)

    def _existing(self, experiment_id: Any, stage: str) -> Entry:
        entry = self._entry(experiment_id)
        if entry.state != stage:
            refuse(f"No Experiment with id={entry.id} exists", RESOURCE_DOES_NOT_EXIST)
        return entry

    def _active(self, experiment_id: Any) -> Entry:
        """The experiment, which things may be added to."""
        entry = self._entry(experiment_id)
        if entry.state != ACTIVE:
            refuse(f"The experiment {entry.id} must be in the 'active' state. Current state is {entry.state}.")
        return entry

    def _entity(self, entry: Entry) -> Experiment:
        return Experiment(
            experiment_id=entry.id,
            name=entry.name,
            artifact_location=entry.artifact_location or self.root.of_experiment(entry.id),
            lifecycle_stage=entry.state,
            tags=[ExperimentTag(key, value) for key, value in dict(entry.tags).items()],
            creation_time=entry.created or None,
            last_update_time=entry.updated or None,
        )


def experiment_number(experiment_id: Any) -> str:
    """The id as text, "0" for none. Raises MlflowException for what is no number."""
    try:
        return str(int(experiment_id or "0"))
    except (ValueError, TypeError):
        refuse(f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.")


def check_max_results(max_results: Any, none: bool = False) -> None:
    """Raises MlflowException for a page's length that cannot be."""
    if max_results is None and none:
        return
    start = f"Invalid value {max_results} for parameter 'max_results' supplied. It must be"
    if not isinstance(max_results, int) or max_results < 1:
        refuse(f"{start} a positive integer")
    if max_results > MAX_RESULTS:
        refuse(f"{start} at most {MAX_RESULTS}")
