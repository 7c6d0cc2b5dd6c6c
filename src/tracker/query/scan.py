"""One long curve reduced in a single pass over its Parquet row groups, a million points in memory at a time.

Invariants: what is kept of a part is the same whatever chunks its points come in and however these overlap: of equal
values the first by (step, time). Row groups that cannot hold the curve, or no point of the wanted steps, are not read.
Only numbers come from the files: which files they are the reader says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Point = tuple[int, int, float]
"""Step, time in µs, value."""

_ROWS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Chunk:
    """Some points of the curve, sorted by (step, time)."""

    s: Ints
    t: Ints
    v: Floats


@dataclass(frozen=True)
class Source:
    """A file of points, and of which writers it holds what is wanted (None: of all)."""

    path: str
    writers: list[str] | None


def sealed_chunks(sources: Iterable[Source], run: str, key: str, steps: tuple[int, int]) -> Iterator[Chunk]:
    """The points of a metric in these files, of the steps from the first to the last of `steps`.

    Raises OSError and ArrowInvalid for a file that is gone or damaged.
    """
    from pyarrow.parquet import ParquetFile

    for source in sources:
        with ParquetFile(source.path) as file:
            for groups, sure in _batches(file, run, key, steps, source.writers is None):
                columns = ["s", "t", "v"] if sure else ["s", "t", "v", "r", "k", "w"]
                table = file.read_row_groups(groups, columns=columns)
                yield from _chunks(table if sure else _of(table, run, key, source.writers), steps)


def _batches(
    file: ParquetFile, run: str, key: str, steps: tuple[int, int], whole: bool
) -> Iterator[tuple[list[int], bool]]:
    """Row groups to be read at once, and whether they hold nothing but the curve."""
    batch: list[int] = []
    rows, metadata = 0, file.metadata
    place = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        range_of = {name: _bounds(group.column(place[name])) for name in ("r", "k", "s")}
        if not all(
            _meets(range_of[n], low, high) for n, low, high in (("r", run, run), ("k", key, key), ("s", *steps))
        ):
            continue
        if not (whole and range_of["r"] == (run, run) and range_of["k"] == (key, key)):
            yield [number], False
            continue
        batch.append(number)
        rows += group.num_rows
        if rows >= _ROWS_AT_ONCE:
            yield batch, True
            batch, rows = [], 0
    if batch:
        yield batch, True


def _bounds(column: Any) -> tuple[Any, Any] | None:
    told = column.statistics
    return (told.min, told.max) if told is not None and told.has_min_max else None


def _meets(bounds: tuple[Any, Any] | None, low: Any, high: Any) -> bool:
    return bounds is None or (bounds[0] <= high and low <= bounds[1])


def _of(table: pa.Table, run: str, key: str, writers: list[str] | None) -> pa.Table:
    wanted = pc.and_(pc.equal(table.column("r"), run), pc.equal(table.column("k"), key))
    if writers is not None:
        wanted = pc.and_(wanted, pc.is_in(table.column("w"), value_set=pa.array(writers, pa.string())))
    return table.filter(wanted)


def _chunks(table: pa.Table, steps: tuple[int, int]) -> Iterator[Chunk]:
    for batch in table.to_batches():
        s, t, v = (batch.column(batch.schema.get_field_index(n)).to_numpy(zero_copy_only=False) for n in "stv")
        if len(s) and not bool(np.all(s[1:] >= s[:-1])):  # no sealer of ours wrote this
            order = np.lexsort((t, s))
            s, t, v = s[order], t[order], v[order]
        first, last = np.searchsorted(s, steps[0], "left"), np.searchsorted(s, steps[1], "right")
        if first < last:
            yield Chunk(s[first:last], t[first:last], v[first:last])


@dataclass
class _Part:
    """What is kept of the points in one part of the curve."""

    low: Point | None = None
    high: Point | None = None
    gap: Point | None = None

    def take(self, s: Ints, t: Ints, v: Floats) -> None:
        def at(i: Any) -> Point:
            return int(s[i]), int(t[i]), float(v[i])

        lowest = int(v.argmin())  # the first NaN, if there is any
        if v[lowest] != v[lowest]:
            self.gap = min(filter(None, (self.gap, at(lowest))), key=_when)
            real = np.flatnonzero(v == v)
            if not len(real):
                return
            low, high = at(real[v[real].argmin()]), at(real[v[real].argmax()])
        else:
            low, high = at(lowest), at(v.argmax())
        self.low = low if self.low is None else min(self.low, low, key=lambda p: (p[2], *_when(p)))
        self.high = high if self.high is None else min(self.high, high, key=lambda p: (-p[2], *_when(p)))


def _when(point: Point) -> tuple[int, int]:
    return point[:2]


@dataclass
class Reduction:
    """Takes chunks in any order; gives the points that stand for them.

    `edges`: where the parts begin, but the first; `by_time`: they part the time, not the steps. As long as there are
    no more than `few` points all of them are kept.
    """

    edges: Ints
    by_time: bool
    few: int
    _count: int = 0
    _all: list[Chunk] = field(default_factory=list)
    _parts: dict[int, _Part] = field(default_factory=dict)
    _first: Point | None = None
    _last: Point | None = None

    def take(self, chunk: Chunk) -> None:
        self._count += len(chunk.s)
        if self._count <= self.few:
            self._all.append(chunk)
        else:
            self._all.clear()
        ends = [(int(chunk.s[i]), int(chunk.t[i]), float(chunk.v[i])) for i in (0, -1)]
        self._first = min(filter(None, (self._first, ends[0])), key=_when)
        self._last = max(filter(None, (self._last, ends[1])), key=_when)
        bounds = [0, *np.searchsorted(chunk.t if self.by_time else chunk.s, self.edges).tolist(), len(chunk.s)]
        for number, (start, stop) in enumerate(pairwise(bounds)):
            if start < stop:
                part = self._parts.setdefault(number, _Part())
                part.take(chunk.s[start:stop], chunk.t[start:stop], chunk.v[start:stop])

    def points(self) -> list[Point]:
        """Sorted by (step, time, value)."""
        if self._count <= self.few:
            every = [zip(c.s.tolist(), c.t.tolist(), c.v.tolist(), strict=True) for c in self._all]
            return sorted(point for chunk in every for point in chunk)
        kept = [p for part in self._parts.values() for p in (part.low, part.high, part.gap)]
        return sorted({str(p): p for p in (*kept, self._first, self._last) if p is not None}.values())
