"""What is kept of a tracked cell beside its names and output: each witness looks at the cell before and after it ran.

Invariants: a witness that fails is one notice, and the cell and the other witnesses go on; `begin` comes before the
cell's first statement, `end` after its last, before the run ends.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tracker import capture
from tracker.capture.data import FileRead, datasets_read, files_read
from tracker.capture.environment import GIT_SECONDS, Worktree, environment, seeds
from tracker.entities import Dataset
from tracker.exceptions import TrackerError
from tracker.fingerprints import Fingerprint
from tracker.tracking.datasets import described, file_dataset, input_of
from tracker.tracking.provenance import in_repository
from tracker.tracking.writer import RunWriter

ENVIRONMENT = "environment.json"
MAX_CELLS = 500


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


class EnvironmentWitness:
    """Keeps the environment as `environment.json` and uncommitted changes as `code/uncommitted.diff`.

    Where git is still at it when the cell ends, they are kept as soon as it is done: the cell does not wait.
    """

    def begin(self, scene: Scene) -> None:
        folder = os.getcwd()
        self._worktree = Worktree(folder) if in_repository(folder) else None

    def end(self, scene: Scene) -> None:
        told = environment() | {"seeds": _seeds(scene)}
        if self._worktree is None or self._worktree.wait(0):
            self._keep(scene.writer, told)
        else:
            late = threading.Thread(target=self._keep_late, args=(scene.writer, told), name="tracker-git", daemon=True)
            late.start()
            _late.append(late)

    def _keep_late(self, writer: RunWriter, told: dict[str, Any]) -> None:
        if self._worktree is not None:
            self._worktree.wait(2 * GIT_SECONDS + 1)
        with suppress(TrackerError):  # the run has ended, and its card with it: there is nobody to tell
            self._keep(writer, told)

    def _keep(self, writer: RunWriter, told: dict[str, Any]) -> None:
        if self._worktree is not None:
            told["git"] = self._worktree.as_json()
            if self._worktree.diff:
                writer.artifact_text("code/uncommitted.diff", self._worktree.diff)
        told = {key: writer.masked_container(key, value) for key, value in told.items()}
        writer.artifact_bytes(ENVIRONMENT, json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "replace"))


def _seeds(scene: Scene) -> dict[str, Any]:
    """The seeds that the session's cells set, the last one under a name."""
    found: dict[str, Any] = {}
    for execution in scene.session.executions[-MAX_CELLS:]:
        if "seed" in execution.source or "rng" in execution.source or "random" in execution.source.lower():
            found |= seeds(execution.source)
    return found


_late: list[threading.Thread] = []


def _wait_for_late() -> None:
    for thread in _late[-4:]:
        thread.join(3)


atexit.register(_wait_for_late)


def witnesses() -> tuple[Witness, ...]:
    """Those of one cell, in the order in which they look."""
    return (DataWitness(), EnvironmentWitness())
