"""Which files a cell opens, for reading and for writing, and whether it asked what no file tells.

Invariant: the hook costs well under a microsecond while nobody collects: a process can never take one out again.
Libraries that open files without Python (Arrow, Polars, HDF5) are not heard: the files that a cell names count as read,
or as written where they have changed.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from types import FrameType
from typing import Any, Final

from .data import listing

_MAX_FILES: Final = 1_000
_WRITING: Final = os.O_WRONLY | os.O_RDWR
_LIBRARIES: Final = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"),
                           os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep})  # fmt: skip
_NOT_DATA: Final = (".so", ".pyi", ".ttf", ".mplstyle")
_DATABASE: Final = "a database"
_LIST: Final = "a folder's list"
_OUTSIDE: Final = {
    "os.listdir": _LIST, "os.scandir": _LIST, "glob.glob": _LIST, "glob.glob/2": _LIST,
    "pathlib.Path.glob": _LIST, "pathlib.Path.rglob": _LIST,
    "subprocess.Popen": "another program", "os.system": "another program", "os.posix_spawn": "another program",
    "os.fork": "another process", "os.forkpty": "another process", "os.exec": "another program",
    "socket.connect": "the network", "sqlite3.connect": _DATABASE, "sqlite3.connect/handle": _DATABASE,
}  # fmt: skip
_MAX_NAMED: Final = 100
_MAX_NAME: Final = 500
_MAX_LISTED: Final = 200
_WILD: Final = re.compile(r"[*?\[]")
_ELSEWHERE: Final = ("/proc/", "/sys/", "/dev/", "/etc/")


@dataclass
class OpenedFiles:
    """Real paths of files, those made anew apart from those added to."""

    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    """Paths as they were asked for, links not followed, of files and folders that may be there or not; one that ends
    with a slash is a folder whose list was asked for."""
    elsewhere: str = ""
    """What else the cell asked, if it did: a folder's list that changed meanwhile, another process, the network."""


_events: list[tuple[str, Any, int]] | None = None
_elsewhere = ""
_listed: dict[str, str | None] = {}
"""The lists of folders, as they were when the cell asked for them."""
_named: dict[str, tuple[tuple[int, int], bool]] = {}
_bases: dict[int, str] = {}
_databases: dict[str, Any] = {}
"""The databases that the cell goes to, as they were when it first did."""
_left_out: dict[str, None] = {}
_connecting: str | None = None
_hooked = False
_others: set[int | None] = set()


def begin_collecting(named: Iterable[str] = (), values: Iterable[Any] = ()) -> None:
    """From now on note each opened file; `named` are texts of the cell that may name files, `values` what it reads:
    through a connection among them it may read and write the database."""
    global _events, _hooked, _elsewhere, _named, _others, _listed, _databases
    _others = {thread.native_id for thread in threading.enumerate()} - {threading.get_native_id()}
    _named = {path: (_mark(path), _is_path(text)) for text in islice(named, _MAX_NAMED) if (path := _path_of(text))}
    bases = [base for value in values if (base := _base_of(value))]
    _databases = {base: _database_state(base) for base in bases}
    _events, _elsewhere = [(base, "r", 0) for base in bases], _DATABASE if bases else ""
    _listed = {}
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True


@contextmanager
def unheard() -> Iterator[None]:
    """What is opened inside is not the cell's."""
    global _events
    events, _events = _events, None
    try:
        yield
    finally:
        _events = events


def collected() -> OpenedFiles:
    """The files opened since `begin_collecting`, which ends."""
    global _events
    events, _events = _events or [], None
    found = OpenedFiles(elsewhere=_elsewhere)
    for path, (mark, is_path) in _named.items():
        now, real = _mark(path), os.path.realpath(path)
        if now == mark:
            found.asked.add(path)
            if is_path and now[1] >= 0:
                found.read.add(real)
        else:
            found.written.add(real)
    made = set()
    for path, mode, flags in events:
        if _is_no_data(path):  # told by its name alone: to follow links costs a look at each folder above
            continue
        real = os.path.realpath(path)
        if _is_no_data(real):
            continue
        is_text = isinstance(mode, str)
        if flags & _WRITING or (is_text and set(mode) & set("wax+")):
            found.written.add(real)
            if is_text and "w" in mode:
                found.replaced.add(real)
            if (is_text and set(mode) & set("wx")) or flags & (os.O_EXCL | os.O_TRUNC):
                made.add(real)
            reads = "+" in mode if is_text else bool(flags & os.O_RDWR)
        else:
            reads = not real.endswith(_NOT_DATA)
            if reads:
                found.read.add(_source_of(real))
        if reads and real not in made:
            found.asked.add(_source_of(path))
    found.written.update(os.path.realpath(base) for base, state in _databases.items() if state != _database_state(base))
    found.asked.update(_listed)
    if not found.elsewhere and any(told is None or told != listing(path) for path, told in _listed.items()):
        found.elsewhere = _LIST
    if not found.elsewhere and any(os.path.realpath(path) in found.written for path in found.asked):
        found.elsewhere = "a file that it changes"
    if not found.elsewhere and len(events) >= _MAX_FILES:
        found.elsewhere = "more files than are noted"
    return found


def _path_of(text: str) -> str | None:
    """The path from the root that a text may name."""
    if not 0 < len(text) <= _MAX_NAME or "\n" in text or "\0" in text:
        return None
    try:
        os.fsencode(text)
        path = _whole(text)
    except (OSError, ValueError):  # a lone surrogate is in no file's name, a folder that was removed has no files
        return None
    return None if _is_no_data(path) else path


