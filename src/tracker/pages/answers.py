"""What Python answers a page: edits, extremes, small histories, kept views, finer curves, what the store holds.

A page's question is text from outside: it is checked here, and what is not possible is answered with a sentence.
Whatever reaches the store goes through the client, which checks it as it checks a user's own call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.pages import browse
from tracker.pages.compared import layout_of
from tracker.pages.differences import differences
from tracker.pages.pictures import pictures
from tracker.pages.run_questions import run_questions
from tracker.pages.runs import as_curves, sparks
from tracker.query import Reader
from tracker.query.explore import extremes, finer

MOST_RUNS = 2_000
VIEW_TAG = "tracker.view."
DIRECTIONS_TAG = "tracker.directions"
LAYOUT_TAG = "tracker.compare"
_MOST_VIEW_CHARACTERS = 20_000

Answer = tuple[dict[str, Any], list[pa.Table]]


class Answers:
    """Answers questions of js/core/types.ts `Ask` about a store; `experiment` is where views are kept."""

    def __init__(self, store: Reader, experiment: str = "0") -> None:
        self._store = store
        self._experiment = experiment
        self._known: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
            "edit": self._edit,
            "stats": self._stats,
            "sparks": self._sparks,
            "view": self._view,
            "directions": self._directions,
            "curves": self._curves,
            "importance": self._importance,
            "contour": self._contour,
            "overview": lambda question: browse.overview(store),
            "statuses": lambda question: browse.statuses(store, _texts(question["runs"])[:MOST_RUNS]),
            "table": lambda question: self._begin(browse.table(store, *_shown(question))),
            "changes": lambda question: browse.changes(store, *_shown(question), int(question["since"])),
            "compare": lambda question: self._laid_out(browse.compare(store, _texts(question["runs"]))),
            "compared": lambda question: browse.compared(store, _texts(question["runs"]), int(question["since"])),
            "layout": self._layout,
            "diff": lambda question: (differences(store, str(question["a"]), str(question["b"])), []),
            "pictures": lambda question: ({"pictures": pictures(store, _texts(question["runs"])[:MOST_RUNS])}, []),
            "cells": lambda question: browse.cells(store, str(question["run"])),
            **run_questions(store),
        }

    def answer(self, question: Any) -> Answer:
        """The answer and its tables. Raises TrackerError with a sentence for people."""
        answered = self._known.get(str(question.get("do"))) if isinstance(question, Mapping) else None
        if answered is None:
            raise InvalidValue("This page asks for something that this version of tracker does not know.")
        try:
            return answered(question)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidValue(f"This page's question was not understood: {error!r}.") from error

    # -- writing

    def _client(self) -> Any:
        from tracker.tracking import MlflowClient

        return MlflowClient(tracking_uri=str(self._store.store.root))

    def _edit(self, question: Mapping[str, Any]) -> Answer:
        root = self._store.store.root
        if not root.is_dir():
            raise NotFound(f"The store at {root} is gone: nothing was changed.")
        client = self._client()
        missing = []
        for edit in question["edits"]:
            for run in _texts(edit["runs"]):
                try:
                    _edit_run(client, run, edit)
                except TrackerError as error:
                    missing.append(str(error))
        return {"notices": _few(missing)}, []

    def _view(self, question: Mapping[str, Any]) -> Answer:
        name, state = str(question["name"]), question["state"]
        if not 0 < len(name) <= 200 or not name.isprintable():
            raise InvalidValue("A view's name has 1 to 200 printable characters.")
        self._keep(VIEW_TAG + name, state)
        return {}, []

    def _directions(self, question: Mapping[str, Any]) -> Answer:
        given = {str(k): v for k, v in question["directions"].items() if v in ("higher", "lower", "none")}
        self._keep(DIRECTIONS_TAG, {**kept_directions(self._store, self._experiment), **given})
        return {}, []

    def _layout(self, question: Mapping[str, Any]) -> Answer:
        self._keep(LAYOUT_TAG, layout_of(question["state"]))
        return {}, []

    def _keep(self, tag: str, value: Mapping[str, Any] | None) -> None:
        client, store = self._client(), self._store.store
        if self._experiment not in store.experiments():
            store.ensure_experiment()
        if value is None:
            client.delete_experiment_tag(self._experiment, tag)
            return
        text = json.dumps(value)
        if len(text) > _MOST_VIEW_CHARACTERS:
            raise InvalidValue("This view is too large to be kept: it names too many columns.")
        client.set_experiment_tag(self._experiment, tag, text)

    # -- reading

    def _stats(self, question: Mapping[str, Any]) -> Answer:
        return {}, [extremes(self._store, _texts(question["keys"]))]

    def _begin(self, answer: Answer) -> Answer:
        told, tables = answer
        views, directions = kept_views(self._store, self._experiment), kept_directions(self._store, self._experiment)
        return {**told, "views": views, "directions": directions}, tables

    def _laid_out(self, answer: Answer) -> Answer:
        told, tables = answer
        return {**told, "state": told["state"] | kept_layout(self._store, self._experiment)}, tables

    def _sparks(self, question: Mapping[str, Any]) -> Answer:
        runs, keys = _texts(question["runs"])[:MOST_RUNS], _texts(question["keys"])
        return {}, [sparks(self._store, runs, keys)]

    def _curves(self, question: Mapping[str, Any]) -> Answer:
        points = max(4, min(4_000, int(question["points"])))
        runs, span = _texts(question["runs"])[:MOST_RUNS], (float(question["from"]), float(question["to"]))
        return {}, [as_curves(finer(self._store, runs, str(question["key"]), span, points))]

    def _importance(self, question: Mapping[str, Any]) -> Answer:
        from tracker.plots import importance_table

        table, notices = importance_table(self._store, _texts(question["runs"]), str(question["target"]))
        return {"notices": notices}, [table]

    def _contour(self, question: Mapping[str, Any]) -> Answer:
        from tracker.plots import contour_grid

        x, y, z = (str(question[axis]) for axis in "xyz")
        grid = contour_grid(self._store, _texts(question["runs"]), x, y, z)
        return {"x": grid["x"], "y": grid["y"], "z": grid["z"]}, []


def kept_views(store: Reader, experiment: str) -> dict[str, Any]:
    """The views that are kept with an experiment, by name; what is not a view is passed over."""
    return {
        key.removeprefix(VIEW_TAG): state
        for key, state in _kept(store, experiment).items()
        if key.startswith(VIEW_TAG) and isinstance(state, dict)
    }


def kept_directions(store: Reader, experiment: str) -> dict[str, str]:
    """Which direction of a metric is the better one, by column, as a person has said."""
    directions = _kept(store, experiment).get(DIRECTIONS_TAG)
    return directions if isinstance(directions, dict) else {}


def kept_layout(store: Reader, experiment: str) -> dict[str, Any]:
    """How a comparison of this experiment's runs was last laid out."""
    layout = _kept(store, experiment).get(LAYOUT_TAG)
    return layout_of(layout) if isinstance(layout, dict) else {}


