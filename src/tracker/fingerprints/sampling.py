"""Where reading everything would take too long: which rows stand for the rest, and when even those are too many.

The data's size alone decides whether all of it is read, and which rows are read otherwise: equal data is read in the
same way each time. The clock only cuts off: what takes longer than about a second in all is sampled although it is
small enough, and what is too slow even then (pages of a mapped file that must be fetched) is not read.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

VARIABLE: Final = "TRACKER_FINGERPRINT_BYTES"
DEFAULT_BYTES: Final = 2 << 30
SAMPLE_BYTES: Final = 64 << 20
FULL_SECONDS: Final = 1.0
"""Of the processor; of the clock, where it waits for pages or for others, twice as much."""
SAMPLED_SECONDS: Final = 2.5
_SAMPLE_SECONDS: Final = 0.7
_LEAST_SECONDS: Final = 0.05
_SMALL: Final = 16 << 20
_MIN_ROWS, _MAX_ROWS = 64, 10_000
_MIN_RUNS, _MAX_RUNS, _PLACES = 8, 64, 4_096
_LARGE_ROW: Final = 1 << 18


class TooSlow(Exception):
    """Reading took longer than a cell should wait; `sampled` if that was so for a sample."""

    def __init__(self, sampled: bool) -> None:
        self.sampled = sampled


class _Reading(threading.local):
    since: float | None = None
    worked = 0.0
    bytes = 0
    forced = False


_reading = _Reading()


@contextmanager
def one_wait() -> Iterator[None]:
    """All fingerprints within share the time that one may take."""
    if _reading.since is not None:
        yield
        return
    _reading.since, _reading.worked = time.perf_counter(), time.thread_time()
    try:
        yield
    finally:
        _reading.since = None


@contextmanager
def sampling(forced: bool) -> Iterator[None]:
    """Reads a sample of what is read within, whatever its size; or, of what is inside a value, again by its size."""
    before, _reading.forced = _reading.forced, forced
    try:
        yield
    finally:
        _reading.forced = before


def begin() -> None:
    """Another dataset: small ones are read whole however late it is."""
    _reading.bytes = 0


def has_read(size: int) -> None:
    """So many bytes more were read. Raises TooSlow."""
    if _reading.since is not None:
        _reading.bytes += size
        if _reading.bytes > _SMALL and _is_late(_reading.since):
            raise TooSlow(_reading.forced)


def _is_late(since: float) -> bool:
    waited = time.perf_counter() - since
    if _reading.forced:
        return waited > SAMPLED_SECONDS
    return waited > FULL_SECONDS and (waited > 2 * FULL_SECONDS or time.thread_time() - _reading.worked > FULL_SECONDS)


def bound() -> int:
    """The size in bytes up to which all is read: 2 GiB, or what TRACKER_FINGERPRINT_BYTES says."""
    if _reading.forced:
        return -1
    try:
        return int(os.environ.get(VARIABLE, DEFAULT_BYTES))
    except ValueError:
        return DEFAULT_BYTES


def sampled_why(size: int) -> str:
    """The reason, for the person."""
    if _reading.forced:
        return f"reading all {size / 2**30:,.1f} GiB takes longer than a second"
    return f"{size / 2**30:,.1f} GiB are more than the {bound() / 2**30:,.1f} GiB that are read whole ({VARIABLE})"


def sample_runs(rows: int, size: int, columns: int = 1) -> list[tuple[int, int]]:
    """Evenly spread runs of rows, [start, stop), from the first to the last, for `rows` rows with `size` bytes.

    Runs, since a page or a chunk is fetched whole; and the fewer, the more columns lie apart.
    """
    wanted = min(rows, max(_MIN_ROWS, min(_MAX_ROWS, SAMPLE_BYTES * rows // max(1, size))))
    count = max(1, min(wanted, max(_MIN_RUNS, min(_MAX_RUNS, _PLACES // max(1, columns)))))
    length = wanted // count
    starts = [(rows - length) * i // max(1, count - 1) for i in range(count)] if length else []
    return [(start, start + length) for start in sorted(set(starts))]


def in_time(pieces: Any) -> Iterator[Any]:
    """The pieces of a sample, as long as there is time for them. Raises TooSlow."""
    began = time.perf_counter()
    for piece in pieces:
        yield piece
        if _reading.since is not None:
            left = max(_LEAST_SECONDS, min(_SAMPLE_SECONDS, _reading.since + SAMPLED_SECONDS - began))
            if time.perf_counter() > began + left:
                raise TooSlow(True)


def sampled_pieces(array: Any, size: int) -> Iterator[Any]:
    """Parts of an array or tensor of `size` bytes: runs of rows, and of large rows runs within some of them."""
    return in_time(_pieces(array, size, 1))


def _pieces(array: Any, size: int, apart: int) -> Iterator[Any]:
    if not array.ndim:
        yield array
        return
    rows = len(array)
    if array.ndim == 1 or size <= _LARGE_ROW * rows:
        yield from (array[start:stop] for start, stop in sample_runs(rows, size, apart))
        return
    count = min(rows, _MIN_RUNS)
    for i in range(count):
        yield from _pieces(array[(rows - 1) * i // max(1, count - 1)], size // rows, apart * _MIN_RUNS * _MAX_RUNS)
