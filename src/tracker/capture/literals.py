"""Literal expressions: which expressions are literal, and what they stand for.

Invariants: nothing of the user's is executed; evaluation is bounded in time and memory and answers UNKNOWN
where it would not be.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection
from typing import Any, Final

CONSTRUCTORS: Final[dict[str, Callable[..., Any]]] = {
    kind.__name__: kind for kind in (int, float, str, bool, dict, list, tuple, set, frozenset)
}
_MAX_DEPTH: Final = 100
_MAX_BITS: Final = 4_096
_MAX_LENGTH: Final = 10_000


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


class _Undecided(Exception):
    """The value of a literal is too costly or odd to be worked out here."""


def is_literal(node: ast.expr, shadowed: Collection[str] = (), _depth: int = 0) -> bool:
    """Whether `node` is built of constants alone; `shadowed` are names that the cell itself assigns."""
    if isinstance(node, ast.Constant):
        return node.value is not Ellipsis
    if _depth > _MAX_DEPTH:
        return False

    def all_literal(nodes: Collection[ast.expr | None]) -> bool:
        return all(part is None or is_literal(part, shadowed, _depth + 1) for part in nodes)

    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts):
            return all_literal(parts)
        case ast.Dict(keys=keys, values=values):
            return all_literal(keys) and all_literal(values)
        case ast.UnaryOp(operand=part) | ast.Starred(value=part):
            return all_literal([part])
        case ast.BinOp(left=left, right=right):
            return all_literal([left, right])
        case ast.Compare(left=left, comparators=others):
            return all_literal([left, *others])
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return all_literal([test, body, orelse])
        case ast.JoinedStr(values=parts):
            return all_literal(parts)
        case ast.FormattedValue(value=part, format_spec=spec):
            return all_literal([part, spec])
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            known = name in CONSTRUCTORS and name not in shadowed
            return known and all_literal([*args, *(keyword.value for keyword in keywords)])
    return False


def evaluate(node: ast.expr) -> Any:
    """The value of a literal expression, or UNKNOWN."""
    try:
        return _value(node)
    except Exception:
        return UNKNOWN


def _value(node: ast.expr | None) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=parts):
            return tuple(_sequence(parts))
        case ast.List(elts=parts):
            return _sequence(parts)
        case ast.Set(elts=parts):
            return set(_sequence(parts))
        case ast.Dict(keys=keys, values=values):
            return _mapping(keys, values)
        case ast.UnaryOp(op=op, operand=part):
            return _UNARY[type(op)](_value(part))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _value(left), _value(right))
        case ast.BoolOp(op=op, values=parts):
            return _boolean(op, parts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body) if _value(test) else _value(orelse)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return CONSTRUCTORS[name](*_sequence(args), **_keywords(keywords))
    raise _Undecided


def _sequence(parts: list[ast.expr]) -> list[Any]:
    values: list[Any] = []
    for part in parts:
        if isinstance(part, ast.Starred):
            values.extend(_value(part.value))
        else:
            values.append(_value(part))
    return values


def _mapping(keys: list[ast.expr | None], values: list[ast.expr]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in zip(keys, values, strict=True):
        if key is None:
            found.update(_value(value))
        else:
            found[_value(key)] = _value(value)
    return found


def _keywords(keywords: list[ast.keyword]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for keyword in keywords:
        if keyword.arg is None:
            found.update(_value(keyword.value))
        else:
            found[keyword.arg] = _value(keyword.value)
    return found


def _boolean(op: ast.boolop, parts: list[ast.expr]) -> Any:
    stop = isinstance(op, ast.Or)
    value: Any = not stop
    for part in parts:
        value = _value(part)
        if bool(value) is stop:
            break
    return value


def _binary(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(left, (str, bytes, list, tuple)) or isinstance(right, (str, bytes, list, tuple)):
        return _joined(op, left, right)
    if isinstance(left, int) and isinstance(right, int):
        growth = {ast.Pow: left.bit_length() * max(right, 0), ast.LShift: left.bit_length() + max(right, 0)}
        if growth.get(type(op), 0) > _MAX_BITS:
            raise _Undecided
    return _BINARY[type(op)](left, right)


def _joined(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(op, ast.Add):
        return left + right
    if isinstance(op, ast.Mult):
        items, times = (right, left) if isinstance(left, int) else (left, right)
        if len(items) * max(times, 0) <= _MAX_LENGTH:
            return items * times
    raise _Undecided


_UNARY: Final[dict[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}


_CLOCKS: Final = frozenset(
    {
        "time",
        "time_ns",
        "perf_counter",
        "perf_counter_ns",
        "monotonic",
        "monotonic_ns",
        "process_time",
        "process_time_ns",
        "thread_time",
        "thread_time_ns",
        "default_timer",
        "now",
        "utcnow",
        "today",
    }
)
_CLOCK_OWNERS: Final = frozenset({"time", "timeit", "datetime", "date", "Timestamp", "dt", "pd", "_time"})


def is_clock(node: ast.expr) -> bool:
    """Whether `node` only reads a clock (`time.time()`, `perf_counter()`, `datetime.now().timestamp()`)."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call() as inner, attr="timestamp")):
            return is_clock(inner)
        case ast.Call(func=ast.Name(id=name)):
            return name in _CLOCKS - {"now", "today"}
        case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in _CLOCKS:
            last = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            return last in _CLOCK_OWNERS or attr not in {"time", "now", "today"}
    return False
