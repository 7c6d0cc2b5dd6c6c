"""Texts inside texts: what stands in a notebook's lines, in JSON, in a repr or in a page, with its quotes escaped, or
in a traceback with colours.

A credential is told there by what stands around it, as anywhere; so the text is read without its escapes (and with ends
of lines for the quotes around), and what is masked in that is masked where it lies.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from .values import MASK

_MARKS: Final = ("\x1b[", "\\u001b[", "\\x1b[", '\\"', "\\'", "&quot;", "&#x27;", "&#39;", "&#34;")
_ESCAPE: Final = re.compile(
    r"\\(?:[\\\"'/nrt]|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2})|\x1b\[[\d;]*m|&(?:quot|apos|lt|gt|amp|#x27|#39|#34);"
)
_COLOURS: Final = re.compile(r"(?:\x1b\[[\d;]*m)+\Z")
_ONE: Final = {"n": "\n", "r": "\r", "t": "\t"}


def has_escapes(text: str) -> bool:
    """Whether quotes are escaped in it, or parts are coloured for a terminal."""
    return any(mark in text for mark in _MARKS)


def masked_inside(text: str, mask: Callable[[str], str]) -> str:
    """The text with that masked which `mask` masks in it without its escapes."""
    plain, starts, shifts = _without_escapes(text)
    made = mask(plain)
    if made == plain:
        return text
    places = [place + shifts[bisect_right(starts, place) - 1] for span in _replaced(plain, made) for place in span]
    pieces, done = [], 0
    for begin, end in zip(places[::2], places[1::2], strict=True):
        pieces += [text[done:begin], MASK]
        done = begin + len(_COLOURS.sub("", text[begin:end]))
    return "".join([*pieces, text[done:]])


def _without_escapes(text: str) -> tuple[str, list[int], list[int]]:
    """The text, and where each of its parts begins with how far to the right it stands in what was given."""
    pieces, starts, shifts = [], [0], [0]
    around = {ord(mark): "\n" for mark in "\"'" if "\\" + mark in text}
    done = length = 0
    for match in _ESCAPE.finditer(text):
        character = _meant(match[0])
        pieces += [text[done : match.start()].translate(around), character]
        length += match.start() - done + len(character)
        done = match.end()
        starts.append(length)
        shifts.append(done - length)
    pieces.append(text[done:].translate(around))
    return "".join(pieces), starts, shifts


def _meant(escape: str) -> str:
    match escape[0], escape[1]:
        case "\x1b", _:
            return ""
        case "\\", "u" | "x":
            return chr(int(escape[2:], 16))
        case "\\", one:
            return _ONE.get(one, one)
    return html.unescape(escape)


def _replaced(plain: str, made: str) -> list[tuple[int, int]]:
    """Where the parts lie that were replaced by MASK."""
    first, *others = made.split(MASK)
    spans, place = [], len(first)
    for i, part in enumerate(others):
        is_last = i == len(others) - 1
        end = len(plain) - len(part) if is_last else plain.find(part, place + 1)
        if end < place:
            break
        spans.append((place, end))
        place = end + len(part)
    return spans
