"""What went wrong on our side, told once a cause and never raised."""

from __future__ import annotations

import logging
import traceback

from tracker.exceptions import TrackerError

_log = logging.getLogger("tracker.autolog")
_told: set[tuple[str, str]] = set()


def report(library: str, what: str, error: BaseException, silent: bool = False) -> None:
    """Say in one line what could not be logged, and why; the same fault only once until autologging is set anew."""
    cause = (library, f"{type(error).__name__}: {error}")
    if silent or cause in _told:
        return
    _told.add(cause)
    where = ""
    if not isinstance(error, TrackerError):
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({type(error).__name__}{f' in {frames[-1].name}' if frames else ''})"
    text = " ".join(str(error).split())
    _log.warning("tracker, %s autologging: %s: %s%s", library, what, text[:300], where)


def forget_reports() -> None:
    """Let everything be told again."""
    _told.clear()
