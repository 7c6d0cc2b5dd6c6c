"""Names by scope: what a target binds, and which globals a function or class body reads and writes when it
runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Outer(NamedTuple):
    """Names of the enclosing scopes that a body reads, and global names that it assigns."""

    reads: frozenset[str]
    writes: frozenset[str]


def target_names(target: ast.AST) -> Iterator[str]:
    """The plain names that an assignment, loop or `with` target binds."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            yield from target_names(part)
    elif isinstance(target, ast.Starred):
        yield from target_names(target.value)


def pattern_names(pattern: ast.pattern) -> Iterator[str]:
    """The names that a `case` pattern captures."""
    for node in ast.walk(pattern):
        if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def import_names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The names that an import statement binds."""
    for alias in node.names:
        yield alias.asname or alias.name.partition(".")[0]


def argument_names(arguments: ast.arguments) -> set[str]:
    """The parameter names of a function."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    return {argument.arg for argument in every}


def root_name(node: ast.expr) -> str | None:
    """`a` of `a["b"].c[0]`."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def outer_names(node: Function | ast.ClassDef) -> Outer:
    """What the body of a function, or the body and methods of a class, reads and writes outside itself."""
    body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    scope = _Scope()
    for part in body:
        scope.visit(part)
    arguments = set() if isinstance(node, ast.ClassDef) else argument_names(node.args)
    local = (scope.stored | arguments) - scope.declared_global
    nested_reads: set[str] = set()
    nested_writes: set[str] = set()
    for nested in scope.nested:
        outer = outer_names(nested)
        nested_reads |= outer.reads
        nested_writes |= outer.writes
    if isinstance(node, ast.ClassDef):
        reads = (scope.loaded - local) | nested_reads
    else:
        reads = (scope.loaded | nested_reads) - local
    return Outer(frozenset(reads), frozenset((scope.stored & scope.declared_global) | nested_writes))


def class_reads(node: ast.ClassDef) -> set[str]:
    """What the body of a class reads as the class is made, its methods left aside."""
    scope = _Scope()
    for part in node.body:
        scope.visit(part)
    return scope.loaded - scope.stored


class _Scope(ast.NodeVisitor):
    def __init__(self) -> None:
        self.loaded: set[str] = set()
        self.stored: set[str] = set()
        self.declared_global: set[str] = set()
        self.nested: list[Function | ast.ClassDef] = []

    def visit_Name(self, node: ast.Name) -> None:
        (self.loaded if isinstance(node.ctx, ast.Load) else self.stored).add(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.loaded.add(node.target.id)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.declared_global.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.loaded.update(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        self.stored.update(import_names(node))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.stored.update(import_names(node))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.stored.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        self.stored.update(pattern_names(node))
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self.stored.update(pattern_names(node))

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.stored.update(pattern_names(node))
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        self.nested.append(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._definition(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._definition(node)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.stored.add(node.name)
        self.nested.append(node)
        for decorator in node.decorator_list:
            self.visit(decorator)
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *node.keywords):
                self.visit(base)
        else:
            self.visit(node.args)
            if node.returns is not None:
                self.visit(node.returns)

    def _comprehension(self, node: Comprehension) -> None:
        inner = _Scope()
        inner.generic_visit(node)
        targets = {name for generator in node.generators for name in target_names(generator.target)}
        self.loaded |= inner.loaded - targets
        self.stored |= inner.stored - targets
        self.nested += inner.nested

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def word_of(node: ast.AST) -> str:
    """The name, attribute or import that a node mentions; empty for none."""
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word):
            return word
    return ""
