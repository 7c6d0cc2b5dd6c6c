"""The language that searches runs, for what is few enough to be compared in Python: experiments and registered models.

A condition on a value that is missing is unknown (None), so that it keeps the thing out, also under NOT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from tracker.query import grammar
from tracker.query.filters import parse, parse_order, read_number

T = TypeVar("T")
ValueOf = Callable[[grammar.Name], str | float | None]


def matching(
    things: Iterable[T],
    value: Callable[[grammar.Name, T], str | float | None],
    filter_string: str | None,
    words: grammar.Vocabulary,
) -> list[T]:
    """The things that pass the filter. Raises FilterError."""
    tree = parse(filter_string, words)
    return [one for one in things if tree is None or holds(tree, partial(_of, value, one)) is True]


def _of(value: Callable[[grammar.Name, T], str | float | None], one: T, name: grammar.Name) -> str | float | None:
    return value(name, one)


def ordered(
    things: list[T],
    value: Callable[[grammar.Name, T], str | float | None],
    order_by: Sequence[str] | str | None,
    words: grammar.Vocabulary,
) -> list[T]:
    """The things by the keys of an ordering, as they are where those say nothing. Raises FilterError."""
    for sort in reversed(parse_order(order_by, words)):
        values = [value(sort.name, one) for one in things]
        there = sorted(
            (i for i, one in enumerate(values) if one is not None),
            key=values.__getitem__,  # type: ignore[arg-type]
            reverse=sort.descending,
        )
        things = [things[i] for i in there] + [one for one, v in zip(things, values, strict=True) if v is None]
    return things


def holds(term: grammar.Filter, value_of: ValueOf) -> bool | None:
    """Whether a thing passes; None, unknown, where it lacks a value, so that it stays out, also under NOT."""
    if isinstance(term, grammar.And | grammar.Or):
        answers = [holds(one, value_of) for one in term.terms]
        decides = isinstance(term, grammar.Or)
        return decides if decides in answers else None if None in answers else not decides
    if isinstance(term, grammar.Not):
        answer = holds(term.term, value_of)
        return None if answer is None else not answer
    value = value_of(term.name)
    if isinstance(term, grammar.Missing):
        return value is None
    if value is None:
        return None
    if isinstance(term, grammar.Like):
        return _like(str(value), term.pattern, term.insensitive)
    if isinstance(term, grammar.In):
        return any(_equal(value, one) for one in term.values)
    return _ordered(value, term)


def _equal(value: str | float, literal: grammar.Value) -> bool:
    if isinstance(literal, bool):
        return str(value).lower() == str(literal).lower()
    if isinstance(value, str) and isinstance(literal, float):
        return read_number(value) == literal
    return value == literal


def _ordered(value: str | float, term: grammar.Ordered) -> bool | None:
    literal = term.value
    left: str | float | None = value
    if isinstance(value, str):
        number = literal if isinstance(literal, float) else read_number(str(literal))
        own = read_number(value)
        if number is not None and own is not None:
            left, literal = own, number
        elif not isinstance(literal, str):
            return None
    match term.operator:
        case "<":
            return left < literal  # type: ignore[operator]
        case "<=":
            return left <= literal  # type: ignore[operator]
        case ">":
            return left > literal  # type: ignore[operator]
        case _:
            return left >= literal  # type: ignore[operator]


def _like(text: str, pattern: str, insensitive: bool) -> bool:
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(c) or re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL | (re.IGNORECASE if insensitive else 0)) is not None
