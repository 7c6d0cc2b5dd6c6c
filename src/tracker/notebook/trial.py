"""The process in which trials of a sweep run one after another: `python -m tracker.notebook.trial`.

Invariants: every trial begins with what the earlier cells left, as if it were the only one. Those cells run once; after
a trial the names, the random generators and the folder are as they were, and where a trial may have changed more than
that (an object of an earlier cell, a module, the process), the answer says so and the process is not used again.
Questions come as lines of JSON on standard input, answers go to the standard output that the process began with; what
cells print goes to standard error. When standard input ends, so does the process.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, TextIO

from tracker.capture.randomness import kept_states
from tracker.notebook import magics
from tracker.notebook.cell import CellTracker, unmark
from tracker.notebook.replay import failure, new_shell, run_cell
from tracker.tracking.context import unwritten_ends


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), name="tracker-trials", daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="tracker-ipython-") as home:
        os.environ.setdefault("IPYTHONDIR", home)
        os.environ["MPLBACKEND"] = "Agg"
        _serve(asked, answers)


def _listen(asked: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        asked.put(json.loads(line))
    os._exit(0)  # whoever asked is gone: a trial that runs is nobody's any more


def _serve(asked: queue.SimpleQueue[dict[str, Any]], answers: TextIO) -> None:
    first = asked.get()
    place = _Place(first)
    told = place.begin()
    question = first
    while True:
        answer = told or place.trial(question)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        question = asked.get()


class _Place:
    """A shell in which the earlier cells have run."""

    def __init__(self, asked: dict[str, Any]) -> None:
        from tracker.projects.folder import protect
        from tracker.tracking import set_tracking_uri

        sys.path[:0] = ["", *(entry for entry in asked["path"] if entry not in sys.path)]
        sys.argv[1:] = []
        set_tracking_uri(asked["store"])
        self._shell = new_shell()
        magics.load(self._shell)
        self._tracker: CellTracker = magics.tracker_of(self._shell)
        self._tracker.session.origin = asked["original"]
        here = str(Path.cwd())
        protect(here, here)  # links are replaced by copies; what a cell writes elsewhere is its own affair
        self._cells: list[dict[str, Any]] = asked["cells"][:-1]

    def begin(self) -> dict[str, Any] | None:
        """Run the earlier cells; the failure, if one of them raised what it did not raise before."""
        for i, cell in enumerate(self._cells):
            lines = cell["source"].splitlines(keepends=True)
            error = run_cell(self._shell, "".join(unmark(lines)), cell["count"])
            if error is not None and type(error).__name__ != cell["error"]:
                return {"failure": failure(error, self._shell, i, cell["count"]), "used": True}
        self._names = dict(self._shell.user_ns)
        self._executions = len(self._tracker.session.executions)
        self._folder = Path.cwd()
        self._restore_random = kept_states()
        return None

    def trial(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Run the tracked cell of one trial."""
        cell = asked["cells"][-1]
        self._tracker.imposed = asked["options"]
        self._tracker.last_run_id = None
        error = run_cell(self._shell, cell["source"], cell["count"])
        told: dict[str, Any] = {"run_id": self._tracker.last_run_id, "used": self._may_have_changed_more()}
        if error is not None:
            told["failure"] = failure(error, self._shell, len(self._cells), cell["count"])
        if not told["used"]:
            self._restore()
        return told

    def _may_have_changed_more(self) -> bool:
        from tracker.capture.reachable import reachable

        executions = self._tracker.session.executions
        if len(executions) != self._executions + 1 or unwritten_ends():
            return True
        done = executions[-1]
        held = reachable([value for name, value in self._names.items() if not name.startswith("_")], 100_000)
        shared = not held.ids.isdisjoint(done.changed.ids) or (done.changed.cut and bool(held.ids))
        return done.unknown or done.sets_up or shared or held.cut

    def _restore(self) -> None:
        names = self._shell.user_ns
        for name in [name for name in names if name not in self._names]:
            del names[name]
        names.update(self._names)
        del self._tracker.session.executions[self._executions :]
        self._restore_random()
        os.chdir(self._folder)


if __name__ == "__main__":
    main()
