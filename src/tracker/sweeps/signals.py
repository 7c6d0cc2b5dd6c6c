"""How the leader of a sweep and the keepers of its trials know of each other: small files in the store's folder.

Invariants: `owner` names the one leader there is, and its time changes as long as that lives; a keeper whose leader is
no longer named there, whose leader's time has stood still for long, or whose own parent is gone, stops its trial.
Clocks of different machines are never compared.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final

BEAT_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 60.0


def lead(folder: Path, owner: str) -> None:
    """Become the leader; stops that were asked of an earlier one are over. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for asked in folder.glob("stop*"):
        asked.unlink(missing_ok=True)
    temporary = folder / f".{owner}"
    temporary.write_text(owner, encoding="ascii")
    temporary.replace(folder / "owner")


def beat(folder: Path) -> None:
    """Say that the leader lives."""
    with contextlib.suppress(OSError):
        os.utime(folder / "owner")


def stop(folder: Path, number: int | None = None) -> None:
    """Have one trial stopped, or all."""
    with contextlib.suppress(OSError):
        (folder / ("stop" if number is None else f"stop-{number}")).touch(mode=0o600)


def resign(folder: Path) -> None:
    """There is no leader any more."""
    with contextlib.suppress(OSError):
        (folder / "owner").unlink(missing_ok=True)


class Watch:
    """A keeper's look at its leader."""

    def __init__(self, folder: Path, owner: str, number: int) -> None:
        self._folder, self._owner, self._number = folder, owner, number
        self._parent = os.getppid()
        self._beat: int | None = None
        self._changed = time.monotonic()

    def why_to_stop(self) -> str | None:
        """Why the trial is to end, if it is."""
        if (self._folder / f"stop-{self._number}").exists() or (self._folder / "stop").exists():
            return "stopped"
        if os.getppid() != self._parent:
            return "the process that started this worker has ended"
        try:
            named = (self._folder / "owner").read_text(encoding="ascii")
            beat = (self._folder / "owner").stat().st_mtime_ns
        except OSError:
            named, beat = "", 0
        if named != self._owner:
            return "another process leads the sweep" if named else "nobody leads the sweep any more"
        if beat != self._beat:
            self._beat, self._changed = beat, time.monotonic()
        elif time.monotonic() - self._changed > _PATIENCE_SECONDS:
            return "the process that led the sweep has ended"
        return None
