"""The reader: one in-memory DuckDB connection that follows a store.

Invariants: nothing is written to the store; a refresh reads only what changed, and what queries see changes in
one transaction. What a dead writer left, its journal or the segment that it was sealed into, is read once ("settled"),
whichever of the two it was found in: sealing and merging change only where the points are looked up. Journals
still written are read again whole when any of them grew ("live"). If a file vanishes while it is read, a sealer moved
it: the refresh begins anew. One damaged journal costs its damaged lines, one damaged segment costs itself, and
one warning. External access is off and the configuration locked before any user text gets here.
"""

# ruff: noqa: S608 (layer and table names of `views`)

from __future__ import annotations

import ctypes
import os
import threading
import warnings
from dataclasses import dataclass
from itertools import chain

import duckdb
import orjson
from duckdb import DuckDBPyConnection as Connection

from tracker.exceptions import StoreError
from tracker.query import views
from tracker.query.scan import Source
from tracker.store import Experiment, Store, rows
from tracker.store.background import seal_in_background
from tracker.store.segment_writer import ends_line
from tracker.store.segments import METRICS, JournalFile, Segment

_MAX_ATTEMPTS = 100
_FULL_AFTER = 4  # computing all runs anew when more than one in so many was touched


class _Moved(Exception):
    """A file that was listed is gone: sealed or merged since."""


@dataclass
class _Change:
    """What a refresh is about to take in: what it read, and what it found where."""

    gone: list[str]
    settled: dict[str, int]
    live: dict[str, int]
    unread: dict[Segment, list[str]]
    points: dict[Segment, frozenset[str]]
    experiments: dict[str, Experiment]


