"""Which files a cell opens, for reading and for writing.

Invariant: the hook costs well under a microsecond while nobody collects: a process can never take one out again.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

_MAX_FILES: Final = 1_000
_WRITING: Final = os.O_WRONLY | os.O_RDWR
_LIBRARIES: Final = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
_NOT_DATA: Final = (".so", ".pyi", ".ttf", ".mplstyle")
_ELSEWHERE: Final = ("/proc/", "/sys/", "/dev/", "/etc/")


@dataclass
class OpenedFiles:
    """Real paths of files, those made anew apart from those added to."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)


_events: list[tuple[str, Any, int]] | None = None
_hooked = False


def begin_collecting() -> None:
    """From now on note each opened file."""
    global _events, _hooked
    _events = []
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True


def collected() -> OpenedFiles:
    """The files opened since `begin_collecting`, which ends."""
    global _events
    events, _events = _events or [], None
    found = OpenedFiles()
    for path, mode, flags in events:
        real = os.path.realpath(path)
        if is_installed(real) or real.startswith(_ELSEWHERE) or "/.tracker/" in real:
            continue
        if flags & _WRITING or (isinstance(mode, str) and set(mode) & set("wax+")):
            found.written.add(real)
            if isinstance(mode, str) and "w" in mode:
                found.replaced.add(real)
        elif not real.endswith(_NOT_DATA):
            found.read.add(_source_of(real))
    return found


def is_installed(path: str) -> bool:
    """Whether a file belongs to Python or a package that is installed."""
    return path.startswith(_LIBRARIES) or "site-packages" in path


def _source_of(path: str) -> str:
    """The source that compiled code stands for; any other file is itself."""
    if path.endswith(".pyc"):
        with suppress(ValueError, NotImplementedError):
            return importlib.util.source_from_cache(path)
    return path


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _events is None or event not in ("open", "os.mkdir", "os.rename"):
        return
    if len(_events) >= _MAX_FILES:
        return
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, (str, bytes, os.PathLike)):
            _events.append((_whole(path), mode, flags if isinstance(flags, int) else 0))
    elif event == "os.mkdir":
        if isinstance(arguments[0], (str, bytes, os.PathLike)):
            _events.append((_whole(arguments[0]), "a", 0))
    elif isinstance(arguments[1], (str, bytes, os.PathLike)):
        _events.append((_whole(arguments[1]), "w", 0))


def _whole(path: str | bytes | os.PathLike[Any]) -> str:
    """The path from the root: the working folder may be another one when the cell has ended."""
    text = os.fsdecode(path)
    try:
        return text if text.startswith("/") else os.path.join(os.getcwd(), text)
    except OSError:
        return text
