"""The process in which a slice runs again: `python -m tracker.notebook.replay QUESTION ANSWER`.

An IPython shell of its own runs the cells one by one under their old numbers; the last one is tracked. Started by
`tracker.projects.rerun`, which reads the answer.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_TAIL_LINES = 12


def main(question: str, answer: str) -> None:
    """Run what the question asks for; the answer is written whole, at the end."""
    asked = json.loads(Path(question).read_bytes())
    with tempfile.TemporaryDirectory(prefix="tracker-ipython-") as home:
        os.environ.setdefault("IPYTHONDIR", home)
        os.environ["MPLBACKEND"] = "Agg"
        told = _replay(asked)
        text = json.dumps(told)
        temporary = Path(answer + ".part")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(answer)
    sys.stdout.flush()


def _replay(asked: dict[str, Any]) -> dict[str, Any]:
    from tracker.notebook import magics
    from tracker.notebook.cell import unmark
    from tracker.projects.folder import protect
    from tracker.tracking import set_tracking_uri

    sys.path[0] = ""
    sys.argv[1:] = []
    set_tracking_uri(asked["store"])
    shell = new_shell()
    magics.load(shell)
    tracker = magics.tracker_of(shell)
    tracker.session.origin = asked["original"]
    protect(asked["folder"], asked["original"])
    *earlier, last = asked["cells"]
    expected: list[str] = []
    for i, cell in enumerate(earlier):
        lines = cell["source"].splitlines(keepends=True)
        error = run_cell(shell, "".join(unmark(lines)), cell["count"])
        if error is not None and type(error).__name__ != cell["error"]:
            return {"failure": failure(error, shell, i, cell["count"])}
        if error is not None:
            expected.append(type(error).__name__)
    tracker.imposed = asked["options"]
    error = run_cell(shell, last["source"], last["count"])
    told: dict[str, Any] = {"run_id": tracker.last_run_id, "expected_failures": expected}
    if error is not None and type(error).__name__ != last["error"]:
        told["failure"] = failure(error, shell, len(earlier), last["count"])
    return told


def new_shell() -> Any:
    """A shell with no history, no colours and no window."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui: Any = None) -> None:
            """There is no window to drive."""

    config = Config()
    config.HistoryManager.enabled = False
    return Shell.instance(config=config, colors="nocolor")


def run_cell(shell: Any, source: str, count: int) -> BaseException | None:
    """Run a cell under its old number; what it raised."""
    shell.execution_count = count
    result = shell.run_cell(source, store_history=True)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def failure(error: BaseException, shell: Any, cell: int, count: int) -> dict[str, Any]:
    """What a cell raised, as the answer tells it."""
    missing, name = _missing(error)
    lines = "".join(shell.InteractiveTB.stb2text(shell.InteractiveTB.structured_traceback(
        type(error), error, error.__traceback__))).splitlines()  # fmt: skip
    return {
        "cell": cell, "count": count, "kind": type(error).__name__, "message": str(error), "missing": missing,
        "name": name, "tail": "\n".join(lines[-_TAIL_LINES:]),
    }  # fmt: skip


def _missing(error: BaseException) -> tuple[str | None, str | None]:
    """What was not there, if that is what the error says."""
    if isinstance(error, ModuleNotFoundError):
        return "package", error.name
    if isinstance(error, NameError):
        return "name", error.name
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return "file", os.fsdecode(error.filename)
    return None, None


if __name__ == "__main__":
    main(*sys.argv[1:3])
