"""Segments: sealed journals, `segments/<name>/`, and the one answer to where each writer's events are.

A segment holds `events.parquet` (all but metrics), `metrics.parquet` (points, sorted by run, key, step),
`series.parquet` (one row a metric of a run and writer; like the events sorted by key, as columns are read),
`experiments.ndjson`, and `segment.json`, which names the journals that are in it with their sizes when sealed, and
the sizes of its files.

Invariants: a segment appears whole, by one rename, and never changes; what it replaces goes only after. A journal
only grows, so of two copies the longer one holds the other: each writer is read from one place, the longest copy of
its journal, a segment before the journal itself, one that was cleared of purged runs before one that was not, a
segment of many before one of few. So it does not matter what was left behind by a sealer that was killed, nor which
files two stores had in common before they were merged.
Listing journals first and segments after, until two listings of the segments agree, misses nothing that a sealer or
merger moves meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

FOLDER = "segments"
MANIFEST = "segment.json"
EVENTS, METRICS, SERIES, EXPERIMENTS = "events.parquet", "metrics.parquet", "series.parquet", "experiments.ndjson"
FILES = (EVENTS, METRICS, SERIES, EXPERIMENTS)
FORMAT = 1
JOURNAL_SUFFIX = ".ndjson"
_HIDDEN = "."  # how names of folders begin that are being made or removed
_MAX_MANIFEST_BYTES = 64 << 20


class SegmentDamaged(Exception):
    """A folder that is no whole segment; the text says why."""


@dataclass(frozen=True)
class JournalFile:
    """A journal as it was found."""

    path: Path
    writer: str
    size: int
    inode: int = 0


@dataclass(frozen=True, eq=False)
class Segment:
    """A whole segment: `journals` gives the size at which each of its journals was sealed.

    `generation` counts how often purged runs were taken out of its content.
    """

    path: Path
    journals: dict[str, int]
    size: int
    generation: int = 0

    @property
    def name(self) -> str:
        return self.path.name

    def file(self, name: str) -> str:
        return str(self.path / name)


@dataclass
class Contents:
    """Where each writer's events are to be read: every writer is in exactly one of `journals` and `segments`.

    `segments` maps each segment that is needed to the writers read from it. `spent` are files and folders of which
    nothing is needed; `damaged` says of files and folders why they are no journals or segments.
    """

    journals: list[JournalFile] = field(default_factory=list)
    segments: dict[Segment, dict[str, int]] = field(default_factory=dict)
    spent_journals: list[JournalFile] = field(default_factory=list)
    spent_segments: list[Segment] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)


class Catalog:
    """The contents of a store's folder, each manifest read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, Segment] = {}

    def contents(self) -> Contents:
        """What is there now."""
        journals = list(_journal_files(self._root))
        segments, damaged = self._segments()
        contents = Contents(damaged={**_no_files(self._root), **damaged})
        longest = _longest(segments)
        for journal in journals:
            sealed = longest.get(journal.writer)
            if sealed is not None and sealed.journals[journal.writer] >= journal.size:
                contents.spent_journals.append(journal)
            else:
                contents.journals.append(journal)
                longest.pop(journal.writer, None)
        for writer, segment in longest.items():
            contents.segments.setdefault(segment, {})[writer] = segment.journals[writer]
        contents.spent_segments = [segment for segment in segments if segment not in contents.segments]
        return contents

    def segments(self) -> list[Segment]:
        """The whole segments, also those of which nothing is needed."""
        return self._segments()[0]

    def _segments(self) -> tuple[list[Segment], dict[Path, str]]:
        names = _stable_names(self._root / FOLDER)
        known, damaged = {}, {}
        for name in names:
            path = self._root / FOLDER / name
            try:
                known[name] = self._known.get(name) or _read(path)
            except (OSError, SegmentDamaged, ValueError, KeyError, TypeError, AttributeError) as error:
                if path.exists():  # else it was merged away after the listing
                    damaged[path] = str(error)
        self._known = known
        return list(known.values()), damaged


def _longest(segments: list[Segment]) -> dict[str, Segment]:
    """For each journal the segment with the most of it; of equals the youngest, then that with the most journals."""
    best: dict[str, Segment] = {}
    for segment in sorted(segments, key=lambda s: (s.generation, len(s.journals), s.name)):
        for writer, size in segment.journals.items():
            if writer not in best or best[writer].journals[writer] <= size:
                best[writer] = segment
    return best


def journal_paths(root: Path) -> list[Path]:
    """The journals' paths, oldest first; a link, pipe or folder in a store from elsewhere is not followed."""
    try:
        entries = [entry for entry in os.scandir(root / "journal") if entry.name.endswith(JOURNAL_SUFFIX)]
        return [Path(path) for path in sorted(e.path for e in entries if e.is_file(follow_symlinks=False))]
    except OSError:
        return []


def _no_files(root: Path) -> dict[Path, str]:
    """What stands where journals and segments do and is neither: links, pipes and the like; not followed."""
    found: dict[Path, str] = {}
    try:
        for entry in os.scandir(root / "journal"):
            if entry.name.endswith(JOURNAL_SUFFIX) and not entry.is_file(follow_symlinks=False):
                found[Path(entry.path)] = "it is no plain file"
        for entry in os.scandir(root / FOLDER):
            if entry.is_symlink():
                found[Path(entry.path)] = "it is a link"
    except OSError:
        pass
    return found


def _journal_files(root: Path) -> Iterator[JournalFile]:
    for path in journal_paths(root):
        try:
            status = os.lstat(path)
        except OSError:  # sealed since: its segment is listed next
            continue
        if stat.S_ISREG(status.st_mode):
            yield JournalFile(path, path.stem, status.st_size, status.st_ino)


def _stable_names(folder: Path) -> list[str]:
    """The names of the segments' folders: a merge during the first listing shows in the second."""
    names = _names(folder)
    while (again := _names(folder)) != names:
        names = again
    return names


def _names(folder: Path) -> list[str]:
    try:
        entries = list(os.scandir(folder))
        return sorted(e.name for e in entries if not e.name.startswith(_HIDDEN) and e.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _read(path: Path) -> Segment:
    """The segment at a path. Raises SegmentDamaged, and what damaged JSON raises."""
    manifest = path / MANIFEST
    if _plain_size(manifest) > _MAX_MANIFEST_BYTES:
        raise SegmentDamaged(f"{MANIFEST} is too large")
    told = orjson.loads(manifest.read_bytes())
    if int(told["format"]) > FORMAT:
        raise SegmentDamaged(f"it has format {told['format']}: upgrade with pip install -U jupyter-tracker")
    journals = {str(name): int(size) for name, size in told["journals"].items()}
    total = 0
    for name in FILES:
        size = _plain_size(path / name)
        if size != told["files"][name]:
            raise SegmentDamaged(f"{name} has {size:,} bytes, not the {told['files'][name]:,} that were sealed")
        total += size
    return Segment(path, journals, total, int(told.get("generation", 0)))


def _plain_size(path: Path) -> int:
    """The size of a file that is neither link nor pipe. Raises SegmentDamaged, OSError."""
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise SegmentDamaged(f"{path.name} is no plain file")
    return status.st_size
