"""The tree of a top-level loop with its hooks.

Invariants: what the loop does stays as it was, and so do the lines of its statements; no name is bound in the user's
namespace; the statements of the body stand there twice, and are not copied.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol, TypeVar

from .passes import Plan


class Edit(Protocol):
    """A change of a tree."""

    def apply(self) -> None:
        """Make it."""


def edits(plan: Plan, name: str) -> list[Edit]:
    """What puts the hook that is known as `name` into the loop, in the order in which it is to be done."""
    loop = plan.loop
    made: list[Edit] = [
        _Insert(exit_.home, exit_.statement, ast.Expr(_call(name, exit_.statement, i)))
        for i, exit_ in enumerate(plan.exits)
    ]
    made.append(_Insert(plan.home, loop, ast.Expr(_call(name, loop, -1))))
    if isinstance(loop, ast.For):
        made.append(_InPhases(plan.home, loop, name))
    else:
        made.append(_Insert(loop.body, None, ast.Expr(_call(name, loop.body[-1]))))
    return made


@dataclass
class _Insert:
    """Insert `hook` into `home` before `statement`, or at its end."""

    home: list[ast.stmt]
    statement: ast.stmt | None
    hook: ast.stmt

    def apply(self) -> None:
        if self.statement is None:
            ast.copy_location(self.hook, self.home[-1])
            self.home.append(self.hook)
        else:
            ast.copy_location(self.hook, self.statement)
            self.home.insert(_place(self.home, self.statement), self.hook)


@dataclass
class _InPhases:
    """Put in the place of `loop` in `home`:

    for () in HOOK.phases(ITERABLE):
        if HOOK.in_strides:
            for TARGET in HOOK.passes:
                BODY
            else:
                continue
        else:
            for TARGET in HOOK.passes:
                BODY
                if HOOK():
                    break
            else:
                continue
            if HOOK.in_strides:
                continue
        break
    else:
        ORELSE
    """

    home: list[ast.stmt]
    loop: ast.For
    name: str

    def apply(self) -> None:
        loop, last = self.loop, self.loop.body[-1]
        ends = ast.If(_call(self.name, last), [ast.Break()], [])
        strides, each = self._passes(loop.body), self._passes([*loop.body, _at(ends, last)])
        goes_on = ast.If(self._hook("in_strides"), [ast.Continue()], [])
        phase = ast.If(self._hook("in_strides"), [strides], [each, goes_on])
        phases = ast.Call(self._hook("phases"), [loop.iter], [])
        nothing = ast.Tuple([], ast.Store())
        whole = ast.For(nothing, _at(phases, loop.iter), [phase, ast.Break()], loop.orelse, loop.type_comment)
        self.home[_place(self.home, loop)] = _at(whole, loop)

    def _passes(self, body: list[ast.stmt]) -> ast.For:
        passes = _at(self._hook("passes"), self.loop.iter)
        return _at(ast.For(self.loop.target, passes, body, [_at(ast.Continue(), self.loop)]), self.loop)

    def _hook(self, attribute: str) -> ast.expr:
        return ast.Attribute(ast.Name(self.name, ast.Load()), attribute, ast.Load())


def _place(home: list[ast.stmt], statement: ast.stmt) -> int:
    return next(index for index, other in enumerate(home) if other is statement)


def _call(name: str, anchor: ast.stmt, *arguments: int) -> ast.expr:
    constants: list[ast.expr] = [ast.Constant(argument) for argument in arguments]
    return _at(ast.Call(ast.Name(name, ast.Load()), constants, []), anchor)


_Node = TypeVar("_Node", bound=ast.AST)


def _at(node: _Node, anchor: ast.AST) -> _Node:
    """`node` and what in it has no place yet, at the place of `anchor`."""
    for inner in ast.walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, anchor)
    return node
