"""Logged models as MLflow's entities."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from mlflow.entities import LoggedModel, LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.entities import PagedList
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.search_utils import SearchLoggedModelsPaginationToken
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import _validate_logged_model_name

from tracker.mlflow_plugin.errors import refuse, translates
from tracker.mlflow_plugin.places import ArtifactRoot
from tracker.store import Store
from tracker.store.experiments import DELETED
from tracker.tracking import model_records
from tracker.tracking.following import RunState
from tracker.tracking.logged_models import new_model_id
from tracker.tracking.model_records import ModelRecord

DEFAULT_MAX_RESULTS = 100
_ALIASES = {
    "creation_time": "created", "creation_timestamp": "created", "creation_timestamp_ms": "created",
    "last_updated_timestamp": "updated", "last_updated_timestamp_ms": "updated",
    "model_id": "id", "source_run_id": "run_id", "name": "name", "model_type": "model_type", "status": "status",
    "experiment_id": "experiment_id", "lifecycle_stage": "state", "artifact_location": "location",
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "IN": lambda a, b: a in b, "NOT IN": lambda a, b: a not in b,
    "LIKE": lambda a, b: _like(a, b, 0), "ILIKE": lambda a, b: _like(a, b, re.IGNORECASE),
}  # fmt: skip


@translates
class LoggedModelCalls:
    """The calls of a tracking store on logged models."""

    store: Store
    root: ArtifactRoot

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        _validate_logged_model_name(name)
        experiment = self._active(experiment_id)  # type: ignore[attr-defined]
        model_id = new_model_id()
        name = name or _generate_random_name()
        facts: dict[str, Any] = {"experiment_id": experiment.id, "name": name, "model_type": model_type}
        facts |= {"tags": {t.key: t.value for t in tags or ()}, "params": {p.key: p.value for p in params or ()}}
        if experiment.artifact_location is not None:
            facts["location"] = append_to_uri_path(experiment.artifact_location, "models", model_id, "artifacts")
        if source_run_id:
            facts |= {"run_id": source_run_id, "path": self._free_path(source_run_id, name, model_id)}
        return self._model(model_records.create(self.store, model_id, facts))

    def _free_path(self, run_id: str, name: str, model_id: str) -> str:
        """The model's name, unless the run has something of that name: its place never changes again."""
        taken = (self.store.artifact_root(run_id) / name).exists() or any(
            record.run_id == run_id and record.path == name for record in model_records.every(self.store)
        )
        return f"{name}.{model_id}" if taken else name

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        record = self._record(model_id)
        if record.state == DELETED and not allow_deleted:
            _refuse_missing(model_id)
        return self._model(record)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        return self._changed(model_id, {"e": "status", "v": status.value})

    def delete_logged_model(self, model_id: str) -> None:
        self._changed(model_id, {"e": "state", "v": DELETED})

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        self._changed(model_id, *({"e": "tag", "k": tag.key, "v": str(tag.value)} for tag in tags))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        if key not in self._record(model_id).tags:
            refuse(f"No tag with key {key!r} found for model with ID {model_id!r}.", RESOURCE_DOES_NOT_EXIST)
        self._changed(model_id, {"e": "tag", "k": key, "v": None})

    def log_logged_model_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        self._changed(model_id, *({"e": "param", "k": param.key, "v": str(param.value)} for param in params))

    def log_model_metrics(self, run: RunState, metrics: Sequence[Metric]) -> None:
        """Keep points of a run with the models that they are of."""
        for metric in metrics:
            value = float(metric.value)
            point = {
                "value": value if math.isfinite(value) else str(value),
                "step": int(metric.step), "time": int(metric.timestamp), "run_id": run.run_id,
                "dataset_name": metric.dataset_name, "dataset_digest": metric.dataset_digest,
            }  # fmt: skip
            model_records.change(self.store, str(metric.model_id), [{"e": "metric", "k": metric.key, "v": point}])

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        if datasets and not all(one.get("dataset_name") for one in datasets):
            refuse("`dataset_name` in the `datasets` clause must be specified.")
        offset = 0
        if page_token:
            token = SearchLoggedModelsPaginationToken.decode(page_token)
            token.validate(experiment_ids, filter_string, order_by)
            offset = token.offset
        limit = max_results or DEFAULT_MAX_RESULTS
        wanted = {str(int(one)) for one in experiment_ids}
        every = [self._placed(record) for record in model_records.every(self.store)]
        found = [one for one in every if one.experiment_id in wanted and _passes(one, filter_string, datasets)]
        found = _ordered(found, order_by)
        page = [self._model(one) for one in found[offset : offset + limit]]
        if len(found) <= offset + limit:
            return PagedList(page, None)
        more = SearchLoggedModelsPaginationToken(
            offset=offset + limit, experiment_ids=experiment_ids, filter_string=filter_string, order_by=order_by
        )
        return PagedList(page, more.encode())

    # -- cleaning up, for `mlflow gc`

    def _get_deleted_logged_models(self, older_than: int = 0) -> list[str]:
        before = self.store.clock() // 1000 - older_than
        return [r.id for r in model_records.every(self.store, deleted=True) if r.updated <= before]

    def _hard_delete_logged_model(self, model_id: str) -> None:
        self._record(model_id)
        model_records.remove(self.store, model_id)

    # -- inside

    def _record(self, model_id: str) -> ModelRecord:
        return self._placed(model_records.get(self.store, model_id))

    def _changed(self, model_id: str, *changes: dict[str, Any]) -> LoggedModel:
        self._record(model_id)
        model_records.change(self.store, model_id, changes)
        return self._model(self._record(model_id))

    def _placed(self, record: ModelRecord) -> ModelRecord:
        """A model that was logged natively belongs to its run's experiment."""
        if record.experiment_id is None and record.run_id is not None:
            state = self._find_state(record.run_id)  # type: ignore[attr-defined]
            record.experiment_id = None if state is None else state.experiment_id
        return record

    def _model(self, record: ModelRecord) -> LoggedModel:
        return LoggedModel(
            experiment_id=record.experiment_id or "0",
            model_id=record.id,
            name=record.name,
            artifact_location=record.location or append_to_uri_path(self.root.uri, record.id),
            creation_timestamp=record.created,
            last_updated_timestamp=record.updated,
            model_type=record.model_type,
            source_run_id=record.run_id,
            status=LoggedModelStatus(record.status),
            tags=dict(record.tags),
            params=dict(record.params),
            metrics=[_metric(record.id, point) for point in record.metrics],
        )


