"""What is kept of a tracked cell beside its names and output: each witness looks at the cell before and after it ran.

Invariants: a witness that fails is one notice, and the cell and the other witnesses go on; `begin` comes before the
cell's first statement, `end` after its last, before the run ends.
"""

from __future__ import annotations

import ast
import atexit
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from tracker import capture, secrets
from tracker.capture import slicing
from tracker.capture.again import Inputs, Record, inputs_of, recalled, remember
from tracker.capture.asked import chance_of, reached_code, reads_clock
from tracker.capture.data import FileRead, datasets_read, files_read, presence
from tracker.capture.entropy import EntropyWatch
from tracker.capture.environment import GIT_SECONDS, Worktree, environment, seeds_of
from tracker.capture.packages import imported_packages
from tracker.capture.randomness import random_states
from tracker.capture.unseen import unseen_file, unseen_writer
from tracker.capture.values import same
from tracker.entities import Dataset
from tracker.exceptions import TrackerError
from tracker.fingerprints import Fingerprint
from tracker.tracking.datasets import described, file_dataset, input_of
from tracker.tracking.provenance import in_repository
from tracker.tracking.writer import RunWriter

ENVIRONMENT = "environment.json"
MAX_CELLS = 500
MAX_PROMPT_DIFF = 30_000
"""Characters; to look for credentials in a longer diff takes longer than a cell should wait."""
MAX_METRICS = 1_000
MAX_ASKED = 300
AGAIN = "tracker.again"
"""The tag that names an earlier run with the same inputs."""
NOT_DETERMINISTIC = "tracker.not_deterministic"
"""The tag that names an earlier run with the same inputs and other metrics."""


