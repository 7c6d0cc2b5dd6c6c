"""A comparison as a page begins with it: runs, their curves in so many points, and the state it opens in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tracker.exceptions import NotFound
from tracker.query import Reader
from tracker.query.curves import reduced
from tracker.query.table import run_table

POINTS = 1_000


def chosen_runs(store: Reader, runs: Sequence[str]) -> pa.Table:
    """These runs, one row each. Raises NotFound, naming one that is not there."""
    found = run_table(store, run_ids=runs, view="all")
    if found.num_rows < len(set(runs)):
        missing = sorted(set(runs) - set(found.column("run_id").to_pylist()))
        raise NotFound(f"No run {missing[0]!r} in the store at {store.store.root}.")
    return found


def curves_of(store: Reader, runs: pa.Table, metrics: list[str] | None = None) -> pa.Table:
    """The curves of these runs: of these metrics, else of all."""
    return reduced(store, runs.column("run_id").to_pylist(), metrics, POINTS)


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
