"""What runs in a joblib worker: it keeps a process for the trials, gives it one at a time, and tells how it ended.

Invariants: no code of the user's runs in the worker itself, so that whatever a trial does (segmentation fault, out of
memory, `os._exit`) costs that trial and nothing else, with any backend. A trial ends when it is done, when it takes too
long, when somebody stops it, or when nobody leads its sweep any more.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any, Final

from tracker.projects.folder import working_folder
from tracker.sweeps import signals

VARIABLE: Final = "TRACKER_TRIAL"
"""The environment variable that tells a process that it runs trials."""
_PROGRAM: Final = "tracker.notebook.trial"
_LOOK_SECONDS: Final = 0.2
_IDLE_SECONDS: Final = 20.0
_LAST_LINES: Final = 12
_GRACE_SECONDS: Final = 2.0

Answer = dict[str, Any]


class _TrialProcess:
    """A process of its own in a folder of its own that reads like the sweep's."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="tracker-sweep-", ignore_cleanup_errors=True)
        source = "\n".join(cell["source"] for cell in asked["cells"])
        folder = working_folder(Path(self._place.name), asked["original"], asked["written"], source)
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603 - this Python, this package
            [sys.executable, "-m", _PROGRAM], cwd=folder, env=_environment(folder), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._said, start_new_session=True,
        )  # fmt: skip
        self._line = b""
        self._from = 0
        self.free_since = time.monotonic()

    def ask(self, asked: dict[str, Any]) -> None:
        """Send a question."""
        self._from = self._said.seek(0, os.SEEK_END)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: `answer` tells how
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, seconds: float) -> Answer | None:
        """The answer, if it comes within this time; how the process ended, if it did."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            return None
        part = os.read(self._process.stdout.fileno(), 1 << 20)
        self._line += part
        if not part:
            return {"died": self._ending(), "used": True}
        return dict(json.loads(self._line)) if self._line.endswith(b"\n") else None

    def next(self) -> None:
        """Forget the last answer."""
        self._line = b""
        self.free_since = time.monotonic()

    def _ending(self) -> str:
        code = self._process.wait()
        how = f"was ended by signal {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return f"its process {how}\n{self.tail()}".strip()

    def tail(self) -> str:
        """The last lines of what the trial printed."""
        self._said.seek(max(self._from, self._said.seek(0, os.SEEK_END) - 8_000))
        return "\n".join(self._said.read().decode("utf-8", "replace").splitlines()[-_LAST_LINES:])

    def close(self) -> None:
        """End the process and what it started."""
        if self._process.poll() is None:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    os.killpg(self._process.pid, sign)
                    self._process.wait(_GRACE_SECONDS)
                    break
        for stream in (self._process.stdin, self._process.stdout, self._said):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._place.cleanup()


_free: dict[str, list[_TrialProcess]] = {}
_lock = threading.Lock()


def run_trial(text: str) -> Answer:
    """Run one trial, told as JSON; what became of it: `run_id`, and `failure`, `died` or `stopped`. Never raises."""
    asked = json.loads(text)
    watch = signals.Watch(Path(asked["signals"]), asked["owner"], asked["number"])
    answer: Answer = {"number": asked["number"], "run_id": None}
    if (why := watch.why_to_stop()) is not None:
        return {**answer, "stopped": why}
    try:
        return {**answer, **_run(asked, watch)}
    except Exception as error:  # a full disk, no process to be had: it costs this trial
        return {**answer, "died": f"it could not be run: {type(error).__name__}: {error}"}


def _run(asked: dict[str, Any], watch: signals.Watch) -> Answer:
    key = json.dumps([asked["owner"], asked["cells"][:-1]])
    process = _take(key) or _TrialProcess(asked)
    process.ask(asked)
    ends = time.monotonic() + (asked["timeout"] or float("inf"))
    used = True
    try:
        while (answer := process.answer(_LOOK_SECONDS)) is None:
            why = watch.why_to_stop()
            if why is None and time.monotonic() > ends:
                return {"died": f"it was stopped after {asked['timeout']:g} s"}
            if why is not None:
                return {"stopped": why}
        used = bool(answer.pop("used"))
        if answer.get("run_id") is None and "failure" not in answer and "died" not in answer:
            answer["died"] = f"no run could be opened for it\n{process.tail()}"
        return answer
    finally:
        if used:
            process.close()
        else:
            _give(key, process)


def _take(key: str) -> _TrialProcess | None:
    """A free process in which these cells have run. Where there is none, one of the sweep's other processes makes
    room for it."""
    with _lock:
        found = _free.get(key)
        if found:
            return found.pop()
        owner = json.loads(key)[0]
        others = [waiting for other, waiting in _free.items() if waiting and json.loads(other)[0] == owner]
        leaving = others[0].pop() if others else None
    if leaving is not None:
        leaving.close()
    return None


def _give(key: str, process: _TrialProcess) -> None:
    process.next()
    with _lock:
        _free.setdefault(key, []).append(process)
    timer = threading.Timer(_IDLE_SECONDS, _close_idle)
    timer.daemon = True
    timer.start()


def _close_idle() -> None:
    now = time.monotonic()
    with _lock:
        idle = [one for waiting in _free.values() for one in waiting if now - one.free_since >= _IDLE_SECONDS - 1]
        for key, waiting in list(_free.items()):
            _free[key] = [one for one in waiting if one not in idle]
            if not _free[key]:
                del _free[key]
    for process in idle:
        process.close()


def close_all(owner: str) -> None:
    """End the free processes of a sweep that this process kept itself."""
    with _lock:
        keys = [key for key in _free if json.loads(key)[0] == owner]
        closing = [one for key in keys for one in _free.pop(key)]
    for process in closing:
        process.close()


def _environment(folder: Path) -> dict[str, str]:
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "TRACKER_DISPLAY": "static",
            "PWD": str(folder), VARIABLE: "1"}  # fmt: skip


def _close_at_exit() -> None:
    for waiting in list(_free.values()):
        for process in waiting:
            process.close()


atexit.register(_close_at_exit)
