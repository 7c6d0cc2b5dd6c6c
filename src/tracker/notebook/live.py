"""The run card under a running cell.

It is shown as a small bundle before the cell's own first output, or in a page after a twentieth of a second; becomes a
live widget when the cell runs longer than a moment, and ends as the bundle again: so a short cell pays for one message
and no widget, and a saved notebook never holds one. The card reads the run's
events from the end of this process's journal in another thread: logging pays nothing for being watched.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tracker.notebook.bundle import card_bundle
from tracker.notebook.first_message import FirstMessage
from tracker.notebook.fold import RunFold, Tail, reduced, shown
from tracker.notebook.ticker import BUSY_SECONDS, Ticker
from tracker.pages.numbers import rounded

SHOWN_SECONDS, LIVE_SECONDS, EVERY_SECONDS = 0.05, 0.3, 0.15
CLOSE_SECONDS = 30
LIVE_POINTS = 120
SHOWN_INPUTS = 12
_HIDDEN_TAGS = ("mlflow.", "tracker.")

_ticker = Ticker(SHOWN_SECONDS / 2)

Publish = Callable[[dict[str, Any], bool], None]


class LiveCard:
    """Shows one run while it runs. `publish(bundle, update)` displays it; `facts` are the card's fixed fields.

    Where displays cannot be updated in place (`in_place` false: a terminal) it is shown once, at the end.
    """

    def __init__(
        self, run_id: str, facts: dict[str, Any], tail: Tail, publish: Publish, *, shell: Any, with_widget: bool
    ) -> None:
        self._facts = facts
        self._fold = RunFold(run_id)
        self._tail = tail
        self._publish = publish
        self._in_place = hasattr(shell, "kernel")
        self._with_widget = with_widget and self._in_place
        self._widget: Any = None
        self._first = FirstMessage(shell, self.show)
        self._shown = self._ended = False
        self._showing = threading.Lock()
        self._reading = threading.Lock()
        self._sent = threading.Event()
        self._due = 0.0

    def start(self, *, at_once: bool) -> None:
        """Keep the card current until `finish`: it is shown at once, or as soon as there is reason to."""
        _close_done()
        if at_once or not self._first.wait():
            self.show()
        if self._with_widget:
            self._due = time.monotonic() + SHOWN_SECONDS
            _ticker.watch(self._tick)

    def show(self) -> None:
        """Show the card, if it is not shown yet and can be updated."""
        self._first.stop()
        with self._showing:
            shown, self._shown = self._shown, self._in_place
        if self._in_place and not shown:
            self._guarded(self._show_first)
            self._sent.set()

    def _show_first(self) -> None:
        self._read()
        self._publish(card_bundle(self.run()), False)

    def refresh(self) -> None:
        """Show the card as it is now."""
        if not self._shown:
            return self.show()
        self._wait()
        self._publish(card_bundle(self.run()), True)

    def _wait(self) -> None:
        """Until the card that another thread shows is sent. Not for the kernel's threads: they are to send it."""
        self._sent.wait(BUSY_SECONDS)

    def metrics(self) -> dict[str, float]:
        """The last value of each metric so far."""
        self._read()
        return {key: curve.last for key, curve in self._fold.curves.items()}

    def params(self) -> dict[str, Any]:
        """The parameters so far."""
        self._read()
        return dict(self._fold.params)

    def _tick(self) -> None:
        now = time.monotonic()
        if now >= self._due and not self._shown:
            self._due = now + LIVE_SECONDS - SHOWN_SECONDS
            self.show()
        elif now >= self._due:
            self._due = now + EVERY_SECONDS
            self._guarded(self._follow)

    def _follow(self) -> None:
        self._read()
        self._show_live()

    def _guarded(self, step: Callable[[], None]) -> None:
        """A step beside the user's: the card stands still where it fails, and the run is not touched."""
        try:
            step()
        except Exception as error:
            self._due = math.inf
            self._facts["notices"] = [*self._facts["notices"], f"The live card stopped: {error}"]

    def _show_live(self) -> None:
        run = self.run()
        if self._widget is not None:
            self._widget.run = run
            return
        from tracker.notebook.widgets import LiveCard as Widget

        widget = Widget(run=run)
        if self._ended:  # meanwhile, and its last state is shown
            _done.append((time.monotonic(), widget))
            return
        self._widget = widget
        view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
        self._publish({**card_bundle(run), "application/vnd.jupyter.widget-view+json": view}, True)

    def _read(self) -> None:
        with self._reading:
            for lines in self._tail.read():
                self._fold.feed(lines)

    def finish(self, facts: dict[str, Any], again: bool = False) -> dict[str, Any]:
        """The last state, shown in place (or, with `again`, anew: the cell cleared its output). Returns the card."""
        self._ended = True
        _ticker.forget(self._tick)
        self._facts |= facts
        try:
            self._read()
        except Exception as error:  # an ended cell's card must not go on saying that it runs
            self._facts["notices"] = [*self._facts["notices"], f"The card does not show everything: {error}"]
        run = self.run()
        with self._showing:
            shown, self._shown = self._shown, True
        self._first.stop()
        if shown:
            self._wait()
        self._publish(card_bundle(run), shown and not again)
        if self._widget is not None:
            _done.append((time.monotonic(), self._widget))
        return run

    def run(self) -> dict[str, Any]:
        """The RunCard of js/core/types.ts."""
        fold = self._fold
        return self._facts | {
            "name": fold.tags.get("mlflow.runName", ""),
            "note": fold.tags.get("mlflow.note.content", ""),
            "slice": fold.tags.get("tracker.slice", ""),
            "inputs": [*list(fold.inputs)[:SHOWN_INPUTS], *(["…"] if len(fold.inputs) > SHOWN_INPUTS else [])],
            "params": [{"key": key, "value": shown(value)} for key, value in fold.params.items()],
            "metrics": [
                {"key": key, "value": rounded(curve.last), "step": curve.last_step, "points": curve.points}
                for key, curve in fold.curves.items()
            ],
            "tags": [
                {"key": key, "value": value} for key, value in fold.tags.items() if not key.startswith(_HIDDEN_TAGS)
            ],
            "curves": [_curve(key, curve.step, curve.value) for key, curve in fold.curves.items() if curve.points > 1],
            "artifacts": [{"path": path, "size": size} for path, size in fold.artifacts.items()],
        }  # fmt: skip


# A page that is still loading a widget when it is closed reports an error: widgets are closed some time later.
_done: deque[tuple[float, Any]] = deque()


def _close_done() -> None:
    while _done and time.monotonic() - _done[0][0] > CLOSE_SECONDS:
        _done.popleft()[1].close()


def _curve(key: str, steps: list[int], values: list[float]) -> dict[str, Any]:
    kept_steps, kept_values = reduced(steps, values, LIVE_POINTS)
    return {"key": key, "step": kept_steps, "value": [rounded(value) for value in kept_values]}
