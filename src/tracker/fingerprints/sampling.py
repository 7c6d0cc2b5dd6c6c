"""Where reading everything would take too long: which rows stand for the rest, and when even those are too many.

The data's size alone decides whether all of it is read, and which rows are read otherwise: equal data is read in the
same way each time. The clock only cuts off: what takes longer than about a second in all is sampled although it is
small enough, and what is too slow even then (pages of a mapped file that must be fetched) is not read.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from tracker.fingerprints.result import Coverage

VARIABLE: Final = "TRACKER_FINGERPRINT_BYTES"
DEFAULT_BYTES: Final = 2 << 30
SAMPLE_BYTES: Final = 64 << 20
_WORK_SECONDS: Final = 1.0
_WAIT_SECONDS: Final = 2.0
_SAMPLE_SECONDS: Final = 0.7
_LEAST_SECONDS: Final = 0.05
_SMALL: Final = 16 << 20
_MIN_ROWS, _MAX_ROWS = 64, 10_000
_MIN_RUNS, _MAX_RUNS, _PLACES = 8, 32, 2_048
_LARGE_ROW: Final = 1 << 18

OBJECT_WEIGHT: Final = 512
"""A Python object is as much work to read as so many bytes."""

Runs = list[tuple[int, int]]
"""Runs of rows, [start, stop)."""


class TooSlow(Exception):
    """Reading took longer than a cell should wait; `sampled` if that was so for a sample."""

    def __init__(self, sampled: bool) -> None:
        self.sampled = sampled


class Wait:
    """How long a cell has been kept waiting: a second of work is enough; of waiting for pages or for others, two."""

    def __init__(self) -> None:
        self._began, self._worked = time.perf_counter(), time.thread_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def is_over(self) -> bool:
        """Asked in the thread in which it began."""
        waited = self.seconds
        if waited <= _WORK_SECONDS:
            return False
        return waited > _WAIT_SECONDS or time.thread_time() - self._worked > _WORK_SECONDS


class _Reading(threading.local):
    wait: Wait | None = None
    sample: Wait | None = None
    bytes = 0
    forced = False


_reading = _Reading()


@contextmanager
def one_wait() -> Iterator[None]:
    """All fingerprints within share the time that one may take."""
    if _reading.wait is not None:
        yield
        return
    _reading.wait = Wait()
    try:
        yield
    finally:
        _reading.wait = None


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
    _reading.bytes, _reading.sample = 0, None


def has_read(size: int) -> None:
    """So many bytes more were read. Raises TooSlow."""
    if _reading.wait is not None:
        _reading.bytes += size
        if _reading.bytes > _SMALL and not _reading.forced and _reading.wait.is_over():
            raise TooSlow(False)
        if _reading.forced:
            _check_sample()


def _check_sample() -> None:
    if _reading.wait is not None:
        _reading.sample = _reading.sample or Wait()
        late = _reading.wait.seconds > _WAIT_SECONDS + _SAMPLE_SECONDS
        if _reading.sample.seconds > (_LEAST_SECONDS if late else _SAMPLE_SECONDS):
            raise TooSlow(True)


def _bound() -> int:
    """The size in bytes up to which all is read: 2 GiB, or what TRACKER_FINGERPRINT_BYTES says."""
    if _reading.forced:
        return -1
    try:
        return int(os.environ.get(VARIABLE, DEFAULT_BYTES))
    except ValueError:
        return DEFAULT_BYTES


def coverage_of(size: int) -> tuple[Coverage, str]:
    """Whether all of `size` bytes is read, and the reason for the person if not."""
    most = _bound()
    if size <= most:
        return "full", ""
    if _reading.forced:
        return "sampled", f"reading all {size / 2**30:,.1f} GiB takes longer than a second"
    told = f"{size / 2**30:,.1f} GiB are more than the {most / 2**30:,.1f} GiB that are read whole"
    return "sampled", f"{told} ({VARIABLE})"


def rows_to_read(rows: int, size: int, columns: int = 1) -> tuple[Runs | None, Coverage, str]:
    """The same for a table of `rows` rows, with the runs of rows that are read; None for all."""
    coverage, why = coverage_of(size)
    return (None if coverage == "full" else _sample_runs(rows, size, columns)), coverage, why


def read_rows(values: Any, runs: Runs | None) -> Iterable[Any]:
    """All the values of a column in one piece, or those in `runs`, as long as there is time. Raises TooSlow."""
    return (values,) if runs is None else in_time(values[start:stop] for start, stop in runs)


def _sample_runs(rows: int, size: int, columns: int) -> Runs:
    """Evenly spread runs, from the first row to the last, for `rows` rows with `size` bytes.

    Runs, since a page or a chunk is fetched whole; and the fewer, the more columns lie apart.
    """
    wanted = min(rows, max(_MIN_ROWS, min(_MAX_ROWS, SAMPLE_BYTES * rows // max(1, size))))
    count = max(1, min(wanted, max(_MIN_RUNS, min(_MAX_RUNS, _PLACES // max(1, columns)))))
    length = wanted // count
    starts = [(rows - length) * i // max(1, count - 1) for i in range(count)] if length else []
    return [(start, start + length) for start in sorted(set(starts))]


def in_time(pieces: Iterable[Any]) -> Iterator[Any]:
    """The pieces of a sample, as long as there is time for them. Raises TooSlow."""
    _check_sample()
    for piece in pieces:
        yield piece
        _check_sample()


def read_pieces(array: Any, size: int, coverage: Coverage) -> Iterable[Any]:
    """An array or tensor of `size` bytes in one piece; if it is sampled, runs of rows, and of large rows runs within
    some of them, as long as there is time. Raises TooSlow."""
    return in_time(_pieces(array, size, 1)) if coverage == "sampled" else (array,)


def _pieces(array: Any, size: int, apart: int) -> Iterator[Any]:
    if not array.ndim:
        yield array
        return
    rows = len(array)
    if array.ndim == 1 or size <= _LARGE_ROW * rows:
        yield from (array[start:stop] for start, stop in _sample_runs(rows, size, apart))
        return
    count = min(rows, _MIN_RUNS)
    for i in range(count):
        yield from _pieces(array[(rows - 1) * i // max(1, count - 1)], size // rows, apart * _MIN_RUNS * _MAX_RUNS)
