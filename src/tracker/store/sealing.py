"""Sealing: what dead writers left becomes segments, small segments become large ones, purged runs are left out.

Invariants: one sealer at a time, the holder of the seal lock; who does not get it goes away, nobody waits. Only a
journal whose lock can be had is touched, and that lock is kept until the journal is gone; where a file system has no
locks nothing is sealed. A segment appears by one rename (`segment_writer`); what it replaces is removed after, so that
a death at any instant leaves every event readable in exactly one place (see `segments`). A journal with damaged lines
is left for a person to look at. A segment's files may be open in readers of other processes: they are removed some
time after it was replaced.

The engine is imported on use, in the thread that seals. A process that only writes never seals by itself: the
import would hold up its loop. Readers do, which have the engine anyway: `background`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.store import locks, segments
from tracker.store.artifacts import make_folder
from tracker.store.segment_writer import Damaged, holds_doomed, write_segment
from tracker.store.segments import Catalog, Contents, JournalFile, Segment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

LOCK = "seal.lock"
BATCH_BYTES = 128 << 20
LARGE_SEGMENT_BYTES = 256 << 20
KEEP_REPLACED_SECONDS = 600.0


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
    in `purged` nothing but their purge is written, nor the events in `replaced` (kind, run, key, time, writer), and
    segments that hold any of that are written anew."""

    root: Path
    idle_seconds: float = 0.0
    keep_seconds: float = KEEP_REPLACED_SECONDS
    threads: int | None = None
    purged: Collection[str] = ()
    replaced: Collection[tuple[str, str, str, int, str]] = ()

    def __post_init__(self) -> None:
        self._catalog = Catalog(self.root)
        self._db: Connection | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the work soon, from another thread; nothing half done becomes visible."""
        self._stopped = True
        db = self._db
        if db is not None:
            with contextlib.suppress(Exception):  # it may be closed by now
                db.interrupt()

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
                    if self._db is None and (self.purged or self.replaced or journals or len(members) > 1):
                        self._db = self._connect(stack)
                    if not journals and len(members) < 2:
                        members = self._to_clear(contents, refused)
                    if self._db is None or not (journals or members):
                        break
                    try:
                        write_segment(self._db, folder, journals, members)
                    except Damaged as error:
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
        db.execute("CREATE TEMP TABLE replaced(e VARCHAR, r VARCHAR, k VARCHAR, t BIGINT, w VARCHAR)")
        if self.replaced:
            db.executemany("INSERT INTO replaced VALUES (?, ?, ?, ?, ?)", [list(one) for one in self.replaced])
        return db

    def _to_clear(self, contents: Contents, refused: set[str]) -> dict[Segment, dict[str, int]]:
        """One of the segments that hold what is to go, if there is any."""
        db = self._db
        if db is not None and (self.purged or self.replaced):
            for segment, writers in contents.segments.items():
                if segment.name not in refused and not self._stopped and holds_doomed(db, segment, refused):
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


def _remove(path: Path) -> None:
    """Take a segment's folder away: first out of sight, so that nobody sees it in part."""
    hidden = path.with_name(f".gone-{path.name}")
    path.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)
