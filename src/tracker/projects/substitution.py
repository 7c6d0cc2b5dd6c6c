"""Other parameter values in a slice: the literal assignment of a name gets another literal.

Invariants: no other name gets another value by it, and a value goes in only if it reads back as itself.
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
    shared: ast.stmt | None = None
    """The statement, where it binds the same value to other names too (`a = b = 1`)."""


def with_parameters(cells: Sequence[SlicedCell], parameters: Mapping[str, Any]) -> tuple[SlicedCell, ...]:
    """The cells with these values where each name is assigned a literal last, in all branches from which that may
    come. Raises InvalidValue for a name that none of them assigns so, or a value that is no literal."""
    places = _places(cells)
    unknown = [name for name in parameters if name not in places]
    if unknown:
        known = ", ".join(sorted(places)) or "none"
        raise InvalidValue(
            f"No cell of the slice assigns {', '.join(unknown)} a literal, so that it can be given another value. "
            f"Those that can: {known}."
        )
    changed = list(cells)
    edits = [(_edit(name, place, literal(name, value)), place.cell)
             for name, value in parameters.items() for place in places[name]]  # fmt: skip
    for edit, index in sorted(edits, key=lambda pair: pair[0].start, reverse=True):
        changed[index] = replace(changed[index], source=_edited(changed[index].source, edit))
    return tuple(changed)


def literal_places(cells: Sequence[SlicedCell]) -> dict[str, Place]:
    """For each name that is assigned a literal, where that happens last; not in a branch, if it happens outside too."""
    return {name: places[0] for name, places in _places(cells).items()}


def _places(cells: Sequence[SlicedCell]) -> dict[str, list[Place]]:
    """For each name the last literal that it is assigned for certain, and those of later branches and loops."""
    found: dict[str, list[Place]] = {}
    for index, cell in enumerate(cells):
        tree = plain_tree(cell.source)
        for name, value, shared, certain in _assignments(tree.body if tree else (), certain=True):
            place = Place(index, value, shared)
            found[name] = [place] if certain else [*found.get(name, ()), place]
    return found


def plain(value: Any) -> Any:
    """A value as Python's own, where it is one of NumPy's scalars."""
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0 else value


def literal(name: str, value: Any) -> str:
    """A value as source text. Raises InvalidValue if no literal stands for it."""
    value = plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    text = repr(value)
    try:
        if ast.literal_eval(text) == value:
            return text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    raise InvalidValue(f"{name} is given {text[:80]}, which is no literal: numbers, texts, lists and the like are.")


def _assignments(body: Sequence[ast.stmt], certain: bool) -> Iterator[tuple[str, ast.expr, ast.stmt | None, bool]]:
    """Names, the literals that module-level statements assign to them, those in branches and blocks too, the statement
    where other names get the same, and whether it happens in any case."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                shared = statement if len(targets) > 1 else None
                for target in targets:
                    yield from ((name, literal, shared, certain) for name, literal in _pairs(target, value))
            case ast.AnnAssign(target=target, value=value) if value is not None:
                yield from ((name, literal, None, certain) for name, literal in _pairs(target, value))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case _:
                whole = certain and isinstance(statement, (ast.With, ast.AsyncWith))
                for part in _blocks(statement):
                    yield from _assignments(part, whole)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for block in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        for part in ("body", "orelse", "finalbody"):
            yield getattr(block, part, [])


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


class _Edit(NamedTuple):
    """A stretch of text, by lines from 1 and columns in UTF-8, and what comes in its place."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def _edit(name: str, place: Place, text: str) -> _Edit:
    """The literal replaced; where it is other names' value too, one assignment more behind it."""
    node = place.shared or place.value
    end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
    if place.shared is not None:
        return _Edit(end, end, f"; {name} = {text}")
    return _Edit((node.lineno, node.col_offset), end, text)


def _edited(source: str, edit: _Edit) -> str:
    """`source` with one stretch of it replaced."""
    (first, begin), (last, end) = edit.start, edit.end
    lines = source.encode("utf-8").split(b"\n")
    lines[first - 1 : last] = [lines[first - 1][:begin] + edit.text.encode("utf-8") + lines[last - 1][end:]]
    return b"\n".join(lines).decode("utf-8")
