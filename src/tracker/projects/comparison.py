"""Whether two runs have the same numbers: every metric, every point of its curve.

Invariants: what one run has and the other lacks is a difference; a NaN equals a NaN; what measures time is told
apart, never counted as equal.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tracker.capture.curves import SILENT_PASSES
from tracker.capture.literals import is_clock, is_literal
from tracker.capture.magics import plain_tree
from tracker.capture.scopes import target_names
from tracker.store import Store
from tracker.tracking import reading
from tracker.tracking.provenance import RERUN_OF

TOLERANCE: Final = 1e-9
_SYSTEM: Final = "system/"
_MEASURED: Final = frozenset({"mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"})
"""What scikit-learn's searches measure of each candidate."""
_LEVELS: Final = 3
_SHARED: Final = 0.9
"""How much of two curves must stand at the same steps for them to be observations of the same loop."""
_REDUCING: Final = frozenset(
    {"round", "float", "int", "abs", "sum", "min", "max", "mean", "median", "std", "average", "percentile", "quantile",
     "array", "asarray", "sorted", "total_seconds"}
)  # fmt: skip

Points = list[tuple[int, float]]


@dataclass(frozen=True)
class Difference:
    """One metric that is not the same; `relative` is the greatest relative difference, None where that is no number."""

    metric: str
    expected: float | None
    found: float | None
    relative: float | None = None
    step: int | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.metric}: {self.reason}"
        where = "" if self.step is None else f" at step {self.step}"
        by = "" if self.relative is None else f", by {self.relative:.2g} of it"
        return f"{self.metric}{where}: {self.expected!r} then, {self.found!r} now{by}"


@dataclass
class Compared:
    """What a comparison gave: how many metrics are equal, which are not, which are not compared."""

    equal: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    timings: list[str] = field(default_factory=list)


def compare_metrics(store: Store, expected: str, found: str, source: str, tolerance: float = TOLERANCE) -> Compared:
    """The metrics of run `found` beside those of run `expected`, whose cell has this source."""
    result = compare_points(reading.all_points(store, expected), reading.all_points(store, found), source, tolerance)
    _compare_children(result, store, expected, found, source, tolerance)
    return result


def _compare_children(
    result: Compared, store: Store, expected: str, found: str, source: str, tolerance: float, above: str = ""
) -> None:
    """Add the metrics of the runs below both, those of one name beside each other, else in their order."""
    then, now = _children(store, expected), _children(store, found)
    if sorted(name for name, *_ in then) == sorted(name for name, *_ in now):
        then, now = sorted(then), sorted(now)
    if len(then) != len(now):
        reason = f"{len(then)} then, {len(now)} now"
        result.differences.append(Difference(f"{above}child runs", len(then), len(now), reason=reason))
        return
    for (name, a, ended), (_, b, ends) in zip(then, now, strict=True):
        told = compare_points(reading.all_points(store, a), reading.all_points(store, b), source, tolerance)
        place = f"{above}{name}: "
        if ended != ends:
            result.differences.append(Difference(f"{place}status", None, None, reason=f"{ended} then, {ends} now"))
        result.equal += [place + key for key in told.equal]
        result.timings += [place + key for key in told.timings]
        result.differences += [replace(difference, metric=place + difference.metric) for difference in told.differences]
        if above.count(": ") < _LEVELS:
            _compare_children(result, store, a, b, source, tolerance, place)


def _children(store: Store, run_id: str) -> list[tuple[str, str, str]]:
    """Name, id and status of the runs that a run made below itself: those that ran it again are not among them."""
    runs = reading.get_runs(store, reading.child_run_ids(store, run_id))
    told = [run.info for run in runs if RERUN_OF not in run.data.tags]
    return [(str(info.run_name), info.run_id, info.status) for info in told]


def compare_points(then: dict[str, Points], now: dict[str, Points], source: str, tolerance: float) -> Compared:
    """Metrics beside metrics, as the points of their curves; `source` is the cell's that they come from."""
    clocks = measures_time(source)
    result = Compared()
    for key in sorted(then.keys() | now.keys()):
        if clocks(key):
            result.timings.append(key)
            continue
        difference = _difference(key, then.get(key), now.get(key), tolerance)
        if difference is None:
            result.equal.append(key)
        else:
            result.differences.append(difference)
    return result


def measures_time(source: str) -> Callable[[str], bool]:
    """Tells of a metric of the cell with this source whether it is the machine's, or of how long something took."""
    clocks = clock_names(source)
    return lambda metric: metric.startswith(_SYSTEM) or metric in _MEASURED or metric.partition(".")[0] in clocks


