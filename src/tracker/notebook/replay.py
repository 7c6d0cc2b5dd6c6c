"""The process in which a slice runs again: `python -m tracker.notebook.replay QUESTION ANSWER`.

An IPython shell of its own runs the cells one by one under their old numbers; the last one is tracked. Started by
`tracker.projects.rerun`, which reads the answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import traceback
from functools import lru_cache
from pathlib import Path
from typing import Any

_MAX_FRAMES = 6
_DRAWING = "module://matplotlib_inline.backend_inline"
"""As in a kernel: a figure is shown and closed when its cell has ended."""


def main(question: str, answer: str) -> None:
    """Run what the question asks for; the answer is written whole, at the end."""
    asked = json.loads(Path(question).read_bytes())
    with tempfile.TemporaryDirectory(prefix="tracker-ipython-") as home:
        os.environ.setdefault("IPYTHONDIR", home)
        os.environ["MPLBACKEND"] = _DRAWING
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
    unraised: list[tuple[int, str]] = []
    for i, cell in enumerate(earlier):
        lines = cell["source"].splitlines(keepends=True)
        error = run_cell(shell, "".join(unmark(lines)), cell["count"])
        if error is not None and type(error).__name__ != cell["error"]:
            return {"failure": failure(error, shell, i, cell["count"])}
        if error is None and cell["error"] is not None:
            unraised.append((cell["count"], cell["error"]))
    tracker.imposed = asked["options"]
    error = run_cell(shell, last["source"], last["count"])
    told: dict[str, Any] = {"run_id": tracker.last_run_id, "unraised": unraised,
                            "ended": _otherwise(shell.user_ns, asked["given"])}  # fmt: skip
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
    """Run a cell under its old number, within a running event loop as a kernel does; what it raised."""
    shell.execution_count = count
    result = _loop().run_until_complete(_ran(shell, source))
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of all cells: what one of them has begun goes on in the next."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


async def _ran(shell: Any, source: str) -> Any:
    failed = None
    try:
        transformed = shell.transform_cell(source)
    except Exception:
        transformed, failed = source, sys.exc_info()
    told = {"transformed_cell": transformed, "preprocessing_exc_tuple": failed}
    if not shell.should_run_async(source, **told):
        return shell.run_cell(source, store_history=True)
    result = None
    try:
        result = await shell.run_cell_async(source, store_history=True, **told)
    finally:
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
    return result


def _otherwise(names: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The names that were given a value and hold another one now, if that is a plain one."""
    held = {name: names.get(name) for name in given}
    plain = (bool, int, float, complex, str, bytes, type(None))
    return {
        name: repr(value)[:100] for name, value in held.items() if type(value) in plain and repr(value) != given[name]
    }


def failure(error: BaseException, shell: Any, cell: int, count: int) -> dict[str, Any]:
    """What a cell raised, as the answer tells it: the frames of the cells and of what lies in the working folder."""
    missing, name = _missing(error)
    told = traceback.TracebackException.from_exception(error)
    labels = {
        frame.filename: label for frame in told.stack if (label := shell.compile.format_code_name(frame.filename))
    }
    own = [frame for frame in told.stack if frame.filename in labels or _is_here(frame.filename)]
    lines = [
        f"{' '.join(labels.get(frame.filename, (frame.filename,)))}, line {frame.lineno}: {frame.line or ''}"
        for frame in own[-_MAX_FRAMES:]
    ]
    return {
        "cell": cell, "count": count, "kind": type(error).__name__, "message": str(error), "missing": missing,
        "name": name, "tail": "\n".join([*lines, *"".join(told.format_exception_only()).splitlines()]),
    }  # fmt: skip


def _is_here(file: str) -> bool:
    try:
        return not file.startswith("<") and os.path.abspath(file).startswith(os.getcwd() + os.sep)
    except OSError:  # the folder has been removed
        return False


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
