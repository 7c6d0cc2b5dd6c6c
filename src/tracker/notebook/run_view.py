"""The run view in Python: one run in full, in the page and in a saved notebook."""

from __future__ import annotations

from typing import Any

from tracker.notebook import bundle
from tracker.notebook.display import Display
from tracker.pages.answers import Answers
from tracker.pages.run import run_detail
from tracker.pages.summary import run_card
from tracker.query import Reader


class RunView(Display):
    """One run in full: parameters, metrics with their curves, files, code, output, data and environment.

    `run_id` is the run that is shown, as the page has it now; can be set.
    """

    def __init__(self, store: Reader, run_id: str) -> None:
        self._store, self._answers = store, Answers(store)
        self._detail = run_detail(store, run_id)

    def _make(self) -> Any:
        from tracker.notebook.widgets import PlotlyAsset, RunWidget

        widget = RunWidget(id=self._detail["id"], run=self._detail, plotly=PlotlyAsset.shared())
        widget.answers = self._answers.answer
        return widget

    @property
    def run_id(self) -> str:
        """The run that is shown."""
        return str(self._made.id) if self._made is not None else str(self._detail["id"])

    @run_id.setter
    def run_id(self, run_id: str) -> None:
        self._detail = run_detail(self._store, run_id)
        if self._made is not None:
            self._made.run = self._detail
            self._made.id = run_id

    def __repr__(self) -> str:
        return f"<RunView of run {self._detail['name']!r}, {self._detail['status']}>"

    def _saved(self) -> dict[str, Any]:
        detail = run_detail(self._store, self.run_id)
        card = run_card(self._store, self.run_id)
        return bundle.run_bundle(detail | {"curves": card["curves"], "artifacts": card["artifacts"]})