def _is_path(text: str) -> bool:
    """Whether a text that names a file names it on purpose: a single word may be the name of anything."""
    return not text.isidentifier()


def leave_out(folder: str) -> None:
    """Count nothing below this real path as data: it is a store of ours."""
    _left_out[folder.rstrip(os.sep) + os.sep] = None


def _is_no_data(path: str) -> bool:
    return is_installed(path) or path.startswith((*_ELSEWHERE, *_left_out)) or "/.tracker/" in path


def _mark(path: str) -> tuple[int, int]:
    """When a file was changed, and its size; -1 for what is no file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return (0, -1)
    return (status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else (0, -1)


def _base_of(value: Any) -> str | None:
    """The file of the SQLite database that a connection or cursor goes to."""
    kind = type(value)
    if kind.__module__ != "sqlite3":
        return None
    return _bases.get(id(value.connection if kind.__name__ == "Cursor" else value))


def written_through(value: Any) -> str | None:
    """The real path of the file that an open file, or an array mapped from one, writes to."""
    kind = type(value)
    if kind.__module__ == "_io":
        with suppress(ValueError, AttributeError):  # one that is closed says no more than its name
            name = value.name
            return os.path.realpath(name) if isinstance(name, str) and value.mode != "r" else None
    if kind.__module__.partition(".")[0] == "numpy":
        while value is not None and type(value).__name__ != "memmap":
            base = getattr(value, "base", None)
            value = None if base is value else base  # a dtype is its own base
        name = None if value is None else value.filename
        return None if name is None else os.path.realpath(name)
    return None


def _database_state(base: str) -> Any:
    """What a SQLite database's files tell of whether it was written to: each transaction moves its counter, or its log.
    https://www.sqlite.org/fileformat2.html#file_change_counter"""
    try:
        with unheard(), open(base, "rb") as file:
            counter = file.read(28)[24:]
    except OSError:
        counter = b""
    return counter, [_mark(base + more) for more in ("", "-wal", "-journal")]


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
    if _events is not None:
        with suppress(Exception):  # what fails here would fail the call that it is told of
            _note(_events, event, arguments)


def _note(events: list[tuple[str, Any, int]], event: str, arguments: tuple[Any, ...]) -> None:
    if event in _OUTSIDE:
        _note_elsewhere(event, arguments)
        _note_database(event, arguments)
    if event not in ("open", "os.mkdir", "os.rename"):
        return
    if len(events) >= _MAX_FILES:
        return
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, (str, bytes, os.PathLike)) and not is_installed(whole := _whole(path)):
            events.append((whole, mode, flags if isinstance(flags, int) else 0))
    elif event == "os.mkdir":
        if isinstance(arguments[0], (str, bytes, os.PathLike)):
            events.append((_whole(arguments[0]), "a", 0))
    elif isinstance(arguments[1], (str, bytes, os.PathLike)):
        events.append((_whole(arguments[1]), "w", 0))


def _note_database(event: str, arguments: tuple[Any, ...]) -> None:
    """Remember which file a connection goes to: the file is told first, then the connection."""
    global _connecting
    if event == "sqlite3.connect" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        text = os.fsdecode(arguments[0])
        _connecting = None if text.startswith(("file:", ":memory:")) or not text else _whole(text)
        if _connecting is not None and _events is not None and _connecting not in _databases:
            _databases[_connecting] = _database_state(_connecting)
    elif event == "sqlite3.connect/handle" and _connecting is not None:
        _bases[id(arguments[0])] = _connecting
        if _events is not None:
            _events.append((_connecting, "r", 0))
        _connecting = None


def _note_elsewhere(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what a cell asks of others, in its own threads alone: what ran before it is not the cell's."""
    global _elsewhere
    if _elsewhere or threading.get_native_id() in _others or threading.current_thread().name.startswith("tracker"):
        return
    folder = _folder_of(event, arguments) if _OUTSIDE[event] == _LIST else None
    if folder is not None and (is_installed(folder) or folder.startswith(_ELSEWHERE)):
        return
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return  # what a library does when it is loaded is the same each time
        frame = frame.f_back
    if folder is None or len(_listed) >= _MAX_LISTED:
        _elsewhere = _OUTSIDE[event]
    elif folder not in _listed:
        _listed[folder] = None  # so that our own looking is not noted
        _listed[folder] = listing(folder)


def _folder_of(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The folder, with a slash, whose list settles what a cell asks, together with those that are listed next."""
    if event == "glob.glob/2":
        return None if any(one is not None for one in arguments[2:]) else _folder_of("glob.glob", arguments)
    place = arguments[1] if event.startswith("pathlib") else arguments[0]
    if not isinstance(place, (str, bytes, os.PathLike, type(None))):
        return None
    text = "." if place is None else os.fsdecode(place)
    if "glob" in event:
        parts = text.split(os.sep)
        wild = [bool(_WILD.search(part)) for part in parts]
        first = wild.index(True) if True in wild else 0
        if not all(wild[first:]):  # whether there is such a name in a folder is asked of nobody who is heard
            return None
        text = os.sep.join(parts[:first]) or (os.sep if first else ".")
        if event.startswith("pathlib"):
            text = os.path.join(os.fsdecode(arguments[0]), text)
    return _whole(text).rstrip(os.sep) + os.sep


def _whole(path: str | bytes | os.PathLike[Any]) -> str:
    """The path from the root: the working folder may be another one when the cell has ended."""
    text = os.fsdecode(path)
    return text if text.startswith("/") else os.path.join(os.getcwd(), text)
