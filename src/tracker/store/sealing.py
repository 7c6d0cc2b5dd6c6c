"""Sealing: what dead writers left becomes segments, small segments become large ones, purged runs are left out.

Invariants: one sealer at a time, the holder of the seal lock; who does not get it goes away, nobody waits. Only a
journal whose lock can be had is touched, and that lock is kept until the journal is gone; where a file system has no
locks nothing is sealed. A segment is written into a hidden folder, flushed to disk, and renamed: the rename is the
commit. What it replaces is removed after, so that a death at any instant leaves every event readable in exactly one
place (see `segments`). A journal with damaged lines is left for a person to look at. A segment's files may be open in
readers of other processes: they are removed some time after it was replaced.

The engine is imported here on use, in the thread that seals. A process that only writes never seals by itself: the
import would hold up its loop. Readers do, which have the engine anyway: `seal_in_background`.
"""

# ruff: noqa: S608 (names of this module and paths bound as values)

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tracker.store import locks, rows, segments
from tracker.store.artifacts import make_folder
from tracker.store.experiments import experiment_lines, sealed_experiment
from tracker.store.ids import new_id
from tracker.store.segments import Catalog, Contents, JournalFile, Segment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

LOCK = "seal.lock"
BATCH_BYTES = 128 << 20
LARGE_SEGMENT_BYTES = 256 << 20
KEEP_REPLACED_SECONDS = 600.0


class _Damaged(Exception):
    """Journals and segments that are better left as they are: their names."""


@dataclass
class Sealed:
    """What a sealing did."""

    journals: int = 0
    merged: int = 0
    removed: int = 0
    skipped: list[Path] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.journals or self.merged or self.removed)