@dataclass(frozen=True)
class Scene:
    """One cell and its run, as witnesses see them."""

    source: str
    names: Mapping[str, Any]
    session: capture.Session
    writer: RunWriter
    run_name: str
    notice: Callable[[str], None]
    """Puts a sentence on the card."""
    remark: Callable[[str], None]
    """The same for what is no fault and no bound."""
    metrics: Callable[[], dict[str, float]]
    """The last value of each metric so far."""
    params: Callable[[], dict[str, Any]]
    """The parameters so far."""
    refresh: Callable[[], None]
    """Shows the card as it is now."""


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
        opened = execution.files.read - execution.files.written
        if opened:
            opened -= {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        self.files = files_read(opened)
        for file in self.files:
            scene.writer.input(*input_of(self._as_dataset(file, scene.session), None, None))
            if file.coverage != "full":
                scene.notice(f"The digest of {file.path} is {file.coverage}: it has {file.size:,} bytes.")

    def _as_dataset(self, file: FileRead, session: capture.Session) -> Dataset:
        """Named from the session's folder; in a rerun, which reads by links, from that which it stands for too."""
        homes = (os.path.realpath(folder) for folder in (session.folder, session.origin) if folder)
        name = next(
            (os.path.relpath(file.path, home) for home in homes if Path(file.path).is_relative_to(home)), file.path
        )
        return file_dataset(Path(name).as_posix(), file.path, file.size, file.digest, file.coverage)


class EnvironmentWitness:
    """Keeps the environment as `environment.json` and uncommitted changes as `code/uncommitted.diff`.

    Where git is still at it when the cell ends, or there are many changes, they are kept in a thread: the cell does not
    wait.
    """

    def begin(self, scene: Scene) -> None:
        self._worktree: Worktree | None = None
        with suppress(FileNotFoundError):  # the folder that we are in has been removed
            folder = os.getcwd()
            self._worktree = Worktree(folder) if in_repository(folder) else None

    def end(self, scene: Scene) -> None:
        told = environment() | {"seeds": _seeds(scene)}
        if self._worktree is None or (self._worktree.wait(0) and len(self._worktree.diff) <= MAX_PROMPT_DIFF):
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
        text, found = _encoded(told)
        writer.note_masked(found)
        writer.artifact_bytes(ENVIRONMENT, text)


class AgainWitness:
    """Says before the cell's own result that an earlier run had the same inputs, and afterwards whether it gave the
    same metrics."""

    def __init__(self, data: DataWitness) -> None:
        self._data = data
        self.inputs = Inputs(None)
        self.keeps_result = False
        """The run is worth remembering without metrics: its result can be restored."""
        self.restored = False
        """The cell did not run: what it would have asked is not known."""
        self._states: dict[str, str] = {}
        self._cells: list[str] = []
        self._earlier: Record | None = None
        self._entropy = EntropyWatch()

    @property
    def data(self) -> Mapping[str, Fingerprint]:
        """The fingerprints of the datasets that the cell reads."""
        return self._data.datasets

    def begin(self, scene: Scene) -> None:
        cell = scene.session.foreseen
        if cell is None or cell.source != scene.source:
            return
        cells = slicing.slice_of(scene.session.executions, cell)
        needed = {name: scene.names[name] for name in cell.needs if name in scene.names}
        self._cells = [one.source for one in cells]
        self.inputs = inputs_of(cells, needed, self.data)
        if self.inputs.key is None:
            return
        self._entropy.begin()
        scene.session.states = random_states()  # something may have drawn since the last cell ended
        self._states = {name: str(state) for name, state in scene.session.states.items()}
        self._earlier = next((record for record in self.holding(scene) if record.metrics), None)
        if self._earlier is not None:
            scene.writer.tags({AGAIN: self._earlier.run})
            scene.remark(_again_words(self._earlier))
            scene.refresh()

    def records(self, scene: Scene) -> Iterator[Record]:
        """The runs under this cell's key that are still there, newest first."""
        if self.inputs.key is not None:
            for record in recalled(self._folder(scene), self.inputs.key):
                if scene.writer.store.artifact_root(record.run).is_dir():
                    yield record

    def holding(self, scene: Scene) -> Iterator[Record]:
        """Those whose files, packages and random states are as they are now."""
        return (one for one in self.records(scene) if not one.unsteady and one.holds(self._states))

    def end(self, scene: Scene) -> None:
        self._entropy.end()
        done = scene.session.executions[-1] if scene.session.executions else None
        key = self.inputs.key
        if key is None or done is None or done.source != scene.source or done.error is not None or self.restored:
            return
        if done.needs & done.effects.soft - done.effects.reads.keys():
            return  # it took what an earlier cell had left under a name that it may bind itself
        metrics = _steady(scene.metrics(), scene.source)
        worth = 0 < len(metrics) <= MAX_METRICS or self.keeps_result
        if not worth or done.files.elsewhere or self._reads_unseen(scene, done):
            return  # nothing to remember, or it asked what cannot be asked again
        unsteady = self.unsteady(scene, done)
        states = self._states_before(done)
        if unsteady:
            self._earlier = next((one for one in self.records(scene) if one.holds(self._states)), None)
        if self._earlier is not None:
            self._compare(scene, self._earlier, metrics)
        if len(done.files.asked) <= MAX_ASKED and all(one.coverage == "full" for one in self._data.files):
            known = {file.path: file.digest for file in self._data.files}
            files = {path: known.get(os.path.realpath(path)) or presence(path) for path in done.files.asked}
            hidden = [path for path in files if secrets.masked_known(path)[1]]  # a text may be a path for all we know
            if any(map(files.pop, hidden)):
                return
            packages = imported_packages()
            record = Record(
                scene.writer.run_id, scene.run_name, time.time(), metrics, files, packages, states, unsteady
            )
            remember(self._folder(scene), key, record)

    def _states_before(self, done: capture.Execution) -> dict[str, str]:
        drew = done.drew - done.seeded if done.seeded_first else done.drew
        return {name: state for name, state in self._states.items() if name in drew}

    @cached_property
    def _code(self) -> list[ast.AST]:
        return reached_code(self._cells, self.inputs.words)

    def _reads_unseen(self, scene: Scene, done: capture.Execution) -> bool:
        return unseen_file(self._code, scene.names, _settled(scene, done), done.files.asked)

    def unsteady(self, scene: Scene, done: capture.Execution, with_clocks: bool = False) -> str:
        """What the cell asked that equal inputs do not settle; with clocks, also how long something took."""
        from tracker.projects.comparison import clock_names

        first, *functions = self._code or [ast.Module([], [])]
        names = _settled(scene, done)
        clocks = None if with_clocks else clock_names(scene.source)
        is_timed = reads_clock([first], names, clocks) or reads_clock(functions, names)
        asks = "chance" if self._entropy.drew else chance_of([first, *functions], names, done.files.asked)
        return asks or ("the clock" if is_timed or "timeit" in done.effects.magics else "")

    def writer(self, scene: Scene) -> str:
        """A call by which the cell may have written to a file without anybody's knowing; empty for none."""
        return unseen_writer(self._code, scene.names)

    def _compare(self, scene: Scene, earlier: Record, metrics: dict[str, float]) -> None:
        differ = [
            f"{name} {earlier.metrics[name]:.6g} then, {value:.6g} now"
            for name, value in metrics.items()
            if name in earlier.metrics and not same(value, earlier.metrics[name])
        ]
        if differ:
            scene.writer.tags({NOT_DETERMINISTIC: earlier.run})
            scene.remark(
                f"Not deterministic: with equal inputs {'; '.join(differ[:3])}{' …' if len(differ) > 3 else ''}."
            )

    def _folder(self, scene: Scene) -> Path:
        return scene.writer.store.root / "cache" / "again"


def _settled(scene: Scene, done: capture.Execution) -> dict[str, Any]:
    """The names that the cell did not bind, with their values."""
    return {name: value for name, value in scene.names.items() if name not in done.bound}


def _steady(metrics: dict[str, float], source: str) -> dict[str, float]:
    """The metrics that equal inputs make equal: not the machine's, nor what measures time."""
    from tracker.projects.comparison import measures_time

    clocks = measures_time(source)
    return {name: value for name, value in metrics.items() if not clocks(name)}


def _again_words(record: Record) -> str:
    shown = ", ".join(f"{name} = {value:.6g}" for name, value in list(record.metrics.items())[:4])
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.ended))
    return f"Again: same code, values, data and packages as {record.name} [{record.run[:12]}] of {when}: {shown}."


