"""What a cell's source does to names, as `flow` tells it: needs, binds, deletes, and what it may change in place.

Invariants: what is told leans to too much: a name read on any path is needed, a call on a name may change it until
`mutation` knows better. `Effects.unknown` says that the source can do anything (`exec`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

Names = frozenset[str]
Place = tuple[str, int]
"""A function's name and first line: what its source and its code object have in common."""


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
    asks: bool = False
    """Its text asks a database, and changes nothing there."""


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
    unset: bool = False
    """It makes arrays of memory as it is, as `empty` does."""
    magics: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    """Modules that it names in import statements, those of functions too."""

    def mentioned(self) -> set[str]:
        """The names that its calls are made on, or are given."""
        found: set[str] = set()
        return found.union(*(use.roots.union(*use.arguments, *(n for _, n in use.keywords)) for use in self.uses))


def either(a: FunctionEffects, b: FunctionEffects) -> FunctionEffects:
    """Two functions that start on one line: what either does, to any argument."""
    return FunctionEffects(
        a.parameters if len(a.parameters) > len(b.parameters) else b.parameters,
        a.changed | b.changed, a.rebound | b.rebound, a.free | b.free, a.uses + b.uses, a.seeds + b.seeds,
        a.unknown or b.unknown,
    )  # fmt: skip
