"""What a cell does with files beside opening them: lists folders, moves and removes files, runs other programs.

Invariants: the hook costs well under a microsecond while nobody collects: a process can never take one out again.
What a library does while it is imported, and what we do ourselves, is not the cell's. A program may read whatever lies
in the working folder, and has written what has changed there.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from .opened import is_installed

_OURS: Final = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
_LISTING: Final = frozenset({"os.listdir", "os.scandir"})
_REMOVING: Final = frozenset({"os.remove", "os.rmdir", "shutil.rmtree", "os.truncate"})
_MOVING: Final = frozenset({"os.rename", "shutil.move", "os.link", "os.symlink"})
_STARTING: Final = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.forkpty"})
_EVENTS: Final = _LISTING | _REMOVING | _MOVING | _STARTING
PROGRAMS: Final = frozenset({"bash", "sh", "script", "sx", "system", "getoutput", "perl", "ruby"})
"""Magics that run another program."""
_MAX_NOTED: Final = 500
_MAX_ENTRIES: Final = 2_000
_GRAIN: Final = 20_000_000
"""Nanoseconds by which a file's time may lag behind the clock."""


@dataclass
class Moved:
    """Real paths: folders listed, files that were needed though not opened, and files changed or gone."""

    listed: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)


_now: Moved | None = None
_ran_program = False
_began = 0
_hooked = False


def begin_watching() -> None:
    """From now on note what is done with files."""
    global _now, _ran_program, _began, _hooked
    _now, _ran_program, _began = Moved(), False, time.time_ns()
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True


def watched(ran_program: bool) -> Moved:
    """What was done since `begin_watching`, which ends; `ran_program` says that the cell runs one by a magic."""
    global _now
    found, _now = _now or Moved(), None
    if ran_program or _ran_program:
        with suppress(FileNotFoundError):  # the working folder has been removed
            folder = os.path.realpath(os.curdir)
            found.listed.add(folder)
            found.changed.update(_changed_since(folder, _began - _GRAIN))
    return found


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    global _ran_program
    if _now is None or event not in _EVENTS or len(_now.changed) + len(_now.listed) > _MAX_NOTED:
        return
    if not _is_the_cells():
        return
    if event in _STARTING:
        _ran_program = True
        return
    try:
        paths = [path for argument in arguments[:2] if (path := _path(argument)) is not None]
        here = [] if paths or event not in _LISTING else [os.path.realpath(os.curdir)]
    except (OSError, ValueError):  # the working folder has been removed; the call itself is to go on
        return
    if event in _LISTING:
        _now.listed.update(paths or here)
    elif event in _REMOVING:
        _now.changed.update(paths[:1])
        _now.taken.update(paths[:1])
    else:
        _now.changed.update(paths)
        _now.taken.update(paths[:1])


def _path(argument: Any) -> str | None:
    if not isinstance(argument, (str, bytes, os.PathLike)):
        return None
    path = os.path.abspath(os.fsdecode(argument))
    path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return None if is_installed(path) else path


def _is_the_cells() -> bool:
    """Whether the nearest code that is no library's is not ours, and nothing is being imported."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if filename.startswith(("<frozen importlib", _OURS)):
            return False
        if not filename.startswith("<frozen") and not is_installed(filename):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return True


def _changed_since(folder: str, moment: int) -> list[str]:
    """Files below a folder, two levels deep, that were changed since."""
    found: list[str] = []
    waiting = [(folder, 0)]
    seen = 0
    while waiting and seen < _MAX_ENTRIES:
        place, depth = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    seen += 1
                    if entry.name.startswith(".") or seen > _MAX_ENTRIES:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [(entry.path, depth + 1)] if depth < 2 else []
                    elif entry.stat(follow_symlinks=False).st_mtime_ns >= moment:
                        found.append(entry.path)
        except OSError:
            continue
    return found
