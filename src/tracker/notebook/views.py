"""The displays over the store: the run table, the comparison, the card of a run that has ended.

Each is a widget where a page is likely to be there, and always the bundle that stays in a saved notebook. Attributes
give in Python what is seen and chosen in the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tracker.exceptions import InvalidValue, NotFound
from tracker.notebook import bundle, summary
from tracker.notebook.columns import arrow_stream, json_columns
from tracker.notebook.frontend import shows_widgets
from tracker.notebook.widgets import CompareWidget, PlotlyAsset, TableWidget
from tracker.query import Reader, reader
from tracker.query.curves import reduced
from tracker.query.table import count_runs, experiment_ids, run_table
from tracker.tracking.context import current_store

if TYPE_CHECKING:
    import pandas as pd

SAVED_ROWS = 50
COMPARED_RUNS = 100
POINTS = 1_000
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_LATEST_FIRST = ["attributes.start_time DESC"]


class RunTable(TableWidget):
    """A run table; `selected` are the ids of the selected runs, `where` its filter, `frame` its runs as a DataFrame."""

    def __init__(self, runs: pa.Table, title: str, total: int, where: str = "") -> None:
        self._table = runs
        state = {"where": where, "sort": [], "hidden": []}
        super().__init__(runs=arrow_stream(runs), title=title, total=total, state=state, selected=[])

    @property
    def where(self) -> str:
        """The filter in the table's box; can be set."""
        return str(self.state.get("where", ""))

    @where.setter
    def where(self, text: str) -> None:
        self.state = {**self.state, "where": text}

    @property
    def frame(self) -> pd.DataFrame:
        """The table's runs, one row a run."""
        frame: pd.DataFrame = self._table.to_pandas()
        return frame

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __repr__(self) -> str:
        return f"<RunTable {self.title!r}: {len(self):,} runs, {len(self.selected)} selected>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        saved = bundle.table_bundle(self.title, self.total, json_columns(self._table, SAVED_ROWS), self.state)
        return _with_widget(self, saved), {}


class Comparison(CompareWidget):
    """A comparison of runs: their curves, parallel coordinates, a scatter plot, and what differs between them."""

    def __init__(self, runs: pa.Table, curves: pa.Table, title: str, total: int) -> None:
        self._table, self._curves = runs, curves
        numbers = [n for n in runs.column_names if n.startswith(("params.", "metrics.")) and _is_number(runs, n)]
        params = [n for n in numbers if n.startswith("params.") and len(set(runs.column(n).to_pylist())) > 1]
        metrics = [n for n in numbers if n.startswith("metrics.")]
        state = {
            "x": "step", "smoothing": 0, "log": False, "differing": True,
            "scatter": {"x": (params or numbers or [""])[0], "y": (metrics or numbers or [""])[0], "color": ""},
        }  # fmt: skip
        super().__init__(
            runs=arrow_stream(runs), curves=arrow_stream(curves), title=title, total=total, state=state,
            plotly=PlotlyAsset.shared(),
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Comparison {self.title!r}: {self._table.num_rows} of {self.total:,} runs>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        runs, curves = json_columns(self._table, SAVED_ROWS), summary.json_curves(self._curves)
        saved = bundle.compare_bundle(self.title, self.total, runs, curves, self.state)
        return _with_widget(self, saved), {}


class Card:
    """The card of one run, as the store has it now."""

    def __init__(self, run: dict[str, Any]) -> None:
        self.run = run

    def __repr__(self) -> str:
        return f"<Card of run {self.run['name']!r}, {self.run['status']}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return bundle.card_bundle(self.run)


def table(
    experiment: str | Iterable[str] | None = None,
    where: str | None = None,
    order_by: str | list[str] | None = None,
    limit: int | None = None,
) -> RunTable:
    """The run table of an experiment (or several, or all): sort, filter, pick and select in the page.

    `where` is a filter in the one grammar, as in "metrics.accuracy > 0.9 and params.C <= 10". Raises FilterError,
    NotFound for an experiment that does not exist.
    """
    store = reader(current_store())
    chosen, title = _experiments(store, experiment)
    runs = run_table(store, chosen, order_by=_orders(order_by) or _LATEST_FIRST, limit=limit)
    if where:
        run_table(store, chosen, where=where, limit=1)  # a mistake in the filter is told now, not by the page
    return RunTable(runs, title, count_runs(store, chosen), where or "")


def compare(
    runs: Any = None,
    *,
    experiment: str | Iterable[str] | None = None,
    where: str | None = None,
    metrics: list[str] | None = None,
) -> Comparison:
    """Runs side by side: the given ones (ids, a DataFrame, a table's selection), else the latest of an experiment.

    `metrics` are the keys whose curves are drawn, else all. Raises NotFound, FilterError.
    """
    store = reader(current_store())
    if runs is not None:
        chosen = run_ids(runs)
        found = run_table(store, run_ids=chosen, view="all")
        title, total = "Comparison", len(chosen)
        if found.num_rows < len(chosen):
            missing = sorted(set(chosen) - set(found.column("run_id").to_pylist()))
            raise NotFound(f"No run {missing[0]!r} in the store at {store.store.root}.")
    else:
        experiments, title = _experiments(store, experiment)
        found = run_table(store, experiments, where=where, order_by=_LATEST_FIRST, limit=COMPARED_RUNS)
        total = count_runs(store, experiments, where=where)
    curves = reduced(store, found.column("run_id").to_pylist(), metrics, POINTS)
    return Comparison(found, curves, title, total)


def card(run: Any) -> Card:
    """The card of a run, given by its id or as a Run. Raises NotFound."""
    return Card(summary.run_card(reader(current_store()), run_ids(run)[0]))


def run_ids(runs: Any) -> list[str]:
    """Run ids out of whatever holds some: an id, ids, runs, a DataFrame with `run_id`, a table with a selection."""
    if isinstance(runs, str):
        return [runs]
    if isinstance(runs, RunTable):
        if not runs.selected:
            raise InvalidValue("No run is selected in this table: tick some rows, or give run ids.")
        return list(runs.selected)
    if hasattr(runs, "info"):
        return [str(runs.info.run_id)]
    if hasattr(runs, "columns") and "run_id" in runs.columns:
        return [str(run) for run in runs["run_id"]]
    if isinstance(runs, Iterable):
        ids = [run if isinstance(run, str) else run_ids(run)[0] for run in runs]
        if ids:
            return ids
    raise InvalidValue(f"No runs in {runs!r}: give run ids, runs, or a DataFrame with a column run_id.")


def _experiments(store: Reader, wanted: str | Iterable[str] | None) -> tuple[list[str] | None, str]:
    """The ids of the experiments meant, and a title; None means all. Raises NotFound."""
    if wanted is None:
        return None, "All runs"
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    return experiment_ids(store.store, names), ", ".join(names)


def _orders(order_by: str | list[str] | None) -> list[str]:
    return [order_by] if isinstance(order_by, str) else list(order_by or [])


def _is_number(runs: pa.Table, name: str) -> bool:
    arrow = runs.schema.field(name).type
    return bool(pa.types.is_integer(arrow) or pa.types.is_floating(arrow))


def _with_widget(widget: Any, saved: dict[str, Any]) -> dict[str, Any]:
    from IPython import get_ipython

    shell = get_ipython()
    if not shows_widgets(shell.user_ns if shell is not None else {}):
        return saved
    return {**saved, WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}
