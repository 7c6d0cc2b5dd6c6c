"""A sweep in the notebook: progress, what is left, the trials ranked; stopped from there as from Python.

While it runs it is a widget where there is a page; when it ends, and wherever there is none, it is the bundle that a
saved notebook keeps, in the same place.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

import orjson

from tracker.exceptions import InvalidValue
from tracker.notebook import static_sweep
from tracker.notebook.bundle import LIMIT, MIME, PROTOCOL, clipped
from tracker.notebook.frontend import shows_widgets
from tracker.pages.numbers import rounded
from tracker.sweeps.sweep import Sweep
from tracker.sweeps.trials import Trial
from tracker.tracking.provenance import current_shell

MOST_ROWS = 200
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_ORDER = {"RUNNING": 0, "FINISHED": 1, "FAILED": 2, "KILLED": 3, "SCHEDULED": 4}


class ShownSweep(Sweep):
    """A sweep that a cell shows."""

    _widget: Any = None
    _display: str | None = None

    def state(self, rows: int = MOST_ROWS) -> dict[str, Any]:
        """The `SweepData` of js/core/types.ts: the running trials first, then by rank."""
        trials, best, left = self.trials, self.best, self.seconds_left()
        falling = self.plan.direction == "maximize"
        ranked = sorted(trials, key=lambda trial: _rank(trial, falling))
        counts = {status: sum(trial.status == status for trial in trials) for status in _ORDER}
        names = list(dict.fromkeys(name for trial in trials for name in trial.values))
        return {
            "id": self.run_id, "name": self.plan.name, "experiment": self.plan.experiment, "status": self.status,
            "strategy": self.plan.strategy_name, "backend": self.plan.backend, "jobs": self.plan.jobs,
            "metric": self.metric or "", "direction": self.plan.direction, "total": self.total, "counts": counts,
            "left": None if left is None else round(left, 1), "best": None if best is None else best.number,
            "params": names, "rows": [_row(trial, names) for trial in ranked[:rows]],
            "values": [[trial.number, rounded(trial.value)] for trial in trials if trial.value is not None][-400:],
            "error": clipped(self.error, 1_000), "notices": self.notices,
        }  # fmt: skip

    def answers(self, question: Any) -> tuple[dict[str, Any], list[Any]]:
        """What the page asked for. Raises InvalidValue with a sentence for people."""
        if not isinstance(question, dict) or question.get("do") != "stop":
            raise InvalidValue("This page asks for something that this version of tracker does not know.")
        trial = question.get("trial")
        if trial is not None and type(trial) is not int:
            raise InvalidValue("A trial is asked for by its number.")
        self.stop(trial)
        return {}, []

    def saved(self) -> dict[str, Any]:
        """The bundle that a saved notebook keeps."""
        for rows in (50, 20, 8, 3):
            body = self.state(rows)
            body["values"] = body["values"][-rows * 4 :]
            bundle = {
                MIME: {"protocol": PROTOCOL, "view": "sweep", "sweep": body},
                "text/html": static_sweep.sweep_html(body), "text/plain": repr(self),
            }  # fmt: skip
            if len(orjson.dumps(bundle)) <= LIMIT:
                break
        return bundle

    def _ipython_display_(self) -> None:
        shell = current_shell()
        if not hasattr(shell, "kernel"):
            print(repr(self))
            return
        bundle = self.saved()
        if not self.running:
            shell.display_pub.publish(bundle, metadata={})
            return
        if shows_widgets(shell.user_ns):
            bundle[_WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        transient = {"display_id": f"tracker-{uuid.uuid4().hex}"}
        publish = shell.display_pub.publish
        publish(bundle, metadata={}, transient=transient)
        ended = threading.Event()

        def refresh(_sweep: Sweep) -> None:
            if not self.running and not ended.is_set():
                ended.set()
                publish(self.saved(), metadata={}, transient=transient, update=True)

        self.listen(refresh)
        if not self.running:  # it has ended since
            refresh(self)

    @property
    def widget(self) -> Any:
        """The widget in the page, which follows the trials."""
        if self._widget is None:
            from tracker.notebook.widgets import SweepWidget

            self._widget = SweepWidget(sweep=self.state())
            self._widget.answers = self.answers
            self.listen(lambda _sweep: setattr(self._widget, "sweep", self.state()))
        return self._widget


def _rank(trial: Trial, falling: bool) -> tuple[int, float, int]:
    value = trial.value
    if value is None or value != value:
        return _ORDER[trial.status], float("inf"), trial.number
    return _ORDER[trial.status], -value if falling else value, trial.number


def _row(trial: Trial, names: list[str]) -> dict[str, Any]:
    values = [_shown(trial.values[name]) if name in trial.values else "" for name in names]
    return {
        "number": trial.number, "run": trial.run_id or "", "status": trial.status, "values": values,
        "value": None if trial.value is None else rounded(trial.value), "seconds": trial.seconds,
        "error": clipped(trial.error.strip().rpartition("\n")[2], 200),
    }  # fmt: skip


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else clipped(str(value), 60)
