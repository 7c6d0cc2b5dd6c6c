"""The process in which a slice runs again, as the one that waits for it sees it.

Invariants: it leads a group of its own, which ends with it; of what it prints no more is held than can be shown; it is
waited for no longer than until it has answered, so that what a cell left running does not keep it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Literal

from tracker.tracking.provenance import CELL_RUN_VARIABLE, PARENT_VARIABLE

_PROGRAM: Final = "tracker.notebook.replay"
_LAST_LINES: Final = 12
_LAST_BYTES: Final = 65_536
_GRACE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.25
_ANSWERED_SECONDS: Final = 2.0
"""How long a process that has answered is waited for: threads of its cells may go on for ever."""
_OTHER_RUNS: Final = frozenset({CELL_RUN_VARIABLE, PARENT_VARIABLE})
_MAX_HASH_SEED: Final = 4_294_967_295
_NUMBERS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


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
    unraised: list[tuple[int, str]] = field(default_factory=list)
    """Earlier cells that raised then and did not now: their numbers, and what they raised."""
    ended: dict[str, str] = field(default_factory=dict)
    """Names that were given a value and ended with another one, as text."""


def replayed(root: Path, folder: Path, asked: dict[str, Any], timeout: float | None) -> tuple[Outcome, str]:
    """Run the process with `folder` to work in and `root` for what is said; what it told, and how it ended if it did
    not live to tell. `timeout` is in seconds."""
    question, answer = root / "question.json", root / "answer.json"
    question.write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-m", _PROGRAM, str(question), str(answer)]
    process = subprocess.Popen(  # noqa: S603 - this Python, this package, files of ours
        command, cwd=folder, env=_environment(folder, asked["environment"]), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    said = _Said(process.stdout)
    try:
        ended = _waited(process, answer, timeout)
    finally:
        _stop(process)
    if answer.exists():
        return _told(json.loads(answer.read_bytes())), ""
    return Outcome(), f"{ended}\n{said.last_lines()}".strip()


class _Said:
    """The end of what a process says."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self._kept = b""
        self._thread = threading.Thread(target=self._listen, name="tracker-rerun", daemon=True)
        self._thread.start()

    def last_lines(self) -> str:
        self._thread.join(_GRACE_SECONDS)
        return "\n".join(self._kept.decode("utf-8", "replace").splitlines()[-_LAST_LINES:])

    def _listen(self) -> None:
        if self._stream is not None:
            with self._stream as stream:
                while piece := stream.read1(_LAST_BYTES):  # type: ignore[attr-defined]
                    self._kept = (self._kept + piece)[-_LAST_BYTES:]


def _environment(folder: Path, kept: dict[str, Any]) -> dict[str, str]:
    """This process's environment, with the hash seed and the number of threads that the run had; `tracker` is found
    as it was found here, and nobody's working folder is."""
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    inherited = {name: value for name, value in os.environ.items() if name not in _OTHER_RUNS}
    return {**inherited, **_numbers(kept), "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
            "TRACKER_DISPLAY": "static", "PWD": str(folder)}  # fmt: skip


def _numbers(kept: dict[str, Any]) -> dict[str, str]:
    """Of a run's environment, which may come from anywhere, what is a plain number."""
    process = kept.get("process")
    threads = process.get("threads") if isinstance(process, dict) else None
    found = {name: threads[name] for name in _NUMBERS if name in threads} if isinstance(threads, dict) else {}
    found["PYTHONHASHSEED"] = kept.get("hash_seed")
    return {
        name: text
        for name, text in found.items()
        if isinstance(text, str) and text.isascii() and text.isdigit() and int(text[:20]) <= _MAX_HASH_SEED
    }


def _waited(process: subprocess.Popen[bytes], answer: Path, timeout: float | None) -> str:
    """Wait until it has ended, or has answered and does not end; how it ended."""
    latest = None if timeout is None else time.monotonic() + timeout
    answered = None
    while True:
        left = _LOOK_SECONDS if latest is None else min(_LOOK_SECONDS, latest - time.monotonic())
        try:
            return _ending(process.wait(max(left, 0)))
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if answered is None and answer.exists():
            answered = now
        if answered is not None and now - answered > _ANSWERED_SECONDS:
            return "it had answered"
        if latest is not None and now >= latest:
            return f"it was stopped after {timeout:g} s"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process, if it still runs, and what it has started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError, subprocess.TimeoutExpired):
            os.killpg(process.pid, sign)
            process.wait(_GRACE_SECONDS)


def _ending(code: int) -> str:
    if code < 0:
        return f"the process was ended by signal {signal.Signals(-code).name}"
    return f"the process ended with code {code}"


def _told(answer: dict[str, Any]) -> Outcome:
    failure = answer.get("failure")
    return Outcome(
        answer.get("run_id"),
        Failure(**failure) if failure else None,
        [(int(count), str(kind)) for count, kind in answer.get("unraised", [])],
        {str(name): str(text) for name, text in answer.get("ended", {}).items()},
    )
