"""Expressions and calls in a source that is followed in order: what they need, and what they may change."""

from __future__ import annotations

import ast
import re
from abc import abstractmethod
from collections.abc import Iterable
from typing import Final

from .effects import Use
from .known import words
from .magics import inner_code
from .names import NameFlow
from .scopes import Comprehension, Function, outer_names, root_name, target_names

_NAMESPACES: Final = frozenset({"globals", "locals", "vars"})
_DYNAMIC: Final = frozenset({"exec", "eval"})
_QUERIES: Final = frozenset({"query", "eval"})
_QUERY_NAME: Final = re.compile(r"@([A-Za-z_]\w*)")
_SQL: Final = frozenset({"sql", "execute", "query", "query_df"})
_SQL_NAME: Final = re.compile(r"(?i)\b(?:from|join)\s+([A-Za-z_]\w*)")
_QUESTION: Final = re.compile(r"(?i)\s*\(*(?:select|from|with|describe|show|summarize|explain)\b")
_CHANGE: Final = re.compile(
    r"(?i)\b(?:insert|update|delete|create|drop|alter|attach|copy|set|replace|merge|truncate|nextval|setval|into)\b"
)
_SHELL_NAME: Final = re.compile(r"[{$]\s*([A-Za-z_]\w*)")
_SHELL_CALLS: Final = frozenset({"run_cell", "run_cell_async", "ex", "ev", "push", "safe_execfile", "run_code"})
_FOREIGN_CELLS: Final = words(
    """
    bash sh script writefile file html HTML javascript js latex markdown svg SVG system sx cmd perl ruby
    runs_sql sql python python2 python3 pypy
    """
)
_UNSET: Final = frozenset({"empty", "empty_like", "ndarray", "resize"})
_ENVIRONMENT: Final = frozenset({"putenv", "load_dotenv", "unsetenv"})


class ExpressionFlow(NameFlow):
    """Follows expressions; statements inside them (of magics, of `exec`) are `block`'s."""

    @abstractmethod
    def block(self, body: Iterable[ast.stmt]) -> None:
        """Follow statements."""

    @abstractmethod
    def _branch(self, body: Iterable[ast.stmt]) -> set[str]: ...

    @abstractmethod
    def _store(self, target: ast.expr, value: ast.expr | None) -> None: ...

    @abstractmethod
    def _function(self, node: Function) -> None: ...

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
            case ast.Subscript(value=ast.Name(id="Out" | "_oh"), slice=ast.Constant(value=int(number))):
                self._need(f"_{number}")
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
        if isinstance(node.func, ast.Attribute) and node.func.attr == "update" and _is_namespace(node.func.value):
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                self._expression(part)
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
            self.found.uses.append(Use(roots, path, direct, arguments, keywords, inplace, _only_asks(node)))

    def _decorated(self, decorator: ast.expr, name: str) -> None:
        """A decorator is called with what it stands before."""
        path, receiver = _called(decorator)
        if isinstance(receiver, ast.Name):
            roots = self._roots(receiver)
            self.found.uses.append(Use(roots, path, receiver.id, (frozenset({name}),), (), False))

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
        if name in _SQL:
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                for part in ast.walk(argument):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        for found in _SQL_NAME.findall(part.value):
                            self._need(found)
        if name in _ENVIRONMENT or (owner is not None and getattr(owner, "attr", "") == "environ" and name != "get"):
            self.found.sets_up = True
        self.found.unset |= name in _UNSET
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
        if method in ("system", "getoutput"):
            self.found.magics.add(method)
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


def _called(function: ast.expr) -> tuple[tuple[str, ...], ast.expr]:
    """The path of attributes of what is called, and what stands at its root."""
    path: list[str] = []
    while isinstance(function, (ast.Attribute, ast.Subscript)):
        path.append(function.attr if isinstance(function, ast.Attribute) else "[]")
        function = function.value
    return tuple(reversed(path)), function


def _in_place(keyword: ast.keyword) -> bool:
    told_not = isinstance(keyword.value, ast.Constant) and keyword.value.value in (False, None)
    return keyword.arg in ("inplace", "in_place", "out") and not told_not


def _only_asks(node: ast.Call) -> bool:
    match node.args:
        case [ast.Constant(value=str(text)), *_]:
            return _QUESTION.match(text) is not None and _CHANGE.search(text) is None
    return False


def _is_namespace(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and root_name(node.func) in _NAMESPACES and not node.args


def stands_for_names(target: ast.expr) -> bool:
    """Whether it is `globals()[…]`."""
    return isinstance(target, ast.Subscript) and _is_namespace(target.value)


def _on_shell(node: ast.Call) -> bool:
    """Whether `get_ipython().something(…)` is called."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "get_ipython"
