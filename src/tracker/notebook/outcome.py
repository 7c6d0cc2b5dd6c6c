"""How a cell has ended: its status, its traceback, the line at which it raised."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any


def outcome(result: Any, shell: Any) -> tuple[str, str]:
    """The run's status and the cell's traceback. A cell that never reported back was cut off: KILLED."""
    if result is None:
        return "KILLED", ""
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return "FINISHED", ""
    status = "KILLED" if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError" else "FAILED"
    return status, _traceback(error, shell)


def failed_line(result: Any) -> int | None:
    """The line of the cell at which it raised, if it did."""
    error = result.error_in_exec if result is not None else None
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    return next((frame.lineno for frame in frames if frame.name == "<module>"), None)


def _traceback(error: BaseException, shell: Any) -> str:
    """The traceback as Python prints it, from the cell's own frame on; cells by their number instead of a file."""
    frames = traceback.TracebackException.from_exception(error)
    library = str(Path(sys.modules["IPython"].__file__ or "").parent)
    while frames.stack and frames.stack[0].filename.startswith(library):
        del frames.stack[0]
    for frame in frames.stack:
        _ = frame.line  # looked up by the file's name: before that is changed
        label = shell.compile.format_code_name(frame.filename)
        frame.filename = " ".join(label) if label else frame.filename
    return "".join(frames.format())
