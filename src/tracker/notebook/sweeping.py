"""`tracker.sweep` and `%%track --grid`: from a function, a cell or a run to the cells that trials are made of.

Invariant: what a sweep runs is text that this session's memory of its cells gives, with the statements of the running
cell that come before; the running cell itself goes on as it would.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tracker.capture import Execution, Session, slicing
from tracker.capture.magics import plain_tree
from tracker.exceptions import InvalidState, InvalidValue, TrackerError
from tracker.notebook.options import Options, child_line
from tracker.notebook.sweep_view import ShownSweep
from tracker.projects.slices import Slice, SlicedCell, read_slice
from tracker.sweeps import keeper, starting
from tracker.sweeps.program import Program, program_of_function
from tracker.sweeps.space import parse_axis, space_of
from tracker.sweeps.strategies import Direction
from tracker.sweeps.sweep import Sweep
from tracker.tracking import context
from tracker.tracking.provenance import PARENT, current_shell

if TYPE_CHECKING:
    from tracker.notebook.cell import CellTracker


def sweep(
    what: Any,
    space: Mapping[str, Any],
    strategy: str = "grid",
    n: int | None = None,
    direction: Direction | None = None,
    metric: str | None = None,
    backend: str = "loky",
    *,
    jobs: int | None = None,
    seeds: int | Sequence[int] | None = None,
    seed: int = 0,
    timeout: float | None = None,
    prune: bool = False,
    resume: bool | str = False,
    experiment: str | None = None,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    wait: bool | None = None,
) -> Sweep:
    """Run a function, a cell or a run's cells with many values, several at a time, each trial a child run of one run.

    `what`: a function that a cell or a file defines, which gives a number or a dict of numbers; a cell as text; or a
    tracked run. `space`: `{"C": [0.1, 1, 10], "lr": (1e-4, 1e-1, "log"), "depth": (2, 12)}`: choices, or ranges for
    `strategy` "random" and "optuna", of which `n` points are tried; `seeds` (how many, or which) are tried with each.
    `metric` is what is compared, `direction` "maximize" or "minimize" it, by its name where left out. `backend` is
    joblib's ("loky": processes here; "dask", "ray", or another), `jobs` how many trials run at once, `timeout` the
    seconds of one. With `prune` a trial whose curve of the metric falls behind the median of the finished ones ends.
    `seed` is the strategy's. With `resume` the latest sweep of the same code and space goes on (or the one of this id):
    what has finished is not run again.

    The trials run in processes of their own; in a notebook the sweep is given back at once and the kernel stays free
    (`wait()` waits), elsewhere when it has ended; `wait` says which. Raises InvalidValue, InvalidState, NotFound.
    """
    _refuse_in_trial()
    axes = space_of(space, seeds)
    program = _program(what, list(axes), metric)
    active = context.active_run()
    started = starting.begin(
        program, axes, strategy=strategy, n=n, metric=metric, direction=direction, backend=backend, jobs=jobs,
        seed=seed, timeout=timeout, prune=prune, resume=resume, experiment=experiment, name=name,
        tags={**({PARENT: active.info.run_id} if active is not None else {}), **(tags or {})}, kind=ShownSweep,
    )  # fmt: skip
    _remember(started)
    if wait if wait is not None else not hasattr(current_shell(), "kernel"):
        started.wait()
    return started


def _refuse_in_trial() -> None:
    if keeper.VARIABLE in os.environ:
        raise InvalidState(
            "A trial of a sweep begins no sweep of its own: what earlier cells gain from one, set by hand."
        )


_last: Sweep | None = None


def last_sweep() -> Sweep | None:
    """The sweep that this process began last, ended or not."""
    return _last


def _remember(started: Sweep) -> None:
    global _last
    _last = started


def _program(what: Any, names: Collection[str], metric: str | None) -> Program:
    if isinstance(what, str):
        return _of_text(what)
    if isinstance(what, Slice):
        return _of_slice(what)
    run_id = getattr(getattr(what, "info", None), "run_id", None)
    if isinstance(run_id, str):
        return _of_slice(read_slice(context.current_store(), run_id))
    return program_of_function(what, names, metric, slice_of=_cells_behind)


def _of_slice(kept: Slice) -> Program:
    *before, last = kept.cells
    return Program((*before, SlicedCell(last.count, _tracked(last.source))), kept.folder, kept.written)


# -- a cell


def sweep_of_cell(tracker: CellTracker, options: Options, source: str, tree: ast.Module) -> Sweep:
    """The sweep that `%%track --grid …` asks for; `tree` is the cell after IPython's transformation."""
    _refuse_in_trial()
    asked = options.sweep
    assert asked is not None
    axes = space_of(dict(parse_axis(text) for text in asked.grid), asked.seeds)
    program = _sliced(tracker, source, tree, _body(source, options))
    started = starting.begin(
        program, axes, strategy=asked.strategy, n=asked.trials, metric=asked.metric, direction=asked.direction,
        backend=asked.backend, jobs=asked.jobs, prune=asked.prune, resume=asked.resume, experiment=options.experiment,
        name=options.name, tags=options.tags, kind=ShownSweep,
    )  # fmt: skip
    _remember(started)
    if asked.wait:
        started.wait()
    return started


_asked: Callable[[], Sweep] | None = None


