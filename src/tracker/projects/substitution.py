"""Other parameter values in a slice: the literal assignment of a name gets another literal.

Invariants: only the text of one expression changes, and a value goes in
only if it reads back as itself.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tracker.capture.literals import is_literal
from tracker.capture.magics import plain_tree
from tracker.exceptions import InvalidValue
from tracker.projects.slices import SlicedCell


class Place(NamedTuple):
    """Where a literal stands: the cell's index, and the expression in it."""

    cell: int
    value: ast.expr


def with_parameters(cells: Sequence[SlicedCell], parameters: Mapping[str, Any]) -> tuple[SlicedCell, ...]:
    """The cells with these values at the last literal assignment of each name. Raises InvalidValue for a name that
    none of them assigns so, or a value that is no literal."""
    places = literal_places(cells)
    unknown = [name for name in parameters if name not in places]
    if unknown:
        known = ", ".join(sorted(places)) or "none"
        raise InvalidValue(
            f"No cell of the slice assigns {', '.join(unknown)} a literal, so that it can be given another value. "
            f"Those that can: {known}."
        )
    changed = list(cells)
    edits = sorted(
        ((places[name], literal(name, value)) for name, value in parameters.items()),
        key=lambda edit: (edit[0].cell, edit[0].value.lineno, edit[0].value.col_offset),
        reverse=True,
    )
    for place, text in edits:
        cell = changed[place.cell]
        changed[place.cell] = replace(cell, source=_replaced(cell.source, place.value, text))
    return tuple(changed)


def literal_places(cells: Sequence[SlicedCell]) -> dict[str, Place]:
    """For each name that is assigned a literal, where that happens last."""
    found: dict[str, Place] = {}
    for index, cell in enumerate(cells):
        tree = plain_tree(cell.source)
        if tree is not None:
            for name, value in _assignments(tree.body):
                found[name] = Place(index, value)
    return found


def literal(name: str, value: Any) -> str:
    """A value as source text. Raises InvalidValue if no literal stands for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    plain = getattr(value, "item", None)
    if plain is not None and type(value).__module__ == "numpy":
        value = plain()
    text = repr(value)
    try:
        if ast.literal_eval(text) == value:
            return text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    raise InvalidValue(f"{name} is given {text[:80]}, which is no literal: numbers, texts, lists and the like are.")


def _assignments(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Names and the literals that module-level statements, those in branches and blocks too, assign to them."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _pairs(target, value)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                yield from _pairs(target, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case _:
                for part in ("body", "orelse", "finalbody"):
                    yield from _assignments(getattr(statement, part, []))


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name) and is_literal(value):
        yield target.id, value
    elif (
        isinstance(target, (ast.Tuple, ast.List))
        and isinstance(value, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
    ):
        for part, piece in zip(target.elts, value.elts, strict=True):
            yield from _pairs(part, piece)


def _replaced(source: str, node: ast.expr, text: str) -> str:
    """`source` with the text of one expression replaced."""
    lines = source.encode("utf-8").split(b"\n")
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    tail = lines[last][node.end_col_offset :]
    lines[first] = lines[first][: node.col_offset] + text.encode("utf-8") + tail
    lines[first + 1 : last + 1] = []
    return b"\n".join(lines).decode("utf-8")
