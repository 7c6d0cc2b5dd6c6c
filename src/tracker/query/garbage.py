"""What a store can let go of: deleted runs, and artifacts of no run. First found and told, then freed.

Kept although deleted: a run that is still being written, and one whose files a registered model uses. Artifacts count
as orphaned only while every journal and segment can be read, since their run may be in a damaged one; their folders
are listed before the runs are, since a run's first event comes before its first file.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from duckdb import DuckDBPyConnection as Connection

from tracker.query.connection import reader
from tracker.query.table import experiment_ids
from tracker.store import Store, purge
from tracker.store.experiments import DELETED
from tracker.store.health import Amount, folder_amount, health
from tracker.store.ids import DEFAULT_EXPERIMENT_ID
from tracker.store.registry import runs_in_use
from tracker.store.segments import EVENTS, METRICS, Contents

_NONE = Amount(0, 0)
_DELETED = """
SELECT run_id, name, experiment_id, status, changed // 1000000 AS changed
FROM latest.runs LEFT JOIN (
    SELECT r, arg_max(v, (t, w)) ->> '$' AS state, max(t) AS changed FROM hot.events WHERE e = 'state' GROUP BY r
) told ON r = run_id AND state = 'deleted'
WHERE lifecycle_stage = 'deleted' ORDER BY run_id
"""
_OF_JOURNALS = """
SELECT w, sum(every), sum(gone) FROM (
    SELECT w, count(*) AS every, count(*) FILTER (r IN (SELECT unnest($runs::VARCHAR[]))) AS gone
    FROM hot.events GROUP BY w
    UNION ALL
    SELECT w, sum(points), sum(points) FILTER (r IN (SELECT unnest($runs::VARCHAR[]))) FROM hot.series GROUP BY w)
GROUP BY w
"""
_OF_SEGMENT = """
SELECT count(*), count(*) FILTER ((r IN (SELECT unnest($runs::VARCHAR[])) OR r IN (FROM hot.purged)) AND {condition})
FROM read_parquet($file)
"""


@dataclass
class Garbage:
    """What can be freed. `runs` maps ids to names; `events` is about how many bytes their events take in sealed files
    and those that can be sealed, with what is left of runs purged earlier; `kept` says of deleted runs why they stay.
    """

    runs: dict[str, str] = field(default_factory=dict)
    experiments: dict[str, str] = field(default_factory=dict)
    events: int = 0
    artifacts: Amount = _NONE
    orphans: dict[str, Amount] = field(default_factory=dict)
    half_removed: Amount = _NONE
    kept: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.runs or self.experiments or self.events or self.orphans or self.half_removed.files)


@dataclass
class Freed:
    """Bytes that are gone now, bytes that go when readers are through, and whether events could be taken out."""

    now: int
    later: int
    sealed: bool


def find(store: Store, older_than: float = 0.0, experiments: Iterable[str] | None = None) -> Garbage:
    """What was deleted at least `older_than` seconds ago, of some experiments (names or ids) or of all.

    Raises NotFound for an unknown experiment, StoreError.
    """
    before = time.time() - older_than
    asked = None if experiments is None else set(experiment_ids(store, list(experiments)))
    folders = purge.artifact_folders(store.root)
    cursor, contents = reader(store).cursor(), store.contents()
    found = Garbage()
    _find_runs(store, cursor, found, before, asked)
    _find_experiments(store, cursor, found, before, asked)
    sizes = [folder_amount(folders[run]) for run in found.runs if run in folders]
    found.artifacts = Amount(sum(s.files for s in sizes), sum(s.size for s in sizes))
    if asked is None:
        _find_orphans(store, cursor, found, before, folders)
        left = [folder_amount(path) for path in purge.half_removed(store.root)]
        found.half_removed = Amount(sum(max(s.files, 1) for s in left), sum(s.size for s in left))
    found.events = _size_of_events(store, cursor, contents, list(found.runs))
    return found


def free(store: Store, found: Garbage) -> Freed:
    """Free it, without waiting for anybody; runs that were restored or began again since are kept.

    Raises StoreError, OSError.
    """
    before = health(store)
    cursor = reader(store).cursor()
    still = {row[0] for row in cursor.execute(_DELETED).fetchall() if row[3] != "RUNNING"}
    doomed = [run for run in found.runs if run in still]
    purge.purge_runs(store, doomed)
    deleted = {x for x, entry in store.experiments().items() if entry.state == DELETED}
    purge.purge_experiments(store, [x for x in found.experiments if x in deleted])
    purge.remove_artifacts(store.root, {*doomed, *found.orphans})
    gone = [run for (run,) in reader(store).cursor().execute("FROM hot.purged").fetchall()]
    sealed = store.seal(purged=gone) is not None
    after = health(store)
    later = after.spent.size
    return Freed(max(before.size - (after.size - later) - before.spent.size, 0), later, sealed)


def _find_runs(store: Store, cursor: Connection, found: Garbage, before: float, asked: set[str] | None) -> None:
    used, known = runs_in_use(store), store.experiments()
    for run, name, experiment, status, changed in cursor.execute(_DELETED).fetchall():
        entry = known.get(experiment)
        times = [changed] if changed is not None else []
        times += [entry.updated / 1000] if entry is not None and entry.state == DELETED else []
        if (asked is not None and experiment not in asked) or not times or min(times) > before:
            continue
        if status == "RUNNING":
            found.kept.append(f"{name or run} is still being written")
        elif run in used:
            found.kept.append(f"{name or run} belongs to a registered model")
        else:
            found.runs[run] = name


def _find_experiments(store: Store, cursor: Connection, found: Garbage, before: float, asked: set[str] | None) -> None:
    stay = {x for run, x in cursor.execute("SELECT run_id, experiment_id FROM latest.runs").fetchall()
            if run not in found.runs}  # fmt: skip
    for entry in store.experiments().values():
        old = entry.state == DELETED and entry.updated / 1000 <= before and entry.id != DEFAULT_EXPERIMENT_ID
        if old and entry.id not in stay and (asked is None or entry.id in asked):
            found.experiments[entry.id] = entry.name


def _find_orphans(store: Store, cursor: Connection, found: Garbage, before: float, folders: dict[str, Path]) -> None:
    known = {run for (run,) in cursor.execute("SELECT run_id FROM latest.runs").fetchall()}
    lost = [run for run in folders if run not in known]
    if lost and (reader(store).damaged or health(store).damaged):
        found.kept.append(f"{len(lost)} folders of artifacts may belong to runs in damaged files (see `tracker store`)")
        return
    used = runs_in_use(store)
    for run in lost:
        if run not in used and purge.last_change(folders[run]) <= before:
            found.orphans[run] = folder_amount(folders[run])


def _size_of_events(store: Store, cursor: Connection, contents: Contents, runs: Collection[str]) -> int:
    size = 0.0
    bound = {"runs": list(runs)}
    for segment in contents.segments:
        if str(segment.path) in reader(store).damaged:
            continue
        every = gone = 0
        for file, condition in ((EVENTS, "e <> 'purge'"), (METRICS, "true")):
            query = _OF_SEGMENT.format(condition=condition)
            row = cursor.execute(query, {**bound, "file": segment.file(file)}).fetchone()
            assert row is not None
            every, gone = every + row[0], gone + row[1]
        size += segment.size * gone / max(every, 1)
    if runs:
        shares = {w: gone / every for w, every, gone in cursor.execute(_OF_JOURNALS, bound).fetchall() if gone}
        dead = [journal for journal in contents.journals if not store.is_live(journal.writer)]
        size += sum(journal.size * float(shares.get(journal.writer, 0)) for journal in dead)
    return round(size)
