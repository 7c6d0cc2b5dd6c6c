"""Who owns a journal, where the file system has no locks to say so.

Such a journal begins by naming its process: on the same machine the process itself is looked for, so that a paused one
lives and a killed one is dead at once; from another machine signs of life are all there is to see.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

import orjson

from tracker.store import events

_MOST_BYTES = 1 << 16


def owner_event(t: int) -> bytes:
    """The line in which this process names itself."""
    pid = os.getpid()
    return events.event("owner", v={"machine": _machine(), "pid": pid, "started": _started(pid)}, t=t)


def is_owner_alive(journal: Path) -> bool | None:
    """Whether the process that a journal names lives on this machine; None if it is of another, or names none."""
    with open(journal, "rb") as file:
        lines = file.read(_MOST_BYTES).split(b"\n")
    for line in lines[:2]:
        try:
            told = orjson.loads(line)
            owner = told["v"] if told["e"] == "owner" else {}
            if owner.get("machine") == _machine():
                return _lives(int(owner["pid"]), owner.get("started"))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return None


def _lives(pid: int, started: object) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return _started(pid) == started


def _started(pid: int) -> str | None:
    """When a process started, as the system tells it; None where it does not. A zombie has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "ended" if fields[0] in "ZX" else fields[19]


@cache
def _machine() -> str:
    """This machine since it was booted; in a container of its own, whose processes have numbers of their own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()
