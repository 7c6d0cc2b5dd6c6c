"""What a cell's source does to names: needs, binds, deletes, and what it may change in place.

Invariants: the tree is only read. What is told leans to too much: a name read on any path is needed, a call on a
name may change it until `mutation` knows better. `Effects.unknown` says that the source can do anything (`exec`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from .known import words
from .magics import inner_code
from .scopes import (
    Comprehension,
    Function,
    argument_names,
    class_reads,
    outer_names,
    pattern_names,
    root_name,
    target_names,
)

Names = frozenset[str]
Place = tuple[str, int]
"""A function's name and first line: what its source and its code object have in common."""

_NONE: Final[Names] = frozenset()
_SAME_ITEMS: Final = words(
    """
    dict enumerate filter iter list map next reversed set sorted tuple zip deque vars getattr max min
    """
)
_PARTS: Final = words(
    """
    get items keys values pop popitem setdefault iterrows itertuples reshape ravel view swapaxes transpose
    squeeze detach modules children parameters named_parameters
    """
)
_NAMESPACES: Final = frozenset({"globals", "locals", "vars"})
_DYNAMIC: Final = frozenset({"exec", "eval"})
_QUERIES: Final = frozenset({"query", "eval"})
_QUERY_NAME: Final = re.compile(r"@([A-Za-z_]\w*)")
_SHELL_NAME: Final = re.compile(r"[{$]\s*([A-Za-z_]\w*)")
_SHELL_CALLS: Final = frozenset({"run_cell", "run_cell_async", "ex", "ev", "push", "safe_execfile", "run_code"})
_FOREIGN_CELLS: Final = words(
    """
    bash sh script writefile file html HTML javascript js latex markdown svg SVG system sx cmd perl ruby
    runs_sql sql python python2 python3 pypy
    """
)
_ENVIRONMENT: Final = frozenset({"putenv", "load_dotenv", "unsetenv"})


@dataclass(frozen=True, slots=True)
class Use:
    """A call that may change names: `root.path[0].path[1](arguments)`."""

    roots: Names
    """The names that the receiver, or the called function, may come from; empty for a temporary object."""
    path: tuple[str, ...]
    """Attributes between the root and the call; `[]` stands for a subscript."""
    direct: str | None
    """The root's own name where the receiver is written as such, not through another name."""
    arguments: tuple[Names, ...]
    keywords: tuple[tuple[str, Names], ...]
    inplace: bool
    """It is told to work in place, as by `inplace=True` or `out=…`."""


@dataclass(frozen=True, slots=True)
class FunctionEffects:
    """What calling a function does to its arguments and to globals."""

    parameters: tuple[str, ...]
    changed: Names
    """Parameters and global names that it stores into."""
    rebound: Names
    """Global names that it assigns."""
    free: Names
    """Names of enclosing scopes that it reads: every other name in `uses` is a local one."""
    uses: tuple[Use, ...]
    seeds: tuple[tuple[str, ...], ...]
    """The dotted names of what it calls to set a seed."""
    unknown: bool


@dataclass
class Effects:
    """What a cell does, by its source alone."""

    reads: dict[str, int] = field(default_factory=dict)
    """Names read before the cell has bound them, with the moment of the first reading."""
    soft: set[str] = field(default_factory=set)
    """Names read where the cell may have bound them: needed unless it turns out that it did."""
    bound: dict[str, int] = field(default_factory=dict)
    """Names bound whatever happens, with the moment of the first binding."""
    maybe: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    """Names whose objects are stored into."""
    uses: list[Use] = field(default_factory=list)
    functions: dict[Place, FunctionEffects] = field(default_factory=dict)
    unknown: bool = False
    stars: bool = False
    """There is a `from x import *`."""
    sets_up: bool = False
    """It changes the process for every later cell: environment variables, `from __future__`, `%load_ext`."""
    seeds_first: bool = False
    """A seed is set before anything could be drawn."""
    seeds: list[tuple[str, ...]] = field(default_factory=list)
    """The dotted names of what it calls that may set a seed, functions of its own included."""
    magics: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    """Modules that it names in import statements, those of functions too."""


def effects_of(tree: ast.Module) -> Effects:
    """What the cell with this tree, after IPython's input transformation, does."""
    flow = _Flow()
    try:
        flow.seeding(tree.body)
        flow.block(tree.body)
    except RecursionError:
        flow.found.unknown = True
    return flow.found


