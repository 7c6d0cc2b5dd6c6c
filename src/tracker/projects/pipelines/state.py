"""What a step's last run left, and what has changed since.

The state is the store's: the newest finished run of a task keeps `pipeline.json`, which says of what its products were
made and what they were. Nothing is written beside the products.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import xxhash

from tracker.capture.data import file_digest
from tracker.exceptions import InvalidValue
from tracker.projects.pipelines import code
from tracker.projects.pipelines.specification import Specification, Task
from tracker.store import Store
from tracker.store.artifacts import resolve_inside

STATE: Final = "pipeline.json"
PIPELINE: Final = "tracker.pipeline"
TASK: Final = "tracker.task"
Standing = Literal["up to date", "outdated", "waits"]
_LATEST: Final = """SELECT r.run_id, k.value, epoch(r.end_time - r.start_time)
    FROM runs r JOIN tags p ON p.run_id = r.run_id AND p.key = $pipeline_key AND p.value = $pipeline
    JOIN tags k ON k.run_id = r.run_id AND k.key = $task_key
    WHERE r.status = 'FINISHED' AND r.lifecycle_stage = 'active' ORDER BY r.start_time, r.run_id"""


@dataclass(frozen=True)
class Inputs:
    """What a step's products are made of."""

    source: str
    params: Mapping[str, Any]
    upstream: Mapping[str, Any]

    @property
    def key(self) -> str:
        """One digest over all."""
        told = json.dumps([self.source, self.params, self.upstream], sort_keys=True, default=repr)
        return str(xxhash.xxh3_128_hexdigest(told.encode()))


@dataclass(frozen=True)
class Record:
    """What the last finished run of a task kept."""

    run_id: str
    seconds: float
    inputs: Inputs
    products: Mapping[str, str]


@dataclass(frozen=True)
class Status:
    """How a task stands: "outdated" and "waits" (for what is upstream of it) say why."""

    task: str
    standing: Standing
    why: str = ""
    run_id: str | None = None
    seconds: float | None = None


@dataclass
class States:
    """The last runs of a pipeline's tasks."""

    specification: Specification
    store: Store
    records: dict[str, Record] = field(default_factory=dict)

    @classmethod
    def read(cls, specification: Specification, store: Store) -> States:
        """As the store has them now."""
        from tracker.query import reader

        found = cls(specification, store)
        asked = {"pipeline_key": PIPELINE, "task_key": TASK, "pipeline": identity(specification, store)}
        rows = reader(store).cursor().execute(_LATEST, asked).fetchall()
        latest = {task: (run_id, seconds) for run_id, task, seconds in rows}
        for task, (run_id, seconds) in latest.items():
            record = _record(store, run_id, float(seconds or 0))
            if record is not None:
                found.records[task] = record
        return found

    def inputs_now(self, task: Task) -> Inputs:
        """What the products would be made of now."""
        folder = self.specification.folder
        return Inputs(
            code.source_digest(task.kind, task.file, task.source, folder), _plain(task.params),
            {name: self._handed_over(self.specification.task(name)) for name in task.upstream},
        )  # fmt: skip

    def _handed_over(self, task: Task) -> Any:
        """What stands for an upstream task: the content of its data, else what it was made of (an executed notebook is
        never twice the same)."""
        data = task.data_products
        if data:
            return {name: path_digest(path) for name, path in data.items()}
        record = self.records.get(task.name)
        return record.inputs.key if record is not None else None

    def status(self, task: Task, unsettled: set[str]) -> Status:
        """How a task stands, where those of `unsettled` are about to run."""
        record = self.records.get(task.name)
        told = (None, None) if record is None else (record.run_id, record.seconds)
        why = self._why(task, record)
        if why:
            return Status(task.name, "outdated", why, *told)
        waits = [name for name in task.upstream if name in unsettled]
        if waits:
            return Status(task.name, "waits", f"for {', '.join(waits)}", *told)
        return Status(task.name, "up to date", "", *told)

    def _why(self, task: Task, record: Record | None) -> str:
        if record is None:
            return "never ran"
        missing = [path for path in task.products.values() if not path.exists()]
        if missing:
            return f"{missing[0].relative_to(self.specification.folder)} is not there"
        now, then = self.inputs_now(task), record.inputs
        if now.source != then.source:
            return "its source changed"
        if now.params != then.params:
            names = sorted(k for k in {*now.params, *then.params} if now.params.get(k) != then.params.get(k))
            return f"{', '.join(names)} changed" if names else "its parameters changed"
        if now.upstream != then.upstream:
            names = sorted(k for k in {*now.upstream, *then.upstream} if now.upstream.get(k) != then.upstream.get(k))
            return f"what {', '.join(names)} makes changed"
        edited = [path for name, path in task.data_products.items() if path_digest(path) != record.products.get(name)]
        if edited or set(record.products) != set(task.data_products):
            return (
                f"{edited[0].relative_to(self.specification.folder)} was changed" if edited else "its products changed"
            )
        return ""

    def keep(self, task: Task, run_id: str, seconds: float, writer: Any) -> None:
        """Note a run that has made its products."""
        products = {name: str(path_digest(path)) for name, path in task.data_products.items()}
        record = Record(run_id, seconds, self.inputs_now(task), products)
        told = {"format": 1, "task": task.name, "source": record.inputs.source, "params": record.inputs.params,
                "upstream": record.inputs.upstream, "products": products}  # fmt: skip
        writer.artifact_bytes(STATE, json.dumps(told, indent=1, default=repr).encode())
        self.records[task.name] = record


def identity(specification: Specification, store: Store) -> str:
    """What a pipeline is known by in a store: its path from the store's place, so that both can be moved together."""
    home = Path(os.path.realpath(store.root)).parent
    return Path(os.path.relpath(os.path.realpath(specification.file), home)).as_posix()


def path_digest(path: Path) -> str | None:
    """The digest of a file, or of a folder with all that is in it; None where there is nothing."""
    if not path.is_dir():
        found = file_digest(str(path))
        return found.digest if found is not None else None
    running = xxhash.xxh3_128()
    for file in sorted(path.rglob("*")):
        found = file_digest(str(file))
        if found is not None:
            running.update(f"{file.relative_to(path).as_posix()}\0{found.digest}\0".encode("utf-8", "surrogatepass"))
    return str(running.hexdigest())


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(dict(params), default=repr))
    return told


def _record(store: Store, run_id: str, seconds: float) -> Record | None:
    try:
        told = json.loads(resolve_inside(store.artifact_root(run_id), STATE).read_bytes())
        inputs = Inputs(str(told["source"]), dict(told["params"]), dict(told["upstream"]))
        return Record(run_id, seconds, inputs, {str(name): str(one) for name, one in told["products"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidValue):
        return None  # a run that was cut off: the step counts as never run
