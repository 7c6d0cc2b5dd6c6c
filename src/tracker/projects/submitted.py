"""A run of a project that was launched: its process, its output, its end.

Invariants: the process leads a group of its own, which ends as a whole; its output goes to a file that has no name, so
that the process outlives its launcher; the run's status is what became of the process, unless the process had its say.
"""

from __future__ import annotations

import codecs
import collections
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from tracker.exceptions import ExecutionException, StoreError
from tracker.projects.command import Command
from tracker.projects.report import Report
from tracker.store import Store
from tracker.tracking import reading
from tracker.tracking.client import MlflowClient, existing_writer

OUTPUT: Final = "output/output.txt"
_GRACE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05
_MAX_KEPT: Final = 20_000_000
_LAST_LINES: Final = 15
Judge = Callable[[], Report]
_ENDED: Final = ("FINISHED", "FAILED", "KILLED")


class SubmittedRun(ABC):
    """A run of a project that goes on by itself."""

    @property
    @abstractmethod
    def run_id(self) -> str:
        """The run's id."""

    @abstractmethod
    def wait(self) -> bool:
        """Wait for the end; whether it succeeded."""

    @abstractmethod
    def get_status(self) -> str:
        """RUNNING, FINISHED, FAILED or KILLED."""

    @abstractmethod
    def cancel(self) -> None:
        """End it, and wait for that."""


class LocalSubmittedRun(SubmittedRun):
    """A run in a process on this machine."""

    def __init__(self, run_id: str, process: subprocess.Popen[bytes], output: IO[bytes], store: Store,
                 shown: str, after: Callable[[], None], judge: Judge | None) -> None:  # fmt: skip
        self.report: Report | None = None
        """Of a packaged run: whether its numbers are those of the run that was packaged."""
        self._run_id = run_id
        self._process = process
        self._output = output
        weakref.finalize(self, output.close)
        self._store = store
        self._shown = shown
        self._after = after
        self._judge = judge
        self._began = time.monotonic()
        self._cancelled = False
        self._tail = ""
        self._settled = threading.Event()  # a thread's own `join` forgets the thread when a signal interrupts it
        threading.Thread(target=self._settle, name=f"tracker-project-{run_id[-6:]}").start()

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run_id

    def __repr__(self) -> str:
        return f"<SubmittedRun {self._run_id}: {self.get_status()}>"

    def wait(self) -> bool:
        """Wait for the end; whether it succeeded."""
        self._settled.wait()
        return self._process.returncode == 0 and not self._cancelled

    def get_status(self) -> str:
        """RUNNING, FINISHED, FAILED or KILLED."""
        code = self._process.poll()
        if code is None or not self._settled.is_set():
            return "RUNNING"
        return self._status(code)

    def cancel(self) -> None:
        """End the process and what it started, and wait for that."""
        if self._process.poll() is None:
            self._cancelled = True
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
            with suppress(OSError):  # and those in its group that did not listen
                os.killpg(self._process.pid, signal.SIGKILL)
        self._settled.wait()

    def follow(self) -> None:
        """Show the output as it comes, until the end."""
        place, decoder = 0, codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            ended = self._settled.is_set()
            place = self._show_from(place, decoder)
            if ended:
                return
            self._settled.wait(_LOOK_SECONDS)

    def check(self) -> None:
        """Raises ExecutionException, with the last lines and the exit code, if it did not succeed."""
        if self.wait():
            return
        code = self._process.returncode
        if self._cancelled:
            ended = "was cancelled"
        elif code < 0:
            ended = f"was ended by signal {signal.Signals(-code).name}"
        else:
            ended = f"failed with exit code {code}"
        last = f" Its last lines:\n{self._tail}" if self._tail else ""
        raise ExecutionException(f"Run {self._run_id}: {self._shown} {ended}.{last}")

    # -- inside

    def _show_from(self, place: int, decoder: codecs.IncrementalDecoder) -> int:
        while data := os.pread(self._output.fileno(), 1 << 16, place):
            place += len(data)
            sys.stdout.write(decoder.decode(data))
        sys.stdout.flush()
        return place

    def _status(self, code: int) -> str:
        return "KILLED" if self._cancelled or code < 0 else "FINISHED" if code == 0 else "FAILED"

    def _settle(self) -> None:
        """When the process has ended: keep its output, end the run, clean up."""
        code = self._process.wait()
        try:
            with suppress(OSError):  # what it left running ends with it
                os.killpg(self._process.pid, signal.SIGTERM)
            self._keep_output()
            if code == 0 and not self._cancelled and self._judge is not None:
                self.report = self._judge()
                self.report.seconds = time.monotonic() - self._began
            now = reading.get_info(self._store, self._run_id).status
            if now not in _ENDED or (now == "FINISHED" and code != 0):
                MlflowClient(str(self._store.root)).set_terminated(self._run_id, self._status(code))
        except StoreError as error:
            print(f"tracker: {error}", file=sys.stderr)
        finally:
            try:
                self._after()
            finally:
                self._settled.set()

    def _keep_output(self) -> None:
        size = os.fstat(self._output.fileno()).st_size
        text = os.pread(self._output.fileno(), _MAX_KEPT, 0).decode("utf-8", "replace")
        if size > _MAX_KEPT:
            text += f"\n… {size - _MAX_KEPT:,} bytes more\n"
        writer = existing_writer(self._store, self._run_id)
        end = os.pread(self._output.fileno(), 1 << 16, max(0, size - (1 << 16))).decode("utf-8", "replace")
        self._tail = writer.masked_text("\n".join(collections.deque(end.rstrip().splitlines(), _LAST_LINES)))
        if text:
            writer.artifact_text(OUTPUT, text)


def submit(run_id: str, command: Command, folder: Path, variables: Mapping[str, str], store: Store,
           after: Callable[[], None], judge: Judge | None = None) -> LocalSubmittedRun:  # fmt: skip
    """Start the process of a run; `judge` is asked when it has succeeded, `after` in the end. Raises ExecutionException
    if there is no such program."""
    output = tempfile.TemporaryFile()  # noqa: SIM115 - it is the run's for as long as that lasts
    try:
        process = subprocess.Popen(  # noqa: S603 - a vector, no shell of ours
            command.words, cwd=folder, env={**variables, **command.variables, "PWD": str(folder)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        output.close()
        MlflowClient(str(store.root)).set_terminated(run_id, "FAILED")
        after()
        raise ExecutionException(f"Run {run_id}: {command} cannot be started: {error.strerror}.") from error
    return LocalSubmittedRun(run_id, process, output, store, str(command), after, judge)
