"""Building a pipeline: its steps in order, each in a process and a run of its own, only what changed.

Invariants: a step runs when what is upstream of it has its products; one that fails stops those that wait for it and
no others; a step whose inputs turn out as they were does not run.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final, Literal

from tracker.exceptions import ExecutionException, InvalidValue
from tracker.projects import notebooks
from tracker.projects.command import Command
from tracker.projects.environments import local_environment
from tracker.projects.launching import process_variables
from tracker.projects.pipelines import code
from tracker.projects.pipelines.specification import Specification, Task
from tracker.projects.pipelines.state import PIPELINE, TASK, States, identity
from tracker.projects.submitted import submit
from tracker.store import Store
from tracker.tracking import context
from tracker.tracking.client import MlflowClient, existing_writer
from tracker.tracking.datasets import file_dataset, input_of
from tracker.tracking.provenance import PARENT, SOURCE_NAME, SOURCE_TYPE

FUNCTION_PROGRAM: Final = "tracker.projects.pipelines.function_process"
Outcome = Literal["ran", "up to date", "failed", "not run"]
_MARKS: Final = {"ran": "✓", "up to date": "·", "failed": "✗", "not run": "–"}


@dataclass(frozen=True)
class Step:
    """What became of a task."""

    task: str
    outcome: Outcome
    why: str = ""
    seconds: float = 0.0
    run_id: str | None = None

    def __str__(self) -> str:
        took = f" in {self.seconds:.1f} s" if self.outcome == "ran" else ""
        return f"{_MARKS[self.outcome]} {self.task}: {self.outcome}{took}{f' ({self.why})' if self.why else ''}"


@dataclass
class Built:
    """A build: its steps in order, and the run that those which ran are below (None if none had to)."""

    steps: list[Step] = field(default_factory=list)
    run_id: str | None = None

    @property
    def ran(self) -> list[str]:
        """The tasks that ran."""
        return [step.task for step in self.steps if step.outcome == "ran"]

    def __repr__(self) -> str:
        return "\n".join(map(str, self.steps))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def build(specification: Specification, store: Store, experiment_id: str, wanted: Iterable[str] = (),
          force: bool = False, say: Callable[[str], None] = print) -> Built:  # fmt: skip
    """Run what changed: of all tasks, or of `wanted` and what is upstream of them; with `force` all of those.

    Raises ExecutionException, in the end, if a step failed.
    """
    states = States.read(specification, store)
    built, failed = Built(), dict[str, str]()
    parent = _Parent(specification, store, experiment_id)
    try:
        for task in _chosen(specification, wanted):
            step = _step(task, states, parent, force, failed)
            built.steps.append(step)
            built.run_id = parent.run_id
            say(str(step))
    except BaseException:
        parent.end("KILLED")
        raise
    parent.end("FAILED" if failed else "FINISHED")
    if failed:
        raise ExecutionException("\n".join(failed.values()))
    return built


def _chosen(specification: Specification, wanted: Iterable[str]) -> list[Task]:
    """The wanted tasks with all that is upstream of them, in order."""
    needed: set[str] = set()
    waiting = [specification.task(name).name for name in wanted] or [task.name for task in specification.tasks]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += specification.task(name).upstream
    return [task for task in specification.tasks if task.name in needed]


def _step(task: Task, states: States, parent: _Parent, force: bool, failed: dict[str, str]) -> Step:
    blocked = [name for name in task.upstream if name in failed]
    if blocked:
        failed.setdefault(task.name, f"{task.name} was not run, since {blocked[0]} failed.")
        return Step(task.name, "not run", f"{blocked[0]} failed")
    status = states.status(task, set())
    if status.standing == "up to date" and not force:
        return Step(task.name, "up to date", run_id=status.run_id)
    began = time.monotonic()
    run_id = parent.child(task)
    try:
        _run(task, run_id, states, parent)
    except ExecutionException as error:
        failed[task.name] = f"The task {task.name!r} failed. {error.message}"
        return Step(task.name, "failed", status.why, time.monotonic() - began, run_id)
    seconds = time.monotonic() - began
    states.keep(task, run_id, seconds, existing_writer(states.store, run_id))
    return Step(task.name, "ran", status.why, seconds, run_id)


class _Parent:
    """The run that the steps are below: made with the first of them."""

    def __init__(self, specification: Specification, store: Store, experiment_id: str) -> None:
        self.specification, self.store, self.experiment_id = specification, store, experiment_id
        self.client = MlflowClient(str(store.root))
        self.run_id: str | None = None

    def child(self, task: Task) -> str:
        """A new run for a task."""
        if self.run_id is None:
            self.run_id = self._run(self.specification.folder.name, str(self.specification.file), self._outer(), {})
        known = {PIPELINE: identity(self.specification, self.store), TASK: task.name}
        run_id = self._run(task.name, str(task.file), self.run_id, known)
        writer = existing_writer(self.store, run_id)
        writer.params(task.params)
        for name in task.upstream:
            self._note_inputs(writer, self.specification.task(name))
        return run_id

    def end(self, status: str) -> None:
        """End the run, if there is one."""
        if self.run_id is not None:
            self.client.set_terminated(self.run_id, status)

    def _outer(self) -> str | None:
        outer = context.active_run()
        return outer.run_id if outer is not None else None

    def _run(self, name: str, source: str, parent: str | None, tags: dict[str, str]) -> str:
        told = {SOURCE_NAME: source, SOURCE_TYPE: "PROJECT", **({PARENT: parent} if parent is not None else {}), **tags}
        return self.client.create_run(self.experiment_id, tags=told, run_name=name).info.run_id

    def _note_inputs(self, writer: Any, upstream: Task) -> None:
        from tracker.capture.data import file_digest

        for path in upstream.data_products.values():
            found = file_digest(str(path))
            if found is not None:
                name = path.relative_to(self.specification.folder).as_posix()
                dataset = file_dataset(name, str(path), found.size, found.digest, found.coverage)
                writer.input(*input_of(dataset, upstream.name, None))


# -- one step's process


def _run(task: Task, run_id: str, states: States, parent: _Parent) -> None:
    """Run a task to its end. Raises ExecutionException if it fails, or does not make a product."""
    folder, store = states.specification.folder, states.store
    for path in task.products.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    environment = local_environment()
    with tempfile.TemporaryDirectory(prefix="tracker-step-") as place:
        file = Path(place, "question.json")
        try:
            program, told = _question(task, states.specification)
        except InvalidValue as error:
            MlflowClient(str(store.root)).set_terminated(run_id, "FAILED")
            raise ExecutionException(error.message) from None
        file.write_text(json.dumps(told, default=repr), encoding="utf-8")
        command = Command((environment.python, "-m", program, str(file), run_id), name=task.source)
        variables = process_variables(environment, store, run_id, parent.experiment_id)
        submitted = submit(run_id, command, folder, variables, store, lambda: None)
        try:
            submitted.check()
        except KeyboardInterrupt:
            submitted.cancel()
            raise
    missing = [path for path in task.products.values() if not path.exists()]
    if missing:
        MlflowClient(str(store.root)).set_terminated(run_id, "FAILED")
        names = ", ".join(str(path.relative_to(folder)) for path in missing)
        raise ExecutionException(f"It ended well, and did not make {names}.")


def _question(task: Task, specification: Specification) -> tuple[str, dict[str, Any]]:
    """The program for a task, and what it is told."""
    product = _handed(task)
    upstream = {name: _handed(specification.task(name)) for name in task.upstream}
    if task.kind == "function":
        module, _, name = task.source.rpartition(".")
        _check_arguments(task, name)
        return FUNCTION_PROGRAM, {
            "folder": str(specification.folder), "module": module, "function": name, "product": product,
            "upstream": upstream, "params": dict(task.params),
        }  # fmt: skip
    notebook = code.read_cells(task.kind, task.file)
    known = notebooks.interface(notebook)
    if known is not None:
        notebooks.fitting(known, task.params, f"The task {task.name!r}")
    notebooks.inject(notebook, {"upstream": upstream or None, "product": product, **task.params})
    return notebooks.PROGRAM, {
        "notebook": notebook, "file": str(task.file), "name": f"{task.file.stem}.ipynb",
        "folder": str(specification.folder),
        "product": str(task.notebook_product) if task.notebook_product is not None else None,
    }  # fmt: skip


def _handed(task: Task) -> Any:
    return str(task.products[""]) if "" in task.products else {name: str(path) for name, path in task.products.items()}


def _check_arguments(task: Task, name: str) -> None:
    """Raises InvalidValue where the function does not take what the task gives."""
    known, needed, takes_any = code.arguments_of(code.functions_in(task.file)[name])
    given = {"product", *(("upstream",) if task.upstream or "upstream" in known else ()), *task.params}
    strange = sorted(given - known) if not takes_any else []
    missing = sorted(needed - given)
    if strange or missing:
        wrong = f"does not take {', '.join(strange)}" if strange else f"needs {', '.join(missing)}"
        raise InvalidValue(f"The function {task.source} {wrong}; it is given {', '.join(sorted(given))}.")
