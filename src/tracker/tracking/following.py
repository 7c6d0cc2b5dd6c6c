"""Runs as this process follows them: folded from what journals gain, without the query engine.

For who asks again and again about runs that are being written, by whichever process: each look costs what was written
since the last, not what there is. A run is known from its first event, when that was met, or else from `learn`, which
is told what the store held after a `catch_up`. Events count as in `store.events`: the latest by (time, journal) holds,
so that one that is met twice changes nothing. Journals are read one after the other: a run of which something was met
before its first event is not known by that. What a sealed journal may have held unseen makes all be forgotten.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tracker.store import Store, events
from tracker.store.experiments import ACTIVE

MAX_RUNS = 2_000
_MAX_MISSED = 20_000
_METRIC = b'{"e":"metric","r":"'
_CHUNK = 1 << 24

Stamp = tuple[int, str]
"""When an event was written, in µs, and into which journal."""

_EARLIEST: Stamp = (-(1 << 62), "")
_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass
class RunState:
    """One run so far; `start` and `end` in ms, other times in µs.

    `writer` is the journal of its last start, None when it ended.
    """

    run_id: str
    experiment_id: str = ""
    start: int = 0
    status: str = "RUNNING"
    end: int | None = None
    writer: str | None = None
    state: str = ACTIVE
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    """Of each metric the latest point: step, time, value."""
    inputs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Datasets by (name, digest), as the store's `input` events have them."""
    last: int = 0
    firsts: dict[str, tuple[Stamp, Any]] = field(default_factory=dict)
    """Of each parameter the earliest event that was met, with its value."""
    _stamps: dict[tuple[str, str], Stamp] = field(default_factory=dict)

    def take(self, event: dict[str, Any], writer: str) -> None:
        """Take in one event of the run. Raises KeyError, TypeError, ValueError for one of another shape."""
        kind, t = event["e"], int(event["t"])
        self.last = max(self.last, t)
        if kind == "metric":
            self._take_point(str(event["k"]), event["v"], int(event.get("s", 0)), t)
            return
        slot = "life" if kind in ("run", "resume", "end") else kind
        key, stamp = (slot, str(event.get("k", ""))), (t, writer)
        if kind == "param" and (key[1] not in self.firsts or stamp < self.firsts[key[1]][0]):
            self.firsts[key[1]] = (stamp, event["v"])
        if stamp < self._stamps.get(key, _EARLIEST):
            return
        self._stamps[key] = stamp
        self._change(kind, str(event.get("k", "")), event.get("v"), event, writer)

    def _change(self, kind: str, key: str, value: Any, event: dict[str, Any], writer: str) -> None:
        match kind:
            case "param":
                self.params[key] = value
            case "tag" if value is None:
                self.tags.pop(key, None)
            case "tag":
                self.tags[key] = str(value)
            case "input" if isinstance(value, dict):
                self.inputs[key, str(value.get("digest"))] = value
            case "state" if isinstance(value, str):
                self.state = value
            case "run":
                told = value.get("start") if isinstance(value, dict) else None
                self.experiment_id = str(event["x"])
                self.start = int(told) if told is not None else milliseconds(int(event["t"]))
                self.status, self.end, self.writer = "RUNNING", None, writer
            case "resume":
                self.status, self.end, self.writer = "RUNNING", None, writer
            case "end" if isinstance(value, dict):
                told = value.get("end")
                self.status, self.writer = str(value.get("status", "KILLED")), None
                self.end = int(told) if told is not None else milliseconds(int(event["t"]))

    def _take_point(self, key: str, value: Any, step: int, t: int) -> None:
        number = float(_FINITE.get(value, value) if isinstance(value, str) else value)
        known = self.metrics.get(key)
        if known is None or _rank(step, t, number) >= _rank(*known):
            self.metrics[key] = (step, t, number)


def milliseconds(microseconds: int) -> int:
    """The nearest, as the query engine's epoch_ms."""
    return (microseconds + 500) // 1000


def _rank(step: int, t: int, value: float) -> tuple[int, int, bool, float]:
    return (step, t, False, 0.0) if value != value else (step, t, True, value)


