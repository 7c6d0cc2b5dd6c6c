"""What a cell prints, teed: it is shown as ever, and kept, in order and bounded.

Invariants: the streams' own `write` is called before the text is kept, with the same arguments, and its answer or
exception is the caller's; streams are restored exactly; a stream that the cell puts in place of `sys.stdout` is not
ours to see; a write costs the same whatever has been printed before.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

KEPT: Final = 100_000
_STREAMS: Final = ("stdout", "stderr")
_SHORT, _MANY = 1_000, 500
_process = os.getpid()


class Piece(NamedTuple):
    """Text written to one stream: "stdout", "stderr", or "" for the note on what was left out."""

    stream: str
    text: str


class Tee:
    """Keeps the first and last `kept` characters written to stdout and stderr from `start` to `stop`.

    `before` is called ahead of each stream's first write.
    """

    def __init__(self, kept: int = KEPT, before: Callable[[], None] = lambda: None) -> None:
        self._kept = kept
        self._before = before
        self._head: list[tuple[str, str]] = []
        self._head_room = kept
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_size = 0
        self._cut = 0
        self._waiting: deque[tuple[str, str]] = deque()
        self._lock = threading.RLock()
        self._taps: list[_Patch | _Proxy] = []
        self._open = False
        self._process = _process

    def start(self) -> None:
        """Begin to keep what is written."""
        self._open = True
        self._process = _process
        seen: list[Any] = []
        for name in _STREAMS:
            stream = getattr(sys, name, None)
            if stream is not None and not any(stream is other for other in seen):
                seen.append(stream)
                self._taps.append(_tap(name, stream, self._before, self._keep))

    def end(self) -> None:
        """Keep nothing of what is written from now on."""
        self._open = False

    def stop(self) -> None:
        """Give the streams back as they were. May be called twice."""
        self.end()
        for tap in reversed(self._taps):
            tap.undo()
        self._taps.clear()

    @property
    def pieces(self) -> list[Piece]:
        """What was written, in order, neighbours of one stream joined."""
        self._sort_in()
        with self._lock:
            tail, over = list(self._tail), max(self._tail_size - self._kept, 0)
            cut = self._cut + over
        if over:
            tail[0] = (tail[0][0], tail[0][1][over:])
        note = [("", f"\n[… {cut:,} characters left out …]\n")] if cut else []
        parts = [*self._head, *note, *tail]
        joined: list[tuple[str, list[str]]] = []
        for stream, text in parts:
            if joined and joined[-1][0] == stream:
                joined[-1][1].append(text)
            else:
                joined.append((stream, [text]))
        return [Piece(stream, "".join(texts)) for stream, texts in joined]

    @property
    def text(self) -> str:
        """What was written to both streams, in order."""
        return "".join(piece.text for piece in self.pieces)

    def _keep(self, stream: str, text: object) -> None:
        if not self._open or self._process != _process or not isinstance(text, str):
            return
        self._waiting.append((stream, text))
        if len(text) > _SHORT or len(self._waiting) > _MANY:
            self._sort_in()

    def _sort_in(self) -> None:
        """Take what waits into head and tail: at once it costs a fraction of what it does one by one."""
        with self._lock:
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            for stream, pieces in groupby(waiting, itemgetter(0)):
                self._take(stream, "".join([text for _, text in pieces]))

    def _take(self, stream: str, text: str) -> None:
        if text:
            if self._head_room:
                head, text = text[: self._head_room], text[self._head_room :]
                self._head.append((stream, head))
                self._head_room -= len(head)
                if not text:
                    return
            if len(text) > self._kept:
                self._cut += len(text) - self._kept
                text = text[-self._kept :]
            self._tail.append((stream, text))
            self._tail_size += len(text)
            self._shorten()

    def _shorten(self) -> None:
        tail = self._tail
        while self._tail_size - len(tail[0][1]) >= self._kept:
            size = len(tail.popleft()[1])
            self._tail_size -= size
            self._cut += size


Keep = Callable[[str, object], None]


def _tap(name: str, stream: Any, first: Callable[[], None], keep: Keep) -> _Patch | _Proxy:
    write = _teed(name, stream.write, first, keep)
    try:
        return _Patch(stream, write)
    except (AttributeError, TypeError):
        return _Proxy(name, stream, write)


def _teed(name: str, write: Callable[..., Any], first: Callable[[], None], keep: Keep) -> Callable[..., Any]:
    silent = True

    def teed_write(*arguments: Any, **named: Any) -> Any:
        nonlocal silent
        if silent:
            silent = False
            first()
        answer = write(*arguments, **named)
        if arguments:
            keep(name, arguments[0])
        return answer

    return teed_write


class _Patch:
    """A `write` of the stream's own, seen by whoever holds the stream (logging handlers too)."""

    def __init__(self, stream: Any, write: Callable[..., Any]) -> None:
        self._stream = stream
        self._had = "write" in vars(stream)
        self._original = stream.write
        self._write = stream.write = write

    def undo(self) -> None:
        if vars(self._stream).get("write") is not self._write:
            return
        if self._had:
            self._stream.write = self._original
        else:
            del self._stream.write


class _Proxy:
    """Stands in `sys` for a stream that takes no attributes."""

    def __init__(self, name: str, stream: Any, write: Callable[..., Any]) -> None:
        self._name = name
        self._original = stream
        self._proxy = _ProxyStream(stream, write)
        setattr(sys, name, self._proxy)

    def undo(self) -> None:
        if getattr(sys, self._name, None) is self._proxy:
            setattr(sys, self._name, self._original)


class _ProxyStream:
    def __init__(self, stream: Any, write: Callable[..., Any]) -> None:
        self._stream = stream
        self.write = write

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)


def _after_fork_in_child() -> None:
    global _process
    _process = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
