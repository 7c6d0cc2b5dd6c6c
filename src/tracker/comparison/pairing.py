"""Which texts of one list go with which of another, by the tokens that they share.

Invariant: of long lists only pairs that share a rare token are looked at, so that hundreds of cells take no longer than
a moment.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\w+|[^\w\s]")
_ALL_PAIRS: Final = 2_500
_RARE: Final = 30
_CLOSEST: Final = 8
_NEAR: Final = 0.8
_MOST_LOOKED_AT: Final = 1_000_000
"""Pairs of lines that may be looked at between two that are met."""
_EQUAL: Final = 0.1
"""By how much equal texts are more alike than those that only have the same tokens."""


class Pair(NamedTuple):
    """Places in both lists, and the part of their tokens that the texts share, 0 to 1; more if they are equal."""

    likeness: float
    a: int
    b: int


def likeness(a: str, b: str) -> float:
    """The part of their tokens that two texts share, whatever their order."""
    first, second = _words(a), _words(b)
    total = first.total() + second.total()
    return 2.0 * (first & second).total() / total if total else 1.0


def likely_pairs(a: Sequence[str], b: Sequence[str]) -> list[Pair]:
    """The pairs that may belong together: all of short lists; of longer ones those that share most rare tokens, and
    equal texts in order."""
    if len(a) * len(b) <= _ALL_PAIRS:
        chosen = {(i, j) for i in range(len(a)) for j in range(len(b))}
    else:
        chosen = {*_by_rare_tokens(a, b), *_equal_in_order(a, b)}
    return [Pair(1.0 + _EQUAL if a[i] == b[j] else likeness(a[i], b[j]), i, j) for i, j in sorted(chosen)]


def closest(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs that are not much less alike than the best pair that either of the two could be in."""
    every = list(pairs)
    first: dict[int, float] = defaultdict(float)
    second: dict[int, float] = defaultdict(float)
    for like, i, j in every:
        first[i], second[j] = max(first[i], like), max(second[j], like)
    return [pair for pair in every if pair.likeness >= _NEAR * max(first[pair.a], second[pair.b])]


def best_in_order(pairs: Iterable[Pair]) -> list[tuple[int, int]]:
    """Of the pairs those with the greatest sum of likeness, each text in at most one, in the order of both lists."""
    by_first: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_first[pair.a].append(pair)
    columns = sorted({pair.b for row in by_first.values() for pair in row})
    best = _Greatest(len(columns))
    for i in sorted(by_first):
        made = []
        for pair in by_first[i]:
            column = bisect_left(columns, pair.b)
            total, before = best.below(column)
            made.append((column, total + pair.likeness, _Chain((pair.a, pair.b), before)))
        for column, total, chain in made:
            best.put(column, total, chain)
    found: list[tuple[int, int]] = []
    link = best.below(len(columns))[1]
    while link is not None:
        found.append(link.pair)
        link = link.before
    return found[::-1]


def common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many tokens, lines or characters two texts begin with alike."""
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def equal_lines(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    """Runs of equal lines in the order of both texts, as (place in a, place in b, how many). Lines that each text has
    once are met first, so that many thousand of them, or of empty ones, take no longer than a moment."""
    lines = {line: i for i, line in enumerate(a)}
    others = {line: k for k, line in enumerate(b)}
    first, second = Counter(a), Counter(b)
    once = [Pair(1.0, i, others[line]) for line, i in lines.items() if first[line] == second[line] == 1]
    found: list[tuple[int, int, int]] = []
    i = k = 0
    for x, y in [*best_in_order(once), (len(a), len(b))]:
        if x < i or y < k:
            continue
        found += _equal_between(a, b, (i, x), (k, y))
        i, k = x, y
        while i < len(a) and k < len(b) and a[i] == b[k]:
            i, k = i + 1, k + 1
        if i > x:
            found.append((x, y, i - x))
    return found


def _equal_between(
    a: Sequence[str], b: Sequence[str], rows: tuple[int, int], others: tuple[int, int]
) -> list[tuple[int, int, int]]:
    (i, x), (k, y) = rows, others
    start = 0
    while i + start < x and k + start < y and a[i + start] == b[k + start]:
        start += 1
    end = 0
    while x - end > i + start and y - end > k + start and a[x - end - 1] == b[y - end - 1]:
        end += 1
    inner = []
    if 0 < (x - end - i - start) * (y - end - k - start) <= _MOST_LOOKED_AT:
        matcher = SequenceMatcher(None, a[i + start : x - end], b[k + start : y - end], autojunk=False)
        inner = [(i + start + m.a, k + start + m.b, m.size) for m in matcher.get_matching_blocks()]
    every = [(i, k, start), *inner, (x - end, y - end, end)]
    return [(one, other, size) for one, other, size in every if size]


class _Chain(NamedTuple):
    """Pairs in order, from the last one back."""

    pair: tuple[int, int]
    before: _Chain | None


class _Greatest:
    """The greatest total so far of each place, and of all places below one, in logarithmic time."""

    def __init__(self, places: int) -> None:
        self._tree: list[tuple[float, _Chain | None]] = [(0.0, None)] * (places + 1)

    def below(self, place: int) -> tuple[float, _Chain | None]:
        found = self._tree[0]
        while place > 0:
            if self._tree[place][0] > found[0]:
                found = self._tree[place]
            place -= place & -place
        return found

    def put(self, place: int, total: float, chain: _Chain) -> None:
        place += 1
        while place < len(self._tree):
            if total > self._tree[place][0]:
                self._tree[place] = (total, chain)
            place += place & -place


def _equal_in_order(a: Sequence[str], b: Sequence[str]) -> Iterable[tuple[int, int]]:
    for i, k, size in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
        yield from zip(range(i, i + size), range(k, k + size), strict=True)


def _by_rare_tokens(a: Sequence[str], b: Sequence[str]) -> Iterable[tuple[int, int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for j, text in enumerate(b):
        for token in _words(text):
            holders[token].append(j)
    for i, text in enumerate(a):
        shared: Counter[int] = Counter()
        for token in _words(text):
            places = holders.get(token, ())
            if len(places) <= _RARE:
                shared.update(places)
        closest = shared.most_common(_CLOSEST)
        yield from ((i, j) for j, _ in closest)
        beside = i * len(b) // len(a)
        if beside not in dict(closest):
            yield i, beside


@lru_cache(maxsize=4_000)
def _words(source: str) -> Counter[str]:
    return Counter(_WORD.findall(source))
