"""What a store holds and how it is, by its files alone: sizes, who writes, what waits, what is damaged.

Only looks, never opens a link, and imports no query engine; `tracker.query.overview` adds what needs one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tracker.store.store import FORMAT, Store

ARTIFACTS = "artifacts"


class Amount(NamedTuple):
    """How many files, and how many bytes they have together."""

    files: int
    size: int

    def __str__(self) -> str:
        return f"{self.files:,} · {size_text(self.size)}"


@dataclass
class Health:
    """One look at a store.

    `live` are journals of processes that live, `waiting` those that wait to be sealed, `spent` journals and segments
    that newer segments replace and that go when their readers are through; `damaged` says of files what is wrong.
    """

    root: Path
    id: str | None
    live: Amount
    waiting: Amount
    segments: Amount
    spent: Amount
    artifacts: Amount
    damaged: dict[Path, str]
    format: int = FORMAT

    @property
    def size(self) -> int:
        """All bytes counted here."""
        return sum(part.size for part in (self.live, self.waiting, self.segments, self.spent, self.artifacts))


def health(store: Store) -> Health:
    """Look at the store now. What vanishes meanwhile is not counted."""
    contents = store.contents()
    live = {journal.writer for journal in contents.journals if store.is_live(journal.writer)}
    return Health(
        store.root,
        store.id,
        live=_amount(j.size for j in contents.journals if j.writer in live),
        waiting=_amount(j.size for j in contents.journals if j.writer not in live),
        segments=_amount(segment.size for segment in contents.segments),
        spent=_amount([*(j.size for j in contents.spent_journals), *(s.size for s in contents.spent_segments)]),
        artifacts=folder_amount(store.root / ARTIFACTS),
        damaged=dict(contents.damaged),
    )


def folder_amount(folder: Path) -> Amount:
    """The plain files below a folder; nothing if there is none. Links are counted as themselves."""
    return _amount(_sizes(folder))


def _amount(sizes: Iterable[int]) -> Amount:
    every = list(sizes)
    return Amount(len(every), sum(every))


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(parent, name))
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                yield status.st_size


def size_text(size: float) -> str:
    """Bytes for people: 512 B, 1.5 kB, 20 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 9.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
