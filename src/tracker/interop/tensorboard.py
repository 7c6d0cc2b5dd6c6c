"""TensorBoard's event files as runs: each folder that holds some is one, as TensorBoard shows them.

Scalars are metrics, also those that are written as tensors; what the hparams plugin was told are parameters; images,
audio and texts are artifacts. A run's name is its path below the folder that was asked for, which is the experiment.
Histograms, graphs and what other plugins keep are told as skipped, once a tag.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker.interop.records import ExperimentRecord, File, Point, RunRecord, Skipped, Source
from tracker.interop.tensorboard_events import (
    HPARAMS,
    Event,
    Hyperparameters,
    Value,
    event,
    plain_point,
    records,
    take_hyperparameters,
)

_IS_EVENTS = re.compile(r"tfevents\.\d+")
_MAX_FOLDERS = 100_000
_FOLDERS = {"image": "images", "audio": "audio", "text": "texts"}
_MAX_TIME = 1 << 43
_MAX_SECONDS = _MAX_TIME / 1000
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


def is_source(path: Path) -> bool:
    """Whether the path is an event file, or a folder with one somewhere below."""
    return bool(_IS_EVENTS.search(path.name)) if path.is_file() else next(_folders(path), None) is not None


class TensorBoard(Source):
    """The runs below a folder of event files, or in one event file."""

    kind = "TensorBoard events"

    def __init__(self, path: Path) -> None:
        self.skipped: list[Skipped] = []
        self._root = path if path.is_dir() else path.parent
        self._runs = dict(_folders(path)) if path.is_dir() else {path.parent: [path]}
        self._name = self._root.resolve().name or "TensorBoard"
        self._told: set[tuple[Path, str]] = set()
        self._with_files: set[Path] = set()

    def count(self) -> int:
        """How many folders hold event files."""
        return len(self._runs)

    def experiments(self) -> Iterator[ExperimentRecord]:
        """One, with the folder's name."""
        yield ExperimentRecord(self._name, self._name)

    def runs(self) -> Iterator[RunRecord]:
        """One run a folder of event files."""
        for folder, files in self._runs.items():
            below = folder.relative_to(self._root).as_posix()
            told = self._hyperparameters(files)
            yield RunRecord(
                id=f"{self._name}\n{below}\n{files[0].name}",
                experiment_id=self._name,
                name=self._name if below == "." else below,
                status="FAILED" if told.failed else "FINISHED",
                start=_started(files[0]),
                end=None if told.ended is None else _milliseconds(told.ended),
                params=told.params,
                tags={"hparams.group": told.group} if told.group else {},
                points=lambda folder=folder: self._points(folder),  # type: ignore[misc]
                files=lambda folder=folder: self._files(folder),  # type: ignore[misc]
            )

    def _points(self, folder: Path) -> Iterator[Point]:
        tags: dict[bytes, str] = {}
        for data in self._frames(folder):
            plain = plain_point(data)
            if plain is not None:
                tag, number, step, time = plain
                name = tags.get(tag) or tags.setdefault(tag, tag.decode("utf-8", "replace"))
                yield name, number, step, round(time * 1000) if 0 <= time < _MAX_SECONDS else _milliseconds(time)
            else:
                yield from self._other_points(folder, self._event(folder, data))

    def _other_points(self, folder: Path, one: Event) -> Iterator[Point]:
        for value in one.values:
            if value.kind == "number":
                yield value.tag, value.number, one.step, _milliseconds(one.time)
            elif value.kind in _FOLDERS:
                self._with_files.add(folder)
            elif value.kind != "hparams":
                self._tell(folder, value)

    def _files(self, folder: Path) -> Iterator[File]:
        if folder not in self._with_files:
            return
        for data in self._frames(folder, quiet=True):
            one = self._event(folder, data, quiet=True)
            for value in one.values:
                if value.kind in _FOLDERS:
                    yield from _artifacts(value, one)

    def _frames(self, folder: Path, quiet: bool = False) -> Iterator[bytes]:
        """The frames of a run's files; damage between them costs the rest of that file."""
        for path in self._runs[folder]:
            try:
                yield from records(path)
            except (OSError, ValueError) as error:
                if not quiet:
                    self.skipped.append(Skipped(f"the rest of {path}", str(error)))

    def _event(self, folder: Path, data: bytes, quiet: bool = False) -> Event:
        """What a frame holds; one that is damaged costs itself."""
        try:
            return event(data)
        except ValueError as error:
            if not quiet:
                self.skipped.append(Skipped(f"a record in {folder}", str(error)))
            return Event(0.0, 0, ())

    def _tell(self, folder: Path, value: Value) -> None:
        if (folder, value.tag) not in self._told:
            self._told.add((folder, value.tag))
            self.skipped.append(Skipped(f"{value.tag[:200]!r} in {folder}", f"it is a {value.kind[:60]}, not a scalar"))

    def _hyperparameters(self, files: list[Path]) -> Hyperparameters:
        told = Hyperparameters()
        for path in files:
            with contextlib.suppress(OSError, ValueError):
                if not _mentions(path, HPARAMS.encode()):
                    continue
                for data in records(path):
                    for value in event(data).values if HPARAMS.encode() in data else ():
                        for content in value.content if value.kind == "hparams" else ():
                            take_hyperparameters(told, content)
        told.params = {key: _flat(value) for key, value in told.params.items()}
        return told


def _flat(value: Any) -> Any:
    return value if value is not None else "None"


def _folders(root: Path) -> Iterator[tuple[Path, list[Path]]]:
    """The folders that hold event files, each with these in the order in which they were begun."""
    for number, (parent, folders, names) in enumerate(os.walk(root)):
        if number > _MAX_FOLDERS:
            return
        folders.sort()
        found = sorted(name for name in names if _IS_EVENTS.search(name))
        if found:
            yield Path(parent), [Path(parent, name) for name in found if not Path(parent, name).is_symlink()]


def _mentions(path: Path, text: bytes) -> bool:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(text) != -1


def _started(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for data in records(path):
            return _milliseconds(event(data).time)
    return None


def _milliseconds(seconds: float) -> int:
    try:
        return max(-_MAX_TIME, min(_MAX_TIME, round(seconds * 1000)))
    except (ValueError, OverflowError):
        return 0


def _artifacts(value: Value, moment: Event) -> Iterator[File]:
    name = "/".join(_UNSAFE.sub("_", part) for part in value.tag.split("/") if part not in ("", ".", "..")) or "unnamed"
    for number, content in enumerate(value.content):
        suffix = f"-{number}" if number else ""
        yield f"{_FOLDERS[value.kind]}/{name}/{moment.step}{suffix}{_ending(value.kind, content)}", content


def _ending(kind: str, content: bytes) -> str:
    for start, ending in ((b"\x89PNG", ".png"), (b"\xff\xd8", ".jpg"), (b"GIF8", ".gif"), (b"RIFF", ".wav")):
        if content.startswith(start):
            return ending
    return {"text": ".md", "image": ".image", "audio": ".audio"}[kind]
