"""The reader: one in-memory DuckDB connection that follows a store.

Invariants: nothing is written to the store; a refresh reads only what changed, and what queries see changes in
one transaction. What a dead writer left, its journal or the segment that it was sealed into, is read once ("settled"),
whichever of the two it was found in: sealing and merging change only where the points are looked up. Of a journal
still written ("live") what came after is read, or all of it where it does not go on from what was read (`growth`):
what its rows tell is what reading it whole would. If a file vanishes while it is read, a sealer moved it: the refresh
begins anew. What damage costs: `intake`. External access is off and the configuration locked before any user text
gets here.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import duckdb
import orjson
from duckdb import DuckDBPyConnection as Connection

from tracker.exceptions import StoreError
from tracker.query import views
from tracker.query.growth import Position
from tracker.query.intake import Intake, Moved
from tracker.query.scan import Source
from tracker.store import Experiment, Store, rows
from tracker.store.background import seal_in_background
from tracker.store.segments import METRICS, Segment

_MAX_ATTEMPTS = 100
_FEW_RUNS = 1_000
_FULL_AFTER = 4  # computing all runs anew when more than one in so many was touched


class _Restored(Exception):
    """What purged a run is gone: what was read of the run, and thrown away, counts again."""


@dataclass
class _Change:
    """What a refresh is about to take in: what it read, and what it found where.

    `left`: journals that were read, whose rows go: they are gone, settled now, or read again whole.
    """

    left: list[str]
    settling: bool
    settled: dict[str, int]
    live: dict[str, Position]
    unread: dict[Segment, list[str]]
    points: dict[Segment, frozenset[str]]
    experiments: dict[str, Experiment]


class Reader:
    """Answers queries over one store; may be shared by threads. Use `reader(store)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._intake = Intake()
        self._forget()

    def _forget(self) -> None:
        self._db: Connection | None = None
        self._answers = False
        self._settled: dict[str, int] = {}
        self._live: dict[str, Position] = {}
        self._points: dict[Segment, frozenset[str]] = {}
        self._experiments: dict[str, Experiment] = {}
        self._replaced = 0
        self._purged = False

    @property
    def damaged(self) -> dict[str, str]:
        """What is wrong with each damaged file, by its path; of each was warned once."""
        return self._intake.damaged

    def cursor(self) -> Connection:
        """A cursor of the caller's own, over all that every process has written so far."""
        return self.snapshot()[0]

    def snapshot(self) -> tuple[Connection, list[Source]]:
        """A cursor, and the files that its points come from beside hot.settled_metrics and hot.live_metrics."""
        with self._lock:
            db = self._refreshed()
            files = [
                Source(s.file(METRICS), None if writers == s.journals.keys() else sorted(writers))
                for s, writers in self._points.items()
            ]
            return db.cursor(), files

    def _connect(self) -> Connection:
        no_extensions: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        db = duckdb.connect(":memory:", config=no_extensions)
        root = str(self.store.root).replace("'", "''")
        for statement in (
            "SET enable_progress_bar = false",  # the engine would show one in the user's cell
            "SET GLOBAL TimeZone = 'UTC'",
            "SET GLOBAL python_enable_replacements = false",
            f"SET allowed_directories = ['{root}']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
            *views.TABLES,
        ):
            db.execute(statement)
        return db

    # -- following the store

    def _refreshed(self) -> Connection:
        for _ in range(_MAX_ATTEMPTS):
            if self._db is None:
                self._db = self._connect()
            try:
                self._follow(self._db)
                return self._db
            except Moved:
                continue
            except _Restored:
                self._forget()
        raise StoreError(f"The store at {self.store.root} is being rewritten again and again; try later.")

    def _follow(self, db: Connection) -> None:
        change = self._read(db)
        if change is None:
            return
        db.begin()
        try:
            purged = self._take(db, change)
            db.commit()
        except BaseException:
            db.rollback()
            raise
        self._settled = {w: size for w, size in self._settled.items() if w not in change.left} | change.settled
        self._live, self._points, self._experiments = change.live, change.points, change.experiments
        self._purged, self._answers = purged, True

    def _read(self, db: Connection) -> _Change | None:
        """See what changed, and read the journals among it: one that cannot be read must not cost the rest.

        None if nothing changed. Raises Moved.
        """
        contents = self.store.contents()
        for path, why in contents.damaged.items():
            kind = "journal" if path.parent.name == "journal" else "segment"
            self._intake.warn(kind, str(path), f"is damaged and is left out: {why}")
        segments = {s: sizes for s, sizes in contents.segments.items() if s not in self._intake.broken}
        sizes = {j.writer: j.size for j in contents.journals}
        for found in segments.values():
            sizes |= found
        gone = [w for w, size in self._settled.items() if sizes.get(w) != size]
        known = self._settled.keys() - set(gone)
        fresh = [j for j in contents.journals if j.writer not in known]
        live = {j.writer: j for j in fresh if self.store.is_live(j.writer)}
        settling = [j for j in fresh if j.writer not in live]
        unread = {s: [w for w in found if w not in known] for s, found in segments.items()}
        points = {s: frozenset(found) for s, found in segments.items()}
        as_read = live.keys() == self._live.keys() and all(self._live[w].is_at(j) for w, j in live.items())
        if self._answers and not gone and not settling and as_read and points == self._points:
            return None
        dead = [j for j in contents.journals if j.writer not in live]
        seal_in_background(self.store.root, len(dead), sum(j.size for j in dead), bool(contents.spent_segments))
        if settling:
            self._intake.read_settling(db, settling)
        kept, positions = self._intake.read_live(db, list(live.values()), self._live)
        settled = {w: sizes[w] for w in (*(j.writer for j in settling), *chain.from_iterable(unread.values()))}
        unread = {s: writers for s, writers in unread.items() if writers}
        left = [*gone, *(w for w in self._live if w not in kept)]
        return _Change(left, bool(settling), settled, positions, unread, points, dict(self.store.experiments()))

    def _take(self, db: Connection, change: _Change) -> bool:
        """Take in what was read, read the segments, compute again what depends on both. Raises Moved.

        Gives whether there are purged runs.
        """
        anew = not (self._settled or self._live)
        db.execute(views.TOUCHED_BY_NEW)
        known = not anew and not change.unread
        kinds = {kind for (kind,) in db.execute(views.KINDS).fetchall()} if known else views.ANY_KIND
        for statement in (views.TOUCHED_BY_LEFT, *views.TAKE_OUT_LEFT) if change.left else ():
            db.execute(statement, {"left": change.left})
        for layer, is_read in (("settled", change.settling), ("live", change.live)):
            for statement in views.take_in(layer) if is_read else ():
                db.execute(statement)
        if change.unread:
            self._intake.read_segments(db, change.unread)
            if not anew:
                db.execute(views.TOUCHED_BY_SEALED, {"w": list(chain.from_iterable(change.unread.values()))})
        purged = self._take_out_purged(db, kinds, anew, change.left)
        if change.points != self._points or purged != self._purged:
            self._look_up_points(db, change.points, purged)
        renamed = change.experiments != self._experiments
        if renamed:
            _write_experiments(db, list(change.experiments.values()))
        if "journal" in kinds or change.live.keys() != self._live.keys() or change.left or change.settled:
            self._look_who_lives(db, change.live)
            if not anew:
                db.execute(views.TOUCHED_BY_LIFE)
            kinds = views.ANY_KIND
        self._compute_latest(db, kinds, anew, renamed)
        for statement in () if self._answers else views.VIEWS:
            db.execute(statement)
        return purged

    def _take_out_purged(self, db: Connection, kinds: set[str], anew: bool, left: list[str]) -> bool:
        """Take out what is of purged runs; gives whether there are any. Raises _Restored."""
        if "purge" in kinds:
            db.execute(views.FIND_PURGED)
        if db.execute("SELECT 1 FROM hot.purged LIMIT 1").fetchone() is None:
            return False
        if left and db.execute(views.PURGED_NO_LONGER).fetchone() is not None:
            raise _Restored
        if anew or db.execute(views.TOUCHES_PURGED).fetchone() is not None:
            for statement in views.TAKE_OUT_PURGED:
                db.execute(statement)
        return True

    def _look_who_lives(self, db: Connection, live: Iterable[str]) -> None:
        db.execute("TRUNCATE latest.chains")
        db.execute(views.CHAINS)
        db.execute("TRUNCATE latest.live_writers")
        db.execute(views.LIVE_WRITERS, {"w": list(live)})

    def _look_up_points(self, db: Connection, points: dict[Segment, frozenset[str]], purged: bool) -> None:
        """Let hot.metrics read these segments, and no longer hold in memory what they have."""
        sealed = list(chain.from_iterable(points.values()))
        held = db.execute(
            "SELECT DISTINCT w FROM hot.settled_metrics WHERE w IN (SELECT unnest($w::VARCHAR[]))", {"w": sealed}
        )
        moved = [w for (w,) in held.fetchall()]
        if moved:
            db.execute("DELETE FROM hot.settled_metrics WHERE w IN (SELECT unnest($w))", {"w": moved})
        whole = [s.file(METRICS) for s, writers in points.items() if writers == s.journals.keys()]
        parts = [(s.file(METRICS), sorted(writers)) for s, writers in points.items() if writers != s.journals.keys()]
        try:
            db.execute(views.all_metrics(whole, parts, purged))
        except duckdb.IOException as error:
            if not all(segment.path.exists() for segment in points):
                raise Moved from error
            raise

    def _compute_latest(self, db: Connection, kinds: set[str], anew: bool, renamed: bool) -> None:
        """Compute latest.* anew for the runs that events of these kinds touched, or for all where that costs less.

        Points of the living change nothing but metrics: the end of a lost run is told by dead journals. Rows that were
        replaced stay in memory until a table is made anew.
        """
        points_only = kinds <= {"metric"}
        touched, runs = (0, 0) if anew else _counts(db)
        self._replaced += touched
        full = anew or self._replaced * _FULL_AFTER > (max(runs, _FEW_RUNS) if points_only else runs)
        if full:
            self._replaced = 0
            if not anew:
                db.execute(views.COMPACT_LIVE_SERIES)
            db.execute(views.MIXED)
        elif touched:
            for statement in views.MIXED_TOUCHED if points_only else (*views.MIXED_TOUCHED, views.TOUCHED_EVENTS):
                db.execute(statement)
        for table in views.LATEST:
            if points_only and table != "metrics" and not (table == "runs" and renamed):
                continue
            if full or (table == "runs" and renamed):
                self._compute(db, views.compute(table))
            elif touched:
                for statement in views.compute_touched(table):
                    self._compute(db, statement)

    def _compute(self, db: Connection, statement: str) -> None:
        needed = "$artifacts" in statement
        db.execute(statement, {"artifacts": f"{(self.store.root / 'artifacts').as_uri()}/"} if needed else None)


def _counts(db: Connection) -> tuple[int, int]:
    """How many runs were touched, and how many there were."""
    row = db.execute("SELECT (SELECT count(*) FROM touched), (SELECT count(*) FROM latest.runs)").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _write_experiments(db: Connection, experiments: list[Experiment]) -> None:
    db.execute("TRUNCATE latest.experiments")
    columns = {
        "ids": [e.id for e in experiments],
        "names": [e.name for e in experiments],
        "states": [e.state for e in experiments],
        "created": [_valid_ms(e.created) for e in experiments],
        "updated": [_valid_ms(e.updated) for e in experiments],
        "locations": [None if e.artifact_location is None else str(e.artifact_location) for e in experiments],
        "tags": [orjson.dumps(e.tags).decode() for e in experiments],
    }
    if experiments:
        db.execute(views.INSERT_EXPERIMENTS, columns)


def _valid_ms(time: int) -> int:
    return max(rows.FIRST_TIME // 1000, min(rows.LAST_TIME // 1000, time))


_readers: dict[Store, Reader] = {}
_readers_lock = threading.Lock()


def reader(store: Store) -> Reader:
    """The store's reader, one a process."""
    with _readers_lock:
        if store not in _readers:
            _readers[store] = Reader(store)
        return _readers[store]


def _after_fork_in_child() -> None:
    """DuckDB's threads do not live on in a child: it connects anew, and never frees what it inherited.

    Freeing it, even as the interpreter ends, waits for those threads and aborts the process.
    """
    global _readers_lock
    _readers_lock = threading.Lock()
    for inherited in _readers.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited._db))
        inherited._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
