"""Curves of top-level loops: hooks put into the tree, and what they report while the cell runs.

Invariants: the user's namespace is only read; the hooks live in `builtins` between `install` and `remove`;
a hook never raises and never waits for a device; of the user's objects only Python and NumPy floats are
held.
"""

from __future__ import annotations

import ast
import builtins
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .passes import Plan, plans
from .values import MISSING, floating, same

FULL_PASSES: Final = 100_000
_NAME: Final = "__tracker_loop_{}__"
_numbers = itertools.count(1)

Emit = Callable[[dict[str, float], int], None]


@dataclass
class Curve:
    """The history of one name so far: its last value, its last step, and how many points it has."""

    last: float
    step: int
    count: int = 1


class LoopRecorder:
    """Reports the floats of each pass of a cell's top-level loops to `emit(values, step)`.

    Every pass up to 100,000, then every 2nd, 4th, … `fault` holds the first exception of `emit`, after which
    the loop at hand is no longer observed.
    """

    def __init__(self, namespace: Mapping[str, Any], emit: Emit) -> None:
        self.curves: dict[str, Curve] = {}
        self.fault: Exception | None = None
        self._namespace = namespace
        self._emit = emit
        self._hooks: dict[str, Callable[..., None]] = {}
        self._installed = False

    def instrument(self, tree: ast.Module) -> ast.Module:
        """`tree` with hooks in its top-level loops, changed in place once all of them are planned.

        Line numbers stay. May be called more than once, each time for another tree of the same cell.
        """
        edits: list[_Edit] = []
        hooks: dict[str, Callable[..., None]] = {}
        for plan in plans(tree):
            name = _NAME.format(next(_numbers))
            hooks[name] = _Observer(self, plan).hook()
            edits += _edits(plan, name)
        for edit in edits:
            edit.apply()
        self._hooks |= hooks
        if self._installed:
            vars(builtins).update(hooks)
        return tree

    def install(self) -> None:
        """Make the hooks known to the code about to run."""
        self._installed = True
        vars(builtins).update(self._hooks)

    def remove(self) -> None:
        """Take the hooks away again."""
        self._installed = False
        for name in self._hooks:
            vars(builtins).pop(name, None)

    def unlogged(self, metrics: Mapping[str, float]) -> dict[str, tuple[float, int | None]]:
        """The metrics that are not their curve's last point already, each with the step it comes at.

        The step is None for a metric without a curve.
        """
        left: dict[str, tuple[float, int | None]] = {}
        for name, value in metrics.items():
            curve = self.curves.get(name)
            if curve is None:
                left[name] = (value, None)
            elif not same(curve.last, value):
                left[name] = (value, curve.step + 1)
        return left


class _Observer:
    """The state of one loop while it runs."""

    def __init__(self, recorder: LoopRecorder, plan: Plan) -> None:
        self._recorder = recorder
        self._names = plan.names
        self._endings = tuple(ending.slots for ending in plan.endings)
        self._whole = len(self._endings) - 1
        self._last: list[Any] = [MISSING] * len(plan.names)
        self._bases = [0] * len(plan.names)
        self._base: int | None = 0

    def hook(self) -> Callable[..., None]:
        """The function that the loop calls: with -1 before it, with an ending's number after a pass."""
        done = due = 0
        whole = self._whole
        begin, observe, fail = self._begin, self._observe, self._fail

        def passed(ending: int = whole) -> None:
            __tracebackhide__ = True
            nonlocal done, due
            if ending < 0:
                done = due = 0
                try:
                    begin()
                except Exception as fault:
                    due = fail(fault)
                return
            step = done
            done = step + 1
            if step < due:
                return
            try:
                observe(ending, step)
            except Exception as fault:
                due = fail(fault)
                return
            except BaseException as interrupt:
                interrupt.__traceback__ = None
                raise
            if done > FULL_PASSES:
                due = step + (1 << (done // FULL_PASSES).bit_length())

        return passed

    def _fail(self, fault: Exception) -> int:
        if self._recorder.fault is None:
            self._recorder.fault = fault
        return 1 << 62

    def _begin(self) -> None:
        get, curves = self._recorder._namespace.get, self._recorder.curves
        for slot, name in enumerate(self._names):
            self._last[slot] = _held(get(name))[0]
            curve = curves.get(name)
            self._bases[slot] = 0 if curve is None else curve.step + 1
        self._base = self._bases[0] if len(set(self._bases)) == 1 else None

    def _observe(self, ending: int, step: int) -> None:
        get, last, names = self._recorder._namespace.get, self._last, self._names
        values: dict[str, float] = {}
        for slot, sure in self._endings[ending]:
            name = names[slot]
            value = get(name)
            if type(value) is float:
                if sure or value is not last[slot]:
                    values[name] = value
                last[slot] = value
                continue
            held, number = _held(value)
            if number is not None and (sure or not _is_held(held, last[slot])):
                values[name] = number
            last[slot] = held
        if values:
            if self._base is not None:
                self._report(values, self._base + step)
            else:
                self._report_apart(values, step)

    def _report_apart(self, values: dict[str, float], step: int) -> None:
        groups: dict[int, dict[str, float]] = {}
        for slot, name in enumerate(self._names):
            if name in values:
                groups.setdefault(self._bases[slot], {})[name] = values[name]
        for base, group in groups.items():
            self._report(group, base + step)

    def _report(self, values: dict[str, float], step: int) -> None:
        self._recorder._emit(values, step)
        curves = self._recorder.curves
        for name, value in values.items():
            curve = curves.get(name)
            if curve is None:
                curves[name] = Curve(value, step)
            else:
                curve.last = value
                curve.step = step
                curve.count += 1


def _held(value: object) -> tuple[object, float | None]:
    """What may be held of `value` to know it again, and the float that it is."""
    number = floating(value)
    if number is None:
        return MISSING, None
    return (value if isinstance(value, float) else (id(value), number)), number


def _is_held(held: object, last: object) -> bool:
    return held is last or (type(held) is tuple and held == last)


@dataclass
class _Edit:
    """Insert `hook` into `home` before `statement`, or at its end."""

    home: list[ast.stmt]
    statement: ast.stmt | None
    hook: ast.stmt

    def apply(self) -> None:
        if self.statement is None:
            self.home.append(self.hook)
        else:
            places = (index for index, statement in enumerate(self.home) if statement is self.statement)
            self.home.insert(next(places), self.hook)


def _edits(plan: Plan, name: str) -> list[_Edit]:
    edits = [_Edit(exit_.home, exit_.statement, _call(name, exit_.statement, i)) for i, exit_ in enumerate(plan.exits)]
    edits.append(_Edit(plan.loop.body, None, _call(name, plan.loop.body[-1])))
    edits.append(_Edit(plan.home, plan.loop, _call(name, plan.loop, -1)))
    return edits


def _call(name: str, anchor: ast.stmt, *arguments: int) -> ast.stmt:
    constants: list[ast.expr] = [ast.Constant(value=argument) for argument in arguments]
    call = ast.Expr(value=ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=constants, keywords=[]))
    for node in ast.walk(call):
        ast.copy_location(node, anchor)
    return call