def _seeds(scene: Scene) -> dict[str, Any]:
    """The seeds that the session's cells set, the last one under a name."""
    return seeds_of([execution.source for execution in scene.session.executions[-MAX_CELLS:]])


_last_encoded: tuple[Any, bytes, list[str]] = (None, b"", [])


def _encoded(told: dict[str, Any]) -> tuple[bytes, list[str]]:
    """The text of `environment.json` with credentials masked, and what they were: mostly that of the cell before."""
    global _last_encoded
    state = (told, secrets.count(), secrets.enabled())
    if state != _last_encoded[0]:
        values = {key: secrets.masked_value(key, value) for key, value in told.items()}
        clean = {key: value for key, (value, _) in values.items()}
        text = json.dumps(clean, indent=1, ensure_ascii=False).encode("utf-8", "replace")
        _last_encoded = (state, text, [name for _, found in values.values() for name in found])
    return _last_encoded[1:]


_late: list[threading.Thread] = []


def _wait_for_late() -> None:
    for thread in _late[-4:]:
        thread.join(3)


atexit.register(_wait_for_late)


def witnesses() -> tuple[DataWitness, EnvironmentWitness, AgainWitness]:
    """Those of one cell, in the order in which they look."""
    data = DataWitness()
    return (data, EnvironmentWitness(), AgainWitness(data))
