"""The path that an expression builds, where its parts are known before it runs.

Invariants: nothing of the user's is called: only texts, numbers and paths of the standard library are put together;
what is anything else is None.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, Final

from tracker.fingerprints.kinds import identities

_ATOMS: Final = identities(str, int, float, bool)
_MAX_TEXT: Final = 2_000
_WIDE: Final = re.compile(r"\d{4}")
_FIELD: Final = re.compile(r"\{(?!\w*(?::[^{}.\[\]]*)?\}|\w*:\.?\d*[a-z]?\})")


def path_of(node: ast.AST, values: Mapping[str, Any]) -> str | None:
    """The path that an expression gives with these values of its names; None where that cannot be told."""
    found = _value(node, values)
    return str(found) if isinstance(found, (str, PurePath)) and found != "" else None


def paths_given(tree: ast.AST, values: Mapping[str, Any]) -> Iterator[str]:
    """The paths that the calls of a cell are given, where they are built of what is known before it runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for arg in (*node.args, *(keyword.value for keyword in node.keywords)):
                parts = arg.elts if isinstance(arg, (ast.List, ast.Tuple)) else [arg]
                for part in parts:
                    if not isinstance(part, (ast.Constant, ast.Name)) and (path := path_of(part, values)):
                        yield path


def _value(node: ast.AST, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value if id(type(value)) in _ATOMS else None
        case ast.Name(id=name):
            value = values.get(name)
            return value if id(type(value)) in _ATOMS or type(value) is type(Path()) else None
        case ast.JoinedStr(values=parts):
            return _joined([_formatted(part, values) for part in parts])
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_value(left, values), op, right, values)
        case ast.Call(func=ast.Attribute(attr="join", value=ast.Attribute(attr="path")), args=args, keywords=[]):
            return _applied(os.path.join, args, values)
        case ast.Call(func=ast.Name(id="Path" | "PurePath") | ast.Attribute(attr="Path" | "PurePath"), args=args):
            return _applied(Path, args, values)
        case ast.Call(func=ast.Name(id="str"), args=[only], keywords=[]):
            found = _value(only, values)
            return None if found is None else str(found)
        case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant(value=str() as template)), args=args,
                      keywords=[]):  # fmt: skip
            is_plain = not _WIDE.search(template) and not _FIELD.search(template)
            return _applied(template.format, args, values) if is_plain else None
    return None


def _applied(function: Any, args: list[ast.expr], values: Mapping[str, Any]) -> Any:
    parts = [_value(arg, values) for arg in args]
    if any(part is None for part in parts):
        return None
    try:
        return function(*parts)
    except (TypeError, ValueError, IndexError, KeyError):
        return None


def _combined(left: Any, op: ast.operator, right: ast.expr, values: Mapping[str, Any]) -> Any:
    if isinstance(op, ast.Mod) and isinstance(left, str) and not _WIDE.search(left):
        args = right.elts if isinstance(right, ast.Tuple) else [right]
        return _applied(lambda *parts: left % parts, args, values)
    other = _value(right, values)
    if isinstance(op, ast.Add) and isinstance(left, str) and isinstance(other, str):
        return left + other if len(left) + len(other) < _MAX_TEXT else None
    if isinstance(op, ast.Div) and isinstance(left, (str, PurePath)) and isinstance(other, (str, PurePath)):
        return None if isinstance(left, str) and isinstance(other, str) else Path(left) / other
    return None


def _formatted(part: ast.expr, values: Mapping[str, Any]) -> str | None:
    match part:
        case ast.Constant(value=str() as text):
            return text
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=spec):
            value, form = _value(inner, values), "" if spec is None else path_of(spec, values)
            if value is None or form is None or _WIDE.search(form):
                return None
            try:
                return format(value, form)
            except (TypeError, ValueError):
                return None
    return None


def _joined(parts: list[str | None]) -> str | None:
    return None if any(part is None for part in parts) else "".join(part for part in parts if part is not None)