@dataclass
class Sealer:
    """Seals one store. `idle_seconds`: how long a journal must not have changed; `keep_seconds`: how long a replaced
    segment stays for readers that are at it; `stop` is asked between the steps, and ends the work there. Of the runs
    in `purged` nothing but their purge is written, and segments that hold more of them are written anew."""

    root: Path
    idle_seconds: float = 0.0
    keep_seconds: float = KEEP_REPLACED_SECONDS
    threads: int | None = None
    purged: Collection[str] = ()

    def __post_init__(self) -> None:
        self._catalog = Catalog(self.root)
        self._db: Connection | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the work soon, from another thread; nothing half done becomes visible."""
        self._stopped = True
        if self._db is not None:
            self._db.interrupt()

    def run(self) -> Sealed | None:
        """Seal and merge what is worth it; None if another sealer is at it or this store cannot have one."""
        folder = self.root / segments.FOLDER
        try:
            make_folder(folder)
            with locks.exclusive(folder / LOCK) as held:
                return self._work(folder) if held else None
        except OSError:  # read-only, or full
            return None

    def _work(self, folder: Path) -> Sealed:
        done = Sealed()
        for left in folder.glob(".*-*"):
            shutil.rmtree(left, ignore_errors=True)
        self._remove_spent(self._catalog.contents(), done)
        refused: set[str] = set()
        with contextlib.ExitStack() as stack:
            while not self._stopped:
                contents = self._catalog.contents()
                with contextlib.ExitStack() as held:
                    journals = list(self._sealable(contents, refused, held))
                    members = _members(contents, sum(journal.size for journal in journals), refused)
                    if self._db is None and (self.purged or journals or len(members) > 1):
                        self._db = self._connect(stack)
                    if not journals and len(members) < 2:
                        members = self._to_clear(contents, refused)
                    if self._db is None or not (journals or members):
                        break
                    try:
                        _write(self._db, folder, journals, members)
                    except _Damaged as error:
                        if self._stopped:
                            break
                        refused.update(error.args)
                        continue
                    done.journals += len(journals)
                    done.merged += len(members)
                    for journal in journals:
                        with contextlib.suppress(OSError):
                            journal.path.unlink()
        done.skipped = [self.root / "journal" / f"{name}{segments.JOURNAL_SUFFIX}" for name in sorted(refused)]
        self._remove_spent(self._catalog.contents(), done)
        return done

    def _connect(self, stack: contextlib.ExitStack) -> Connection:
        import duckdb

        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": True,
        }
        if self.threads is not None:
            config["threads"] = self.threads
        db = stack.enter_context(duckdb.connect(":memory:", config=config))
        db.execute("CREATE TEMP TABLE purged AS SELECT unnest($runs::VARCHAR[]) AS r", {"runs": list(self.purged)})
        return db

    def _to_clear(self, contents: Contents, refused: set[str]) -> dict[Segment, dict[str, int]]:
        """One of the segments that hold more than the purge of purged runs, if there is any."""
        db = self._db
        if db is not None and self.purged:
            for segment, writers in contents.segments.items():
                if segment.name not in refused and not self._stopped and _holds_purged(db, segment, refused):
                    return {segment: writers}
        return {}

    def _sealable(self, contents: Contents, refused: set[str], held: contextlib.ExitStack) -> Iterator[JournalFile]:
        """Journals that nobody writes any more, their locks held, up to the size of a batch."""
        total, now = 0, time.time()
        for journal in contents.journals:
            if journal.writer in refused or self._stopped:
                continue
            try:
                if now - os.stat(journal.path).st_mtime < self.idle_seconds:
                    continue
                if not held.enter_context(locks.shared(journal.path)):
                    continue
                size = os.lstat(journal.path).st_size
                if not size:
                    journal.path.unlink()
                    continue
            except OSError:
                continue
            yield JournalFile(journal.path, journal.writer, size)
            total += size
            if total >= BATCH_BYTES:
                return

    def _remove_spent(self, contents: Contents, done: Sealed) -> None:
        """Remove what newer segments hold: journals at once, segments when their readers are through."""
        for journal in contents.spent_journals:
            with contextlib.suppress(OSError), locks.shared(journal.path) as free:
                if free and os.lstat(journal.path).st_size <= journal.size:
                    journal.path.unlink()
        for segment in contents.spent_segments:
            heirs = [heir for heir in contents.segments if heir.journals.keys() & segment.journals.keys()]
            with contextlib.suppress(OSError):
                replaced = max((os.stat(heir.path).st_ctime for heir in heirs), default=0.0)
                if time.time() - replaced >= self.keep_seconds:
                    _remove(segment.path)
                    done.removed += 1


def _members(contents: Contents, fresh_bytes: int, refused: set[str]) -> dict[Segment, dict[str, int]]:
    """The segments to be merged with what is sealed now: small ones, none much larger than all the smaller together.

    So each event is written anew only about as often as the store doubles.
    """
    members, total = {}, fresh_bytes // 8  # about what is left of a journal
    whole = [segment for segment in contents.segments if segment.name not in refused]
    for segment in sorted(whole, key=lambda s: s.size):
        if segment.size > LARGE_SEGMENT_BYTES or segment.size > 2 * max(total, 1 << 20):
            break
        members[segment] = contents.segments[segment]
        total += segment.size
    return members


def _holds_purged(db: Connection, segment: Segment, refused: set[str]) -> bool:
    import duckdb

    try:
        for file in (segments.EVENTS, segments.METRICS):
            source = f"read_parquet({quoted(segment.file(file))})"
            if db.execute(f"SELECT 1 FROM {source} WHERE NOT ({_kept(file)}) LIMIT 1").fetchone():
                return True
    except duckdb.Error:
        refused.add(segment.name)
    return False


def _kept(file: str) -> str:
    """Whether a row of this table stays: it does unless it is of a purged run, and not its purge."""
    of_others = "(r IS NULL OR r NOT IN (FROM purged))"
    return f"({of_others} OR e = 'purge')" if file == segments.EVENTS else of_others


def _remove(path: Path) -> None:
    """Take a segment's folder away: first out of sight, so that nobody sees it in part."""
    hidden = path.with_name(f".gone-{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


# -- writing a segment


def _write(db: Connection, folder: Path, journals: list[JournalFile], members: dict[Segment, dict[str, int]]) -> None:
    """Write one segment of all these. Raises _Damaged, OSError."""
    import duckdb

    # A copy that was sealed earlier has another name: where stores are merged by copying, it overwrites nothing.
    name = new_id() if members or len(journals) > 1 else f"{journals[0].writer}-{journals[0].size}"
    name = new_id() if (folder / name).exists() else name
    new = folder / f".new-{name}"
    new.mkdir(mode=0o700)
    try:
        _check(db, members)
        _read_journals(db, journals)
        try:
            _copy(db, new, members)
        except duckdb.Error as error:
            raise _Damaged(*([m.name for m in members] or [j.writer for j in journals])) from error
        _copy_experiments(new / segments.EXPERIMENTS, journals, members)
        sizes = {journal.writer: journal.size for journal in journals}
        for writers in members.values():
            sizes |= writers
        files = {file: os.stat(new / file).st_size for file in segments.FILES}
        cleared = bool(members) and db.execute("SELECT 1 FROM purged LIMIT 1").fetchone() is not None
        generation = max((member.generation for member in members), default=0) + cleared
        manifest = {"format": segments.FORMAT, "generation": generation, "journals": sizes, "files": files}
        (new / segments.MANIFEST).write_bytes(orjson.dumps(manifest))
        for file in (*segments.FILES, segments.MANIFEST):
            (new / file).chmod(0o600)
            _flush(new / file)
        _flush(new)
        new.rename(folder / name)
        _flush(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _check(db: Connection, members: Iterable[Segment]) -> None:
    """Raise _Damaged with the segments that are none."""
    import duckdb

    for member in members:
        try:
            rows.check_columns(db, member.path)
        except (duckdb.Error, ValueError) as error:
            raise _Damaged(member.name) from error


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read_journals(db: Connection, journals: list[JournalFile]) -> None:
    """The journals' lines as table `fresh`. Raises _Damaged."""
    import duckdb

    db.execute(f"CREATE OR REPLACE TEMP TABLE fresh({rows.FIELDS})")
    files = [str(journal.path) for journal in journals if journal.size]
    if not files:
        return
    try:
        db.execute(f"INSERT INTO fresh {rows.OF_JOURNALS}", {"files": files})
    except duckdb.Error as error:
        raise _Damaged(*_unreadable(db, journals)) from error
    damaged = dict(db.execute("SELECT w, count(*) FROM fresh WHERE e IS NULL GROUP BY w").fetchall())
    bad = [j.writer for j in journals if damaged.get(j.writer, 0) > (not ends_line(j.path))]
    if bad:
        raise _Damaged(*bad)


def _unreadable(db: Connection, journals: list[JournalFile]) -> list[str]:
    """Which of the journals cannot be read at all."""
    names = [journal.writer for journal in journals]
    if len(names) > 1:
        names = []
        for journal in journals:
            try:
                _read_journals(db, [journal])
            except _Damaged as error:
                names += error.args
    return names


def ends_line(path: str | os.PathLike[str]) -> bool:
    """Whether the file ends with a whole line; a last line without its end was never acknowledged."""
    try:
        with open(path, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:
        return True


_FORMAT = "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd)"


def _copy(db: Connection, new: Path, members: dict[Segment, dict[str, int]]) -> None:
    db.execute(f"CREATE OR REPLACE TEMP TABLE points AS {rows.points('fresh')}")
    is_point = "e = 'metric' AND r IS NOT NULL AND k IS NOT NULL AND TRY_CAST(v ->> '$' AS DOUBLE) IS NOT NULL"
    other = f"""SELECT e, r, x, k, v, s, t, w, row_number() OVER (PARTITION BY w, e, r, k ORDER BY t DESC) = 1 AS last
        FROM fresh
        WHERE e IS NOT NULL AND NOT starts_with(e, 'experiment') AND NOT ({is_point})"""
    tables = {
        segments.EVENTS: (other, "e, k, r, t, w"),
        segments.METRICS: ("SELECT r, k, s, t, v, w FROM points", "r, k, s, t, v, w"),
        segments.SERIES: (rows.series("FROM points"), "k, r, w"),
    }
    for file, (query, order) in tables.items():
        parts, bindings = [f"SELECT * FROM ({query})"], {}
        for place, (segment, writers) in enumerate(members.items()):
            wanted = ""
            if writers.keys() != segment.journals.keys():
                bindings[f"w{place}"] = list(writers)
                wanted = f"WHERE w IN (SELECT unnest($w{place}::VARCHAR[]))"
            parts.append(f"SELECT * FROM read_parquet({quoted(segment.file(file))}) {wanted}")
        union = f"SELECT * FROM ({' UNION ALL '.join(parts)}) WHERE {_kept(file)}"
        db.execute(f"COPY ({union} ORDER BY {order}) TO {quoted(str(new / file))} {_FORMAT}", bindings)


def quoted(text: str) -> str:
    """Text as a literal of SQL, for where no value can be bound."""
    return "'" + text.replace("'", "''") + "'"


def _copy_experiments(path: Path, journals: Iterable[JournalFile], members: dict[Segment, dict[str, int]]) -> None:
    with open(path, "wb") as file:
        for journal in journals:
            for line in experiment_lines(journal.path):
                file.write(sealed_experiment(line, journal.writer))
        for segment, writers in members.items():
            for line in (segment.path / segments.EXPERIMENTS).read_bytes().splitlines(keepends=True):
                if orjson.loads(line).get("w") in writers:
                    file.write(line)


# -- in the background

WORTH_JOURNALS, WORTH_BYTES = 20, 8 << 20
_IDLE_SECONDS, _AGAIN_SECONDS = 60.0, 60.0
_STOP_SECONDS = 5.0

_at_work: tuple[Sealer, threading.Thread] | None = None
_next: dict[Path, float] = {}
_is_fork = False


def seal_in_background(root: Path, journals: int, size: int, spent: bool = False) -> None:
    """Seal the store in a thread of low priority if this many journals of this size are worth it; returns at once.

    `spent`: there are segments to be removed when their readers are through.

    Never more than one at a time, and never in a forked child, which may be gone the next moment.
    """
    global _at_work
    worth = spent or journals >= WORTH_JOURNALS or size >= WORTH_BYTES
    now = time.monotonic()
    if not worth or _is_fork or _next.get(root, 0.0) > now or (_at_work is not None and _at_work[1].is_alive()):
        return
    _next[root] = now + _AGAIN_SECONDS
    sealer = Sealer(root, idle_seconds=_IDLE_SECONDS, threads=1)
    thread = threading.Thread(target=_in_background, args=(sealer,), name="tracker-sealer", daemon=True)
    _at_work = sealer, thread
    with contextlib.suppress(RuntimeError):  # the interpreter is ending
        thread.start()


def _in_background(sealer: Sealer) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # of this thread alone, in which the engine works
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    with contextlib.suppress(Exception):  # nothing is lost: the next one tries again
        sealer.run()


def _stop_at_exit() -> None:
    if _at_work is not None and _at_work[1].is_alive():
        _at_work[0].stop()
        _at_work[1].join(_STOP_SECONDS)


def _after_fork_in_child() -> None:
    global _at_work, _is_fork
    _at_work, _is_fork = None, True


atexit.register(_stop_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
