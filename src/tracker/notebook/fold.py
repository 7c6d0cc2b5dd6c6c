"""One run's state, folded from the lines of its journal as they are written: what the run card shows.

The card must not import a query engine into an empty cell, nor slow the logging that it shows: so the events are read
back from the journal's end, beside the running cell, and each curve is held at a bounded number of points.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tracker.store import events

MAX_POINTS = 512
MAX_CHUNK = 8 << 20
MAX_READ, LAST_READ = 4_000, 200


@dataclass
class Curve:
    """A metric's history, halved by keeping each neighbourhood's least and greatest point whenever it is full."""

    step: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    points: int = 0
    last: float = 0.0
    last_step: int = 0

    def add(self, step: int, value: float) -> None:
        self.points += 1
        self.last, self.last_step = value, step
        self.step.append(step)
        self.value.append(value)
        if len(self.step) >= MAX_POINTS:
            self.step, self.value = reduced(self.step, self.value, MAX_POINTS // 2)


def reduced(steps: list[int], values: list[float], points: int) -> tuple[list[int], list[float]]:
    """At most about `points` of the points: the first, the last, and the least and greatest of each neighbourhood."""
    if len(steps) <= points:
        return steps, values
    inner = range(1, len(steps) - 1)
    width = max(2, -(-2 * len(inner) // max(1, points - 2)))
    keep = {0, len(steps) - 1}
    for start in range(1, len(steps) - 1, width):
        group = range(start, min(start + width, len(steps) - 1))
        finite = [i for i in group if values[i] - values[i] == 0.0]
        keep.update((min(finite, key=values.__getitem__), max(finite, key=values.__getitem__)) if finite else group[:1])
    order = sorted(keep)
    return [steps[i] for i in order], [values[i] for i in order]


class RunFold:
    """The latest parameters, metrics, tags and artifacts of one run; `feed` it whole journal lines in order.

    Of more points at once than a card can show, an even part and the last are read and the rest is only counted.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._mark = f'"r":"{run_id}"'.encode()
        self._metric = f'{{"e":"metric","r":"{run_id}"'.encode()
        self.params: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.curves: dict[str, Curve] = {}
        self.artifacts: dict[str, int] = {}
        self.inputs: dict[str, None] = {}

    def feed(self, lines: bytes) -> bool:
        """Take the run's events among `lines`; whether there were any."""
        if self._mark not in lines:
            return False
        own = [line for line in lines.split(b"\n") if self._mark in line]
        points = [line for line in own if line.startswith(self._metric)]
        stride = max(1, len(points) // MAX_READ)
        before = {key: curve.points for key, curve in self.curves.items()}
        for line in own if stride == 1 else [one for one in own if not one.startswith(self._metric)]:
            self._take(orjson.loads(line))
        if stride > 1:
            for line in [*points[:-LAST_READ:stride], *points[-LAST_READ:]]:
                self._take(orjson.loads(line))
            self._count(lines, before)
        return True

    def _count(self, lines: bytes, before: dict[str, int]) -> None:
        """Set each curve's number of points to what it had before, and the lines that begin as its points do."""
        for key, curve in self.curves.items():
            begin = events.metric_prefix(self._run_id, key).encode()
            curve.points = before.get(key, 0) + lines.count(begin)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["e"]
        key: str = event.get("k", "")
        value: Any = event.get("v")
        if kind == "metric":
            self.curves.setdefault(key, Curve()).add(event.get("s", 0), float(value))
        elif kind == "param":
            self.params[key] = value
        elif kind == "tag" and value is None:
            self.tags.pop(key, None)
        elif kind == "tag":
            self.tags[key] = value
        elif kind == "input":
            self.inputs[key] = None
        elif kind == "artifact":
            self.artifacts[key] = value["size"]


class Tail:
    """The end of this process's journal, from where it stood at the start; goes on in the next when it rotates."""

    def __init__(self, journal: Callable[[], Path]) -> None:
        self._journal = journal
        self._path = journal()
        self._offset = self._path.stat().st_size

    def read(self) -> Iterator[bytes]:
        """The whole lines that came since the last call, some megabytes at a time."""
        while True:
            current = self._journal()  # before reading: what comes after a rotation is in the new file
            text = self._rest()
            end = text.rfind(b"\n") + 1
            self._offset += end
            if end:
                yield text[:end]
            if end and len(text) == MAX_CHUNK:
                continue
            if current == self._path:
                return
            self._path, self._offset = current, 0

    def _rest(self) -> bytes:
        try:
            fd = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:  # rotated, and sealed since
            return b""
        try:
            os.lseek(fd, self._offset, os.SEEK_SET)
            return os.read(fd, MAX_CHUNK)
        finally:
            os.close(fd)


def shown(value: object) -> str:
    """A parameter's value as text: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