class Reader:
    """Answers queries over one store; may be shared by threads. Use `reader(store)`.

    `damaged` says of each damaged file what is wrong with it; of each was warned once.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._db: Connection | None = None
        self._settled: dict[str, int] = {}
        self._live: dict[str, int] = {}
        self._points: dict[Segment, frozenset[str]] = {}
        self._experiments: dict[str, Experiment] = {}
        self._replaced = 0
        self._purged = False
        self._broken: set[Segment] = set()
        self._doubtful = False
        self.damaged: dict[str, str] = {}

    def cursor(self) -> Connection:
        """A cursor of the caller's own, over all that every process has written so far."""
        return self.snapshot()[0]

    def snapshot(self) -> tuple[Connection, list[Source]]:
        """A cursor, and the files that its points come from beside hot.settled_metrics and hot.live_metrics."""
        with self._lock:
            if self._db is None:
                self._db = self._connect()
            self._refresh(self._db)
            files = [
                Source(s.file(METRICS), None if writers == s.journals.keys() else sorted(writers))
                for s, writers in self._points.items()
            ]
            return self._db.cursor(), files

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
        for table in views.LATEST:
            self._compute(db, views.compute(table))
        for statement in views.VIEWS:
            db.execute(statement)
        return db

    # -- following the store

    def _refresh(self, db: Connection) -> None:
        for _ in range(_MAX_ATTEMPTS):
            try:
                return self._follow(db)
            except _Moved:
                continue
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
        self._settled = {w: size for w, size in self._settled.items() if w not in change.gone} | change.settled
        self._live, self._points, self._experiments = change.live, change.points, change.experiments
        self._purged = purged

    def _read(self, db: Connection) -> _Change | None:
        """See what changed, and read the journals among it: one that cannot be read must not cost the rest.

        None if nothing changed. Raises _Moved.
        """
        contents = self.store.contents()
        for path, why in contents.damaged.items():
            kind = "journal" if path.parent.name == "journal" else "segment"
            self._warn(kind, str(path), f"is damaged and is left out: {why}")
        segments = {s: sizes for s, sizes in contents.segments.items() if s not in self._broken}
        sizes = {j.writer: j.size for j in contents.journals}
        for found in segments.values():
            sizes |= found
        gone = [w for w, size in self._settled.items() if sizes.get(w) != size]
        known = self._settled.keys() - set(gone)
        fresh = [j for j in contents.journals if j.writer not in known]
        live = [j for j in fresh if self.store.is_live(j.writer)]
        growing = {j.writer: j.size for j in live}
        settling = [j for j in fresh if j.writer not in growing]
        unread = {s: [w for w in found if w not in known] for s, found in segments.items()}
        points = {s: frozenset(found) for s, found in segments.items()}
        if not gone and not settling and growing == self._live and points == self._points:
            return None
        dead = [j for j in contents.journals if j.writer not in growing]
        seal_in_background(self.store.root, len(dead), sum(j.size for j in dead), bool(contents.spent_segments))
        self._read_journals(db, "settled", settling)
        self._read_journals(db, "live", live)
        settled = {w: sizes[w] for w in (*(j.writer for j in settling), *chain.from_iterable(unread.values()))}
        unread = {s: writers for s, writers in unread.items() if writers}
        return _Change(gone, settled, growing, unread, points, dict(self.store.experiments()))

    def _take(self, db: Connection, change: _Change) -> bool:
        """Take in what was read, read the segments, compute again what depends on both. Raises _Moved.

        Gives whether there are purged runs.
        """
        anew = not (self._settled or self._live)
        db.execute(views.TOUCHED_BEFORE, {"gone": change.gone})
        if change.gone:
            for table in views.TABLES_OF_LAYER:
                db.execute(f"DELETE FROM hot.settled_{table} WHERE w IN (SELECT unnest($w))", {"w": change.gone})
        for statement in views.take_in():
            db.execute(statement)
        if change.unread:
            self._read_segments(db, change.unread)
            if not anew:
                db.execute(views.TOUCHED_BY_SEALED, {"w": list(chain.from_iterable(change.unread.values()))})
        purged = self._take_out_purged(db)
        if change.points != self._points or purged != self._purged:
            self._look_up_points(db, change.points, purged)
        if change.experiments != self._experiments:
            _write_experiments(db, list(change.experiments.values()))
        if change.live.keys() != self._live.keys() or change.gone or change.settled:
            db.execute("TRUNCATE latest.chains")
            db.execute(views.CHAINS)
            db.execute("TRUNCATE latest.live_writers")
            db.execute(views.LIVE_WRITERS, {"w": list(change.live)})
            db.execute("INSERT INTO touched SELECT run_id FROM latest.runs WHERE status = 'RUNNING'")
        self._compute_latest(db, anew, renamed=change.experiments != self._experiments)
        return purged

    def _take_out_purged(self, db: Connection) -> bool:
        db.execute(views.FIND_PURGED)
        purged = db.execute("SELECT 1 FROM hot.purged LIMIT 1").fetchone() is not None
        for statement in views.TAKE_OUT_PURGED if purged else ():
            db.execute(statement)
        return purged

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
                raise _Moved from error
            raise

    def _compute_latest(self, db: Connection, anew: bool, renamed: bool) -> None:
        """Compute latest.* anew for the touched runs, or for all where that costs less.

        Rows that were replaced stay in memory until a table is made anew.
        """
        touched, runs = _counts(db)
        self._replaced += touched
        full = anew or self._replaced * _FULL_AFTER > runs
        if full:
            db.execute(views.MIXED)
        elif touched:
            db.execute(views.MIXED_TOUCHED)
        for table in views.LATEST:
            if full or (table == "runs" and renamed):
                self._compute(db, views.compute(table))
            elif touched:
                for statement in views.compute_touched(table):
                    self._compute(db, statement)
        if full:
            self._replaced = 0

    def _compute(self, db: Connection, statement: str) -> None:
        needed = "$artifacts" in statement
        db.execute(statement, {"artifacts": f"{(self.store.root / 'artifacts').as_uri()}/"} if needed else None)

    # -- reading files

    def _read_journals(self, db: Connection, layer: str, journals: list[JournalFile]) -> None:
        """Put the journals' lines into the layer's batch; what cannot be read is left out with a warning."""
        db.execute(views.empty_batch(layer))
        journals = [j for j in journals if j.size]
        if not journals:
            return
        read = views.read_batch(layer)
        try:
            db.execute(read, {"files": [str(j.path) for j in journals]})
        except duckdb.Error:
            for journal in journals:
                self._read_one(db, read, journal)
        damaged = dict(db.execute(views.damaged(layer)).fetchall())
        for journal in journals:
            if journal.writer in damaged:
                self._tell_damage(journal, damaged[journal.writer], live=layer == "live")

    def _read_one(self, db: Connection, read: str, journal: JournalFile) -> None:
        try:
            db.execute(read, {"files": [str(journal.path)]})
        except duckdb.Error as error:
            if not journal.path.exists():
                raise _Moved from error
            self._warn("journal", str(journal.path), f"cannot be read and is left out: {_first_line(error)}")

    def _read_segments(self, db: Connection, wanted: dict[Segment, list[str]]) -> None:
        """Take in what these writers have in the segments. Raises _Moved, to begin anew without one that is damaged.

        Segments of which all is wanted are read together; if one of them is damaged, each by itself the next time.
        """
        whole = [s for s, writers in wanted.items() if not self._doubtful and len(writers) == len(s.journals)]
        try:
            for segment in whole:
                rows.check_columns(db, segment.path)
            if whole:
                self._insert(db, whole, None)
        except (duckdb.Error, ValueError) as error:
            self._doubtful = True
            raise _Moved from error
        for segment, writers in wanted.items():
            if segment in whole:
                continue
            try:
                rows.check_columns(db, segment.path)
                self._insert(db, [segment], writers)
            except (duckdb.Error, ValueError) as error:
                if segment.path.exists():
                    self._broken.add(segment)
                    self._warn("segment", str(segment.path), f"is damaged and is left out: {_first_line(error)}")
                raise _Moved from error
        self._doubtful = False

    def _insert(self, db: Connection, segments: list[Segment], writers: list[str] | None) -> None:
        """Take in the events and series of segments: of these writers, or all (to look at each row's costs as much
        again as to read it)."""
        for table in ("events", "series"):
            files: dict[str, object] = {"files": [segment.file(f"{table}.parquet") for segment in segments]}
            db.execute(views.read_sealed(table, writers is None), files if writers is None else files | {"w": writers})

    def _tell_damage(self, journal: JournalFile, lines: int, live: bool) -> None:
        """Warn of damaged lines; one line without its end was never acknowledged, and is no damage."""
        lines -= live or not ends_line(journal.path)
        if lines > 0:
            self._warn(
                "journal", str(journal.path), f"has {lines} damaged line{'s' * (lines > 1)}; the rest of it is read"
            )

    def _warn(self, kind: str, path: str, what: str) -> None:
        if path not in self.damaged:
            self.damaged[path] = what
            warnings.warn(f"The {kind} {path} {what}.", stacklevel=2)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


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
