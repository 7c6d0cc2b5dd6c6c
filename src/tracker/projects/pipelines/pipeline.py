"""`tracker.pipeline(path)`: what a person holds of a pipeline. It shows itself as a graph, and builds itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from typing import Any

from tracker.projects.pipelines.building import Built, build
from tracker.projects.pipelines.drawing import Node, as_text, counts, draw
from tracker.projects.pipelines.specification import FILE_NAME, Specification, load
from tracker.projects.pipelines.state import States, Status
from tracker.tracking import context, experiments


class Pipeline:
    """A pipeline's file. It is read anew each time that something is asked of it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._specification()

    def run(
        self, tasks: str | Sequence[str] | None = None, *, force: bool = False, experiment_name: str | None = None
    ) -> Built:
        """Run what changed: of all tasks, or of `tasks` and what is upstream of them; with `force` all of those.

        Each step that runs is a run below one for the pipeline. Raises ExecutionException if a step failed, with its
        last lines; what does not wait for it has run nevertheless.
        """
        store = context.current_store()
        outer = context.active_run()
        if experiment_name is not None:
            experiment = store.ensure_experiment(experiment_name)
        else:
            experiment = outer.info.experiment_id if outer is not None else experiments.active_experiment_id(store)
        wanted = [tasks] if isinstance(tasks, str) else list(tasks or ())
        return build(self._specification(), store, experiment, wanted, force)

    def status(self) -> list[Status]:
        """How each task stands, in the order of the work, and why."""
        specification = self._specification()
        states = States.read(specification, context.current_store())
        found: list[Status] = []
        unsettled: set[str] = set()
        for task in specification.tasks:
            found.append(states.status(task, unsettled))
            if found[-1].standing != "up to date":
                unsettled.add(task.name)
        return found

    def svg(self) -> str:
        """The graph as SVG."""
        return draw(self._nodes(), self._title())

    def __repr__(self) -> str:
        return as_text(self._nodes(), self._title())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        nodes, title = self._nodes(), self._title()
        told = ", ".join(f"{count} {standing}" for standing, count in counts(nodes).items())
        style = "font:13px system-ui,sans-serif;margin:2px 0 6px"
        head = f'<div style="{style}"><b>{escape(title)}</b> · {escape(told)}</div>'
        return {"text/html": f"<div>{head}{draw(nodes, title)}</div>", "text/plain": as_text(nodes, title)}

    def _specification(self) -> Specification:
        return load(self._path)

    def _title(self) -> str:
        file = self._specification().file
        return file.parent.name if file.name == FILE_NAME else file.stem

    def _nodes(self) -> list[Node]:
        return [_node(task, status) for task, status in zip(self._specification().tasks, self.status(), strict=True)]


def _node(task: Any, status: Status) -> Node:
    if status.standing == "up to date":
        caption = f"{task.kind}, {status.seconds:.1f} s" if status.seconds is not None else task.kind
    else:
        caption = f"{status.standing}: {status.why}" if status.standing == "outdated" else f"waits {status.why}"
    products = ", ".join(path.name for path in task.products.values())
    return Node(task.name, status.standing, caption, task.upstream, f"{task.source} → {products}. {caption}")


def pipeline(path: str | os.PathLike[str] = ".") -> Pipeline:
    """The pipeline at a path: a `pipeline.yaml`, or a folder with one. Raises NotFound, InvalidValue."""
    return Pipeline(path)
