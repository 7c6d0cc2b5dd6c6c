"""MLflow's tracking store on ours.

Every call sees what all processes have written. A run is looked up as this process follows it (`tracking.following`),
so that logging needs no query engine; searching, histories and runs from before this process ask the engine. MLflow's
own checks decide what it would take.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from mlflow.entities import (
    DatasetInput,
    LifecycleStage,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunInfo,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.entities.dataset_summary import _DatasetSummary
from mlflow.protos.databricks_pb2 import BAD_REQUEST, INTERNAL_ERROR, RESOURCE_DOES_NOT_EXIST
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.search_utils import SearchUtils
from mlflow.utils.validation import (
    _validate_batch_log_data,
    _validate_batch_log_limits,
    _validate_dataset_inputs,
    _validate_metric,
    _validate_param,
    _validate_param_keys_unique,
    _validate_run_id,
    _validate_tag,
)

from tracker import secrets
from tracker.exceptions import StoreError
from tracker.interop.records import typed
from tracker.mlflow_plugin.errors import refuse, translates, unsupported
from tracker.mlflow_plugin.experiments import ExperimentCalls, check_max_results, experiment_number
from tracker.mlflow_plugin.histories import HistoryCalls
from tracker.mlflow_plugin.logged_models import LoggedModelCalls
from tracker.mlflow_plugin.places import artifact_root, store_of
from tracker.mlflow_plugin.runs import ARTIFACTS, HIDDEN, MODEL_MADE, MODEL_READ, USER_ID, Entities, dataset_rows, load
from tracker.mlflow_plugin.search import search_run_ids
from tracker.store.experiments import ACTIVE
from tracker.store.ids import DEFAULT_EXPERIMENT_ID, new_id
from tracker.tracking.following import RunState, follower
from tracker.tracking.provenance import RUN_NAME, USER
from tracker.tracking.values import shown
from tracker.tracking.writer import RunWriter, shared_writer

MAX_DATASETS = 1_000
_ACTIVE_STATUSES = ("RUNNING", "SCHEDULED")


@translates
class TrackingStore(ExperimentCalls, HistoryCalls, LoggedModelCalls, AbstractStore):
    """Experiments and runs. `store_uri` is `tracker:` or `tracker:PATH`; `artifact_uri` a server's root, or None."""

    DEFAULT_EXPERIMENT_ID = DEFAULT_EXPERIMENT_ID

    def __init__(self, store_uri: str | None = None, artifact_uri: str | None = None) -> None:
        super().__init__()
        self.store = store_of(store_uri)
        self.root = artifact_root(self.store, artifact_uri)
        self.artifact_root_uri = self.root.uri
        if DEFAULT_EXPERIMENT_ID not in self.store.experiments():  # MLflow's stores have it from the start
            with contextlib.suppress(StoreError):  # a store that can only be read
                self.store.ensure_experiment()
        self._follower = follower(self.store)
        self._follower.catch_up()
        self._entities = Entities(self.store, self._follower, self.root)

    # -- runs

    def create_run(
        self,
        experiment_id: str,
        user_id: str | None,
        start_time: int | None,
        tags: Sequence[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        experiment = self._active(experiment_id)
        every = {tag.key: tag.value for tag in (_own_tag(_validate_tag(tag.key, tag.value)) for tag in tags or ())}
        named = every.get(RUN_NAME)
        if run_name and named and run_name != named:
            refuse(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                f"different values (run_name='{run_name}', mlflow.runName='{named}')."
            )
        every[RUN_NAME] = run_name or named or _generate_random_name()
        run_id = new_id()
        if user_id and user_id != every.get(USER, "unknown"):
            every[USER_ID] = user_id
        if experiment.artifact_location is not None:
            every[ARTIFACTS] = f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts"
        self._writer(run_id).start(experiment.id, every, start_time)
        return self._entities.run(self._state(run_id))

    def get_run(self, run_id: str) -> Run:
        return self._entities.run(self._state(run_id))

    def update_run_info(
        self, run_id: str, run_status: int | None, end_time: int | None, run_name: str | None
    ) -> RunInfo:
        state = self._active_run(run_id)
        writer = self._writer(run_id)
        status = self._entities.info(state).status if run_status is None else RunStatus.to_string(run_status)
        if run_status is not None or end_time is not None:
            if status in _ACTIVE_STATUSES and end_time is None:
                writer.resume() if status == "RUNNING" else writer.end(status)
            else:
                writer.end(status, end_time)
        if run_name:
            writer.tags({RUN_NAME: run_name})
        return self._entities.info(self._state(run_id))

    def delete_run(self, run_id: str) -> None:
        self._set_state(run_id, LifecycleStage.DELETED)

    def restore_run(self, run_id: str) -> None:
        self._set_state(run_id, LifecycleStage.ACTIVE)

    def restore_experiment(self, experiment_id: str) -> None:
        """Take an experiment out of the bin with all its runs, as MLflow's stores do."""
        super().restore_experiment(experiment_id)
        stages = LifecycleStage.view_type_to_stages(ViewType.DELETED_ONLY)
        left = search_run_ids(self.store, self.root, [str(experiment_id)], None, stages, None, None, 0)
        lines = [self._writer(run_id).event("state", v=ACTIVE) for run_id in left]
        if lines:
            self.store.append(b"".join(lines))

    def _set_state(self, run_id: str, state: str) -> None:
        self._state(run_id)
        self.store.append(self._writer(run_id).event("state", v=state))

    def _search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: Sequence[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        check_max_results(max_results, none=True)
        stages = LifecycleStage.view_type_to_stages(run_view_type)
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        ids = [experiment_number(one) for one in experiment_ids]
        limit = None if max_results is None else max_results + 1
        found = search_run_ids(self.store, self.root, ids, filter_string, stages, order_by, limit, offset)
        page = found[:max_results]
        states = load(self.store, page)
        token = SearchUtils.create_page_token(offset + len(page)) if len(found) > len(page) else None
        return self._entities.runs(states[run] for run in page if run in states), token

    # -- logging

    def log_batch(
        self, run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]
    ) -> None:
        _validate_run_id(run_id)
        metrics, params, tags = _validate_batch_log_data(metrics, params, tags)
        _validate_batch_log_limits(metrics, params, tags)
        _validate_param_keys_unique(params)
        tags = [_own_tag(tag) for tag in tags]
        state = self._active_run(run_id)
        writer = self._writer(run_id)
        if params:
            self._log_params(run_id, params, batch=True)
        self._log_points(state, metrics)
        if tags:
            writer.tags({tag.key: tag.value for tag in tags})

    def log_metric(self, run_id: str, metric: Metric) -> None:
        _validate_metric(metric.key, metric.value, metric.timestamp, metric.step)
        self._log_points(self._active_run(run_id), [metric])

    def log_param(self, run_id: str, param: Param) -> None:
        self._active_run(run_id)
        self._log_params(run_id, [_validate_param(param.key, param.value)], batch=False)

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        tag = _own_tag(_validate_tag(tag.key, tag.value))
        self._active_run(run_id)
        self._writer(run_id).tags({tag.key: tag.value})

    def delete_tag(self, run_id: str, key: str) -> None:
        if key not in self._active_run(run_id).tags or key.startswith(HIDDEN):
            refuse(f"No tag with name: {key} in run with id {run_id}", RESOURCE_DOES_NOT_EXIST)
        self._writer(run_id).remove_tag(key)

    def _log_points(self, state: RunState, metrics: Sequence[Metric]) -> None:
        if metrics:
            points = ((m.key, m.value, int(m.step), int(m.timestamp)) for m in metrics)
            self._writer(state.run_id).points(points)
            self.log_model_metrics(state, [metric for metric in metrics if metric.model_id is not None])

    def _log_params(self, run_id: str, params: Sequence[Param], batch: bool) -> None:
        """Log parameters that the run lacks. Raises MlflowException for one that it has with another value.

        Of processes that log a new one at once each looks again, and the first value holds.
        """
        told: dict[str, Any] = {}
        for param in params:
            if param.value is None:
                refuse(f"The parameter {param.key!r} has no value.", BAD_REQUEST)
            told[param.key] = secrets.masked_value(param.key, typed(param.value))[0]
        with self._follower.deciding:
            known = dict(self._state(run_id).params)
            changed = {key: known[key] for key, value in told.items() if key in known and not _same(known[key], value)}
            if not changed:
                new = {param.key: typed(param.value) for param in params if param.key not in known}
                self._writer(run_id).params(new)
                firsts = self._state(run_id).firsts if new else {}
                changed = {key: firsts[key][1] for key in new if key in firsts and not _same(firsts[key][1], told[key])}
                self._writer(run_id).params(changed)
        if changed:
            _refuse_change(run_id, [_Change(key, shown(old), shown(told[key])) for key, old in changed.items()], batch)

    def log_inputs(
        self,
        run_id: str,
        datasets: list[DatasetInput] | None = None,
        models: list[LoggedModelInput] | None = None,
    ) -> None:
        _validate_run_id(run_id)
        if datasets is not None:
            if not isinstance(datasets, list):
                raise TypeError(f"Argument 'datasets' should be a list, got '{type(datasets)}'")
            _validate_dataset_inputs(datasets)
        known = dict(self._active_run(run_id).inputs)
        writer = self._writer(run_id)
        for one in datasets or ():
            if one.dataset is None:
                refuse("Dataset input must have a dataset associated with it.", INTERNAL_ERROR)
            key = (one.dataset.name, one.dataset.digest)
            if key not in known:
                known[key] = _input(one)
                writer.input(one.dataset.name, known[key])
        writer.tags({f"{MODEL_READ}{model.model_id}": "" for model in models or ()})

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        self._active_run(run_id)
        self._writer(run_id).tags({f"{MODEL_MADE}{model.model_id}": model.step for model in models})

    def _search_datasets(self, experiment_ids: Sequence[str]) -> list[_DatasetSummary]:
        ids = [experiment_number(one) for one in experiment_ids]
        return [_DatasetSummary(*row) for row in dataset_rows(self.store, ids, MAX_DATASETS)]

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:
        from mlflow.models import Model
        from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS

        if not isinstance(mlflow_model, Model):
            raise TypeError(f"Argument 'mlflow_model' should be mlflow.models.Model, got '{type(mlflow_model)}'")
        told = self._active_run(run_id).tags.get(MLFLOW_LOGGED_MODELS)
        value = json.dumps([*(json.loads(told) if told else ()), mlflow_model.get_tags_dict()])
        self.set_tag(run_id, RunTag(MLFLOW_LOGGED_MODELS, value))

    # -- cleaning up, for `mlflow gc`

    def _get_deleted_runs(self, older_than: int = 0) -> list[str]:
        from tracker.query.garbage import find

        return list(find(self.store, older_than / 1000).runs)

    def _hard_delete_run(self, run_id: str) -> None:
        from tracker.store import purge

        self._state(run_id)
        purge.purge_runs(self.store, [run_id])
        purge.remove_artifacts(self.store.root, {run_id})

    def _hard_delete_experiment(self, experiment_id: str) -> None:
        from tracker.store import purge

        entry = self._existing(experiment_id, LifecycleStage.DELETED)
        purge.purge_experiments(self.store, [entry.id])

    # -- inside

    def _state(self, run_id: str) -> RunState:
        """The run as it is now. Raises MlflowException if there is none."""
        state = self._find_state(run_id)
        if state is None:
            refuse(f"Run with id={run_id} not found", RESOURCE_DOES_NOT_EXIST)
        return state

    def _find_state(self, run_id: str) -> RunState | None:
        self._follower.catch_up()
        state = self._follower.known(run_id)
        if state is None:
            found = load(self.store, [str(run_id)]).get(str(run_id))
            state = None if found is None else self._follower.learn(found)
        return state

    def _active_run(self, run_id: str) -> RunState:
        state = self._state(run_id)
        self._check_active(state)
        return state

    def _check_active(self, state: RunState) -> None:
        stage = self._entities.stage(state)
        if stage != ACTIVE:
            refuse(f"The run {state.run_id} must be in the 'active' state. Current state is {stage}.")

    def _writer(self, run_id: str) -> RunWriter:
        return shared_writer(self.store, run_id, lambda: RunWriter(self.store, run_id))


def _own_tag(tag: RunTag) -> RunTag:
    """The tag, if it is the user's to set: what stands in ours decides which files a server gives away."""
    if tag.key.startswith(HIDDEN):
        refuse(f"Tags that begin with '{HIDDEN}' are kept by tracker itself; name {tag.key!r} otherwise.")
    return tag


class _Change(NamedTuple):
    """A parameter that would change."""

    key: str
    old: str
    new: str


def _same(one: Any, other: Any) -> bool:
    return shown(one) == shown(other)


def _refuse_change(run_id: str, changed: list[_Change], batch: bool) -> None:
    if batch:
        told = [{"key": one.key, "old_value": one.old, "new_value": one.new} for one in changed]
        refuse(f"Changing param values is not allowed. Params were already logged='{told}' for run ID='{run_id}'.")
    key, old, new = changed[0]
    refuse(
        f"Changing param values is not allowed. Param with key='{key}' was already logged with value='{old}' "
        f"for run ID='{run_id}'. Attempted logging new value '{new}'."
    )


def _input(told: DatasetInput) -> dict[str, Any]:
    facts = {key: getattr(told.dataset, key) for key in ("digest", "source_type", "source", "schema", "profile")}
    tags = {tag.key: tag.value for tag in told.tags or ()}
    return {key: value for key, value in facts.items() if value is not None} | {"tags": tags}


for _name in (
    "start_trace", "delete_traces", "get_trace_info", "get_trace", "batch_get_traces", "search_traces",
    "set_trace_tag", "delete_trace_tag", "get_assessment", "create_assessment", "update_assessment",
    "delete_assessment", "log_spans", "link_traces_to_run", "link_prompts_to_trace", "register_scorer",
    "list_scorers", "get_scorer", "list_scorer_versions", "delete_scorer",
):  # fmt: skip
    setattr(TrackingStore, _name, unsupported(_name))
