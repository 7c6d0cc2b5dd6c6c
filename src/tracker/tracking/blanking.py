"""Credentials blanked where they lie in the journal of a process that goes on writing it.

Such a journal cannot be written anew. Invariants: what is overwritten is the inside of texts of lines that are whole,
by as many asterisks: every line keeps its place and length and stays JSON at each moment, and what the process appends
meanwhile is not touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

_VALUE: Final = b'"v":'

Place = tuple[str, str, int]
"""An event of the run: kind, key, time in µs."""


def blank(journal: Path, run_id: str, values: Mapping[Place, tuple[Any, Any]]) -> None:
    """Overwrite in these events what differs between the value that was kept and the one that is to be.

    What is no text is left. Raises OSError.
    """
    with open(journal, "r+b", buffering=0) as file:
        for start, line in _lines(file.read(), run_id.encode()):
            event = orjson.loads(line)
            place = (event.get("e"), event.get("k"), event.get("t"))
            if event.get("r") == run_id and place in values:
                for first, last in _spans(line, *values[place]):
                    file.seek(start + first)
                    file.write(b"*" * (last - first))
        os.fsync(file.fileno())


def _lines(data: bytes, mark: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    for line in data.splitlines(keepends=True):
        if mark in line and line.endswith(b"\n"):
            yield start, line
        start += len(line)


def _spans(line: bytes, old: Any, new: Any) -> Iterator[tuple[int, int]]:
    begin = line.find(_VALUE)
    for text in _texts(old, new):
        inside = orjson.dumps(text)[1:-1]
        at = line.find(inside, begin)
        while at >= 0:
            yield at, at + len(inside)
            at = line.find(inside, at + len(inside))


def _texts(old: Any, new: Any) -> Iterator[str]:
    """The texts of a value that are no longer as they were."""
    if isinstance(old, str):
        if old and old != new:
            yield old
    elif isinstance(old, dict) and isinstance(new, dict):
        for (key, value), (other, made) in zip(old.items(), new.items(), strict=True):
            yield from _texts(key, other)
            yield from _texts(value, made)
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=True):
            yield from _texts(one, other)