class _Flow:
    """Follows statements in order; `_assigned` are the names bound for certain at this point."""

    def __init__(self, in_function: bool = False) -> None:
        self.found = Effects()
        self._in_function = in_function
        self._assigned: set[str] = set()
        self._clock = 0
        self._bound: list[Names] = []
        self._origins: dict[str, Names] = {}
        self._deferred: dict[str, set[str]] = {}
        self._rebinding: dict[str, set[str]] = {}
        self._branches = 0

    # -- names

    def _need(self, name: str) -> None:
        if any(name in names for names in self._bound):
            return
        self._clock += 1
        if name not in self._assigned:
            if name in self.found.maybe or name in self.found.bound:
                self.found.soft.add(name)
            else:
                self.found.reads.setdefault(name, self._clock)
        for rebound in self._rebinding.pop(name, ()):
            self._maybe(rebound)
        for inner in self._deferred.pop(name, ()):
            self._need(inner)

    def _assign(self, name: str, origins: Names = _NONE) -> None:
        if any(name in names for names in self._bound):
            return
        self._clock += 1
        if self._branches:
            self._maybe(name)
            origins |= self._origins.get(name, _NONE)
        else:
            self.found.bound.setdefault(name, self._clock)
        self._assigned.add(name)
        self.found.deleted.discard(name)
        self._origins[name] = origins - {name}

    def _maybe(self, name: str) -> None:
        self.found.maybe.add(name)

    def _change(self, node: ast.expr) -> None:
        self.found.changed |= self._roots(node)

    def _roots(self, node: ast.expr | None) -> Names:
        """The names whose objects `node` may give, or give a part of."""
        match node:
            case ast.Name(id=name):
                return self._origins.get(name, _NONE) | {name}
            case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                return self._roots(inner)
            case ast.NamedExpr(value=inner) | ast.Await(value=inner):
                return self._roots(inner)
            case ast.IfExp(body=body, orelse=orelse):
                return self._roots(body) | self._roots(orelse)
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return self._joined(parts)
            case ast.Dict(values=parts):
                return self._joined(parts)
            case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.GeneratorExp(elt=part):
                return self._roots(part) | self._joined(generator.iter for generator in node.generators)
            case ast.DictComp(value=part):
                return self._roots(part) | self._joined(generator.iter for generator in node.generators)
            case ast.Call():
                return self._result_roots(node)
        return _NONE

    def _joined(self, nodes: Iterable[ast.expr]) -> Names:
        return _NONE.union(*(self._roots(node) for node in nodes))

    def _result_roots(self, node: ast.Call) -> Names:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        match node.func:
            case ast.Name(id=name) if name in _SAME_ITEMS or name[:1].isupper() or name.startswith("make_"):
                return self._joined(arguments)
            case ast.Attribute(attr=name) if name[:1].isupper():
                return self._joined(arguments)
            case ast.Attribute(value=owner, attr=name) if name in _PARTS:
                return self._roots(owner)
            case ast.Attribute(value=ast.Call() as owner):
                return self._roots(owner)
        return _NONE

    # -- statements

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
            case ast.AnnAssign(target=target, value=value):
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
        self.found.functions[place] = kept if earlier is None else _either(earlier, kept)
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
            self._assign(target.id, self._origins.get(target.id, _NONE))
        else:
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
            case _:
                self._children(target)
                self._change(target)
                if "environ" in ast.dump(target):
                    self.found.sets_up = True

    # -- expressions

    def _expression(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name):
                self._need(name)
            case ast.Constant():
                pass
            case ast.NamedExpr(target=target, value=value):
                self._expression(value)
                self._store(target, value)
            case ast.Lambda():
                self._children(node.args)
                self._function(node)
                for name in outer_names(node).reads:
                    self._need(name)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                self._comprehension(node)
            case ast.Call():
                self._call(node)
            case ast.Subscript(value=ast.Call(func=ast.Name(id="globals")), slice=ast.Constant(value=str(name))):
                self._need(name)
            case ast.Compare(
                left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()], comparators=[inside]
            ) if _is_namespace(inside):
                self._need(name)
            case ast.BinOp():
                self._operands(node)
            case _:
                self._children(node)

    def _operands(self, node: ast.expr) -> None:
        """The terms of a chain such as `a + b + …`, of which there may be thousands, without recursion."""
        terms: list[ast.expr] = []
        while isinstance(node, ast.BinOp):
            terms.append(node.right)
            node = node.left
        for term in (node, *reversed(terms)):
            self._expression(term)

    def _comprehension(self, node: Comprehension) -> None:
        self._expression(node.generators[0].iter)
        hidden = dict(self._origins)
        for generator in node.generators:
            for name in target_names(generator.target):
                self._origins[name] = self._roots(generator.iter)
        self._bound.append(frozenset(n for generator in node.generators for n in target_names(generator.target)))
        for index, generator in enumerate(node.generators):
            if index:
                self._expression(generator.iter)
            for condition in generator.ifs:
                self._expression(condition)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self._expression(part)
        self._bound.pop()
        self._origins = hidden

    def _call(self, node: ast.Call) -> None:
        inner = inner_code(node)
        if inner is not None:
            self.found.magics.add(str(node.args[0].value))  # type: ignore[attr-defined]
            if inner.leaks:
                self.block(inner.body)
            else:
                self._timed(inner.body)
            return
        if _on_shell(node):
            self._shell_call(node)
            return
        self._children(node)
        self._special(node)
        path, receiver = _called(node.func)
        arguments = tuple(self._roots(argument) for argument in node.args)
        keywords = tuple((keyword.arg or "**", self._roots(keyword.value)) for keyword in node.keywords)
        inplace = any(_in_place(keyword) for keyword in node.keywords)
        direct = receiver.id if isinstance(receiver, ast.Name) else None
        roots = self._roots(receiver)
        if roots or any(arguments) or any(names for _, names in keywords):
            self.found.uses.append(Use(roots, path, direct, arguments, keywords, inplace))

    def _special(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if owner is None and name in _DYNAMIC:
            self._executed(node)
        elif owner is None and name in _NAMESPACES and not node.args:
            self.found.unknown = True
        elif name in _QUERIES:
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                for part in ast.walk(argument):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        for found in _QUERY_NAME.findall(part.value):
                            self._need(found)
        if name in _ENVIRONMENT or (owner is not None and getattr(owner, "attr", "") == "environ" and name != "get"):
            self.found.sets_up = True
        path, root = _called(node.func)
        if isinstance(root, ast.Name) and "seed" in name:
            self.found.seeds.append((root.id, *path))

    def _executed(self, node: ast.Call) -> None:
        """`exec` and `eval`: of a constant its own names, else anything."""
        if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            try:
                self.block(ast.parse(node.args[0].value.strip()).body)
                return
            except (SyntaxError, ValueError):
                pass
        self.found.unknown = True

    def _timed(self, body: list[ast.stmt]) -> None:
        """Statements that run in a scope of their own, as `%timeit` does."""
        before, maybe = set(self._assigned), set(self.found.maybe)
        self._branch(body)
        self._assigned, self.found.maybe = before, maybe

    def _shell_call(self, node: ast.Call) -> None:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        for text in texts:
            for name in _SHELL_NAME.findall(text):
                self._need(name)
        if method in _SHELL_CALLS:
            self.found.unknown = True
        elif method in ("run_line_magic", "run_cell_magic") and texts:
            name, options = texts[0], texts[1] if len(texts) > 1 else ""
            self.found.magics.add(name)
            self.found.sets_up |= name in ("load_ext", "reload_ext", "env", "set_env", "autoreload")
            if (name == "run" and re.search(r"(^|\s)-i(\s|$)", options)) or (
                method == "run_cell_magic" and name not in _FOREIGN_CELLS
            ):
                self.found.unknown = True

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                if not (isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load)):
                    self._expression(child)
            elif isinstance(child, ast.stmt):
                self._branch([child])
            else:
                self._children(child)

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


