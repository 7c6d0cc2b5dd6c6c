"""Run a slice again: in a process of its own, in a folder of its own, as a child of the run that it came from.

Invariant: "reproduced" is said only when every metric that can be compared is there and equal; where there is none,
there was nothing to compare.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tracker.entities import Run
from tracker.exceptions import InvalidValue, TrackerError
from tracker.projects.comparison import TOLERANCE, Compared, compare_metrics
from tracker.projects.folder import put_modules, working_folder
from tracker.projects.report import Report, Status
from tracker.projects.slices import KEPT_FILES, Slice, read_slice, run_id_of
from tracker.projects.substitution import with_parameters
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking import reading
from tracker.tracking.client import MlflowClient
from tracker.tracking.context import current_store
from tracker.tracking.provenance import PARENT, RERUN, RERUN_OF

_PROGRAM: Final = "tracker.notebook.replay"
_LAST_LINES: Final = 12
_GRACE_SECONDS: Final = 5


@dataclass
class Failure:
    """What stopped a replay: an exception of a cell."""

    cell: int
    count: int
    kind: str
    message: str
    name: str | None = None
    """The name, file or package that was not there, if that was it."""
    missing: Literal["name", "file", "package"] | None = None
    tail: str = ""


@dataclass
class Outcome:
    """What the process tells when it is done."""

    run_id: str | None = None
    failure: Failure | None = None
    expected_failures: list[str] = field(default_factory=list)


def rerun(
    run: Any,
    parameters: Mapping[str, Any] | None = None,
    /,
    *,
    tolerance: float = TOLERANCE,
    timeout: float | None = None,
    **named: Any,
) -> Report:
    """Run the cells that made `run` (a Run, its id or the beginning of it) once more, in a clean process and a new
    folder, as a child run of it; the report says whether its metrics are the same.

    `named` (or `parameters`) gives other values to names that the cells assign literals. `tolerance` is the greatest
    relative difference of two equal numbers; `timeout` is in seconds. Raises NotFound, InvalidValue.
    """
    if not tolerance >= 0:
        raise InvalidValue(f"tolerance is a relative difference, zero or more; got {tolerance!r}.")
    store = current_store()
    original = reading.get_run(store, run_id_of(store, run))
    kept = read_slice(store, original.info.run_id)
    values = {**(parameters or {}), **named}
    cells = with_parameters(kept.cells, values)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tracker-rerun-", ignore_cleanup_errors=True) as place:
        root = Path(place)
        folder = working_folder(root, kept.folder, kept.written, kept.source)
        _put_modules(store, kept, folder)
        asked = {
            "store": str(store.root), "folder": str(folder), "original": kept.folder,
            "cells": [asdict(cell) for cell in cells], "options": _options(store, original, values),
        }  # fmt: skip
        outcome, ended = _replayed(root, folder, asked, timeout)
    report = _judged(store, original, kept, outcome, ended, tolerance, values)
    report.seconds = time.monotonic() - started
    if report.run_id is not None:
        MlflowClient(str(store.root)).set_tag(report.run_id, RERUN, report.status)
    return report


def _options(store: Store, original: Run, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the new run is told beside what its cell says."""
    experiment = store.experiments().get(original.info.experiment_id)
    shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
    name = f"{original.info.run_name} {f'({shown[:100]})' if shown else 'again'}"
    tags = {PARENT: original.info.run_id, RERUN_OF: original.info.run_id}
    return {"experiment": experiment.name if experiment else None, "name": name, "tags": tags}


def _put_modules(store: Store, kept: Slice, folder: Path) -> None:
    root = resolve_inside(store.artifact_root(kept.run_id), str(KEPT_FILES))
    names = [str(Path(path).relative_to(KEPT_FILES)) for path in kept.modules if Path(path).is_relative_to(KEPT_FILES)]
    there = [name for name in names if resolve_inside(root, name).is_file()]
    for name in there:
        resolve_inside(folder, str(Path(name).parent))  # nothing is put outside the folder
    put_modules(root, there, folder)


# -- the process


def _replayed(root: Path, folder: Path, asked: dict[str, Any], timeout: float | None) -> tuple[Outcome, str]:
    """Run the process; what it told, and how it ended if it did not live to tell."""
    question, answer, said = root / "question.json", root / "answer.json", root / "said.txt"
    question.write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-m", _PROGRAM, str(question), str(answer)]
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this Python, this package, files of ours
            command, cwd=folder, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(timeout)
            ended = _ending(process.returncode)
        except subprocess.TimeoutExpired:
            ended = f"it was stopped after {timeout:g} s"
        finally:
            _stop(process)
    if answer.exists():
        return _told(json.loads(answer.read_bytes())), ""
    tail = "\n".join(said.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:])
    return Outcome(), f"{ended}\n{tail}".strip()


def _environment(folder: Path) -> dict[str, str]:
    """This process's environment; `tracker` is found as it was found here, and nobody's working folder is."""
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "TRACKER_DISPLAY": "static",
            "PWD": str(folder)}  # fmt: skip


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started, if it still runs."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
            process.wait(_GRACE_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            continue


def _ending(code: int) -> str:
    if code < 0:
        return f"the process was ended by signal {signal.Signals(-code).name}"
    return f"the process ended with code {code}"


def _told(answer: dict[str, Any]) -> Outcome:
    failure = answer.get("failure")
    return Outcome(answer.get("run_id"), Failure(**failure) if failure else None, answer.get("expected_failures", []))


# -- the judgement


def _judged(
    store: Store, original: Run, kept: Slice, outcome: Outcome, ended: str, tolerance: float, values: Mapping[str, Any]
) -> Report:
    report = Report(
        status="failed", original=kept.run_id, run_id=outcome.run_id, cells=len(kept), tolerance=tolerance,
        parameters=dict(values),
    )  # fmt: skip
    failure = outcome.failure
    if ended:
        report.error = ended
        return report
    if failure is not None:
        report.missing = (failure.missing, failure.name or "") if failure.missing else None
        report.status = "missing" if failure.missing else "failed"
        report.error = f"cell [{failure.count}], {failure.cell + 1} of {len(kept)}\n{failure.tail}"
        return report
    if outcome.run_id is None:
        report.error = "the last cell made no run"
        return report
    try:
        source = kept.cells[-1].source
        compared = compare_metrics(store, kept.run_id, outcome.run_id, source, tolerance)
        again = reading.get_info(store, outcome.run_id)
    except TrackerError as error:
        report.error = str(error)
        return report
    report.equal, report.differences, report.timings = compared.equal, compared.differences, compared.timings
    if original.info.status != again.status:
        report.ending = f"the run was {original.info.status} then, {again.status} now"
    report.status = _status(compared, report.ending, values)
    return report


def _status(compared: Compared, ending: str, values: Mapping[str, Any]) -> Status:
    if values:
        return "ran"
    if compared.differences or ending:
        return "differs"
    return "reproduced" if compared.equal else "nothing to compare"
