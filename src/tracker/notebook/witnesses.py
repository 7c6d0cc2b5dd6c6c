"""What is kept of a tracked cell beside its names and output: each witness looks at the cell before and after it ran.

Invariants: a witness that fails is one notice, and the cell and the other witnesses go on; `begin` comes before the
cell's first statement, `end` after its last, before the run ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tracker import capture
from tracker.capture.data import FileRead, datasets_read, files_read
from tracker.entities import Dataset
from tracker.fingerprints import Fingerprint
from tracker.tracking.datasets import described, file_dataset, input_of
from tracker.tracking.writer import RunWriter


@dataclass(frozen=True)
class Scene:
    """One cell and its run, as witnesses see them."""

    source: str
    names: Mapping[str, Any]
    session: capture.Session
    writer: RunWriter
    notice: Callable[[str], None]
    """Puts a sentence on the card."""


class Witness(Protocol):
    """Looks at one cell; a new one for each."""

    def begin(self, scene: Scene) -> None:
        """The cell is about to run."""

    def end(self, scene: Scene) -> None:
        """The cell has run, or was cut off."""


class DataWitness:
    """Notes the datasets that the cell reads, as they were before it, and the files that it opened, as inputs."""

    def __init__(self) -> None:
        self.datasets: dict[str, Fingerprint] = {}
        self.files: list[FileRead] = []

    def begin(self, scene: Scene) -> None:
        self.datasets = datasets_read(scene.session.needed, scene.names)
        for name, found in self.datasets.items():
            scene.writer.input(*input_of(described(found, name), None, None))
            if found.coverage != "full":
                scene.notice(f"The fingerprint of {name} is {found.coverage}: {found.why}.")

    def end(self, scene: Scene) -> None:
        execution = scene.session.executions[-1] if scene.session.executions else None
        if execution is None or execution.source != scene.source:
            return
        sources = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        self.files = files_read(execution.files.read - execution.files.written - sources)
        for file in self.files:
            scene.writer.input(*input_of(self._as_dataset(file, scene.session.folder), None, None))
            if file.coverage != "full":
                scene.notice(f"The digest of {file.path} is {file.coverage}: it has {file.size:,} bytes.")

    def _as_dataset(self, file: FileRead, folder: str) -> Dataset:
        inside = Path(file.path).is_relative_to(folder)
        name = os.path.relpath(file.path, folder) if inside else file.path
        return file_dataset(Path(name).as_posix(), file.path, file.size, file.digest, file.coverage)


def witnesses() -> tuple[Witness, ...]:
    """Those of one cell, in the order in which they look."""
    return (DataWitness(),)
