"""Files that runs keep, and the one helper through which every name inside a store becomes a path.

A name from a user, a notebook or a foreign store is never joined to a path elsewhere.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tracker.exceptions import InvalidValue
from tracker.store.ids import new_id

_DRIVE = re.compile(r"[A-Za-z]:")


def resolve_inside(root: Path, name: str | os.PathLike[str]) -> Path:
    """The path of `name` below `root`. Raises InvalidValue for an absolute name, `..`, NUL, or a link that leaves."""
    text = os.fspath(name)
    parts = text.replace("\\", "/").split("/")
    if "\0" in text or (parts[0] == "" and text) or _DRIVE.match(text):
        raise InvalidValue(f"{text!r} is not a path inside {root}: give a relative path without a drive or NUL.")
    if ".." in parts:
        raise InvalidValue(f"{text!r} leaves {root}: give a path without '..'.")
    path = root / text
    if _has_link(root, path):
        real_root = os.path.realpath(root)
        if os.path.commonpath([real_root, os.path.realpath(path)]) != real_root:
            raise InvalidValue(f"{text!r} leads out of {root} through a link.")
    return path


def _has_link(root: Path, path: Path) -> bool:
    """Whether a step from `root` to `path` is a link: where none is, the path stays inside."""
    step = str(root)
    for part in path.parts[len(root.parts) :]:
        step = f"{step}{os.sep}{part}"
        if os.path.islink(step):
            return True
    return False


def beginning_of(path: Path, most: int) -> bytes:
    """The first bytes of a plain file; empty if it is none, or not there. Never waits, as a pipe would make it."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return b""
    with os.fdopen(fd, "rb") as file:
        return file.read(most) if stat.S_ISREG(os.fstat(fd).st_mode) else b""


def stays_inside(root: Path, path: Path) -> bool:
    """Whether a path that was found below `root` is still there once links are followed."""
    real_root = os.path.realpath(root)
    return not path.is_symlink() or os.path.commonpath([real_root, os.path.realpath(path)]) == real_root


def make_folder(path: Path) -> None:
    """Make a folder and those missing above it, for this user alone. Raises OSError."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by this user alone. Raises OSError."""
    write_by(path, lambda file: file.write(data))


def write_by(path: Path, fill: Callable[[BinaryIO], object]) -> int:
    """Write a file as `fill` does it, whole or not at all, for this user alone; its size. Raises OSError."""
    folder, name = os.path.split(path)
    temporary = f"{folder}/.tracker-{new_id()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(temporary, flags, 0o600)
    except FileNotFoundError:
        make_folder(path.parent)
        fd = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            fill(file)
            size = file.tell()
        os.replace(temporary, f"{folder}/{name}")
    except BaseException:
        os.unlink(temporary)
        raise
    return size
