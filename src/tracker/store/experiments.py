"""Experiments, found in the journals without a query engine, so that starting a run imports none.

Experiment events are few. Journals only grow, so each is scanned once: a later look reads what came after. A segment
keeps the experiment events of its journals as lines of their own, each with its journal's name as `w`; an event that
is met twice, in a journal and again in segments, counts once.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

ACTIVE, DELETED, PURGED = "active", "deleted", "purged"
_MARK = b'{"e":"experiment'


@dataclass
class Experiment:
    """One experiment as the journals tell it; times in ms since the epoch."""

    id: str
    name: str
    created: int
    updated: int
    state: str = ACTIVE
    artifact_location: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class ExperimentIndex:
    """All experiments of a store, kept current by `refresh`."""

    def __init__(self) -> None:
        self._scanned: dict[str, int] = {}
        self._events: dict[tuple[int, str, bytes], dict[str, Any]] = {}
        self.known: dict[str, Experiment] = {}
        """The experiments by id, as of the last call of `refresh`."""

    def refresh(self, journals: Iterable[Path], sealed: Callable[[], Iterable[Path]]) -> dict[str, Experiment]:
        """The experiments by id, after reading what the store gained since the last call.

        `sealed` gives the files of experiment events of all segments; it is called when the journals are read, so that
        what a sealer moves meanwhile is found there.
        """
        known = len(self._events)
        for path in journals:
            self._scan(path, path.name, path.stem)
        for path in sealed():
            self._scan(path, f"{path.parent.name}/", None)
        if len(self._events) != known:
            self.known = _fold(self._events[key] for key in sorted(self._events))
        return self.known

    def _scan(self, path: Path, name: str, writer: str | None) -> None:
        start = self._scanned.get(name, 0)
        for line, end in _lines_from(path, start):
            self._take(line, writer)
            start = end
        self._scanned[name] = start

    def _take(self, line: bytes, writer: str | None) -> None:
        try:
            event = orjson.loads(line)
            journal = str(event.pop("w")) if writer is None else writer
            key = (int(event["t"]), journal, orjson.dumps(event))
            str(event["x"])
        except (ValueError, KeyError, TypeError):
            return
        self._events[key] = event


def experiment_lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a journal that tell of experiments."""
    return (line for line, _ in _lines_from(path, 0) if line)


def sealed_experiment(line: bytes, writer: str) -> bytes:
    """A line of a journal as a segment keeps it."""
    return orjson.dumps({**orjson.loads(line), "w": writer}) + b"\n"


def _lines_from(path: Path, start: int) -> Iterator[tuple[bytes, int]]:
    """The experiment lines after `start`, each with how far the file is read then; the last is empty."""
    try:
        if os.stat(path).st_size <= start:
            return
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= start:
                return
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as text:
                end = text.rfind(b"\n", start) + 1
                for line in _marked_lines(text, start, end):
                    yield line, start
                yield b"", max(start, end)
    except OSError:  # a file that vanished or cannot be read costs itself; the reader names it
        return


def _marked_lines(text: mmap.mmap, start: int, end: int) -> Iterator[bytes]:
    at = text.find(_MARK, start, end)
    while at != -1:
        stop = text.find(b"\n", at, end)
        if at == 0 or text[at - 1 : at] == b"\n":
            yield text[at:stop]
        at = text.find(_MARK, stop, end)


def _fold(events: Iterable[dict[str, Any]]) -> dict[str, Experiment]:
    experiments: dict[str, Experiment] = {}
    edits: list[dict[str, Any]] = []
    for event in events:
        if event["e"] != "experiment":
            edits.append(event)
        elif event["x"] not in experiments and isinstance(event.get("v"), dict):
            value, created = event["v"], event["t"] // 1000
            name, location = str(value.get("name", "")), value.get("artifact_location")
            experiments[event["x"]] = Experiment(event["x"], name, created, created, artifact_location=location)
    for event in edits:  # after all creations: a merged store may hold an edit from a clock that was behind
        experiment = experiments.get(event["x"])
        if experiment is not None:
            _edit(experiment, event)
    return experiments


def _edit(experiment: Experiment, event: dict[str, Any]) -> None:
    value = event.get("v")
    experiment.updated = max(experiment.updated, event["t"] // 1000)
    match event["e"]:
        case "experiment.name" if isinstance(value, str):
            experiment.name = value
        case "experiment.state" if value in (ACTIVE, DELETED, PURGED) and experiment.state != PURGED:
            experiment.state = value
        case "experiment.tag" if value is None:
            experiment.tags.pop(str(event.get("k")), None)
        case "experiment.tag":
            experiment.tags[str(event.get("k"))] = str(value)
