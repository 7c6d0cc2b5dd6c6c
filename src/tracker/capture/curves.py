"""Curves of top-level loops: what the hooks in the tree (`loop_tree`) report while the cell runs.

Invariants: the user's namespace is only read; the hooks live in `builtins` between `install` and `remove`;
a hook never raises and never waits for a device; of the user's objects only Python and NumPy floats are
held, and iterators of plain containers while their loop runs.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from operator import length_hint
from time import perf_counter
from typing import Any, Final

from tracker.fingerprints.kinds import identities

from .loop_tree import Edit, edits
from .passes import Plan, plans
from .values import MISSING, floating, same

FULL_PASSES: Final = 10_000
SILENT_PASSES: Final = 1_000
"""As many of a loop that has reported nothing yet."""
MOST_POINTS: Final = 100_000
SHARE: Final = 0.01
LONGEST_STRIDE: Final = 256
_NAME: Final = "__tracker_loop_{}__"
_PLAIN: Final = identities(range, list, tuple, str, dict, set, type({}.keys()), type({}.values()), type({}.items()))
_NEVER: Final = 1 << 62
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

    Every pass up to 10,000; then as many as take about a hundredth of the loop's time, at least every 256th, and
    beyond 100,000 every 2nd, 4th, … `fault` holds the first exception of `emit`, after which the loop at hand is no
    longer observed.
    """

    def __init__(self, namespace: Mapping[str, Any], emit: Emit) -> None:
        self.curves: dict[str, Curve] = {}
        self.fault: Exception | None = None
        self._namespace = namespace
        self._emit = emit
        self._hooks: dict[str, Callable[..., bool]] = {}
        self._installed = False

    def instrument(self, tree: ast.Module) -> ast.Module:
        """`tree` with hooks in its top-level loops, changed in place once all of them are planned.

        Line numbers stay. May be called more than once, each time for another tree of the same cell.
        """
        made: list[Edit] = []
        hooks: dict[str, Callable[..., bool]] = {}
        for plan in plans(tree):
            name = _NAME.format(next(_numbers))
            hooks[name] = _Observer(self, plan).hook()
            made += edits(plan, name)
        for edit in made:
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
        self._pace = _Pace()
        self._done = 0
        self._iterator: Any = None
        self._failed = self._has_reported = False

    def hook(self) -> Callable[..., bool]:
        """The function that the loop calls: with -1 before it, with an ending's number after a pass.

        True asks the loop to go on in strides. Its `phases`, `in_strides` and `passes` are what the loop looks at.
        """
        done = due = 0
        whole = self._whole
        begin, observe, fail, pace = self._begin, self._observe, self._fail, self._pace

        def passed(ending: int = whole) -> bool:
            __tracebackhide__ = True
            nonlocal done, due
            if ending < 0:
                done = due = 0
                try:
                    begin()
                except Exception as fault:
                    due = fail(fault)
                return False
            step = done
            done = step + 1
            if step < due:
                return False
            try:
                is_paced = done >= FULL_PASSES or (done >= SILENT_PASSES and not self._has_reported)
                began = perf_counter() if is_paced else 0.0
                observe(ending, step)
                if began and ending == whole:
                    stride = pace.stride(done, began)
                    due = step + stride
                    if stride > 1 and self._iterator is not None:
                        self._done, due = done, _NEVER
                        passed.in_strides = True  # type: ignore[attr-defined]
                        return True
            except Exception as fault:
                due = fail(fault)
            except BaseException as interrupt:
                interrupt.__traceback__ = None
                raise
            return False

        passed.phases = partial(self._phases, passed)  # type: ignore[attr-defined]
        return passed

    def _phases(self, hook: Any, iterable: Any) -> Iterator[tuple[()]]:
        """Prepares `hook.passes`: first all passes, each of which calls the hook; where these are too short for that,
        then strides, observed in between. Only plain containers know how far their iterators are."""
        __tracebackhide__ = True
        plain = id(type(iterable)) in _PLAIN
        hook.in_strides = False
        self._iterator = hook.passes = iter(iterable) if plain else None
        if not plain:
            hook.passes = iterable
        del iterable
        try:
            yield ()
            while hook.in_strides:
                yield from self._stride(hook)
        finally:
            self._iterator = hook.passes = None

    def _stride(self, hook: Any) -> Iterator[tuple[()]]:
        wanted, position = (sys.maxsize if self._failed else self._pace.wanted), _position(self._iterator)
        start = position()
        hook.passes = itertools.islice(self._iterator, wanted)
        try:
            yield ()
        finally:  # the loop was left, by `break` or an exception, or goes on
            began = perf_counter()
            made = max(0, position() - start)
            self._done += made
            hook.in_strides = made >= wanted
            if made and not self._failed:
                try:
                    self._observe(self._whole, self._done - 1)
                    self._pace.stride(self._done, began)
                except Exception as fault:
                    self._fail(fault)

    def _fail(self, fault: Exception) -> int:
        self._failed = True
        if self._recorder.fault is None:
            self._recorder.fault = fault
        return _NEVER

    def _begin(self) -> None:
        self._failed = self._has_reported = False
        self._pace.begin()
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
        self._has_reported = True
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


def _position(iterator: Any) -> Callable[[], int]:
    """How many items a plain container's iterator has given, to be asked at any time."""
    if not isinstance(iterator, type(iter([]))):
        whole = length_hint(iterator)
        return lambda: whole - length_hint(iterator)
    items = iterator.__reduce__()[1][0]  # a list may grow meanwhile

    def position() -> int:
        told = iterator.__reduce__()
        return int(told[2]) if len(told) > 2 else len(items)

    return position


class _Pace:
    """How many passes lie between two that are observed, so that observing takes a small share of the loop's time."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The loop begins."""
        self.wanted = 1
        self._cost = 0.0
        self._done, self._ended = 0, perf_counter()

    def stride(self, done: int, began: float) -> int:
        """From now on, when `done` passes were made and the last was observed since `began`; kept as `wanted`."""
        now = perf_counter()
        cost = now - began
        self._cost = cost if not self._cost else min(cost, 0.9 * self._cost + 0.1 * cost)
        took = max(1e-9, (began - self._ended) / (done - self._done) - (self._cost if self.wanted == 1 else 0.0))
        self._done, self._ended = done, now
        by_count = 1 << (done // MOST_POINTS).bit_length() if done > MOST_POINTS else 1
        self.wanted = max(by_count, min(LONGEST_STRIDE, int(self._cost / took / SHARE)))
        return self.wanted


def _held(value: object) -> tuple[object, float | None]:
    """What may be held of `value` to know it again, and the float that it is."""
    number = floating(value)
    if number is None:
        return MISSING, None
    return (value if isinstance(value, float) else (id(value), number)), number


def _is_held(held: object, last: object) -> bool:
    return held is last or (type(held) is tuple and held == last)
