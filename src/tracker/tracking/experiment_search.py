"""Searching experiments with the language that searches runs. There are few, so they are compared in Python.

Names: name, experiment_id, creation_time, last_update_time (ms) and tags. A condition on a missing tag
is unknown (None), so that it keeps the experiment out, also under NOT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tracker.entities import Experiment
from tracker.exceptions import FilterError
from tracker.query import grammar
from tracker.query.filters import parse, parse_order, read_number

# What the grammar of runs calls the two times; a quoted text or a tag's key is left alone.
_TIMES = {"creation_time": "start_time", "last_update_time": "end_time"}
_TIME = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)|(?<![\w.])((?:attributes?\.|attr\.)?)(creation_time|last_update_time)\b""",
    re.IGNORECASE,
)
_FIELDS = {
    "name": "name", "experiment_id": "experiment_id", "lifecycle_stage": "lifecycle_stage",
    "start_time": "creation_time", "end_time": "last_update_time",
}  # fmt: skip


def search(
    experiments: Iterable[Experiment], filter_string: str | None, order_by: Sequence[str] | str | None
) -> list[Experiment]:
    """The experiments that pass, in order: by default those that changed last come first.

    Raises FilterError.
    """
    tree = parse(_in_run_words(filter_string)) if filter_string else None
    found = [one for one in experiments if tree is None or _holds(tree, one) is True]
    found.sort(key=lambda one: int(one.experiment_id) if one.experiment_id.isdecimal() else 0, reverse=True)
    found.sort(key=lambda one: one.last_update_time or 0, reverse=True)
    asked = [order_by] if isinstance(order_by, str) else order_by or ()
    for sort in reversed(parse_order([_in_run_words(key) for key in asked])):
        values = {id(one): _value(sort.name, one) for one in found}
        there = [one for one in found if values[id(one)] is not None]
        there.sort(key=lambda one: values[id(one)], reverse=sort.descending)  # type: ignore[arg-type, return-value]
        found = there + [one for one in found if values[id(one)] is None]
    return found


def _in_run_words(text: str) -> str:
    return _TIME.sub(lambda m: m[1] or m[2] + _TIMES[m[3].lower()], text)


def _value(name: grammar.Name, experiment: Experiment) -> str | float | None:
    if name.entity == "tags":
        return experiment.tags.get(name.key)
    if name.entity != "attributes" or name.key not in _FIELDS:
        raise FilterError(
            f"Experiments have no {name.entity} {name.key!r}; "
            "use name, experiment_id, creation_time, last_update_time or tags.KEY."
        )
    value: str | float | None = getattr(experiment, _FIELDS[name.key])
    return value


def _holds(term: grammar.Filter, experiment: Experiment) -> bool | None:
    if isinstance(term, grammar.And | grammar.Or):
        answers = [_holds(one, experiment) for one in term.terms]
        decides = isinstance(term, grammar.Or)
        return decides if decides in answers else None if None in answers else not decides
    if isinstance(term, grammar.Not):
        answer = _holds(term.term, experiment)
        return None if answer is None else not answer
    value = _value(term.name, experiment)
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
