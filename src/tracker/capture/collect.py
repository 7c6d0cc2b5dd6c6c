"""Parameters and metrics out of a cell's analysis and the namespace before and after it ran.

Invariants: nothing of the user's is kept alive (numbers and text excepted) or changed; every parameter
value leaves through `jsonable`, every metric through `scalar`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracker.fingerprints.kinds import is_a

from .analysis import Binding, Cell
from .literals import UNKNOWN, evaluate, is_literal
from .reach import names_behind
from .values import MAX_JSON, MISSING, fields, is_record, jsonable, plain_scalar, same, scalar

_CONSTANT_MODULES: Final = ("math", "numpy", "scipy.constants")
_CONTAINERS: Final = (dict, list, tuple, set, frozenset)


@dataclass(frozen=True)
class Before:
    """What matters of the namespace as a cell found it."""

    inputs: dict[str, Any]
    """Scalars made by earlier cells that this one reads, as JSON values."""
    present: dict[str, int]
    """Identities of the objects under the names that the cell assigns."""
    scalars: dict[str, Any]
    """Those of them that are plain scalars: held, so that their identities stay theirs."""
    fields: dict[str, dict[str, float]]
    """Numeric fields of the dicts into which the cell stores items."""


def inputs_before(cell: Cell, namespace: Mapping[str, Any]) -> Before:
    """What `namespace` holds for `cell`, which is about to run."""
    present: dict[str, int] = {}
    scalars: dict[str, Any] = {}
    filled: dict[str, dict[str, float]] = {}
    for name, binding in cell.bindings.items():
        if (value := namespace.get(name, MISSING)) is MISSING:
            continue
        present[name] = id(value)
        if is_a(value, int, float) or (is_a(value, str) and len(value) <= MAX_JSON):
            scalars[name] = value
        elif is_record(value) and not binding.assigned:
            filled[name] = fields(name, value)
    return Before(_inputs(cell, namespace), present, scalars, filled)


def _inputs(cell: Cell, namespace: Mapping[str, Any]) -> dict[str, Any]:
    assigned = {name for name, binding in cell.bindings.items() if binding.assigned}
    names = cell.reads | (names_behind(cell.reads, namespace) - assigned)
    found: dict[str, Any] = {}
    for name in sorted(names - cell.deleted):
        if not name.startswith("_") and (value := namespace.get(name)) is not None and not _is_constant(name, value):
            plain = plain_scalar(value)
            if plain is not None and (settled := jsonable(plain)) is not MISSING:
                found[name] = settled
    return found


def _is_constant(name: str, value: object) -> bool:
    """Whether an earlier cell imported `name`: `from math import pi` makes no parameter."""
    return is_a(value, float) and any(
        getattr(sys.modules.get(module), name, MISSING) is value for module in _CONSTANT_MODULES
    )


def parameters(cell: Cell, before: Before, after: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a cell that has run, as JSON values: literals as they ended, and scalars it read."""
    found = dict(before.inputs)
    for name, binding in cell.bindings.items():
        if _is_literal(name, binding, after):
            value = jsonable(after[name])
            if value is not MISSING:
                found[name] = value
    return found


def metrics(
    cell: Cell,
    before: Before,
    after: Mapping[str, Any],
    result: object = None,
    failed_line: int | None = None,
) -> dict[str, float]:
    """Metrics of a cell that has run: computed numbers, numeric fields of computed dicts, `result`.

    `result` is the value of its last expression; `failed_line` the cell's line at which it raised.
    """
    found: dict[str, float] = {}
    for name, binding in cell.bindings.items():
        if name.startswith("_") or binding.hidden or name not in after:
            continue
        value = after[name]
        if not binding.assigned:
            found.update(_changed_fields(name, binding, value, before))
        elif _is_computed(name, binding, after) and _assigned_now(name, binding, value, before, failed_line):
            found.update(_numbers(name, binding, value))
    number = scalar(result)
    if number is not None and cell.last is not None and not _already_named(cell.last, number, found, cell):
        found.setdefault("result", number)
    return found


