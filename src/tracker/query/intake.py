"""Reading the store's files into the reader's tables, and telling what is damaged in them.

Invariants: one damaged journal costs its damaged lines, one damaged segment costs itself, and one warning. Journals
are read outside of transactions: one that cannot be read must not cost the rest.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import duckdb
from duckdb import DuckDBPyConnection as Connection

from tracker.query import growth, views
from tracker.query.growth import Position
from tracker.store import rows
from tracker.store.segment_writer import ends_line
from tracker.store.segments import JournalFile, Segment

_TEXTS_AT_ONCE = 16 << 20


class Moved(Exception):
    """A file that was listed is gone: sealed or merged since."""


class Intake:
    """Reads files of one store. `damaged` says of each damaged file what is wrong with it; `broken` are the segments
    among them."""

    def __init__(self) -> None:
        self.damaged: dict[str, str] = {}
        self.broken: set[Segment] = set()
        self._doubtful = False

    def read_live(
        self, db: Connection, journals: list[JournalFile], so_far: Mapping[str, Position]
    ) -> tuple[set[str], dict[str, Position]]:
        """Put what these journals gained into their batch, by how far they were read so far.

        Gives those whose rows so far stay, and how far each is read then. Raises Moved.
        """
        db.execute(views.empty_batch("live"))
        kept, positions, anew = set(), {}, []
        texts: list[tuple[str, str]] = []
        for journal in journals:
            known = so_far.get(journal.writer)
            found = None if known is None else growth.gained(journal, known)
            if known is None or found is None:
                anew.append(journal)
                continue
            positions[journal.writer], gained = found
            texts += [(journal.writer, text) for text in gained]
            if known.end or known.is_at(journal):
                kept.add(journal.writer)
            if sum(len(text) for _, text in texts) > _TEXTS_AT_ONCE:
                _read_texts(db, texts)
        _read_texts(db, texts)
        unreadable = self._read_whole(db, "live", anew)
        for journal in anew:
            positions[journal.writer] = growth.position(journal, known=journal not in unreadable)
        for journal, lines in self._damaged(db, "live", journals):
            positions[journal.writer] = now = positions[journal.writer].with_damage(lines)
            self._tell_damage(journal, now.damaged - 1)
        return kept, positions

    def read_settling(self, db: Connection, journals: list[JournalFile]) -> None:
        """Put the journals of dead writers into their batch. Raises Moved."""
        db.execute(views.empty_batch("settled"))
        self._read_whole(db, "settled", journals)
        for journal, lines in self._damaged(db, "settled", journals):
            self._tell_damage(journal, lines - (not ends_line(journal.path)))

    def _read_whole(self, db: Connection, layer: str, journals: list[JournalFile]) -> list[JournalFile]:
        """Put the journals' lines into the layer's batch; what cannot be read is left out with a warning, and given."""
        journals = [j for j in journals if j.size]
        if not journals:
            return []
        read = views.read_batch(layer)
        try:
            db.execute(read, {"files": [str(j.path) for j in journals]})
            return []
        except duckdb.Error:
            return [journal for journal in journals if not self._read_one(db, read, journal)]

    def _damaged(self, db: Connection, layer: str, journals: list[JournalFile]) -> list[tuple[JournalFile, int]]:
        """The journals that have lines in the batch that are no events, and how many."""
        damaged = dict(db.execute(views.damaged(layer)).fetchall())
        return [(journal, damaged[journal.writer]) for journal in journals if journal.writer in damaged]

    def _read_one(self, db: Connection, read: str, journal: JournalFile) -> bool:
        try:
            db.execute(read, {"files": [str(journal.path)]})
            return True
        except duckdb.Error as error:
            if not journal.path.exists():
                raise Moved from error
            self.warn("journal", str(journal.path), f"cannot be read and is left out: {_first_line(error)}")
            return False

    def read_segments(self, db: Connection, wanted: dict[Segment, list[str]]) -> None:
        """Take in what these writers have in the segments. Raises Moved, to begin anew without one that is damaged.

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
            raise Moved from error
        for segment, writers in wanted.items():
            if segment in whole:
                continue
            try:
                rows.check_columns(db, segment.path)
                self._insert(db, [segment], writers)
            except (duckdb.Error, ValueError) as error:
                if segment.path.exists():
                    self.broken.add(segment)
                    self.warn("segment", str(segment.path), f"is damaged and is left out: {_first_line(error)}")
                raise Moved from error
        self._doubtful = False

    def _insert(self, db: Connection, segments: list[Segment], writers: list[str] | None) -> None:
        """Take in the events and series of segments: of these writers, or all (to look at each row's costs as much
        again as to read it)."""
        for table in ("events", "series"):
            files: dict[str, object] = {"files": [segment.file(f"{table}.parquet") for segment in segments]}
            db.execute(views.read_sealed(table, writers is None), files if writers is None else files | {"w": writers})

    def _tell_damage(self, journal: JournalFile, lines: int) -> None:
        """Warn of damaged lines; one line without its end was never acknowledged, and is not counted here."""
        if lines > 0:
            self.warn(
                "journal", str(journal.path), f"has {lines} damaged line{'s' * (lines > 1)}; the rest of it is read"
            )

    def warn(self, kind: str, path: str, what: str) -> None:
        if path not in self.damaged:
            self.damaged[path] = what
            warnings.warn(f"The {kind} {path} {what}.", stacklevel=2)


def _read_texts(db: Connection, texts: list[tuple[str, str]]) -> None:
    """Put the lines of journals, with whose they are, into the batch of the living; leaves the list empty."""
    if texts:
        db.execute(views.READ_TEXTS, {"writers": [w for w, _ in texts], "texts": [text for _, text in texts]})
        texts.clear()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