def _either(a: FunctionEffects, b: FunctionEffects) -> FunctionEffects:
    """Two functions that start on one line: what either does, to any argument."""
    return FunctionEffects(
        a.parameters if len(a.parameters) > len(b.parameters) else b.parameters,
        a.changed | b.changed, a.rebound | b.rebound, a.free | b.free, a.uses + b.uses, a.seeds + b.seeds,
        a.unknown or b.unknown,
    )  # fmt: skip


def _named(name: str | None) -> Iterator[ast.stmt]:
    """An `except … as name` as the assignment that it is."""
    if name is not None:
        yield ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())], value=ast.Constant(value=None))


def _called(function: ast.expr) -> tuple[tuple[str, ...], ast.expr]:
    """The path of attributes of what is called, and what stands at its root."""
    path: list[str] = []
    while isinstance(function, (ast.Attribute, ast.Subscript)):
        path.append(function.attr if isinstance(function, ast.Attribute) else "[]")
        function = function.value
    return tuple(reversed(path)), function


def _in_place(keyword: ast.keyword) -> bool:
    told_not = isinstance(keyword.value, ast.Constant) and keyword.value.value in (False, None)
    return keyword.arg in ("inplace", "out") and not told_not


def _is_namespace(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and root_name(node.func) in _NAMESPACES and not node.args


def _on_shell(node: ast.Call) -> bool:
    """Whether `get_ipython().something(…)` is called."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "get_ipython"
