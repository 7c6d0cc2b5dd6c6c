"""Which names a top-level loop assigns in a pass, and where its passes end.

Invariants: the tree is only read. A pass ends at the end of the body, and at each `break` and `continue` of
the loop itself; a name is *sure* at such an end when every way to it in the same pass assigns the name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from .literals import is_clock, is_literal
from .magics import inner_code
from .scopes import import_names, pattern_names, target_names

MAX_NAMES: Final = 200
Loop = ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True)
class Ending:
    """One end of a pass: index into the plan's names, and whether the name is sure there."""

    slots: tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class Exit:
    """A `break` or `continue` of the loop, with the statement list that holds it."""

    home: list[ast.stmt]
    statement: ast.stmt
    ending: Ending


@dataclass(frozen=True)
class Plan:
    """What to observe of one loop. The last ending is that of a whole pass."""

    loop: Loop
    home: list[ast.stmt]
    names: tuple[str, ...]
    exits: tuple[Exit, ...]
    whole: Ending

    @property
    def endings(self) -> tuple[Ending, ...]:
        """The endings in the order of the hook's argument: exits, then the whole pass."""
        return (*(exit_.ending for exit_ in self.exits), self.whole)


def plans(tree: ast.Module) -> list[Plan]:
    """A plan for each top-level loop that computes names, also inside `with`, `try`, `if` and `match`."""
    found: list[Plan] = []
    for home, loop in _loops(tree.body):
        plan = _plan(home, loop)
        if plan.names:
            found.append(plan)
    return found


def _loops(body: list[ast.stmt]) -> Iterator[tuple[list[ast.stmt], Loop]]:
    for statement in body:
        if isinstance(statement, Loop):
            yield body, statement
            yield from _loops(statement.orelse)
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for block in _blocks(statement):
                yield from _loops(block)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if block:
            yield block
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


@dataclass
class _Exit:
    home: list[ast.stmt]
    statement: ast.stmt
    seen: int
    sure: frozenset[str]


@dataclass
class _Body:
    """A walk over a loop's body in source order."""

    order: dict[str, int] = field(default_factory=dict)
    computed: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    exits: list[_Exit] = field(default_factory=list)
    depth: int = 0

    def block(self, body: list[ast.stmt], sure: set[str]) -> set[str] | None:
        """The names sure after `body`, None where its end is never reached; `sure` is used up."""
        here: set[str] | None = sure
        for statement in body:
            reached = self._statement(body, statement, here or set())
            if reached is None:
                here = None
            elif here is not None:
                here |= reached
        return here

    def _statement(self, home: list[ast.stmt], node: ast.stmt, sure: set[str]) -> set[str] | None:
        match node:
            case ast.Break() | ast.Continue():
                if self.depth == 0:
                    self.exits.append(_Exit(home, node, len(self.order), frozenset(sure)))
                return None
            case ast.Raise() | ast.Return():
                return None
            case ast.If(test=test, body=body, orelse=orelse):
                always = sure | self.walrus(test)
                return _either([self.block(body, set(always)), self.block(orelse, set(always))])
            case ast.For() | ast.AsyncFor() | ast.While():
                self._inner_loop(node, sure)
                return set()
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self.walrus(item.context_expr)
                    if item.optional_vars is not None:
                        self.hidden.update(target_names(item.optional_vars))
                return self.block(body, set(sure))
            case ast.Try() | ast.TryStar():
                return self._try(node, sure)
            case ast.Expr(value=ast.Call() as call) if (inner := inner_code(call)) is not None:
                return self.block(inner.body, set(sure)) if inner.leaks else set()
            case ast.Match(subject=subject, cases=cases):
                always = sure | self.walrus(subject)
                for case in cases:
                    self.hidden.update(pattern_names(case.pattern))
                    self.block(case.body, set(always))
                return always
            case _:
                return self._simple(node)

    def _inner_loop(self, node: Loop, sure: set[str]) -> None:
        if isinstance(node, ast.While):
            self.walrus(node.test)
        else:
            self.walrus(node.iter)
            self.hidden.update(target_names(node.target))
        self.depth += 1
        self.block(node.body, set(sure))
        self.depth -= 1
        self.block(node.orelse, set(sure))

    def _try(self, node: ast.Try | ast.TryStar, sure: set[str]) -> set[str] | None:
        body = self.block(node.body, set(sure))
        for handler in node.handlers:
            if handler.name:
                self.hidden.add(handler.name)
        ways = [self.block(handler.body, set(sure)) for handler in node.handlers]
        rest = self.block(node.orelse, set(sure if body is None else body))
        ways.append(None if body is None else rest)
        ended = _either(ways)
        final = self.block(node.finalbody, set(sure))
        return None if ended is None or final is None else ended | final

    def _simple(self, node: ast.stmt) -> set[str]:
        stored: set[str] = set()
        match node:
            case ast.Assign(targets=targets, value=value):
                stored |= self.walrus(value)
                for target in targets:
                    stored |= self._assign(target, value)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                stored |= self.walrus(value) | self._assign(target, value)
            case ast.AugAssign(target=target, value=value):
                stored |= self.walrus(value) | self._assign(target, None)
            case ast.Import() | ast.ImportFrom():
                self.hidden.update(import_names(node))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.hidden.add(node.name)
            case _:
                stored |= self.walrus(node)
        return stored

    def walrus(self, node: ast.AST) -> set[str]:
        """Note the names assigned inside an expression; gives those that it is sure to assign."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self._assign(inner.target, inner.value)
        match node:
            case ast.NamedExpr(target=target) | ast.Compare(left=ast.NamedExpr(target=target)):
                return {target.id}
        return set()

    def _assign(self, target: ast.expr, value: ast.expr | None) -> set[str]:
        pieces: list[ast.expr | None] = [value]
        parts = [target]
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = target.elts
            pieces = [value] * len(parts)
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(parts):
                pieces = list(value.elts)
        stored: set[str] = set()
        for part, piece in zip(parts, pieces, strict=True):
            for name in target_names(part):
                self.order.setdefault(name, len(self.order))
                stored.add(name)
                if piece is None or not (is_literal(piece) or is_clock(piece)):
                    self.computed.add(name)
        return stored


def _either(ways: list[set[str] | None]) -> set[str] | None:
    """Names that every way that comes to its end assigns; None when none does."""
    reached = [way for way in ways if way is not None]
    return set.intersection(*reached) if reached else None


def _plan(home: list[ast.stmt], loop: Loop) -> Plan:
    walk = _Body()
    always: set[str] = set()
    if isinstance(loop, ast.While):
        always = walk.walrus(loop.test)
    else:
        walk.hidden.update(target_names(loop.target))
    sure = walk.block(loop.body, always) or set()
    names = [n for n in walk.order if n in walk.computed and n not in walk.hidden and not n.startswith("_")]
    del names[MAX_NAMES:]
    whole = Ending(tuple((slot, name in sure) for slot, name in enumerate(names)))
    exits = tuple(
        Exit(
            found.home,
            found.statement,
            Ending(tuple((i, n in found.sure) for i, n in enumerate(names) if walk.order[n] < found.seen)),
        )
        for found in walk.exits
    )
    return Plan(loop, home, tuple(names), exits, whole)
