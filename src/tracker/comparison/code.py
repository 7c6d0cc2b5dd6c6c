"""Two programs of cells beside each other: which cell became which, and which tokens of it changed.

Cells are paired in order so that what they have in common is most; what is left and stands elsewhere in the other
program has moved.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Literal

from tracker.capture.magics import plain_tree, without_magics
from tracker.comparison.pairing import Pair, best_in_order, closest, common, equal_lines, likely_pairs, likeness

Mark = Literal["same", "added", "removed"]
Marks = tuple[tuple[Mark, str], ...]
Moved = Literal["", "up", "down"]

ALIKE: Final = 0.4
MOVED: Final = 0.6
"""How alike two cells are at least that stand in one place, and that stand in different places."""
MAX_TOKENS: Final = 4_000
_LITTLE: Final = 0.25
_TOKEN: Final = re.compile(
    r"\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?\w*"
    r"|\w+(?:[\u0300-\u036f\u20d0-\u20ff]+\w*)*"
    r"|[^\S\n]+|\n"
    r"|[^\w\s](?:[\ufe0e\ufe0f\u0300-\u036f\U0001f3fb-\U0001f3ff]|\u200d[^\w\s]?)*"
)
_TRACK: Final = re.compile(r"\A\s*%%track\b[^\n]*\n?")
_OTHER_LANGUAGE: Final = re.compile(r"(?m)^\s*%%(?!track\b)")


@dataclass(frozen=True)
class CellDiff:
    """A cell of the first run and what it is in the second; None where one of them has no such cell."""

    a: str | None
    b: str | None
    marks: Marks = ()
    """Pieces of text in reading order: in both, only in b ("added"), only in a ("removed")."""
    moved: Moved = ""
    """Where it went from a to b, if it stands elsewhere there: it is told at both places, with the same marks."""
    file: str = ""
    """The name of the module that it is, if it is no cell."""

    @property
    def same(self) -> bool:
        """Whether the cell did not change."""
        return self.a == self.b

    @property
    def options_only(self) -> bool:
        """Whether only the line `%%track` changed, which tells what the run is called and what is kept of it."""
        return self.a is not None and self.b is not None and not self.same and _body(self.a) == _body(self.b)

    @property
    def cosmetic(self) -> bool:
        """Whether only white space and comments changed."""
        return self.a is not None and self.b is not None and not self.same and _same_program(self.a, self.b)


def compare_cells(a: Sequence[str], b: Sequence[str]) -> list[CellDiff]:
    """The cells of both programs, paired, in order."""
    pairs = closest(likely_pairs(a, b))
    places = list(_places(len(a), len(b), best_in_order([pair for pair in pairs if pair.likeness >= ALIKE])))
    moved = _moved(a, b, places, pairs)
    found = []
    for i, j in places:
        first, second = a[i] if i is not None else None, b[j] if j is not None else None
        partner = moved.get((i, j))
        if partner is None:
            found.append(CellDiff(first, second, _marks(first, second)))
        else:
            way, other = partner
            marks = _marks(first if first is not None else other, second if second is not None else other)
            found.append(CellDiff(first, second, marks, way))
    return found


def compare_files(a: dict[str, str], b: dict[str, str]) -> list[CellDiff]:
    """The files, by their names, that are not the same."""
    return [
        CellDiff(a.get(name), b.get(name), _marks(a.get(name), b.get(name)), file=name)
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    ]


_Place = tuple[int | None, int | None]


def _places(a: int, b: int, pairs: Sequence[tuple[int, int]]) -> Iterator[_Place]:
    """Which cell stands beside which, of so many, in the order that both programs keep."""
    i = k = 0
    for first, second in [*pairs, (a, b)]:
        yield from ((x, None) for x in range(i, first))
        yield from ((None, y) for y in range(k, second))
        if (first, second) != (a, b):
            yield first, second
        i, k = first + 1, second + 1


def _moved(
    a: Sequence[str], b: Sequence[str], places: list[_Place], pairs: Sequence[Pair]
) -> dict[_Place, tuple[Moved, str]]:
    """For places without a partner: where the cell of the other program stands, and its text."""
    where = {place: at for at, place in enumerate(places) if None in place}
    found: dict[_Place, tuple[Moved, str]] = {}
    for like, x, y in sorted(pairs, key=lambda pair: (-pair.likeness, abs(pair.a - pair.b), pair.a)):
        old, new = (x, None), (None, y)
        if like >= MOVED and a[x].strip() and {old, new} <= where.keys() - found.keys():
            way: Moved = "down" if where[old] < where[new] else "up"
            found[old], found[new] = (way, b[y]), (way, a[x])
    return found


# -- marks


def _marks(a: str | None, b: str | None) -> Marks:
    if a is None or b is None:
        return (("removed" if b is None else "added", (b if a is None else a) or ""),)
    if a == b:
        return (("same", a),)
    return tuple(_joined(_by_lines(a.splitlines(keepends=True), b.splitlines(keepends=True))))


def _by_lines(a: list[str], b: list[str]) -> Iterator[tuple[Mark, str]]:
    i = k = 0
    for first, second, size in [*equal_lines(a, b), (len(a), len(b), 0)]:
        yield from _by_tokens("".join(a[i:first]), "".join(b[k:second]))
        yield "same", "".join(a[first : first + size])
        i, k = first + size, second + size


def _by_tokens(a: str, b: str) -> Iterator[tuple[Mark, str]]:
    """The tokens that changed between two texts; both as a whole where they have next to nothing in common."""
    first, second = _TOKEN.findall(a), _TOKEN.findall(b)
    start = common(first, second)
    end = common(first[start:][::-1], second[start:][::-1])
    head, tail = first[:start], first[len(first) - end :]
    first, second = first[start : len(first) - end], second[start : len(second) - end]
    whole = len(first) + len(second) > MAX_TOKENS or likeness("".join(first), "".join(second)) < _LITTLE
    matches = [("replace", 0, len(first), 0, len(second))]
    pieces: list[tuple[Mark, list[str]]] = [("same", head)]
    for kind, i, j, k, n in matches if whole else SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", first[i:j]))
        else:
            pieces += [("removed", first[i:j]), ("added", second[k:n])]
    for mark, tokens in _on_whole_lines([piece for piece in (*pieces, ("same", tail)) if piece[1]]):
        yield mark, "".join(tokens)


def _on_whole_lines(pieces: list[tuple[Mark, list[str]]]) -> list[tuple[Mark, list[str]]]:
    """The same with what came or went between equal tokens told as lines, where it can be read so as well: of
    `f(1⟨)\ng(2⟩)` rather `f(1)\n⟨g(2)⟩`."""
    for place in range(len(pieces)):
        (before, left), (mark, own), (after, right) = (
            pieces[at] if 0 <= at < len(pieces) else ("same", []) for at in (place - 1, place, place + 1)
        )
        if mark == "same" or before != "same" or after != "same":
            continue
        line, size = [*left, *own, *right], len(own)
        low = high = len(left)
        while low > 0 and line[low - 1] == line[low + size - 1]:
            low -= 1
        while high + size < len(line) and line[high] == line[high + size]:
            high += 1
        for at in range(high, low - 1, -1):
            if (line[at - 1] == "\n" if at else place <= 1) and line[at + size - 1] == "\n":
                left[:], own[:], right[:] = line[:at], line[at : at + size], line[at + size :]
                break
    return pieces


def _joined(pieces: Iterable[tuple[Mark, str]]) -> Iterator[tuple[Mark, str]]:
    """Neighbours of one kind as one piece, empty ones left out."""
    last: tuple[Mark, str] | None = None
    for mark, text in pieces:
        if text and last is not None and last[0] == mark:
            last = (mark, last[1] + text)
        elif text:
            if last is not None:
                yield last
            last = (mark, text)
    if last is not None:
        yield last


def _body(source: str) -> str:
    return _TRACK.sub("", source, count=1)


@lru_cache(maxsize=1_000)
def _same_program(a: str, b: str) -> bool:
    if _OTHER_LANGUAGE.search(a) or _OTHER_LANGUAGE.search(b):
        return False
    first, second = plain_tree(a), plain_tree(b)
    if first is None or second is None or _magics(a) != _magics(b):
        return False
    return ast.dump(first) == ast.dump(second)


def _magics(source: str) -> Counter[str]:
    """The lines that its tree leaves out."""
    pairs = zip(source.split("\n"), without_magics(source).split("\n"), strict=True)
    return Counter(line.strip() for line, kept in pairs if line != kept)
