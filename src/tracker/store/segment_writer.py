"""Writing one segment: journals and older segments into a hidden folder, flushed to disk, and renamed.

Invariants: the rename is the commit; a failure or death before it leaves nothing that is seen. Every row of the
journals and members is in the new segment once, but those of purged runs and events that were replaced. A journal
with damaged lines is refused. The connection has the tables `purged(r)` and `replaced(e, r, k, t, w)`.
"""

# ruff: noqa: S608 (names of this module and paths bound as values)

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tracker.store import rows, segments
from tracker.store.experiments import experiment_lines, sealed_experiment
from tracker.store.ids import new_id
from tracker.store.segments import JournalFile, Segment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection


class Damaged(Exception):
    """Journals and segments that are better left as they are: their names."""


def write_segment(
    db: Connection, folder: Path, journals: list[JournalFile], members: dict[Segment, dict[str, int]]
) -> None:
    """Write one segment of all these. Raises Damaged, OSError."""
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
            raise Damaged(*([m.name for m in members] or [j.writer for j in journals])) from error
        _copy_experiments(new / segments.EXPERIMENTS, journals, members)
        sizes = {journal.writer: journal.size for journal in journals}
        for writers in members.values():
            sizes |= writers
        files = {file: os.stat(new / file).st_size for file in segments.FILES}
        doomed = "SELECT 1 FROM (SELECT r FROM purged UNION ALL SELECT r FROM replaced) LIMIT 1"
        cleared = bool(members) and db.execute(doomed).fetchone() is not None
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
    """Raise Damaged with the segments that are none."""
    import duckdb

    for member in members:
        try:
            rows.check_columns(db, member.path)
        except (duckdb.Error, ValueError) as error:
            raise Damaged(member.name) from error


def _flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _read_journals(db: Connection, journals: list[JournalFile]) -> None:
    """The journals' lines as table `fresh`. Raises Damaged."""
    import duckdb

    db.execute(f"CREATE OR REPLACE TEMP TABLE fresh({rows.FIELDS})")
    files = [str(journal.path) for journal in journals if journal.size]
    if not files:
        return
    try:
        db.execute(f"INSERT INTO fresh {rows.OF_JOURNALS}", {"files": files})
    except duckdb.Error as error:
        raise Damaged(*_unreadable(db, journals)) from error
    damaged = dict(db.execute("SELECT w, count(*) FROM fresh WHERE e IS NULL GROUP BY w").fetchall())
    bad = [j.writer for j in journals if damaged.get(j.writer, 0) > (not ends_line(j.path))]
    if bad:
        raise Damaged(*bad)


def _unreadable(db: Connection, journals: list[JournalFile]) -> list[str]:
    """Which of the journals cannot be read at all."""
    names = [journal.writer for journal in journals]
    if len(names) > 1:
        names = []
        for journal in journals:
            try:
                _read_journals(db, [journal])
            except Damaged as error:
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


def holds_doomed(db: Connection, segment: Segment, refused: set[str]) -> bool:
    """Whether a segment holds rows that are to go; one that cannot be read is added to `refused`."""
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
    """Whether a row of this table stays: it does unless it is of a purged run, and not its purge, or was replaced."""
    of_others = "(r IS NULL OR r NOT IN (FROM purged))"
    if file != segments.EVENTS:
        return of_others
    return f"({of_others} OR e = 'purge') AND (r IS NULL OR k IS NULL OR (e, r, k, t, w) NOT IN (FROM replaced))"
