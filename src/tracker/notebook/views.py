"""The displays over the store: the run table, the comparison, the card of a run that has ended.

Each is a widget where a page is likely to be there, and always the bundle that stays in a saved notebook. Attributes
give in Python what is seen and chosen in the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.notebook import bundle
from tracker.notebook.comparison_view import Comparison
from tracker.notebook.run_table import RunTable
from tracker.notebook.run_view import RunView
from tracker.pages import summary
from tracker.pages.compared import Compared
from tracker.pages.runs import LATEST_FIRST
from tracker.query import Reader, frames, reader
from tracker.query.table import experiment_ids, run_table
from tracker.tracking.context import current_store


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
    if where:
        run_table(store, chosen, where=where, limit=1)  # a mistake in the filter is told now, not by the page
    return RunTable(store, chosen, title, where or "", _orders(order_by) or list(LATEST_FIRST), limit)


def compare(
    runs: Any = None,
    *,
    experiment: str | Iterable[str] | None = None,
    where: str | None = None,
    metrics: list[str] | None = None,
) -> Comparison:
    """Runs side by side: the given ones (ids, a DataFrame, a table's selection), else the latest of an experiment.

    A comparison of a table's selection follows it, one of an experiment its latest 500 runs. `metrics` are the keys
    whose curves are drawn, else all. Raises NotFound, FilterError.
    """
    store = reader(current_store())
    if runs is not None:
        chosen = run_ids(runs)
        table = runs if isinstance(runs, RunTable) else None
        return Comparison(store, Compared(runs=chosen, metrics=metrics), "Comparison", table)
    experiments, title = _experiments(store, experiment)
    return Comparison(store, Compared(experiments=experiments, where=where, metrics=metrics), title)


def card(run: Any) -> Card:
    """The card of a run, given by its id or as a Run. Raises NotFound."""
    return Card(summary.run_card(reader(current_store()), run_ids(run)[0]))


def show(run: Any) -> RunView:
    """A run in full, given by its id or as a Run. Raises NotFound."""
    return RunView(reader(current_store()), run_ids(run)[0])


def run_ids(runs: Any) -> list[str]:
    """Run ids out of a table's selection, or whatever else holds some: an id, a run, a DataFrame, several."""
    if not isinstance(runs, RunTable):
        return frames.run_ids(runs)
    if not runs.selected:
        raise InvalidValue("No run is selected in this table: tick some rows, or give run ids.")
    return runs.selected


def _experiments(store: Reader, wanted: str | Iterable[str] | None) -> tuple[list[str] | None, str]:
    """The ids of the experiments meant, and a title; None means all. Raises NotFound."""
    if wanted is None:
        return None, "All runs"
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    return experiment_ids(store.store, names), ", ".join(names)


def _orders(order_by: str | list[str] | None) -> list[str]:
    return [order_by] if isinstance(order_by, str) else list(order_by or [])
