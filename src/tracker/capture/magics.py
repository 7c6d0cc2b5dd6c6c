"""Code inside timing and capturing magics, which counts as the cell's own.

Invariants: `tree` is what IPython's input transformation gave (`get_ipython().run_line_magic('time', 'x =
f()')`); text that does not parse is passed over.
"""

from __future__ import annotations

import ast
import re
from typing import Final, NamedTuple

_LEAKING: Final = frozenset({"time", "capture", "prun", "memit", "debug"})
_TIMING: Final = frozenset({"timeit"})
_PYTHON_CELLS: Final = _LEAKING | _TIMING | {"track"}
_CELL_MAGIC: Final = re.compile(r"%%(\w+)")
_LINE_MAGIC: Final = re.compile(r"(?m)^([ \t]*)[%!?].*$")
_ASSIGNED: Final = re.compile(r"(?m)^([ \t]*[A-Za-z_][\w, .]*=[ \t]*)[%!].*$")
_HELP: Final = re.compile(r"(?m)^([ \t]*)[%\w.]+\?{1,2}[ \t]*$")
_OPTIONS: Final = re.compile(r"^(?:\s*-{1,2}[A-Za-z][\w-]*(?:[ =]?\d+)?)+(?=\s|$)")


Outline = tuple[tuple[type[ast.AST], str], ...]


class Inner(NamedTuple):
    """The statements inside a magic; `leaks` says whether their names stay in the user's namespace."""

    body: list[ast.stmt]
    leaks: bool


def inner_code(call: ast.Call) -> Inner | None:
    """The code that a magic call runs, or None when `call` is no such magic."""
    match call.func, call.args:
        case (
            ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_line_magic"),
            [ast.Constant(value=str(name)), ast.Constant(value=str(text))],
        ):
            return _inner(name, text, call.lineno - 1)
        case (
            ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_cell_magic"),
            [ast.Constant(value=str(name)), ast.Constant(value=str(line)), ast.Constant(value=str(text))],
        ):
            setup = line if name in _TIMING else ""
            return _inner(
                name, text if not setup.strip() else f"{_OPTIONS.sub('', setup).strip()}\n{text}", call.lineno
            )
    return None


def outline(statement: ast.stmt) -> Outline:
    """What makes two parses of the same text equal, wherever it stands."""
    return tuple(
        (type(node), ast.dump(node) if isinstance(node, (ast.Name, ast.Constant)) else "")
        for node in ast.walk(statement)
    )


def holds_loop(statement: ast.stmt) -> bool:
    """Whether there is a loop in `statement`."""
    return any(isinstance(node, (ast.For, ast.AsyncFor, ast.While)) for node in ast.walk(statement))


def _inner(name: str, text: str, offset: int) -> Inner | None:
    if name not in _LEAKING and name not in _TIMING:
        return None
    tree = _parse(_OPTIONS.sub("", text).lstrip() if "\n" not in text.strip() else text)
    if tree is None:
        return None
    ast.increment_lineno(tree, offset)
    return Inner(tree.body, name in _LEAKING)


def _parse(text: str) -> ast.Module | None:
    for source in (text, without_magics(text)):
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            continue
    return None


def without_magics(text: str) -> str:
    """A cell's text as Python with its lines and columns kept: `%…`, `!…` and `…?` lines do nothing, cell magics that
    run Python are comments; the body of any other is left out."""
    kept: list[str] = []
    lines = text.split("\n")
    for i, line in enumerate(lines):
        magic = _CELL_MAGIC.match(line)
        if magic is None or any(other.strip() and not other.lstrip().startswith("#") for other in kept):
            kept += lines[i:]
            break
        kept.append("#" + line[1:])
        if magic[1] not in _PYTHON_CELLS:
            return "\n".join(kept)
    return _HELP.sub(r"\1pass", _ASSIGNED.sub(r"\1None", _LINE_MAGIC.sub(r"\1pass", "\n".join(kept))))


def plain_tree(text: str) -> ast.Module | None:
    """The tree of a cell as it was typed, its magics left out; None if it does not parse."""
    try:
        return ast.parse(without_magics(text))
    except (SyntaxError, ValueError):
        return None
