"""The run table in Python: what the page shows and what a person chose there, both ways.

Data goes to the page whole once; later changes go as the runs that changed since, so that a page which is opened again
still gets both. What the page asks is answered by `Answers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from tracker.notebook import bundle
from tracker.notebook.display import RunsDisplay
from tracker.notebook.follow import follow
from tracker.pages.answers import Answers, kept_directions, kept_views
from tracker.pages.columns import arrow_stream, json_columns
from tracker.pages.runs import Chosen, first_sparks
from tracker.query import Reader

if TYPE_CHECKING:
    import pandas as pd

SAVED_ROWS = 50
_ALWAYS = ("name", "star", "status", "start_time", "duration")


class RunTable(RunsDisplay):
    """A run table.

    `selected` are the ids of the selected runs, `where` its filter, `columns` the columns seen, in order: each as the
    page has it now, and each can be set. `frame` are its runs as a DataFrame.
    """

    latest: ClassVar[RunTable | None] = None
    """The one made last: what `%compare` takes its selection from."""

    def __init__(
        self,
        store: Reader,
        experiments: list[str] | None,
        title: str,
        where: str = "",
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> None:
        self._store, self._experiments, self._order, self._limit = store, experiments, list(order_by), limit
        self.title = title
        home = experiments[0] if experiments and len(experiments) == 1 else "0"
        self._home = home
        directions = kept_directions(store, home)
        self._state: dict[str, Any] = {"where": where, "sort": [], "hidden": []}
        if directions:
            self._state["directions"] = directions
        self._selected: list[str] = []
        self._answers = Answers(store, home)
        self._read()
        RunTable.latest = self

    def _read(self) -> None:
        """Read the runs whole."""
        whole = self._chosen.whole(self._store)
        self._since, self._runs, self.total = whole.since, whole.runs, whole.total

    @property
    def _chosen(self) -> Chosen:
        view: Literal["active", "deleted"] = "deleted" if self.state.get("view") == "deleted" else "active"
        return Chosen(self._experiments, self._order, self._limit, view)

    # -- what is shown

    @property
    def where(self) -> str:
        """The filter in the table's box; can be set. A mistake in it raises FilterError."""
        return str(self.state["where"])

    @where.setter
    def where(self, text: str | None) -> None:
        from tracker.query.filters import parse

        parse(text or "")
        self.state = {**self.state, "where": text or ""}

    @property
    def columns(self) -> list[str]:
        """The names of the columns seen, in order; can be set. Raises InvalidValue for one that no run has."""
        if self._made is not None and self._made.columns:
            return list(self._made.columns)
        hidden, shown = set(self.state.get("hidden", [])), set(self.state.get("shown", []))
        return [
            name
            for name in self._runs.column_names
            if name in shown or (name not in hidden and (name in _ALWAYS or name.startswith(("params.", "metrics."))))
        ]

    @columns.setter
    def columns(self, names: Sequence[str]) -> None:
        from tracker.exceptions import InvalidValue

        wanted = [str(name) for name in names]
        unknown = [name for name in wanted if name not in self._runs.column_names]
        if unknown:
            raise InvalidValue(f"The table has no column {unknown[0]!r}; `t.frame.columns` names them all.")
        hidden = [name for name in self._runs.column_names if name not in wanted and name != "name"]
        self.state = {**self.state, "shown": wanted, "hidden": hidden, "order": wanted}

    @property
    def frame(self) -> pd.DataFrame:
        """The table's runs, one row a run."""
        frame: pd.DataFrame = self._runs.to_pandas()
        return frame

    def __len__(self) -> int:
        return int(self._runs.num_rows)

    def __repr__(self) -> str:
        return f"<RunTable {self.title!r}: {len(self):,} runs, {len(self.selected)} selected>"

    def _saved(self) -> dict[str, Any]:
        return bundle.table_bundle(self.title, self.total, json_columns(self._runs, SAVED_ROWS), self.state)

    # -- the page

    def _make(self) -> Any:
        from tracker.notebook.widgets import TableWidget

        widget = TableWidget(
            runs=arrow_stream(self._runs),
            sparks=arrow_stream(first_sparks(self._store, self._runs)),
            views=kept_views(self._store, self._home),
            title=self.title,
            total=self.total,
            state=self._state,
            selected=self._selected,
        )
        widget.answers = self._answer
        widget.observe(self._state_changed, "state")
        follow(self, self._store.store, RunTable._look)
        return widget

    def _answer(self, question: Any) -> tuple[dict[str, Any], list[Any]]:
        answer = self._answers.answer(question)
        if question["do"] == "detail":
            self._bring_run_view()
        if question["do"] == "edit":
            self._look()
        elif question["do"] == "view":
            self._made.views = kept_views(self._store, self._home)
        return answer

    def _bring_run_view(self) -> None:
        """Send the run view and its charts to the page, once a run is asked for."""
        from tracker.notebook.widgets import PlotlyAsset, RunAsset

        if self._made.detail is None:
            self._made.detail, self._made.plotly = RunAsset.shared(), PlotlyAsset.shared()

    def _state_changed(self, change: Any) -> None:
        if change["old"].get("view", "active") != change["new"].get("view", "active"):
            self._send_whole()

    def _send_whole(self) -> None:
        self._read()
        with self._made.hold_sync():
            self._made.runs = arrow_stream(self._runs)
            self._made.changes = b""
            self._made.gone = []
            self._made.total = self.total

    def _look(self) -> None:
        """Send what changed since the runs were sent whole; all of them anew where that is much."""
        changes = self._chosen.changes(self._store, self._since)
        if changes is None:
            self._send_whole()
            return
        known = set(self._runs.column("run_id").to_pylist())
        with self._made.hold_sync():
            self._made.changes = arrow_stream(changes.runs)
            self._made.gone = [run for run in changes.gone if run in known]
            self.total = self._made.total = changes.total
