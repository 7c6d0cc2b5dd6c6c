"""A comparison as a page follows it: runs, their curves in so many points, what changed since, how it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tracker.exceptions import NotFound
from tracker.pages.runs import LATEST_FIRST
from tracker.query import Reader
from tracker.query.curves import reduced
from tracker.query.explore import changed_runs
from tracker.query.table import count_runs, run_table

COMPARED_RUNS = 500
POINTS, FEWEST_POINTS = 1_000, 16
ALL_POINTS = 400_000
"""Over all curves of a comparison: some 13 MB on the way to the page, which asks for finer ones where it is zoomed."""
_MARGIN_US = 10_000_000
_LAYOUT = ("x", "smoothing", "log", "logX", "clip", "group", "size", "tab", "chosen", "scatter", "differing")


def chosen_runs(store: Reader, runs: Sequence[str]) -> pa.Table:
    """These runs, one row each. Raises NotFound, naming one that is not there."""
    found = run_table(store, run_ids=runs, view="all")
    if found.num_rows < len(set(runs)):
        missing = sorted(set(runs) - set(found.column("run_id").to_pylist()))
        raise NotFound(f"No run {missing[0]!r} in the store at {store.store.root}.")
    return found


def curves_of(store: Reader, runs: pa.Table, metrics: list[str] | None = None) -> pa.Table:
    """The curves of these runs: of these metrics, else of all."""
    keys = len(metrics) if metrics else sum(name.startswith("metrics.") for name in runs.column_names)
    points = ALL_POINTS // max(1, keys * runs.num_rows)
    return reduced(store, runs.column("run_id").to_pylist(), metrics, max(FEWEST_POINTS, min(POINTS, points)))


@dataclass(frozen=True)
class Whole:
    """A comparison's runs and curves. `since` is what `changes` wants, `total` counts the runs beyond the limit too."""

    runs: pa.Table
    curves: pa.Table
    total: int
    since: int


@dataclass(frozen=True)
class Compared:
    """Which runs a comparison holds: these, else the latest of experiments (None for all) that pass the filter."""

    runs: Sequence[str] | None = None
    experiments: Sequence[str] | None = None
    where: str | None = None
    metrics: list[str] | None = None

    def whole(self, store: Reader) -> Whole:
        """All of them as they are now. Raises NotFound, FilterError."""
        since = store.store.clock() - _MARGIN_US
        if self.runs is not None:
            found, total = chosen_runs(store, self.runs), len(self.runs)
        else:
            found = run_table(
                store, self.experiments, where=self.where, order_by=list(LATEST_FIRST), limit=COMPARED_RUNS
            )
            total = count_runs(store, self.experiments, where=self.where)
        return Whole(found, curves_of(store, found, self.metrics), total, since)

    def changes(self, store: Reader, known: Whole) -> tuple[Whole, list[str]] | None:
        """The runs that changed, with their curves, and the ids of those gone; None where all are to be read anew."""
        changed = changed_runs(store, known.since)
        here = set(known.runs.column("run_id").to_pylist())
        if self.runs is not None:
            changed = [run for run in changed if run in here]
            found = run_table(store, run_ids=changed, view="all")
            total = known.total
        else:
            found = run_table(store, self.experiments, where=self.where, run_ids=changed)
            total = count_runs(store, self.experiments, where=self.where)
        ids = set(found.column("run_id").to_pylist())
        if len(here | ids) > COMPARED_RUNS or len(ids) > COMPARED_RUNS // 2:
            return None
        gone = [run for run in changed if run in here and run not in ids]
        return Whole(found, curves_of(store, found, self.metrics), total, known.since), gone


def layout_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """What of a comparison's state is the same for other runs: the open panel, axes, groups."""
    return {name: state[name] for name in _LAYOUT if name in state}


def first_state(runs: pa.Table) -> dict[str, Any]:
    """The CompareState of js/core/types.ts that a comparison opens in."""
    x, y = _scatter_axes(runs)
    scatter = {"x": x, "y": y, "color": ""}
    return {"x": "step", "smoothing": 0, "log": False, "differing": True, "scatter": scatter}


def _scatter_axes(runs: pa.Table) -> tuple[str, str]:
    """The parameter and the metric to begin with: of those that differ, the pair that most runs have both of."""
    numbers = [n for n in runs.column_names if n.startswith(("params.", "metrics.")) and _is_number(runs, n)]
    has = {n: runs.column(n).is_valid().to_pylist() for n in numbers}
    varied = [n for n in numbers if len(set(runs.column(n).drop_null().to_pylist())) > 1] or numbers
    params = [n for n in varied if n.startswith("params.")] or varied
    metrics = [n for n in varied if n.startswith("metrics.")] or varied
    pairs = [(x, y) for x in params for y in metrics if x != y] or [("", "")]
    return max(
        pairs, key=lambda pair: sum(a and b for a, b in zip(has.get(pair[0], []), has.get(pair[1], []), strict=True))
    )


def _is_number(runs: pa.Table, name: str) -> bool:
    arrow = runs.schema.field(name).type
    return bool(pa.types.is_integer(arrow) or pa.types.is_floating(arrow))