def _metric(model_id: str, told: dict[str, Any]) -> Metric:
    return Metric(
        told["key"], float(told["value"]), told["time"], told["step"], model_id=model_id,
        dataset_name=told.get("dataset_name"), dataset_digest=told.get("dataset_digest"), run_id=told.get("run_id"),
    )  # fmt: skip


def _refuse_missing(model_id: str) -> None:
    refuse(f"Logged model with ID '{model_id}' not found.", RESOURCE_DOES_NOT_EXIST)


# -- searching


def _passes(record: ModelRecord, filter_string: str | None, datasets: list[dict[str, Any]] | None) -> bool:
    from mlflow.utils.search_logged_model_utils import EntityType, parse_filter_string

    terms = parse_filter_string(filter_string)
    points = [p for p in record.metrics if not datasets or any(_is_on(p, one) for one in datasets)]
    if datasets and not points and not any(t.entity.type == EntityType.METRIC for t in terms):
        return False
    for term in terms:
        match term.entity.type:
            case EntityType.METRIC:
                values: list[Any] = [float(p["value"]) for p in points if p["key"] == term.entity.key]
            case EntityType.PARAM:
                values = [record.params.get(term.entity.key)]
            case EntityType.TAG:
                values = [record.tags.get(term.entity.key)]
            case _:
                values = [_attribute(record, term.entity.key)]
        if not any(value is not None and _COMPARE[term.op](value, term.value) for value in values):
            return False
    return True


def _is_on(point: dict[str, Any], dataset: dict[str, Any]) -> bool:
    digest = dataset.get("dataset_digest")
    return point.get("dataset_name") == dataset["dataset_name"] and digest in (None, point.get("dataset_digest"))


def _attribute(record: ModelRecord, key: str) -> Any:
    if key not in _ALIASES:
        refuse(f"Invalid order by field name: {key}")
    return getattr(record, _ALIASES[key])


def _ordered(records: list[ModelRecord], order_by: list[dict[str, Any]] | None) -> list[ModelRecord]:
    """By the keys, those that lack them last; then the newest first, then by id."""
    records = sorted(records, key=lambda one: one.id)
    records.sort(key=lambda one: one.created, reverse=True)
    for key in reversed(order_by or []):
        values = [_sort_value(one, key) for one in records]
        there = [i for i, value in enumerate(values) if value is not None]
        there.sort(key=values.__getitem__, reverse=not key.get("ascending", True))
        records = [records[i] for i in there] + [one for one, v in zip(records, values, strict=True) if v is None]
    return records


def _sort_value(record: ModelRecord, key: dict[str, Any]) -> Any:
    asked = str(key.get("field_name"))
    entity, dot, name = asked.partition(".")
    if not dot:
        return _attribute(record, asked)
    if entity != "metrics":
        refuse(f"Invalid order by field name: {asked}. Only metrics are supported.")
    points = [
        point
        for point in record.metrics
        if point["key"] == name
        and key.get("dataset_name") in (None, point.get("dataset_name"))
        and key.get("dataset_digest") in (None, point.get("dataset_digest"))
    ]
    latest = max(points, key=lambda p: (p["time"], p["step"]), default=None)
    return None if latest is None else float(latest["value"])


def _like(text: str, pattern: str, flags: int) -> bool:
    expression = "".join({"%": ".*", "_": "."}.get(c) or re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL | flags) is not None