class Follower:
    """The runs that one process follows in a store; may be shared by threads. Use `follower(store)`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begin()

    def _begin(self) -> None:
        self.deciding = threading.Lock()
        """For who looks at a run and then writes by what it saw: held by one thread of this process at a time."""
        self._guard = threading.RLock()
        self._read_to: dict[str, int] | None = None
        self._successors: dict[str, str] = {}
        self._runs: OrderedDict[str, RunState] = OrderedDict()
        self._missed: OrderedDict[str, None] = OrderedDict()

    def catch_up(self) -> None:
        """Read what all processes have written since the last time; the first time, note how far they are."""
        with self._guard:
            sizes = _journal_sizes(self._store)
            if self._read_to is None:
                self._read_to = sizes
                return
            gone = {writer: to for writer, to in self._read_to.items() if writer not in sizes}
            if gone:
                self._let_go(gone)
            for writer, size in sizes.items():
                if size > self._read_to.get(writer, 0):
                    self._read_to[writer] = self._read(writer, self._read_to.get(writer, 0))

    def known(self, run_id: str) -> RunState | None:
        """The run as of the last `catch_up`, if it is followed; not to be changed."""
        with self._guard:
            found = self._runs.get(run_id)
            if found is not None:
                self._runs.move_to_end(run_id)
            return found

    def learn(self, state: RunState) -> RunState:
        """Follow a run from here on: what the store held of it since the last `catch_up` or later."""
        with self._guard:
            return self._keep(self._runs.get(state.run_id, state))

    def is_live(self, writer: str) -> bool:
        """Whether the process that wrote this journal is alive, be it in a later journal of its own."""
        seen = set()
        while writer in self._successors and writer not in seen:
            seen.add(writer)
            writer = self._successors[writer]
        return writer == self._store.writer or self._store.is_live(writer)

    def _keep(self, state: RunState) -> RunState:
        self._runs[state.run_id] = state
        self._runs.move_to_end(state.run_id)
        if len(self._runs) > MAX_RUNS:
            self._miss(self._runs.popitem(last=False)[0])
        return state

    def _let_go(self, gone: dict[str, int]) -> None:
        """Journals were sealed: nothing is lost if a segment has no more of them than was read."""
        assert self._read_to is not None
        sealed: dict[str, int] = {}
        for journals in self._store.contents().segments.values():
            sealed |= journals
        if any(sealed.get(writer, -1) != to for writer, to in gone.items()):
            for run_id in self._runs:
                self._miss(run_id)
            self._runs.clear()
        for writer in gone:
            del self._read_to[writer]

    def _read(self, writer: str, start: int) -> int:
        path = self._store.root / "journal" / f"{writer}.ndjson"
        for line, end in _lines(path, start):
            self._take(line, writer)
            start = end
        return start

    def _take(self, line: bytes, writer: str) -> None:
        if line.startswith(_METRIC) and self._of_nobody(line):
            return
        try:
            event = orjson.loads(line)
            run_id = event.get("r")
            if event["e"] == "journal":
                self._successors |= {str(earlier): writer for earlier in event["v"]}
            elif event["e"] == "purge":
                self._runs.pop(str(run_id), None)
            elif isinstance(run_id, str):
                self._take_event(run_id, event, writer)
        except (ValueError, KeyError, TypeError, AttributeError):
            return

    def _of_nobody(self, line: bytes) -> bool:
        """Whether this point is of a run that is not followed: told without reading the line."""
        end = line.find(b'"', len(_METRIC))
        run_id = line[len(_METRIC) : end].decode("utf-8", "replace")
        if run_id in self._runs or "\\" in run_id:
            return False
        self._miss(run_id)
        return True

    def _miss(self, run_id: str) -> None:
        self._missed[run_id] = None
        if len(self._missed) > _MAX_MISSED:
            self._missed.popitem(last=False)

    def _take_event(self, run_id: str, event: dict[str, Any], writer: str) -> None:
        state = self._runs.get(run_id)
        if state is None and event["e"] == "run" and run_id not in self._missed:
            state = self._keep(RunState(run_id))
        if state is None:
            self._miss(run_id)
        else:
            state.take(event, writer)


def _journal_sizes(store: Store) -> dict[str, int]:
    sizes = {}
    try:
        with os.scandir(store.root / "journal") as entries:
            for entry in entries:
                if entry.name.endswith(".ndjson") and entry.is_file(follow_symlinks=False):
                    sizes[entry.name[: -len(".ndjson")]] = entry.stat(follow_symlinks=False).st_size
    except OSError:
        pass
    return sizes


def _lines(path: Path, start: int) -> Iterator[tuple[bytes, int]]:
    """The whole lines after `start`, each with where it ends. A line beyond all bounds is passed over."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            rest = b""
            while chunk := file.read(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    start += len(line) + 1
                    if len(line) <= events.MAX_EVENT_BYTES:
                        yield line, start
    except OSError:  # sealed meanwhile: the next look sees that it is gone
        return


_followers: dict[str, Follower] = {}
_followers_guard = threading.Lock()


def follower(store: Store) -> Follower:
    """The store's follower, one a process."""
    with _followers_guard:
        return _followers.setdefault(str(store.root), Follower(store))


def _after_fork_in_child() -> None:
    global _followers_guard
    _followers_guard = threading.Lock()
    for one in _followers.values():
        one._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
