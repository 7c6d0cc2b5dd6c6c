"""Writing into one run. Every call is one append of whole events, on disk when it returns.

This is the path that a training loop is on: no query engine, no NumPy, no reading, with one exception: the
first metric of a run that was resumed asks `last_steps` where its counting left off.
"""

from __future__ import annotations

import operator
import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, repeat
from pathlib import Path, PurePosixPath
from time import time_ns
from typing import Any, BinaryIO

from tracker import secrets
from tracker.exceptions import InvalidValue, StoreError
from tracker.store import Store, events
from tracker.store.artifacts import resolve_inside, write_by
from tracker.tracking.values import MAX_INT64, MAX_TEXT, bounded, number, parameter

_metric_line = events.metric_line


class _Series:
    """One metric of the run: its lines' common beginning, and the steps that points without one get."""

    __slots__ = ("prefix", "steps")

    def __init__(self, prefix: str, first: int) -> None:
        self.prefix = prefix
        self.steps: Iterator[int] = _steps_from(first)


def _steps_from(first: int) -> Iterator[int]:
    return count(first) if first <= MAX_INT64 else repeat(MAX_INT64)


class RunWriter:
    """Appends to one run.

    Any process may write to any run; several writers of a run do not disturb each other.
    """

    __slots__ = (
        "_append",
        "_artifacts",
        "_last_steps",
        "_not_before",
        "_series",
        "_untold",
        "masked",
        "run_id",
        "store",
    )

    def __init__(
        self,
        store: Store,
        run_id: str,
        last_steps: Callable[[], dict[str, int]] | None = None,
        not_before: int = 0,
    ) -> None:
        self.store = store
        self.run_id = run_id
        self._not_before = not_before  # µs: events but metrics are not earlier, whatever this machine's clock says
        self._append = store.append
        self._last_steps = last_steps
        self._series: dict[str, _Series] = {}
        self._artifacts: Path | None = None
        self._untold = False
        self.masked: dict[str, None] = {}
        """What looked like a credential and was masked before it was written, in order."""

    # -- metrics

    def metric(self, key: str, value: Any, step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point. Without `step`, the next of this metric (0, 1, 2, …); `timestamp` in ms, or now.

        Raises InvalidValue for what is no number or step, StoreError if it cannot be written.
        """
        try:
            series = self._series[key]
        except (KeyError, TypeError):
            series = self._new_series(key)
        if type(value) is not float:
            value = number(key, value)
        if step is None:
            step = next(series.steps)
        else:
            if type(step) is not int or not -MAX_INT64 <= step < MAX_INT64:
                step = _step(key, step)
            series.steps = _steps_from(step + 1)
        t = time_ns() // 1000 if timestamp is None else _microseconds(timestamp)
        self._append(_metric_line(series.prefix, value, step, t))

    def metrics(self, values: Mapping[str, Any], step: int | None = None, timestamp: int | None = None) -> None:
        """Log one point of each metric, all in one write; none is written if one of them is no number."""
        t = time_ns() // 1000 if timestamp is None else _microseconds(timestamp)
        numbers = [value if type(value) is float else number(key, value) for key, value in values.items()]
        told = None if step is None else _step(next(iter(values), ""), step)
        lines = []
        for key, value in zip(values, numbers, strict=True):
            series = self._series.get(key) or self._new_series(key)
            at = next(series.steps) if told is None else told
            if told is not None:
                series.steps = _steps_from(at + 1)
            lines.append(_metric_line(series.prefix, value, at, t))
        self._write(lines)

    def points(self, points: Iterable[tuple[str, Any, int | None, int | None]]) -> None:
        """Log many points `(key, value, step, timestamp in ms)` in one write.

        They default to step 0 and now.
        """
        lines = []
        for key, value, step, timestamp in points:
            series = self._series.get(key) or self._new_series(key)
            at = _step(key, 0 if step is None else step)
            series.steps = _steps_from(at + 1)
            t = time_ns() // 1000 if timestamp is None else _microseconds(timestamp)
            lines.append(_metric_line(series.prefix, number(key, value), at, t))
        self._write(lines)

    def _new_series(self, key: object) -> _Series:
        name = events.check_key(key, "metric")
        if self._last_steps is not None:
            known, self._last_steps = self._last_steps(), None
            for metric, step in known.items():
                self._series.setdefault(metric, _Series(events.metric_prefix(self.run_id, metric), step + 1))
        return self._series.setdefault(name, _Series(events.metric_prefix(self.run_id, name), 0))

    # -- parameters and tags

    def params(self, values: Mapping[str, Any]) -> None:
        """Log parameters, types kept; logging one again corrects it."""
        lines = [
            self.event("param", k=events.check_key(k, "parameter"), v=self._value(k, parameter(v)))
            for k, v in values.items()
        ]
        self._write([*lines, *self._masked_lines()])

    def tags(self, values: Mapping[str, Any]) -> None:
        """Set tags; their values become text."""
        self._write(self.tag_lines(values))

    def tag_lines(self, values: Mapping[str, Any]) -> list[bytes]:
        """The events that set these tags, for a caller that writes them with others."""
        lines = [
            self.event("tag", k=events.check_key(k, "tag"), v=self._value(k, bounded(str(v))))
            for k, v in values.items()
        ]
        return [*lines, *self._masked_lines()]

    def remove_tag(self, key: str) -> None:
        """Remove a tag, if it is there."""
        self._write([self.event("tag", k=events.check_key(key, "tag"), v=None)])

    # -- credentials

    def masked_text(self, text: str) -> str:
        """The text with what looks like credentials masked; the run's tag of what was masked is written."""
        text, found = secrets.masked(text)
        self.note_masked(found)
        return text

    def note_masked(self, found: Iterable[str]) -> None:
        """Tell by the run's tag what was masked in it."""
        self._note(found)
        self._write(self._masked_lines())

    def _value(self, key: str, value: Any) -> Any:
        value, found = secrets.masked_value(key, value)
        if found:
            self._note(found)
        return value

    def _note(self, found: Iterable[str]) -> None:
        new = [name for name in found if name not in self.masked]
        self.masked.update(dict.fromkeys(new))
        self._untold = self._untold or bool(new)

    def _masked_lines(self) -> list[bytes]:
        if not self._untold:
            return []
        self._untold = False
        return [self.event("tag", k=secrets.TAG, v=", ".join(self.masked)[:MAX_TEXT])]

    # -- the run itself

    def start(self, experiment_id: str, tags: Mapping[str, Any], start_ms: int | None = None) -> None:
        """Begin the run: the first event, with its first tags in the same write."""
        first = self.event("run", x=experiment_id, v={} if start_ms is None else {"start": int(start_ms)})
        self._write([first, *self.tag_lines(tags)])

    def resume(self) -> None:
        """Let the run be RUNNING again, in this process."""
        self._write([self.event("resume")])

    def end(self, status: str, end_ms: int | None = None) -> None:
        """End the run as `status`."""
        value: dict[str, Any] = {"status": status} if end_ms is None else {"status": status, "end": int(end_ms)}
        self._write([self.event("end", v=value)])
        self.store.flush_soon()

    def input(self, name: str, value: dict[str, Any]) -> None:
        """Record that the run read a dataset; credentials in its source and tags are masked."""
        told = value | {key: self._value("", value[key]) for key in ("source", "tags") if key in value}
        self._write([self.event("input", k=events.check_key(name, "dataset"), v=told), *self._masked_lines()])

    # -- artifacts

    def artifact_bytes(self, path: str, data: bytes) -> None:
        """Keep `data` as the run's file `path` (posix, relative).

        Raises InvalidValue for a path that leaves the run.
        """
        self._write([self._place(path, lambda file: file.write(data))])

    def artifact_text(self, path: str, text: str) -> None:
        """Keep a text as the run's file `path`, credentials masked."""
        self.artifact_bytes(path, self.masked_text(text).encode("utf-8", "replace"))

    def artifact_made(self, path: str, data: bytes) -> None:
        """Keep what the program made as the run's file `path`: if it is text, without the credentials that are told by
        a name, a known form, or by having been met before."""
        if secrets.enabled():
            data, found = secrets.masked_bytes(data)
            self.note_masked(found)
        self.artifact_bytes(path, data)

    def artifact_stream(self, path: str, stream: Any) -> None:
        """Keep what a binary stream gives as the run's file `path`, without holding it in memory."""
        self._write([self._place(path, _copier(stream))])

    def artifact_file(self, source: str | os.PathLike[str], path: str) -> None:
        """Keep a copy of a local file as the run's file `path`. Raises InvalidValue if it is not there."""
        self.artifact_files([(source, path)])

    def artifact_files(self, files: Iterable[tuple[str | os.PathLike[str], str]]) -> None:
        """Keep copies of local files `(source, path)`; recorded in one write."""
        lines = []
        for source, path in files:
            try:
                with open(source, "rb") as stream:
                    lines.append(self._place(path, _copier(stream)))
            except OSError as error:
                raise InvalidValue(
                    f"{os.fspath(source)} cannot be read: {error.strerror}. Nothing was logged for it."
                ) from error
        self._write(lines)

    def artifact_path(self, path: str) -> Path:
        """Where the run's file `path` is kept; it may not exist."""
        if self._artifacts is None:
            self._artifacts = self.store.artifact_root(self.run_id)
        return resolve_inside(self._artifacts, path)

    def _place(self, path: str, fill: Callable[[BinaryIO], Any]) -> bytes:
        """Write a file whole or not at all; the event that records it."""
        name = str(PurePosixPath(path))
        if not path or name in ("", "."):
            raise InvalidValue(
                f"{path!r} is not the name of a file; give one below the run's artifacts, as 'plots/a.png'."
            )
        try:
            size = write_by(self.artifact_path(name), fill)
        except OSError as error:
            raise StoreError(
                f"The artifact {name!r} cannot be written below {self.store.root}: {error.strerror}."
            ) from error
        return self.event("artifact", k=name, v={"size": size})

    # -- lines

    def event(self, kind: str, **fields: Any) -> bytes:
        """One event of this run as a line."""
        return events.event(kind, t=max(self.store.clock(), self._not_before), r=self.run_id, **fields)

    def _write(self, lines: list[bytes]) -> None:
        if lines:
            self._append(b"".join(lines))


def _copier(stream: Any) -> Callable[[BinaryIO], None]:
    return lambda file: shutil.copyfileobj(stream, file, 1 << 20)


def _step(key: object, step: Any) -> int:
    try:
        whole = int(step) if isinstance(step, float) and step.is_integer() else operator.index(step)
    except TypeError:
        raise InvalidValue(f"The step of metric {key!r} is a whole number; got {step!r}.") from None
    if not -MAX_INT64 - 1 <= whole <= MAX_INT64:
        raise InvalidValue(f"The step of metric {key!r} does not fit into 64 bits: {whole}.")
    return whole


def _microseconds(timestamp: Any) -> int:
    try:
        return int(timestamp * 1000)
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(f"A timestamp is a number of milliseconds since the epoch; got {timestamp!r}.") from None


_MAX_WRITERS = 1_000
_writers: OrderedDict[tuple[Path, str], RunWriter] = OrderedDict()
_writers_lock = threading.Lock()


def shared_writer(store: Store, run_id: str, make: Callable[[], RunWriter]) -> RunWriter:
    """This process's writer of a run, made by `make` when there is none: its users count steps together."""
    key = (store.root, run_id)
    with _writers_lock:
        writer = _writers.get(key)
        if writer is not None:
            _writers.move_to_end(key)
            return writer
    made = make()  # outside the lock: it may have to read the store
    with _writers_lock:
        writer = _writers.setdefault(key, made)
        if len(_writers) > _MAX_WRITERS:
            _writers.popitem(last=False)
    return writer


def forget_writer(store: Store, run_id: str) -> None:
    """Let the next `shared_writer` of the run make it anew."""
    with _writers_lock:
        _writers.pop((store.root, run_id), None)


def _after_fork_in_child() -> None:
    global _writers_lock
    _writers_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