def close(a: float, b: float, tolerance: float) -> bool:
    """Whether two numbers are the same within a relative tolerance; a NaN is the same as a NaN."""
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=tolerance, abs_tol=0.0)


def _difference(key: str, then: Points | None, now: Points | None, tolerance: float) -> Difference | None:
    if then is None or now is None:
        one = then or now or []
        value = one[-1][1] if one else None
        missing = "it is not there now" if now is None else "it was not there then"
        return Difference(key, value if now is None else None, value if then is None else None, reason=missing)
    if len(then) > SILENT_PASSES and len(now) > SILENT_PASSES:
        then, now = _observed_alike(then, now)
    if len(then) != len(now) or [step for step, _ in then] != [step for step, _ in now]:
        return Difference(
            key, then[-1][1], now[-1][1], reason=f"{_points(then)} then, {_points(now)} now",
        )  # fmt: skip
    worst: tuple[float, int, float, float] | None = None
    for (step, a), (_, b) in zip(then, now, strict=True):
        if not close(a, b, tolerance):
            by = _relative(a, b)
            if worst is None or by > worst[0]:
                worst = (by, step, a, b)
    if worst is None:
        return None
    by, step, a, b = worst
    return Difference(key, a, b, by if math.isfinite(by) else None, step if len(then) > 1 else None)


def _observed_alike(then: Points, now: Points) -> tuple[Points, Points]:
    """Long curves at the steps that both have: how often a long loop is looked at depends on how fast it went."""
    steps = {step for step, _ in then} & {step for step, _ in now}
    if then[-1][0] != now[-1][0] or len(steps) < _SHARED * max(len(then), len(now)):
        return then, now
    return [point for point in then if point[0] in steps], [point for point in now if point[0] in steps]


def _points(points: Points) -> str:
    return f"{len(points)} point{'' if len(points) == 1 else 's'} up to step {points[-1][0]}"


def _relative(a: float, b: float) -> float:
    scale = max(abs(a), abs(b))
    if not math.isfinite(a) or not math.isfinite(b) or scale == 0:
        return math.inf
    return abs(a - b) / scale


def clock_names(source: str) -> frozenset[str]:
    """Names that a cell works out of a clock's readings, and of nothing else: one that is also bound to another value
    may be a result, and is compared."""
    tree = plain_tree(source)
    clocks: set[str] = set()
    others: set[str] = set()
    if tree is not None:
        _note_clocks(tree.body, clocks, others)
    return frozenset(clocks - others)


def _note_clocks(body: Sequence[ast.stmt], clocks: set[str], others: set[str]) -> None:
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    _note_bound(target, value, clocks, others)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                _note_bound(target, value, clocks, others)
            case ast.AugAssign(target=ast.Name(id=name), value=value) if _reads_clock(value, clocks):
                clocks.add(name)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value])):
                (clocks if _reads_clock(value, clocks) else others).add(name)
            case ast.For(target=target) | ast.AsyncFor(target=target):
                others.update(target_names(target))
        for part in ("body", "orelse", "finalbody"):
            _note_clocks(getattr(statement, part, []), clocks, others)


def _note_bound(target: ast.expr, value: ast.expr, clocks: set[str], others: set[str]) -> None:
    if (
        isinstance(target, (ast.Tuple, ast.List))
        and isinstance(value, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
    ):
        for part, piece in zip(target.elts, value.elts, strict=True):
            _note_bound(part, piece, clocks, others)
    elif _reads_clock(value, clocks):
        clocks.update(target_names(target))
    elif not is_literal(value):  # what a sum or a list begins with tells nothing
        others.update(target_names(target))


def _reads_clock(value: ast.expr, clocks: set[str]) -> bool:
    """Whether an expression is made of clock readings: sums, differences, means and the like of them."""
    match value:
        case ast.BinOp(left=left, right=right):
            return _reads_clock(left, clocks) or _reads_clock(right, clocks)
        case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
            return _reads_clock(inner, clocks)
        case ast.Name(id=name):
            return name in clocks
        case ast.Call(func=ast.Name(id=name), args=[_, *_] as parts) if name in _REDUCING:
            return any(_reads_clock(part, clocks) for part in parts)
        case ast.Call(func=ast.Attribute(value=inner, attr=attr), args=parts) if attr in _REDUCING:
            return any(_reads_clock(part, clocks) for part in (inner, *parts))
    return is_clock(value)
