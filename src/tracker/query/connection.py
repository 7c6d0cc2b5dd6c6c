"""The reader: one in-memory DuckDB connection that follows the journals of a store.

Invariants: nothing is written to the store; a refresh reads only journals that changed, and what queries
see changes in one transaction; a journal whose owner is gone is read once ("settled"), those still written
are read again whole when any of them grew ("live"), so that rows are deleted only when a file vanishes.
One damaged journal costs its damaged lines and one warning. External access is off and the configuration
locked before any user text gets here.
"""

# ruff: noqa: S608 (layer and table names of `views`)

from __future__ import annotations

import ctypes
import os
import stat
import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson
from duckdb import DuckDBPyConnection as Connection

from tracker.query import views
from tracker.store import Experiment, Store


@dataclass(frozen=True)
class _Journal:
    path: str
    writer: str
    size: int


class Reader:
    """Answers queries over one store; may be shared by threads. Use `reader(store)`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._db: Connection | None = None
        self._settled: dict[str, int] = {}
        self._live: dict[str, int] = {}
        self._experiments: dict[str, Experiment] = {}
        self._counts: dict[str, int] = {}
        self._warned: set[str] = set()

    def cursor(self) -> Connection:
        """A cursor of the caller's own, over all that every process has written so far."""
        with self._lock:
            if self._db is None:
                self._db = self._connect()
            self._refresh(self._db)
            return self._db.cursor()

    def _connect(self) -> Connection:
        no_extensions: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        db = duckdb.connect(":memory:", config=no_extensions)
        root = str(self.store.root).replace("'", "''")
        for statement in (
            "SET GLOBAL TimeZone = 'UTC'",
            "SET GLOBAL python_enable_replacements = false",
            f"SET allowed_directories = ['{root}']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
            *views.TABLES,
            *views.LATEST_BY_KIND.values(),
        ):
            db.execute(statement)
        self._write_runs(db)
        for statement in views.VIEWS:
            db.execute(statement)
        return db

    # -- following the journals

    def _refresh(self, db: Connection) -> None:
        present = {journal.writer: journal for journal in _plain_files(self.store.journals())}
        gone = [w for w, size in self._settled.items() if w not in present or present[w].size != size]
        fresh = [j for w, j in present.items() if w not in self._settled or w in gone]
        live = [j for j in fresh if self.store.is_live(j.writer)]
        sizes = {j.writer: j.size for j in live}
        settling = [j for j in fresh if j.writer not in sizes]
        if not (gone or settling or sizes != self._live):
            return
        # Read before the transaction: a file that cannot be read must not abort it.
        self._read(db, "settled", settling)
        self._read(db, "live", live)
        experiments = dict(self.store.experiments())
        db.begin()
        try:
            counts = self._replace(db, gone, sizes, experiments, moved=bool(settling))
            db.commit()
        except BaseException:
            db.rollback()
            raise
        self._settled = {w: size for w, size in self._settled.items() if w not in gone}
        self._settled.update((j.writer, j.size) for j in settling)
        self._live, self._counts, self._experiments = sizes, counts, experiments

    def _replace(
        self,
        db: Connection,
        gone: list[str],
        live: dict[str, int],
        experiments: dict[str, Experiment],
        moved: bool,
    ) -> dict[str, int]:
        """Take in what was read, compute again what depends on it; gives the new count of each kind."""
        for table in ("events", "metrics"):
            if gone:
                db.execute(f"DELETE FROM hot.settled_{table} WHERE w IN (SELECT unnest($w))", {"w": gone})
            db.execute(f"TRUNCATE hot.live_{table}")
        for layer in views.LAYERS:
            for statement in views.take_batch(layer):
                db.execute(statement)
        counts: dict[str, int] = dict(db.execute(views.KIND_COUNTS).fetchall())
        kinds = {*counts, *self._counts}
        changed = {kind for kind in kinds if gone or counts.get(kind) != self._counts.get(kind)}
        for kind in changed & views.LATEST_BY_KIND.keys():
            db.execute(views.LATEST_BY_KIND[kind])
        if experiments != self._experiments:
            _write_experiments(db, list(experiments.values()))
        writers_changed = moved or live.keys() != self._live.keys()
        if writers_changed or changed - {"metric"} or experiments != self._experiments:
            db.execute("TRUNCATE latest.live_writers")
            db.execute("INSERT INTO latest.live_writers SELECT unnest($w::VARCHAR[])", {"w": list(live)})
            self._write_runs(db)
        return counts

    def _write_runs(self, db: Connection) -> None:
        db.execute(views.LATEST_RUNS, {"artifacts": f"{(self.store.root / 'artifacts').as_uri()}/"})

    # -- reading files

    def _read(self, db: Connection, layer: str, journals: list[_Journal]) -> None:
        """Put the journals' lines into the layer's batch; what cannot be read is left out with a warning."""
        db.execute(views.empty_batch(layer))
        journals = [j for j in journals if j.size]
        if not journals:
            return
        read = views.read_batch(layer)
        try:
            db.execute(read, {"files": [j.path for j in journals]})
        except duckdb.Error:
            for journal in journals:
                self._read_one(db, read, journal)
        damaged = dict(db.execute(views.damaged(layer)).fetchall())
        for journal in journals:
            if journal.writer in damaged:
                self._tell_damage(journal, damaged[journal.writer], live=layer == "live")

    def _read_one(self, db: Connection, read: str, journal: _Journal) -> None:
        try:
            db.execute(read, {"files": [journal.path]})
        except duckdb.Error as error:
            if Path(journal.path).exists():
                self._warn(journal, f"cannot be read and is left out: {str(error).splitlines()[0]}")

    def _tell_damage(self, journal: _Journal, lines: int, live: bool) -> None:
        """Warn of damaged lines; one line without its end was never acknowledged, and is no damage."""
        lines -= live or not _ends_line(journal.path)
        if lines > 0:
            self._warn(journal, f"has {lines} damaged line{'s' * (lines > 1)}; the rest of it is read")

    def _warn(self, journal: _Journal, what: str) -> None:
        if journal.path not in self._warned:
            self._warned.add(journal.path)
            warnings.warn(f"The journal {journal.path} {what}.", stacklevel=2)


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
    return max(views.EARLIEST // 1000, min(views.LATEST // 1000, time))


def _ends_line(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:
        return True


def _plain_files(paths: Iterable[Path]) -> list[_Journal]:
    """Those that are plain files: a link, pipe or folder in a foreign store is not followed."""
    journals = []
    for path in paths:
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            journals.append(_Journal(str(path), path.stem, status.st_size))
    return journals


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
