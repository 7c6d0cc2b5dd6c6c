"""A cell's statements followed in order: from its tree to its `Effects`. The tree is only read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from .effects import Effects, FunctionEffects, either
from .expressions import ExpressionFlow, stands_for_names
from .names import NONE
from .scopes import Function, argument_names, class_reads, outer_names, pattern_names


def effects_of(tree: ast.Module) -> Effects:
    """What the cell with this tree, after IPython's input transformation, does."""
    flow = _Flow()
    try:
        flow.seeding(tree.body)
        flow.block(tree.body)
    except RecursionError:
        flow.found.unknown = True
    return flow.found


class _Flow(ExpressionFlow):
    """Follows statements in order."""

    def block(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _branch(self, body: Iterable[ast.stmt]) -> set[str]:
        """Follow statements that may not run; the names bound at their end."""
        before = set(self._assigned)
        self._branches += 1
        self.block(body)
        self._branches -= 1
        after, self._assigned = self._assigned, before
        return after

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._expression(value)
                for target in targets:
                    self._store(target, value)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                if not self._in_function:
                    self._expression(annotation)
                if value is not None:
                    self._expression(value)
                    self._store(target, value)
            case ast.AugAssign(target=target, value=value):
                self._expression(value)
                self._augmented(target)
            case ast.For() | ast.AsyncFor():
                self._expression(node.iter)
                self._branches += 1
                before = set(self._assigned)
                self._store(node.target, node.iter)
                self._branches -= 1
                self._branch(node.body)
                self._assigned = before
                self._branch(node.orelse)
            case ast.While():
                self._expression(node.test)
                self._branch(node.body)
                self._branch(node.orelse)
            case ast.If():
                self._expression(node.test)
                both = self._branch(node.body) & self._branch(node.orelse)
                self._settle(both)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self._expression(item.context_expr)
                    if item.optional_vars is not None:
                        self._store(item.optional_vars, item.context_expr)
                self.block(body)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Match():
                self._match(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._definition(node)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target)
            case ast.Nonlocal(names=names):
                self.found.changed |= set(names)
            case _:
                self._children(node)

    def _settle(self, names: set[str]) -> None:
        """Names that every branch binds are bound."""
        for name in names - self._assigned:
            self._assigned.add(name)
            if not self._branches:
                self.found.bound.setdefault(name, self._clock)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        before = set(self._assigned)
        bound = self._branch([*node.body, *node.orelse])
        for handler in node.handlers:
            if handler.type is not None:
                self._expression(handler.type)
            bound &= self._branch([*_named(handler.name), *handler.body])
        self._assigned = before
        self._settle(bound)
        self.block(node.finalbody)

    def _match(self, node: ast.Match) -> None:
        self._expression(node.subject)
        for case in node.cases:
            for name in pattern_names(case.pattern):
                self._origins[name] = self._roots(node.subject)
                self._maybe(name)
            before = set(self._assigned)
            self._assigned |= set(pattern_names(case.pattern))
            self._children(case.pattern)
            if case.guard is not None:
                self._expression(case.guard)
            self._branch(case.body)
            self._assigned = before

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self._expression(decorator)
            self._decorated(decorator, node.name)
        outer = outer_names(node)
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
                self._expression(base)
            for name in class_reads(node):
                self._need(name)
            for part in ast.walk(node):
                if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                    self._function(part)
        else:
            self._children(node.args)
            if node.returns is not None:
                self._expression(node.returns)
            self._function(node)
        self._assign(node.name)
        self._deferred[node.name] = set(outer.reads)
        self._rebinding[node.name] = set(outer.writes)
        if node.decorator_list:
            self._need(node.name)

    def _function(self, node: Function) -> None:
        name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
        place = (name, min([node.lineno, *(decorator.lineno for decorator in decorators)]))
        outer = outer_names(node)
        kept_outside = frozenset(n for part in ast.walk(node) if isinstance(part, ast.Nonlocal) for n in part.names)
        inside = _Flow(in_function=True)
        if isinstance(node, ast.Lambda):
            inside._expression(node.body)
        else:
            inside.block(node.body)
        positional = [*node.args.posonlyargs, *node.args.args]
        parameters = tuple(argument.arg for argument in positional)
        free = outer.reads | kept_outside
        known = free | argument_names(node.args)
        told = inside.found
        kept = FunctionEffects(
            parameters,
            frozenset(told.changed) & known,
            outer.writes,
            free,
            tuple(told.uses),
            tuple(told.seeds),
            told.unknown,
        )
        earlier = self.found.functions.get(place)
        self.found.functions[place] = kept if earlier is None else either(earlier, kept)
        self.found.functions.update(told.functions)
        self.found.imports |= told.imports
        if self._in_function:  # a function made by another is called with it, or handed out by it
            self.found.changed |= kept.changed & free
            self.found.uses += told.uses
            self.found.seeds += told.seeds

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            self.found.sets_up = True
        if isinstance(node, ast.ImportFrom):
            self.found.imports |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        else:
            self.found.imports |= {alias.name for alias in node.names}
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            if alias.name == "*":
                self.found.stars = True
            elif isinstance(node, ast.Import) and "." in alias.name and alias.asname is None:
                # `import a.b` adds to `a`, which an earlier import may have bound for other parts of it.
                self._maybe(name)
                self._assigned.add(name)
            else:
                self._assign(name)

    def _delete(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._need(target.id)
            self._assigned.discard(target.id)
            self.found.deleted.add(target.id)
            self._maybe(target.id)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                self._delete(part)
        else:
            self._children(target)
            self._change(target)

    def _augmented(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._need(target.id)
            self._change(target)
            self._assign(target.id, self._origins.get(target.id, NONE))
        else:
            self.found.unknown |= stands_for_names(target)
            self._store(target, None)

    def _store(self, target: ast.expr, value: ast.expr | None) -> None:
        match target:
            case ast.Name(id=name):
                if isinstance(value, ast.Lambda):
                    self._rebinding[name] = set(outer_names(value).writes)
                self._assign(name, self._roots(value))
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                pieces = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
                paired = len(pieces) == len(parts)
                for i, part in enumerate(parts):
                    self._store(part, pieces[i] if paired else value)
            case ast.Starred(value=inner):
                self._store(inner, value)
            case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))):
                self._assign(name, self._roots(value))
            case ast.Subscript(slice=name) if stands_for_names(target):
                self._expression(name)  # which it binds is seen when it has
            case _:
                self._children(target)
                self._change(target)
                if "environ" in ast.dump(target):
                    self.found.sets_up = True

    # -- seeds

    def seeding(self, body: list[ast.stmt]) -> None:
        """Note whether a seed is set before any other call of the cell."""
        for statement in body:
            match statement:
                case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
                    continue
                case ast.Expr(value=ast.Constant()):
                    continue
                case ast.Assign(value=value) | ast.AnnAssign(value=value) if value is not None:
                    if any(isinstance(part, (ast.Call, ast.Await)) for part in ast.walk(value)):
                        return
                case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))) if "seed" in name:
                    self.found.seeds_first = True
                case _:
                    return


def _named(name: str | None) -> Iterator[ast.stmt]:
    """An `except … as name` as the assignment that it is."""
    if name is not None:
        yield ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())], value=ast.Constant(value=None))