def in_place_of(tracker: CellTracker, options: Options, source: str, tree: ast.Module) -> ast.Module:
    """What is run in place of a cell that is swept: it begins the sweep, which is the cell's result."""
    global _asked
    _asked = lambda: sweep_of_cell(tracker, options, source, tree)  # noqa: E731 - it is asked for once, by name
    return ast.parse(f"__import__({__name__!r}, fromlist=['begin_asked']).begin_asked()")


def begin_asked() -> Sweep:
    """Begin the sweep of the cell that runs now; a mistake of the user's is IPython's one line, not a traceback."""
    from IPython.core.error import UsageError

    global _asked
    asked, _asked = _asked, None
    try:
        if asked is None:
            raise InvalidValue("There is no sweep to begin: it is begun by a cell's %%track --grid.")
        return asked()
    except TrackerError as error:
        raise UsageError(f"%%track: {error}") from None


def _body(source: str, options: Options) -> str:
    """The cell as its trials run it: tracked, without what makes it a sweep."""
    lines = source.split("\n")
    first = next(i for i, line in enumerate(lines) if line.strip())
    return "\n".join([*lines[:first], child_line(options), *lines[first + 1 :]])


def _of_text(source: str) -> Program:
    """The program of a cell that is given as text."""
    tree = plain_tree(source)
    if tree is None or not tree.body:
        raise InvalidValue("The cell to sweep is not Python, or empty.")
    tracker = _tracker()
    if tracker is None:
        return Program((SlicedCell(1, _tracked(source)),), os.getcwd())
    return _sliced(tracker, source, tree, _tracked(source))


def _tracked(source: str) -> str:
    return source if source.lstrip().startswith("%%track") else f"%%track\n{source}"


def _sliced(tracker: CellTracker, source: str, tree: ast.Module, body: str) -> Program:
    session = tracker.session
    cells = slicing.slice_of(session.executions, session.imagined(source, tree))
    return _as_program(session, cells[:-1], SlicedCell(tracker.shell.execution_count, body))


def _as_program(session: Session, before: Sequence[Execution], *last: SlicedCell) -> Program:
    home = os.path.realpath(session.folder)
    written = {path for cell in before for path in cell.files.written}
    inside = [os.path.relpath(path, home) for path in sorted(written) if path.startswith(home + os.sep)]
    cells = [SlicedCell(cell.count, without_sweeps(cell.source), cell.error) for cell in before]
    kept = [cell for cell in cells if cell.source.strip()]
    return Program((*kept, *last), session.origin, tuple(inside))


_OURS = frozenset({"sweep", "last_sweep", "trainer"})


def without_sweeps(source: str) -> str:
    """A cell without the statements that begin sweeps or look at them, and those that use what they gave: a trial does
    not begin what it is part of, and a sweep stays the same when it has been run."""
    tree = plain_tree(source)
    if tree is None or not any(name in source for name in _OURS):
        return source
    gone: set[str] = set()
    kept = []
    for statement in tree.body:
        nodes = list(ast.walk(statement))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        uses = any(map(_is_ours, nodes)) or not gone.isdisjoint(read)
        if uses and not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            gone |= bound
        else:
            gone -= bound
            kept.append(statement)
    if len(kept) == len(tree.body):
        return source
    lines = source.split("\n")
    return "\n".join("\n".join(lines[_first_line(one) - 1 : one.end_lineno]) for one in kept)


def _is_ours(node: ast.AST) -> bool:
    """Whether it calls `tracker.sweep` and the like, under whatever name the module has."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)) if name in _OURS:
            shell = current_shell()
            held = shell.user_ns.get(module) if shell is not None else None
            return getattr(held, "__name__", module) == "tracker"
    return False


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


# -- a function


def _cells_behind(called: str, function: Any) -> Program | None:
    """The cells that made a function, and a last one that names it; None for one that no cell made."""
    shell = current_shell()
    if shell is None:
        return None
    names = [name for name, value in shell.user_ns.items() if value is function and not name.startswith("_")]
    if not names:
        return None
    tracker = _tracker()
    assert tracker is not None
    name = called if called in names else names[0]
    session, beginning = tracker.session, _beginning_of_running(tracker)
    tree = plain_tree(f"{beginning}\n{name}")
    alone = session.imagined(name, ast.parse(name))
    if tree is not None and beginning.strip():
        whole = session.imagined(f"{beginning}\n{name}", tree)
        if not set(whole.effects.bound).isdisjoint(alone.needs):
            cells = slicing.slice_of(session.executions, whole)
            count = shell.execution_count
            own = SlicedCell(count, without_sweeps(beginning))
            return _as_program(session, cells[:-1], own, SlicedCell(count, name))
    cells = slicing.slice_of(session.executions, alone)
    return _as_program(session, cells[:-1], SlicedCell(shell.execution_count, name))


def _beginning_of_running(tracker: CellTracker) -> str:
    """The running cell's statements before the one that runs now."""
    running = tracker.session.running
    tree = plain_tree(running.source) if running is not None else None
    if running is None or tree is None:
        return ""
    frame: Any = sys._getframe()
    line = 0
    while frame is not None:
        if frame.f_globals is tracker.shell.user_ns and frame.f_code.co_name == "<module>":
            line = frame.f_lineno
        frame = frame.f_back
    now = [statement for statement in tree.body if statement.lineno <= line]
    return "\n".join(running.source.split("\n")[: now[-1].lineno - 1]) if now else ""


def _tracker() -> CellTracker | None:
    """The watch over this shell's cells, put there if it is not; None outside IPython."""
    shell = current_shell()
    if shell is None:
        return None
    from tracker.notebook import magics

    magics.load(shell)
    return magics.tracker_of(shell)
