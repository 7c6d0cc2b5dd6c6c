"""What a page asks that stands beside no cell: what the store holds, a table, a comparison, a run's cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tracker.pages.compared import COMPARED_RUNS, Compared, Whole, first_state
from tracker.pages.runs import Chosen, as_curves, first_sparks
from tracker.projects.slices import read_slice
from tracker.query import Reader

MOST_ROWS = 200_000
MOST_LISTED = 100

Answer = tuple[dict[str, Any], list[pa.Table]]

_EXPERIMENTS = """
SELECT x.experiment_id AS id, x.name, count(r.run_id) AS runs, count(*) FILTER (r.status = 'RUNNING') AS running,
    epoch_ms(greatest(x.created, max(r.start_time))) AS latest
FROM experiments x LEFT JOIN runs r ON r.experiment_id = x.experiment_id AND r.lifecycle_stage = 'active'
WHERE x.lifecycle_stage = 'active' GROUP BY x.experiment_id, x.name, x.created ORDER BY latest DESC LIMIT $most
"""
_RUNS = """
SELECT run_id AS id, name, status, experiment, experiment_id, epoch_ms(start_time) AS started,
    epoch_ms(end_time) AS ended
FROM runs WHERE lifecycle_stage = 'active' ORDER BY status = 'RUNNING' DESC, start_time DESC LIMIT $most
"""
_STATES = "SELECT status, count(*) FROM runs WHERE lifecycle_stage = 'active' GROUP BY status"
_SOME = """SELECT run_id, if(lifecycle_stage = 'deleted', 'DELETED', status) FROM runs
WHERE run_id IN (SELECT unnest($runs::VARCHAR[]))"""


def overview(store: Reader) -> Answer:
    """`Overview` of js/core/types.ts: experiments, the running and the latest runs, how many of each status."""
    root = store.store.root
    if not root.exists():
        return {"store": str(root), "made": False, "experiments": [], "runs": [], "states": {}, "damaged": 0}, []
    ask = store.cursor()
    bound = {"most": MOST_LISTED}
    return {
        "store": str(root),
        "made": True,
        "experiments": ask.sql(_EXPERIMENTS, params=bound).to_arrow_table().to_pylist(),
        "runs": ask.sql(_RUNS, params=bound).to_arrow_table().to_pylist(),
        "states": dict(ask.execute(_STATES).fetchall()),
        "damaged": len(store.damaged),
    }, []


def statuses(store: Reader, runs: Sequence[str]) -> Answer:
    """The status of each of these runs that is there: `DELETED` where it is in the bin."""
    return {"statuses": dict(store.cursor().execute(_SOME, {"runs": list(runs)}).fetchall())}, []


def table(store: Reader, experiments: Sequence[str] | None, deleted: bool) -> Answer:
    """A table's runs and first sparklines; what the next question about changes needs."""
    chosen = _chosen(experiments, deleted)
    whole = chosen.whole(store)
    runs = whole.runs.slice(0, MOST_ROWS)
    return {"total": whole.total, "since": whole.since}, [runs, first_sparks(store, runs)]


def changes(store: Reader, experiments: Sequence[str] | None, deleted: bool, since: int) -> Answer:
    """The runs that changed since; `whole` where they are to be asked for anew."""
    found = _chosen(experiments, deleted).changes(store, since)
    if found is None:
        return {"whole": True}, []
    return {"whole": False, "total": found.total, "gone": found.gone}, [found.runs]


def compare(store: Reader, runs: Sequence[str]) -> Answer:
    """What a comparison of these runs begins with. Raises NotFound."""
    whole = Compared(list(runs)[:COMPARED_RUNS]).whole(store)
    told = {"total": len(runs), "since": whole.since, "state": first_state(whole.runs)}
    return told, [whole.runs, as_curves(whole.curves)]


def compared(store: Reader, runs: Sequence[str], since: int) -> Answer:
    """Those of these runs that changed since, with their curves; `whole` where they are to be asked for anew."""
    chosen = list(runs)[:COMPARED_RUNS]
    known = Whole(pa.table({"run_id": chosen}), pa.table({}), len(runs), since)
    found = Compared(chosen).changes(store, known)
    if found is None:
        return {"whole": True}, []
    fresh, gone = found
    return {"whole": False, "gone": gone}, [fresh.runs, as_curves(fresh.curves)]


def cells(store: Reader, run_id: str) -> Answer:
    """The cells that made a run, in order. Raises NotFound, InvalidValue."""
    kept = read_slice(store.store, run_id)
    return {"cells": [{"count": cell.count, "source": cell.source} for cell in kept.cells]}, []


def _chosen(experiments: Sequence[str] | None, deleted: bool) -> Chosen:
    return Chosen(experiments, view="deleted" if deleted else "active")