def _is_literal(name: str, binding: Binding, after: Mapping[str, Any]) -> bool:
    if name.startswith("_") or binding.hidden or binding.computed or binding.flag or not binding.literals:
        return False
    value = after.get(name, MISSING)
    if value is MISSING:
        return False
    if is_a(value, *_CONTAINERS):
        return bool(value) and _still_literal(binding, value)
    return _among(value, binding.literals, not binding.maybe_computed)


def _is_computed(name: str, binding: Binding, after: Mapping[str, Any]) -> bool:
    if binding.computed:
        return True
    if not (binding.maybe_computed or binding.literals) or binding.flag:
        return False
    return not _is_literal(name, binding, after)


def _among(value: object, candidates: list[Any], trusting: bool) -> bool:
    """Whether `value` is one of the literals; one that was not worked out counts when `trusting`."""
    for candidate in candidates:
        if candidate is UNKNOWN:
            if trusting:
                return True
        elif type(candidate) is type(value) and (candidate == value or candidate != candidate):
            return True
    return False


def _still_literal(binding: Binding, value: Any) -> bool:
    plain = jsonable(value)
    if plain is MISSING:
        return False
    candidates = [jsonable(literal) for literal in binding.literals if literal is not UNKNOWN]
    if plain in candidates:
        return True
    if not isinstance(plain, dict):
        return len(candidates) < len(binding.literals) and not binding.filled
    allowed = _literal_items(binding)
    return all(any(item == literal for literal in allowed.get(key, ())) for key, item in _items(plain))


def _literal_items(binding: Binding) -> dict[str, list[Any]]:
    """The values that literals give to each key, whatever the nesting."""
    allowed: dict[str, list[Any]] = {}
    for literal in (*binding.literals, *({key: value} for key, value in binding.fills)):
        plain = jsonable(literal)
        if isinstance(plain, dict):
            for key, item in _items(plain):
                allowed.setdefault(key, []).append(item)
    return allowed


def _items(plain: dict[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, item in plain.items():
        if isinstance(item, dict) and item:
            found.extend(_items(item))
        else:
            found.append((key, item))
    return found


def _assigned_now(name: str, binding: Binding, value: object, before: Before, failed_line: int | None) -> bool:
    """Whether the cell assigned `name` in this execution, rather than an earlier one."""
    certain = binding.certain_line
    if certain is not None and (failed_line is None or certain < failed_line):
        return True
    if failed_line is None and (binding.computed or _is_shared(value)):
        return True
    return before.present.get(name) != id(value)


def _is_shared(value: object) -> bool:
    """Whether Python has one object for every such value, so that identity tells nothing."""
    return type(value) is int and -5 <= value <= 256


def _numbers(name: str, binding: Binding, value: object) -> dict[str, float]:
    if (number := scalar(value)) is not None:
        return {name: number}
    if not is_record(value):
        return {}
    if binding.computed or not binding.literals:
        return fields(name, value)
    if not (binding.filled or binding.fills):
        return {}
    literal = _literal_items(binding)
    found = fields(name, value)
    return {path: number for path, number in found.items() if number not in literal.get(path.rpartition(".")[2], ())}


def _changed_fields(name: str, binding: Binding, value: object, before: Before) -> dict[str, float]:
    """Fields that the cell stored into a dict from an earlier cell."""
    if not binding.filled or not is_record(value):
        return {}
    earlier = before.fields.get(name, {})
    found = fields(name, value)
    return {path: number for path, number in found.items() if path not in earlier or not same(earlier[path], number)}


def _already_named(last: ast.expr, number: float, found: dict[str, float], cell: Cell) -> bool:
    """Whether the last expression only repeats a name, a constant, an item of either, or a metric's value."""
    if isinstance(last, (ast.Name, ast.NamedExpr)) or is_literal(last):
        return True
    if any(isinstance(node, ast.Name) and node.id in found and same(found[node.id], number) for node in ast.walk(last)):
        return True
    path: list[str] = []
    while isinstance(last, ast.Subscript) and is_literal(last.slice):
        path.insert(0, str(evaluate(last.slice)))
        last = last.value
    if not path or not isinstance(last, ast.Name):
        return False
    binding = cell.bindings.get(last.id)
    literal = binding is not None and bool(binding.literals) and not binding.computed
    return literal or ".".join([last.id, *path]) in found
