"""Runs as MLflow's entities: single ones as this process follows them, pages of them by the query engine.

What MLflow knows of a run and the store has no event for is kept in tags of the run, which are not shown as tags:
the models that it read and made, and where its artifacts are when that is not in the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunTag,
)

from tracker.mlflow_plugin.places import ArtifactRoot
from tracker.query import reader
from tracker.store import Experiment, Store
from tracker.store.experiments import ACTIVE, DELETED
from tracker.tracking.following import Follower, RunState, milliseconds
from tracker.tracking.provenance import RUN_NAME, USER
from tracker.tracking.values import shown

HIDDEN = "tracker.mlflow."
ARTIFACTS = f"{HIDDEN}artifacts"
USER_ID = f"{HIDDEN}user"
MODEL_READ, MODEL_MADE = f"{HIDDEN}read.", f"{HIDDEN}made."
"""What tags begin with that name models: their ids follow; the value of the second is a step."""

_IDS = "run_id IN (SELECT unnest($ids::VARCHAR[]))"
_RUNS = f"""SELECT run_id, experiment_id, epoch_ms(start_time), status, epoch_ms(end_time), lifecycle_stage
    FROM runs WHERE {_IDS}"""  # noqa: S608
_STATES = f"""SELECT r, arg_max(v, (t, w)) ->> '$' FROM hot.events
    WHERE e = 'state' AND {_IDS.replace("run_id", "r")} GROUP BY r"""  # noqa: S608
_PARAMS = f"""SELECT run_id, key, type, value, number, if(type IN ('null', 'json'), json::VARCHAR, NULL)
    FROM params WHERE {_IDS} ORDER BY key"""  # noqa: S608
_TAGS = f"SELECT run_id, key, value FROM tags WHERE {_IDS} ORDER BY key"  # noqa: S608
_METRICS = f"SELECT run_id, key, step, epoch_us(time), value FROM latest_metrics WHERE {_IDS} ORDER BY key"  # noqa: S608
_INPUTS = f"""SELECT run_id, name, digest, source_type, source, schema, profile, tags::VARCHAR
    FROM datasets WHERE {_IDS} ORDER BY name"""  # noqa: S608

_DATASETS = """SELECT DISTINCT experiment_id, d.name, digest, context FROM datasets d JOIN runs USING (run_id)
    WHERE experiment_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY ALL LIMIT $limit"""


def load(store: Store, run_ids: Sequence[str]) -> dict[str, RunState]:
    """The runs of these ids that the store has, as the query engine sees them. Their `state` is their own."""
    cursor, ids = reader(store).cursor(), {"ids": list(run_ids)}
    cursor.begin()
    try:
        found = {
            run: RunState(run, experiment, start, status, end, None, stage)
            for run, experiment, start, status, end, stage in cursor.execute(_RUNS, ids).fetchall()
        }
        own = dict(cursor.execute(_STATES, ids).fetchall())
        for run, key, kind, text, number, told in cursor.execute(_PARAMS, ids).fetchall():
            found[run].params[key] = _parameter(kind, text, number, told)
        for run, key, value in cursor.execute(_TAGS, ids).fetchall():
            found[run].tags[key] = value
        for run, key, step, time, value in cursor.execute(_METRICS, ids).fetchall():
            found[run].metrics[key] = (step, time, value)
        for run, name, digest, *facts in cursor.execute(_INPUTS, ids).fetchall():
            keys = ("source_type", "source", "schema", "profile")
            told = dict(zip(keys, facts, strict=False)) | {"digest": digest, "tags": _json(facts[-1] or "{}")}
            found[run].inputs[name, str(digest)] = told
    finally:
        cursor.rollback()
        cursor.close()
    for run, state in found.items():
        state.state = own.get(run) or ACTIVE
    return found


def dataset_rows(store: Store, experiment_ids: Sequence[str], limit: int) -> list[tuple[str, str, str, str | None]]:
    """The datasets that runs of these experiments read: experiment, name, digest, context."""
    bound = {"ids": list(experiment_ids), "limit": limit}
    return reader(store).cursor().execute(_DATASETS, bound).fetchall()


def _parameter(kind: str, text: str, number: float | None, told: str | None) -> Any:
    """A parameter as it was logged; an integer, of any size, by its text."""
    if kind == "float":
        return number
    return text == "true" if kind == "bool" else text if told is None else _json(told)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (RecursionError, ValueError):  # from elsewhere, and nested beyond reason
        return text


class Entities:
    """Makes MLflow's entities of runs, all in one store."""

    def __init__(self, store: Store, follower: Follower, root: ArtifactRoot) -> None:
        self._store, self._follower, self._root = store, follower, root

    def info(self, state: RunState, experiments: Mapping[str, Experiment] | None = None) -> RunInfo:
        """The run's identity and state. `experiments`: those of the store, where they are known already."""
        status, end = state.status, state.end
        if state.writer is not None and not self._follower.is_live(state.writer):
            status, end = "KILLED", milliseconds(state.last)
        tags = state.tags
        return RunInfo(
            run_id=state.run_id,
            experiment_id=state.experiment_id,
            user_id=tags.get(USER_ID) or tags.get(USER) or "unknown",
            status=status,
            start_time=state.start,
            end_time=end,
            lifecycle_stage=self.stage(state, experiments),
            artifact_uri=tags.get(ARTIFACTS) or self._root.of_run(state.experiment_id, state.run_id),
            run_name=tags.get(RUN_NAME, ""),
        )

    def stage(self, state: RunState, experiments: Mapping[str, Experiment] | None = None) -> str:
        """Whether the run is active or deleted: by itself, or with its experiment."""
        if state.state == ACTIVE:
            known = self._store.experiments() if experiments is None else experiments
            experiment = known.get(state.experiment_id)
            return ACTIVE if experiment is None else experiment.state
        return DELETED

    def run(self, state: RunState, experiments: Mapping[str, Experiment] | None = None) -> Run:
        """The run with its data."""
        tags = dict(state.tags)
        data = RunData(
            metrics=[
                Metric(k, v, milliseconds(t), s, run_id=state.run_id) for k, (s, t, v) in dict(state.metrics).items()
            ],
            params=[Param(key, shown(value)) for key, value in dict(state.params).items()],
            tags=[RunTag(key, value) for key, value in tags.items() if not key.startswith(HIDDEN)],
        )
        read, made = _after(tags, MODEL_READ), _after(tags, MODEL_MADE)
        datasets = [_dataset(name, told) for (name, _), told in dict(state.inputs).items()]
        inputs = RunInputs(datasets, [LoggedModelInput(key) for key in read])
        outputs = RunOutputs([LoggedModelOutput(key, int(step)) for key, step in made.items()])
        return Run(self.info(state, experiments), data, inputs, outputs)

    def runs(self, states: Iterable[RunState]) -> list[Run]:
        """The runs with their data."""
        experiments = self._store.experiments()
        return [self.run(state, experiments) for state in states]


def _after(tags: dict[str, str], prefix: str) -> dict[str, str]:
    return {key[len(prefix) :]: value for key, value in tags.items() if key.startswith(prefix)}


def _dataset(name: str, told: dict[str, Any]) -> DatasetInput:
    facts = [told.get(key) for key in ("digest", "source_type", "source", "schema", "profile")]
    tags = told.get("tags")
    pairs = tags.items() if isinstance(tags, dict) else ()
    return DatasetInput(Dataset(name, *facts), [InputTag(str(key), str(value)) for key, value in pairs])
