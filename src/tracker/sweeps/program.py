"""What a sweep runs: cells that come before, and the tracked cell into which each trial's values are written.

Invariants: a program is text, never a pickle: in the notebook the slice of the cell or of the function, else an import
of the function from the file that defines it. A trial's cells, run alone in a new process, give what the trial gave.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracker.capture.magics import plain_tree
from tracker.exceptions import InvalidValue
from tracker.projects.slices import SlicedCell
from tracker.projects.substitution import literal, literal_places, with_parameters
from tracker.sweeps.space import SEED, Values


@dataclass(frozen=True)
class Program:
    """The cells of a sweep; the last is tracked. `folder` is the working folder that they expect."""

    cells: tuple[SlicedCell, ...]
    folder: str
    written: tuple[str, ...] = ()
    """Files that the cells write, relative to `folder`: a trial does not begin with them."""
    path: tuple[str, ...] = ()
    """What the process has before the rest of its sys.path."""

    @property
    def source(self) -> str:
        """The cells as one text."""
        return "\n\n".join(cell.source for cell in self.cells)

    def check(self, names: Collection[str]) -> None:
        """Raises InvalidValue, naming what exists, if the cells know nothing of one of these names."""
        known = self._known()
        for name in names:
            if name not in known and name != SEED:
                raise InvalidValue(
                    f"No cell here reads or assigns {name}, so that it cannot be swept. "
                    f"Names that can: {', '.join(sorted(known)) or 'none'}."
                )

    def _known(self) -> set[str]:
        """Names that are assigned a literal, or that the last cell reads and does not make itself."""
        tree = plain_tree(self.cells[-1].source)
        return set(literal_places(self.cells)) | _names(tree, ast.Load) - _names(tree, ast.Store) - _imported(tree)

    def with_values(self, values: Values) -> tuple[SlicedCell, ...]:
        """The cells of one trial: the values at the names' last literals, or assigned first in the last cell."""
        places = literal_places(self.cells)
        last = len(self.cells) - 1
        put = {
            name: value
            for name, value in values.items()
            if name in places and (places[name].cell == last or self._matters_before(name))
        }
        *before, cell = with_parameters(self.cells, put)
        lines = [f"{name} = {literal(name, value)}" for name, value in values.items() if name not in put]
        if SEED in values:
            lines += ["import tracker.sweeps.seeding", f"tracker.sweeps.seeding.seed_all({values[SEED]!r})"]
        return (*before, replace(cell, source=_with_first_line(cell.source, "; ".join(lines))))

    def _matters_before(self, name: str) -> bool:
        """Whether a cell before the last one reads the name, or a function there does."""
        return any(name in _names(plain_tree(cell.source), ast.Load) for cell in self.cells[:-1])


def program_of_function(
    function: Callable[..., Any], names: Collection[str], metric: str | None, *,
    slice_of: Callable[[str, Any], Program | None],
) -> Program:  # fmt: skip
    """The program that calls a function with the values of a trial.

    `slice_of(name, function)` gives the cells that made it, where the notebook did. Raises InvalidValue for what has
    no name that another process could find it by, and for parameters that it does not take.
    """
    if not callable(function):
        raise InvalidValue(f"A sweep runs a function; got {function!r}.")
    _check_call(function, names)
    called = str(getattr(function, "__name__", ""))
    program = slice_of(called, function) or _imported_function(function, called)
    arguments = ", ".join(f"{name}={name}" for name in names if name != SEED or _takes(function, SEED))
    measured = f"tracker.log_metrics(tracker.sweeps.as_metrics({program.cells[-1].source}({arguments}), {metric!r}))"
    call = SlicedCell(len(program.cells), f"%%track\nimport tracker\n{measured}")
    return replace(program, cells=(*program.cells[:-1], call))


def _check_call(function: Callable[..., Any], names: Collection[str]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    takes = signature.parameters
    given = [name for name in names if name != SEED or SEED in takes]
    try:
        signature.bind(**dict.fromkeys(given))
    except TypeError as error:
        shown = getattr(function, "__name__", "the function")
        raise InvalidValue(
            f"{shown} cannot be called with {', '.join(given)}: {error}. It takes: {', '.join(takes)}."
        ) from None


def _takes(function: Callable[..., Any], name: str) -> bool:
    try:
        kinds = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    return name in kinds or any(one.kind is one.VAR_KEYWORD for one in kinds.values())


def _imported_function(function: Any, called: str) -> Program:
    """A function out of a file, imported there again; the last cell of what comes back is the name it goes by."""
    module, qualified = str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", ""))
    if not called.isidentifier() or qualified != called or "." in qualified:
        raise InvalidValue(
            f"{qualified or function!r} cannot be found by other processes: give a function that a file or a cell "
            "defines at its top level, and whose name is its own."
        )
    if module != "__main__":
        source = f"from {module} import {called}"
        if getattr(sys.modules.get(module), called, None) is not function:
            raise InvalidValue(f"{module}.{called} is another function now; the workers would import that one.")
    else:
        file = getattr(sys.modules["__main__"], "__file__", None)
        if not isinstance(file, str):
            raise InvalidValue(
                f"{called} was typed into a Python prompt: put it into a file, or into a notebook with "
                "%load_ext tracker."
            )
        path = str(Path(file).resolve())
        source = f"import runpy\n{called} = runpy.run_path({path!r}, run_name='__mp_main__')[{called!r}]"
    cells = (SlicedCell(1, source), SlicedCell(2, called))
    return Program(cells, str(Path.cwd()), path=tuple(entry for entry in sys.path if entry))


def _names(tree: ast.Module | None, kind: type[ast.expr_context]) -> set[str]:
    if tree is None:
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, kind)}


def _imported(tree: ast.Module | None) -> set[str]:
    """Names that are no parameters: imports, functions, classes, arguments, and Python's own."""
    found = set(dir(builtins))
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def _with_first_line(source: str, line: str) -> str:
    """The cell with a line before its first statement, below its cell magics."""
    if not line:
        return source
    lines = source.split("\n")
    at = next((i for i, text in enumerate(lines) if text.strip() and not text.lstrip().startswith("%%")), len(lines))
    return "\n".join([*lines[:at], line, *lines[at:]])


def shown_values(values: Mapping[str, Any]) -> str:
    """Values as a run's name."""
    return ", ".join(f"{name}={_short(value)}" for name, value in values.items())[:200]


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def texts(cells: Sequence[SlicedCell]) -> list[dict[str, Any]]:
    """Cells as JSON."""
    return [{"count": cell.count, "source": cell.source, "error": cell.error} for cell in cells]
