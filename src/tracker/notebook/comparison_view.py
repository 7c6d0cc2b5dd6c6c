"""The comparison in Python: what the page shows and what a person chose there.

Data goes to the page whole once; later changes go as the runs that changed since, with their curves.
"""

from __future__ import annotations

import weakref
from typing import Any

import pyarrow.compute as pc

from tracker.notebook import bundle
from tracker.notebook.display import RunsDisplay
from tracker.notebook.follow import follow
from tracker.notebook.run_table import SAVED_ROWS, RunTable
from tracker.pages import summary
from tracker.pages.answers import Answers, kept_layout
from tracker.pages.columns import arrow_stream, json_columns
from tracker.pages.compared import Compared, first_state
from tracker.pages.runs import as_curves
from tracker.query import Reader
from tracker.query.table import experiment_ids


class Comparison(RunsDisplay):
    """A comparison of runs: their curves, how numbers depend on parameters, and what differs between them.

    `selected` are the ids of the runs marked in the page, by brushing the parallel coordinates; can be set.
    """

    def __init__(self, store: Reader, chosen: Compared, title: str, table: RunTable | None = None) -> None:
        self._store, self._chosen, self.title = store, chosen, title
        self._selected: list[str] = []
        self._table = table
        self._read()
        home = self._home()
        self._answers = Answers(store, home)
        self._state: dict[str, Any] = first_state(self._whole.runs) | kept_layout(store, home)

    def _read(self) -> None:
        self._whole = self._chosen.whole(self._store)
        self.total = self._whole.total

    def _home(self) -> str:
        """The experiment whose layout this is: the one of all runs, else the first of all."""
        names = sorted(set(self._whole.runs.column("experiment").to_pylist()))
        return experiment_ids(self._store.store, names)[0] if len(names) == 1 else "0"

    def _make(self) -> Any:
        from tracker.notebook.widgets import CompareWidget, PlotlyAsset

        widget = CompareWidget(
            runs=arrow_stream(self._whole.runs),
            curves=arrow_stream(as_curves(self._whole.curves)),
            title=self.title,
            total=self.total,
            state=self._state,
            selected=self._selected,
            plotly=PlotlyAsset.shared(),
        )
        widget.answers = self._answers.answer
        follow(self, self._store.store, Comparison._look)
        if self._table is not None:
            self._follow_table(self._table)
        return widget

    def _follow_table(self, table: RunTable) -> None:
        """What is selected in the table is what is compared; where nothing is, all stays as it was."""
        reference = weakref.ref(self)

        def chosen(change: Any) -> None:
            comparison = reference()
            if comparison is not None and change["new"] and comparison._made.comm is not None:
                comparison._chosen = Compared(runs=change["new"], metrics=comparison._chosen.metrics)
                comparison._send_whole()

        table.widget.observe(chosen, "selected")

    def _send_whole(self) -> None:
        self._read()
        with self._made.hold_sync():
            self._made.runs = arrow_stream(self._whole.runs)
            self._made.curves = arrow_stream(as_curves(self._whole.curves))
            self._made.changes = self._made.fresh = b""
            self._made.gone = []
            self._made.total = self.total

    def _look(self) -> None:
        """Send what changed since the runs were sent whole; all of them anew where that is much."""
        found = self._chosen.changes(self._store, self._whole)
        if found is None:
            self._send_whole()
            return
        changes, gone = found
        with self._made.hold_sync():
            self._made.changes = arrow_stream(changes.runs)
            self._made.fresh = arrow_stream(as_curves(changes.curves))
            self._made.gone = gone
            self.total = self._made.total = changes.total

    def __repr__(self) -> str:
        return f"<Comparison {self.title!r}: {self._whole.runs.num_rows} of {self.total:,} runs>"

    def _saved(self) -> dict[str, Any]:
        first = self._whole.runs.column("run_id").slice(0, SAVED_ROWS)
        kept = self._whole.curves.filter(pc.is_in(self._whole.curves.column("run_id"), first))
        runs, curves = json_columns(self._whole.runs, SAVED_ROWS), summary.json_curves(kept)
        return bundle.compare_bundle(self.title, self.total, runs, curves, self.state)
