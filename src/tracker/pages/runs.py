"""The run table as a page follows it: whole once, then what changed since, small histories beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from tracker.query import Reader
from tracker.query.curves import reduced
from tracker.query.explore import changed_runs
from tracker.query.table import View, count_runs, run_table

SPARK_POINTS = 24
LATEST_FIRST = ("attributes.start_time DESC",)
_SPARK_RUNS, _SPARK_KEYS = 300, 12
_MARGIN_US = 10_000_000
_MOST_CHANGES = 2_000


@dataclass(frozen=True)
class Whole:
    """The runs read whole. `since` is what `changes` wants later, `total` counts the runs beyond a limit too."""

    runs: pa.Table
    total: int
    since: int


@dataclass(frozen=True)
class Changes:
    """The runs that changed and pass, whole, and the ids of changed ones that do not."""

    runs: pa.Table
    gone: list[str]
    total: int


@dataclass(frozen=True)
class Chosen:
    """Which runs a table shows: experiments by id (None for all), in this order, at most so many."""

    experiments: Sequence[str] | None = None
    order_by: Sequence[str] = LATEST_FIRST
    limit: int | None = None
    view: View = "active"

    def whole(self, store: Reader) -> Whole:
        """All of them, as they are now."""
        since = store.store.clock() - _MARGIN_US
        runs = run_table(store, self.experiments, order_by=self.order_by, limit=self.limit, view=self.view)
        return Whole(runs, count_runs(store, self.experiments, view=self.view), since)

    def changes(self, store: Reader, since: int) -> Changes | None:
        """What changed since; None where that is much, or more than a limit lets say: they are read whole then."""
        changed = changed_runs(store, since)
        if self.limit is not None or len(changed) > _MOST_CHANGES:
            return None
        found = run_table(store, self.experiments, order_by=self.order_by, run_ids=changed, view=self.view)
        here = set(found.column("run_id").to_pylist())
        gone = [run for run in changed if run not in here]
        return Changes(found, gone, count_runs(store, self.experiments, view=self.view))


def first_sparks(store: Reader, runs: pa.Table) -> pa.Table:
    """Small histories for the first runs of a table; none where nothing has more than one step."""
    ids = runs.column("run_id").slice(0, _SPARK_RUNS).to_pylist()
    keys = [name.removeprefix("metrics.") for name in runs.column_names if name.startswith("metrics.")]
    table = sparks(store, ids, keys[:_SPARK_KEYS])
    return table if len(set(table.column("step").to_pylist())) > 1 else table.slice(0, 0)


def sparks(store: Reader, runs: Sequence[str], keys: Sequence[str]) -> pa.Table:
    """Histories in a few points, as the page reads curves."""
    return as_curves(reduced(store, runs, keys, SPARK_POINTS))


def as_curves(table: pa.Table) -> pa.Table:
    """A table of `query.curves` under the names of js/core/types.ts."""
    return table.rename_columns(["run", "key", "step", "time", "value"])