def _kept(store: Reader, experiment: str) -> dict[str, Any]:
    entry = store.store.experiments().get(experiment)
    found = {}
    for key, text in (entry.tags if entry else {}).items():
        if not key.startswith("tracker."):
            continue
        try:
            found[key] = json.loads(text)
        except ValueError:
            continue
    return found


def _edit_run(client: Any, run: str, edit: Mapping[str, Any]) -> None:
    if "name" in edit:
        client.update_run(run, name=str(edit["name"]))
    if "note" in edit:
        _tag(client, run, "mlflow.note.content", str(edit["note"]) or None)
    if "star" in edit:
        _tag(client, run, "tracker.star", "true" if edit["star"] else None)
    for key, value in (edit.get("tags") or {}).items():
        if key.startswith(("mlflow.", "tracker.")):
            raise InvalidValue(f"The tag {key!r} is tracker's own: choose another key.")
        _tag(client, run, key, None if value is None else str(value))
    if edit.get("state") == "deleted":
        client.delete_run(run)
    elif edit.get("state") == "active":
        client.restore_run(run)


def _tag(client: Any, run: str, key: str, value: str | None) -> None:
    if value is not None:
        client.set_tag(run, key, value)
    elif key in client.get_run(run).data.tags:
        client.delete_tag(run, key)


def _shown(question: Mapping[str, Any]) -> tuple[list[str] | None, bool]:
    """Which experiments a table shows (None: all), and whether it shows deleted runs."""
    experiments = question["experiments"]
    return None if experiments is None else _texts(experiments), question.get("view") == "deleted"


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidValue("A list of texts was expected.")
    return values


def _few(sentences: list[str]) -> list[str]:
    more = [f"… and {len(sentences) - 3} more runs."] if len(sentences) > 3 else []
    return sentences[:3] + more
