"""What a cell's source says of the names it assigns and reads.

Invariants: the tree is only read; names are classified by the letter of these rules: a *literal* name is
assigned from constants alone; a *computed* one from anything else; True, False and None assigned inside a
loop are flags, and neither; loop, `with`, `except` and `match` targets, imports, functions and classes are *hidden*.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Final

from .literals import UNKNOWN, evaluate
from .magics import Outline, holds_loop, outline

_MAX_CANDIDATES: Final = 100


@dataclass
class Binding:
    """How a cell assigns one name."""

    literals: list[Any] = field(default_factory=list)
    """Values of its literal assignments since the last certain one, UNKNOWN included."""
    fills: list[tuple[Any, Any]] = field(default_factory=list)
    """Key and value of the literal items stored into it."""
    flag: bool = False
    """True, False or None is assigned inside a loop."""
    computed: bool = False
    """Certainly computed: unconditionally, or in a loop."""
    maybe_computed: bool = False
    """Computed in a branch, or by a function that declares it global."""
    filled: bool = False
    """Items that are not literal are stored into it."""
    clock: bool = False
    hidden: bool = False
    certain_line: int | None = None
    """The last line of the first statement that assigns it whatever happens, if there is one."""

    @property
    def assigned(self) -> bool:
        """Whether the cell binds the name, rather than only storing items into it."""
        return bool(self.literals or self.flag or self.computed or self.maybe_computed or self.clock or self.hidden)

    def add_literal(self, value: ast.expr, certain: bool, in_loop: bool) -> None:
        """Note a literal assignment; a certain one overrides whatever came before it."""
        self.hidden = False
        if in_loop and isinstance(value, ast.Constant) and isinstance(value.value, bool | None):
            self.flag = True
            return
        if certain:
            self.literals.clear()
            self.fills.clear()
            self.flag = self.computed = self.maybe_computed = self.filled = self.clock = False
        self.literals.append(evaluate(value) if len(self.literals) < _MAX_CANDIDATES else UNKNOWN)

    def add_fill(self, key: ast.expr, value: ast.expr) -> None:
        """Note a literal item stored under a literal key."""
        if len(self.fills) < _MAX_CANDIDATES:
            self.fills.append((evaluate(key), evaluate(value)))
        else:
            self.filled = True

    def add_computed(self, certain: bool, clock: bool) -> None:
        """Note an assignment that is not literal."""
        self.hidden = False
        if clock:
            self.clock = True
        elif certain:
            self.computed = True
        else:
            self.maybe_computed = True


@dataclass(frozen=True)
class Cell:
    """A cell's names: how each is assigned, which are read from before it, and its last expression."""

    bindings: dict[str, Binding]
    reads: frozenset[str]
    deleted: frozenset[str]
    last: ast.expr | None
    inside: frozenset[Outline]
    """The statements inside its timing and capturing magics."""

    def holds(self, tree: ast.Module) -> bool:
        """Whether the loops of `tree`, which a magic is about to run, are this cell's own text."""
        loops = [statement for statement in tree.body if holds_loop(statement)]
        return bool(self.inside) and all(outline(statement) in self.inside for statement in loops)


def analyse(tree: ast.Module) -> Cell:
    """What `tree`, a cell after IPython's input transformation, assigns and reads."""
    from .walker import Walker, last_expression

    walker = Walker(_shadowed(tree))
    walker.block(tree.body, certain=True)
    reads = _reached(walker.reads, walker.deferred)
    for function in walker.global_writes.keys() & reads:
        for name in walker.global_writes[function]:
            walker.binding(name).maybe_computed = True
    assigned = {name for name, binding in walker.bindings.items() if binding.assigned}
    return Cell(
        walker.bindings,
        frozenset(reads - assigned),
        frozenset(walker.deleted),
        last_expression(tree.body),
        frozenset(walker.inside),
    )


def _shadowed(tree: ast.Module) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
    return frozenset(names)


def _reached(reads: set[str], deferred: dict[str, set[str]]) -> set[str]:
    """`reads` with what the cell's own functions read, for those functions that the cell itself uses."""
    reached: set[str] = set()
    waiting = list(reads)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(deferred.get(name, ()))
    return reached
