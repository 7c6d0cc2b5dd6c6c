"""What a journal gained since it was read, so that a refresh reads only that.

Invariant: the lines up to a `Position`, and no others, are in the reader's tables, unless its `end` is 0: then
what is there has to be read again from the beginning. That is so where the engine could not read a journal, after one
grew while the engine read it (nobody knows how far), and where a last line without its end may be an event.

A journal goes on from a position if it is the same file, did not shrink, and still has there what was last read: else
it was replaced, and is read as a new one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from tracker.store.segments import JournalFile

MOST_BYTES = 128 << 20
"""More than a journal of ours has: so much is left to the engine, which does not hold it in memory at once."""

_TEXT_BYTES = 8 << 20
_TAIL_BYTES = 1 << 16
_LAST_BYTES = 256


@dataclass(frozen=True)
class Position:
    """How far a journal is read: to the byte `end`, before which stands `last`, when it had the size and inode.

    `damaged` counts the lines that are no events, a last one without its end included.
    """

    inode: int
    size: int
    end: int = 0
    last: bytes = b""
    damaged: int = 0

    def is_at(self, journal: JournalFile) -> bool:
        """Whether the journal is as it was."""
        return (self.inode, self.size) == (journal.inode, journal.size)

    def with_damage(self, lines: int) -> Position:
        """With so many more damaged lines."""
        return replace(self, damaged=self.damaged + lines)


def position(journal: JournalFile, known: bool) -> Position:
    """How far a journal is read that the engine has just read, after it was listed; not `known` where it could not."""
    if not known:
        return Position(journal.inode, journal.size)
    try:
        with open(journal.path, "rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_ino, status.st_size) == (journal.inode, journal.size):
                file.seek(max(0, journal.size - _TAIL_BYTES))
                return _at(journal, file.read(_TAIL_BYTES))
    except OSError:
        pass
    return Position(journal.inode, journal.size)


def gained(journal: JournalFile, known: Position) -> tuple[Position, list[str]] | None:
    """How far the journal is read with its lines after `known`, and these in texts of bounded size.

    None if it does not go on from there, or what it gained is better read by the engine.
    """
    if known.is_at(journal):
        return known, []
    start, length = len(known.last), len(known.last) + journal.size - known.end
    if journal.inode != known.inode or journal.size < known.size or length > MOST_BYTES:
        return None
    try:
        with open(journal.path, "rb") as file:
            file.seek(known.end - start)
            data = file.read(length)
            same = os.fstat(file.fileno()).st_ino == known.inode
    except OSError:
        return None
    if not same or len(data) != length or not data.startswith(known.last):
        return None
    now = _at(journal, data)
    left_over = journal.size - now.end if now.end else 0
    texts = _texts(data, start, length - left_over)
    earlier = known.damaged - (known.size > known.end) if known.end else 0
    return None if texts is None else (now.with_damage(max(0, earlier) + (left_over > 0)), texts)


def _at(journal: JournalFile, tail: bytes) -> Position:
    """The position after the last whole line of a journal that ends with `tail`."""
    cut = tail.rfind(b"\n") + 1
    if not cut or b"}" in tail[cut:]:
        return Position(journal.inode, journal.size)
    end = journal.size - (len(tail) - cut)
    return Position(journal.inode, journal.size, end, tail[max(0, cut - _LAST_BYTES) : cut])


def _texts(data: bytes, start: int, stop: int) -> list[str] | None:
    """What stands there, in whole lines; None if one of them is too long."""
    texts = []
    while start < stop:
        cut = stop if stop - start <= _TEXT_BYTES else data.rfind(b"\n", start, start + _TEXT_BYTES) + 1
        if cut <= start:
            return None
        texts.append(_text(data[start:cut]))
        start = cut
    return texts


def _text(lines: bytes) -> str:
    try:
        return lines.decode()
    except UnicodeDecodeError:
        return "\n".join(map(_text_of_line, lines.split(b"\n")))


def _text_of_line(line: bytes) -> str:
    """The line, or if it is no text what the engine takes for as damaged."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return "?"
