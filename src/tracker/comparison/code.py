"""Two programs of cells beside each other: which cell became which, and which tokens of it changed.

Equal cells are found first; between them, cells are paired in order so that what they have in common is most.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Literal

Mark = Literal["same", "added", "removed"]

ALIKE: Final = 0.4
MAX_TOKENS, MAX_PAIRS = 4_000, 40_000
_TOKEN: Final = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")


@dataclass(frozen=True)
class CellDiff:
    """A cell of the first run and what it is in the second; None where one of them has no such cell."""

    a: str | None
    b: str | None
    marks: tuple[tuple[Mark, str], ...] = ()
    """Pieces of text in reading order: in both, only in b ("added"), only in a ("removed")."""

    @property
    def same(self) -> bool:
        """Whether the cell did not change."""
        return self.a == self.b


def compare_cells(a: Sequence[str], b: Sequence[str]) -> list[CellDiff]:
    """The cells of both programs, paired, in order."""
    found: list[CellDiff] = []
    for kind, i, j, k, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            found += [CellDiff(source, source, (("same", source),)) for source in a[i:j]]
        else:
            found += _paired(a[i:j], b[k:n])
    return found


def _paired(a: Sequence[str], b: Sequence[str]) -> list[CellDiff]:
    """By the best sum of likeness, each cell with at most one other, order kept."""
    if len(a) * len(b) > MAX_PAIRS:
        return [_one(x, None) for x in a] + [_one(None, y) for y in b]
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            like = _likeness(a[i], b[j])
            pair = best[i + 1][j + 1] + like if like >= ALIKE else 0.0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(a) or j < len(b):
        if i < len(a) and (j == len(b) or best[i][j] == best[i + 1][j]):
            found.append(_one(a[i], None))
            i += 1
        elif i == len(a) or best[i][j] == best[i][j + 1]:
            found.append(_one(None, b[j]))
            j += 1
        else:
            found.append(_one(a[i], b[j]))
            i, j = i + 1, j + 1
    return found


@lru_cache(maxsize=2_000)
def _words(source: str) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(source) if not token.isspace())


def _likeness(a: str, b: str) -> float:
    """The part of their tokens that two cells share, whatever their order."""
    first, second = _words(a), _words(b)
    total = first.total() + second.total()
    return 2.0 * (first & second).total() / total if total else 1.0


def _one(a: str | None, b: str | None) -> CellDiff:
    if a is None or b is None:
        text: str = b if b is not None else a or ""
        return CellDiff(a, b, (("removed" if b is None else "added", text),))
    return CellDiff(a, b, tuple(_marks(a, b)))


def _marks(a: str, b: str) -> Iterable[tuple[Mark, str]]:
    first, second = _TOKEN.findall(a), _TOKEN.findall(b)
    if len(first) + len(second) > MAX_TOKENS:
        first, second = a.splitlines(keepends=True), b.splitlines(keepends=True)
    for kind, i, j, k, n in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(first[i:j])
            continue
        if j > i:
            yield "removed", "".join(first[i:j])
        if n > k:
            yield "added", "".join(second[k:n])
