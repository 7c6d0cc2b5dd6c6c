"""Names in a source that is followed in order: which are needed, bound, and whose objects an expression may give."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

from .effects import Effects, Names
from .known import words

NONE: Final[Names] = frozenset()
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
_CURRENT: Final = frozenset({"gca", "gcf"})


class NameFlow:
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
        self._renewed: set[str] = set()
        """Names of a function that stand for another object than they did when it was called."""

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

    def _assign(self, name: str, origins: Names = NONE) -> None:
        if any(name in names for names in self._bound):
            return
        self._clock += 1
        if self._branches:
            self._maybe(name)
            origins |= self._origins.get(name, NONE)
        else:
            self.found.bound.setdefault(name, self._clock)
        if self._in_function and not self._branches and name not in origins:
            self._renewed.add(name)
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
                own = NONE if name in self._renewed else frozenset({name})
                return self._origins.get(name, NONE) | own
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
        return NONE

    def _joined(self, nodes: Iterable[ast.expr]) -> Names:
        return NONE.union(*(self._roots(node) for node in nodes))

    def _result_roots(self, node: ast.Call) -> Names:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        match node.func:
            case ast.Name(id=name) if name in _SAME_ITEMS or name[:1].isupper() or name.startswith("make_"):
                return self._joined(arguments)
            case ast.Name(id=name) if name.startswith("get"):
                return frozenset({name})
            case ast.Attribute(attr=name) if name[:1].isupper():
                return self._joined(arguments)
            case ast.Attribute(value=owner, attr=name) if name in _PARTS or name in _CURRENT or name.startswith("get"):
                return self._roots(owner)
            case ast.Attribute(value=ast.Call() as owner):
                return self._roots(owner)
        return NONE
