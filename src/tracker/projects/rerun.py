"""Run a slice again: in a process of its own, in a folder of its own, as a child of the run that it came from.

Invariant: "reproduced" is said only when every metric that can be compared is there and equal; where there is none,
there was nothing to compare.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tracker.comparison.reading import environment_of
from tracker.entities import Run
from tracker.exceptions import InvalidValue, TrackerError
from tracker.projects.circumstances import circumstances, gone_files
from tracker.projects.comparison import TOLERANCE, Compared, compare_metrics
from tracker.projects.folder import MAX_LEVELS, put_modules, working_folder
from tracker.projects.replaying import Failure, Outcome, replayed
from tracker.projects.report import Report, Status
from tracker.projects.slices import KEPT_FILES, Slice, read_slice
from tracker.projects.substitution import plain, with_parameters
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking import reading
from tracker.tracking.client import MlflowClient
from tracker.tracking.context import current_store
from tracker.tracking.provenance import PARENT, RERUN, RERUN_OF, SOURCE_NAME

_FRAME: Final = re.compile(r' +File "(?!Cell In)')
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{4,}")
_MAX_TRACEBACK: Final = 1_000_000


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
    if not 0 <= tolerance < 1:
        raise InvalidValue(f"tolerance is a relative difference, zero or more and below 1; got {tolerance!r}.")
    if timeout is not None and not timeout > 0:
        raise InvalidValue(f"timeout is a number of seconds above 0; got {timeout!r}.")
    store = current_store()
    original = reading.get_run(store, reading.run_id_of(store, run))
    kept = read_slice(store, original.info.run_id)
    values = {name: plain(value) for name, value in {**(parameters or {}), **named}.items()}
    cells = with_parameters(kept.cells, values)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tracker-rerun-", ignore_cleanup_errors=True) as place:
        root = Path(place)
        folder = working_folder(root, kept.folder, kept.written, kept.source, kept.read)
        _put_modules(store, kept, folder)
        asked = {
            "store": str(store.root), "folder": str(folder), "original": kept.folder,
            "cells": [asdict(cell) for cell in cells], "options": _options(store, original, values),
            "given": {name: repr(value) for name, value in values.items()},
            "environment": environment_of(store, kept.run_id),
        }  # fmt: skip
        outcome, ended = replayed(root, folder, asked, timeout)
        report = _judged(store, original, kept, outcome, ended, tolerance, values)
        _note(report, store, kept, outcome, str(folder))
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
    if SOURCE_NAME in original.data.tags:
        tags[SOURCE_NAME] = original.data.tags[SOURCE_NAME]
    return {"experiment": experiment.name if experiment else None, "name": name, "tags": tags, "cached": False}


def _put_modules(store: Store, kept: Slice, folder: Path) -> None:
    root = resolve_inside(store.artifact_root(kept.run_id), str(KEPT_FILES))
    names = [str(Path(path).relative_to(KEPT_FILES)) for path in kept.modules if Path(path).is_relative_to(KEPT_FILES)]
    there = [name for name in names if resolve_inside(root, name).is_file()]
    for name in there:
        resolve_inside(folder, str(Path(name).parent))  # nothing is put outside the folder
    put_modules(root, there, folder)


# -- the judgement


def _judged(
    store: Store, original: Run, kept: Slice, outcome: Outcome, ended: str, tolerance: float, values: Mapping[str, Any]
) -> Report:
    report = Report(
        status="failed", original=kept.run_id, run_id=outcome.run_id, cells=len(kept), tolerance=tolerance,
        parameters=dict(values),
    )  # fmt: skip
    if ended:
        report.error = ended
        return report
    if outcome.failure is not None:
        _judge_failure(report, kept, outcome.failure)
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
    elif kept.cells[-1].error is not None:
        _judge_ending(report, store, kept, outcome.run_id)
    report.status = _status(compared, report, values)
    return report


def _judge_failure(report: Report, kept: Slice, failure: Failure) -> None:
    if failure.missing is None:  # not every library says which file it was
        named = [name for name in gone_files(kept) if Path(name).name in failure.message]
        failure.missing, failure.name = ("file", named[0]) if named else (None, None)
    report.missing = (failure.missing, failure.name or "") if failure.missing else None
    report.status = "missing" if failure.missing else "failed"
    report.error = f"cell [{failure.count}], {failure.cell + 1} of {len(kept)}\n{failure.tail}"


def _judge_ending(report: Report, store: Store, kept: Slice, again: str) -> None:
    """Both runs ended by an exception of the same kind: whether it came from the same line and said the same."""
    then, now = _traceback(store, kept.run_id), _traceback(store, again)
    last = [_raised(lines, str(kept.cells[-1].error)) for lines in (then, now)]
    if then == now:
        report.failure = last[1]
    elif last[0] == last[1]:
        report.ending = f"it failed elsewhere then, with {last[0]}"
    else:
        report.ending = f"it failed with {last[0]} then, with {last[1]} now"


def _traceback(store: Store, run_id: str) -> list[str]:
    """The lines of a run's traceback that are the same wherever and whenever it fails so: the cells' frames, and what
    was raised."""
    found, skipped = [], False
    for line in store.kept_text(run_id, "output/traceback.txt", _MAX_TRACEBACK).splitlines():
        skipped = bool(_FRAME.match(line)) or (skipped and line.startswith("    "))
        if not skipped:
            found.append(_ADDRESS.sub("0x", line))
    return found


def _raised(lines: list[str], kind: str) -> str:
    """The line of a traceback that says what was raised; those of groups stand in boxes."""
    told = (line.strip(" |+-") for line in reversed(lines))
    return next((line for line in told if line.partition(":")[0].rpartition(".")[2] == kind), kind)


def _status(compared: Compared, report: Report, values: Mapping[str, Any]) -> Status:
    if values:
        return "ran"
    if compared.differences or report.ending:
        return "differs"
    return "reproduced" if compared.equal or report.failure else "nothing to compare"


def _note(report: Report, store: Store, kept: Slice, outcome: Outcome, folder: str) -> None:
    """What else there is to say: what the cells did otherwise, and what is not as it was."""
    report.error = report.error.replace(folder, kept.folder)
    if report.missing is not None and report.missing[0] == "file":
        report.missing = ("file", _named_then(report.missing[1], folder, kept.folder))
    report.notes += [f"cell [{count}] raised {kind} then, and did not now" for count, kind in outcome.unraised]
    report.notes += [
        f"{name} was {text} in the end: a cell gives it another value" for name, text in outcome.ended.items()
    ]
    try:
        report.notes += circumstances(store, kept, outcome.run_id, (report.missing or ("", ""))[1])
    except TrackerError as error:  # what is kept of a run beside its numbers may be damaged
        report.notes.append(str(error))


def _named_then(path: str, folder: str, original: str) -> str:
    """A path of the new folder, or of its surroundings, as the run would have named it."""
    if not os.path.isabs(path):
        return path
    place = os.path.relpath(path, os.path.realpath(folder))
    if not place.startswith(os.pardir):
        return place
    return os.path.normpath(os.path.join(original, place)) if place.count(os.pardir) <= MAX_LEVELS else path
