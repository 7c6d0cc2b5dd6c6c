"""One walk over a cell's top-level scope, noting assignments and reads.

Invariants: linear in the cell's size; `certain` is passed down as "this statement runs whatever happens".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from .analysis import Binding
from .literals import UNKNOWN, evaluate, is_clock, is_literal
from .magics import Outline, holds_loop, inner_code, outline
from .scopes import (
    Comprehension,
    class_reads,
    import_names,
    outer_names,
    pattern_names,
    root_name,
    target_names,
)

_FILLERS: Final = frozenset({"update", "setdefault", "subtract"})
_QUERIES: Final = frozenset({"query", "eval"})
_QUERY_NAME: Final = re.compile(r"@([A-Za-z_]\w*)")

Loop = ast.For | ast.AsyncFor | ast.While
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def last_expression(body: list[ast.stmt]) -> ast.expr | None:
    """The expression whose value a cell shows, looked for inside timing magics too."""
    if not body or not isinstance(body[-1], ast.Expr):
        return None
    value = body[-1].value
    if isinstance(value, ast.Call) and (inner := inner_code(value)) is not None:
        return last_expression(inner.body) if inner.leaks else None
    return value


class Walker:
    """Bindings and reads of the statements given to `block`."""

    def __init__(self, shadowed: frozenset[str]) -> None:
        self.bindings: dict[str, Binding] = {}
        self.reads: set[str] = set()
        self.deleted: set[str] = set()
        self.deferred: dict[str, set[str]] = {}
        self.global_writes: dict[str, set[str]] = {}
        self.inside: set[Outline] = set()
        self._shadowed = shadowed
        self._loops: list[frozenset[str]] = []
        self._bound: list[frozenset[str]] = []
        self._line = 0

    def binding(self, name: str) -> Binding:
        """The binding of `name`, made when it is new."""
        found = self.bindings.get(name)
        if found is None:
            found = self.bindings[name] = Binding()
        return found

    def block(self, body: Iterable[ast.stmt], certain: bool) -> None:
        """Note a list of statements."""
        for statement in body:
            self._line = statement.end_lineno or statement.lineno
            self._statement(statement, certain)

    # Statements

    def _statement(self, node: ast.stmt, certain: bool) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._read(value, certain)
                for target in targets:
                    self._store(target, value, certain)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self._read(value, certain)
                    self._store(target, value, certain)
            case ast.AugAssign():
                self._augmented(node, certain)
            case ast.Expr(value=value):
                self._expression_statement(value, certain)
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node, certain)
            case ast.If(test=test, body=body, orelse=orelse):
                self._read(test, certain)
                self.block(body, False)
                self.block(orelse, False)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                self._with(items, certain)
                self.block(body, certain)
            case ast.Try() | ast.TryStar():
                self._try(node, certain)
            case ast.Match(subject=subject, cases=cases):
                self._read(subject, certain)
                for case in cases:
                    self._case(case)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node, certain)
            case ast.Import() | ast.ImportFrom():
                self._hide(import_names(node))
            case ast.Delete(targets=targets):
                self._delete(targets)
            case _:
                self._children(node, certain)

    def _loop(self, node: Loop, certain: bool) -> None:
        targets: frozenset[str] = frozenset()
        if isinstance(node, ast.While):
            self._loops.append(targets)
            self._read(node.test, False)
        else:
            self._read(node.iter, certain)
            targets = frozenset(target_names(node.target))
            self._hide(targets)
            self._loops.append(targets)
            self._children(node.target, False)
        self.block(node.body, False)
        self._loops.pop()
        self.block(node.orelse, False)

    def _with(self, items: list[ast.withitem], certain: bool) -> None:
        for item in items:
            self._read(item.context_expr, certain)
            if item.optional_vars is not None:
                self._hide(target_names(item.optional_vars))

    def _try(self, node: ast.Try | ast.TryStar, certain: bool) -> None:
        self.block(node.body, certain and not node.handlers)
        for handler in node.handlers:
            if handler.type is not None:
                self._read(handler.type, False)
            if handler.name:
                self._hide([handler.name])
            self.block(handler.body, False)
        self.block(node.orelse, False)
        self.block(node.finalbody, certain)

    def _case(self, case: ast.match_case) -> None:
        self._hide(pattern_names(case.pattern))
        self._children(case.pattern, False)
        if case.guard is not None:
            self._read(case.guard, False)
        self.block(case.body, False)

    def _definition(self, node: Definition, certain: bool) -> None:
        self._hide([node.name])
        for decorator in node.decorator_list:
            self._read(decorator, certain)
        outer = outer_names(node)
        if isinstance(node, ast.ClassDef):
            self.reads |= class_reads(node)
            for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
                self._read(base, certain)
        else:
            self._children(node.args, certain)
        self.deferred.setdefault(node.name, set()).update(outer.reads)
        self.global_writes.setdefault(node.name, set()).update(outer.writes)

    def _delete(self, targets: list[ast.expr]) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self.deleted.add(target.id)
            else:
                self._children(target, False)

    def _augmented(self, node: ast.AugAssign, certain: bool) -> None:
        self._read(node.value, certain)
        if not isinstance(node.target, ast.Name):
            self._store(node.target, None, certain)
            return
        name = node.target.id
        self.reads.add(name)
        if isinstance(node.op, ast.BitOr) and self._fill_all(name, [node.value], []):
            return
        self._record(name, None, certain)

    def _expression_statement(self, value: ast.expr, certain: bool) -> None:
        inner = inner_code(value) if isinstance(value, ast.Call) else None
        if inner is None:
            self._read(value, certain)
        elif inner.leaks:
            self.block(inner.body, certain)
            if not self._loops:
                self.inside.update(outline(statement) for statement in inner.body if holds_loop(statement))
        else:
            none = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            timed = ast.FunctionDef(name="timed", args=none, body=inner.body, decorator_list=[])
            self.reads |= outer_names(timed).reads

    # Assignments

    def _hide(self, names: Iterable[str]) -> None:
        for name in names:
            self.binding(name).hidden = True

    def _store(self, target: ast.expr, value: ast.expr | None, certain: bool) -> None:
        match target:
            case ast.Name(id=name):
                if isinstance(value, ast.Lambda):
                    self.deferred.setdefault(name, set()).update(outer_names(value).reads)
                self._record(name, value, certain)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part, piece in zip(parts, self._pieces(parts, value), strict=True):
                    self._store(part, piece, certain)
            case ast.Starred(value=inner):
                self._store(inner, value, certain)
            case ast.Subscript():
                self._store_item(target, value)
                self._children(target, certain)
            case _:
                self._children(target, certain)

    def _pieces(self, parts: list[ast.expr], value: ast.expr | None) -> Iterator[ast.expr | None]:
        """What each part of an unpacking gets, as an expression; None where it is computed."""
        if value is None:
            return iter([None] * len(parts))
        pieces = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        if len(pieces) == len(parts) and not any(isinstance(part, ast.Starred) for part in (*parts, *pieces)):
            return iter(pieces)
        if not is_literal(value, self._shadowed):
            return iter([None] * len(parts))
        return iter([ast.Constant(value=piece) for piece in _unpacked(parts, evaluate(value))])

    def _record(self, name: str, value: ast.expr | None, certain: bool) -> None:
        if any(name in targets for targets in self._loops):
            return
        binding = self.binding(name)
        if certain and binding.certain_line is None:
            binding.certain_line = self._line
        if value is not None and is_literal(value, self._shadowed):
            binding.add_literal(value, certain, bool(self._loops))
        else:
            binding.add_computed(certain or bool(self._loops), value is not None and is_clock(value))

    def _store_item(self, target: ast.Subscript, value: ast.expr | None) -> None:
        name = root_name(target)
        if name is None:
            return
        if value is None or self._loops or not self._all_literal([value, target.slice]):
            self.binding(name).filled = True
        else:
            self.binding(name).add_fill(target.slice, value)

    def _fill_all(self, name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> bool:
        """Note `name.update(...)`; True where everything in it is literal."""
        pairs: list[tuple[Any, Any]] = []
        for argument in arguments:
            value = evaluate(argument) if is_literal(argument, self._shadowed) else UNKNOWN
            if not isinstance(value, dict):
                self.binding(name).filled = True
                return False
            pairs += value.items()
        if self._loops or not all(k.arg and is_literal(k.value, self._shadowed) for k in keywords):
            self.binding(name).filled = True
            return False
        pairs += [(keyword.arg, evaluate(keyword.value)) for keyword in keywords]
        self.binding(name).fills += pairs
        return True

    def _all_literal(self, nodes: Iterable[ast.expr]) -> bool:
        return all(is_literal(node, self._shadowed) for node in nodes)

    # Expressions

    def _read(self, node: ast.expr, certain: bool) -> None:
        match node:
            case ast.Name(id=name):
                if not any(name in names for names in self._bound):
                    self.reads.add(name)
            case ast.Constant():
                pass
            case ast.NamedExpr(target=target, value=value):
                self._read(value, certain)
                self._store(target, value, certain and not self._bound)
            case ast.Lambda():
                self._children(node.args, certain)
                bound = frozenset().union(*self._bound)
                self.reads |= outer_names(node).reads - bound
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node, certain)
            case ast.BoolOp(values=values):
                self._read(values[0], certain)
                for value in values[1:]:
                    self._read(value, False)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._read(test, certain)
                self._read(body, False)
                self._read(orelse, False)
            case ast.Call():
                self._call(node, certain)
            case ast.BinOp():
                self._operands(node, certain)
            case _:
                self._children(node, certain)

    def _operands(self, node: ast.expr, certain: bool) -> None:
        """The terms of a chain such as `a + b + …`, of which there may be thousands, without recursion."""
        terms: list[ast.expr] = []
        while isinstance(node, ast.BinOp):
            terms.append(node.right)
            node = node.left
        for term in (node, *reversed(terms)):
            self._read(term, certain)

    def _comprehension(self, node: Comprehension, certain: bool) -> None:
        self._read(node.generators[0].iter, certain)
        targets = (name for generator in node.generators for name in target_names(generator.target))
        self._bound.append(frozenset(targets))
        for index, generator in enumerate(node.generators):
            if index:
                self._read(generator.iter, False)
            for condition in generator.ifs:
                self._read(condition, False)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self._read(part, False)
        self._bound.pop()

    def _call(self, node: ast.Call, certain: bool) -> None:
        self._children(node, certain)
        if not isinstance(node.func, ast.Attribute):
            return
        if node.func.attr in _QUERIES:
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    self.reads.update(_QUERY_NAME.findall(argument.value))
        owner = node.func.value
        if node.func.attr in _FILLERS and (name := root_name(owner)) is not None:
            if node.func.attr == "update" and isinstance(owner, ast.Name):
                self._fill_all(name, node.args, node.keywords)
            else:
                self.binding(name).filled = True

    def _children(self, node: ast.AST, certain: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                if not (isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load)):
                    self._read(child, certain)
            elif isinstance(child, ast.stmt):
                self.block([child], certain)
            else:
                self._children(child, certain)


def _unpacked(parts: list[ast.expr], value: Any) -> list[Any]:
    """The values that the parts of an unpacking get from a literal's value."""
    if isinstance(value, (tuple, list, str)):
        stars = [index for index, part in enumerate(parts) if isinstance(part, ast.Starred)]
        if not stars and len(value) == len(parts):
            return list(value)
        if len(stars) == 1 and len(value) >= len(parts) - 1:
            first, after = stars[0], len(parts) - stars[0] - 1
            middle = list(value[first : len(value) - after])
            return [*value[:first], middle, *value[len(value) - after :]]
    return [UNKNOWN] * len(parts)
