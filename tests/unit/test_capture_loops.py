from __future__ import annotations

import ast
import builtins
import contextlib
import gc
import io
import textwrap
import time
import traceback
import weakref
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.capture import LoopRecorder, analyse, curves, inputs_before, metrics

Points = list[tuple[int, dict[str, float]]]


@pytest.fixture(params=[False, True], ids=["each pass", "in strides"])
def strides(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether loops go over to strides of two passes after the first pass."""
    if request.param:
        monkeypatch.setattr(curves, "FULL_PASSES", 1)
        monkeypatch.setattr(curves, "LONGEST_STRIDE", 2)
        monkeypatch.setattr(curves, "SHARE", 1e-9)
    return bool(request.param)


def run(source: str, namespace: dict[str, Any] | None = None) -> tuple[Points, LoopRecorder, dict[str, Any]]:
    points: Points = []
    space = {"__name__": "__main__"} if namespace is None else namespace
    recorder = LoopRecorder(space, lambda values, step: points.append((step, values)))
    tree = recorder.instrument(ast.parse(textwrap.dedent(source)))
    recorder.install()
    try:
        exec(compile(tree, "<cell>", "exec"), space)
    finally:
        recorder.remove()
    assert recorder.fault is None
    return points, recorder, space


def series(points: Points, name: str) -> list[tuple[int, float]]:
    return [(step, values[name]) for step, values in points if name in values]


def test_each_pass_is_one_step_and_integers_and_targets_are_no_curves() -> None:
    points, _, _ = run("for i in [0.5, 1.0]:\n    a = i * 2\n    n = 3 + int(i)\n    flag = a > 1")
    assert points == [(0, {"a": 1.0}), (1, {"a": 2.0})]


def test_continue_and_break_report_what_stands_before_them() -> None:
    points, _, _ = run("""
        for i in range(5):
            early = i / 2
            if i == 1:
                continue
            late = i / 4
            if i == 3:
                break
            never_last = i + 0.5
    """)
    assert series(points, "early") == [(0, 0.0), (1, 0.5), (2, 1.0), (3, 1.5)]
    assert series(points, "late") == [(0, 0.0), (2, 0.5), (3, 0.75)]
    assert series(points, "never_last") == [(0, 0.5), (2, 2.5)]


def test_a_conditional_name_is_reported_only_when_it_was_assigned() -> None:
    points, _, _ = run("""
        best = 9.0
        for v in [5.0, 7.0, 2.0, 3.0]:
            if v < best:
                best = v * 1
    """)
    assert series(points, "best") == [(0, 5.0), (2, 2.0)]


def test_a_name_assigned_in_both_branches_is_reported_each_pass() -> None:
    points, _, _ = run("""
        low = 1.5
        for i in range(3):
            if i % 2:
                v = low
            else:
                v = low
    """)
    assert series(points, "v") == [(0, 1.5), (1, 1.5), (2, 1.5)]


def test_exits_of_inner_loops_and_functions_are_not_passes() -> None:
    points, _, _ = run("""
        for i in range(2):
            total = 0.0
            for j in range(9):
                if j == 2:
                    continue
                if j == 4:
                    break
                total += j
            def f():
                for k in range(3):
                    break
            f()
    """)
    assert points == [(0, {"total": 4.0}), (1, {"total": 4.0})]


def test_break_in_the_else_of_an_inner_loop_ends_the_outer_pass() -> None:
    points, _, _ = run("""
        for i in range(3):
            x = i / 2
            for j in []:
                pass
            else:
                break
    """)
    assert points == [(0, {"x": 0.0})]


def test_steps_of_a_second_loop_go_on() -> None:
    points, recorder, _ = run("""
        for i in range(3):
            a = i / 2
        for i in range(2):
            a = i / 4
            b = i / 8
    """)
    assert [step for step, _ in series(points, "a")] == [0, 1, 2, 3, 4]
    assert [step for step, _ in series(points, "b")] == [0, 1]
    assert recorder.curves["a"].count == 5 and recorder.curves["a"].last == 0.25


def test_literals_clocks_and_private_names_have_no_curve() -> None:
    points, _, _ = run("""
        import time
        for i in range(2):
            t0 = time.time()
            phase = 0.5
            _x = i / 2
            lr = 0.1
            lr *= 0.5
    """)
    assert points == [(0, {"lr": 0.05}), (1, {"lr": 0.05})]


def test_numpy_floats_and_zero_dimensional_arrays_are_floats() -> None:
    pytest.importorskip("numpy")
    points, _, _ = run("""
        import numpy as np
        for i in range(1):
            a = np.float32(0.5) * 1
            b = np.array(0.25) * 1
            c = np.array([1.0]) * 1
            d = np.int64(3) * 1
    """)
    assert points == [(0, {"a": 0.5, "b": 0.25})]


def test_zero_dimensional_tensors() -> None:
    pytest.importorskip("torch")
    points, _, space = run("""
        import torch
        w = torch.ones(2, requires_grad=True)
        for i in range(2):
            loss = (w * 2).sum()
            count = torch.tensor(3)
            hits = torch.tensor(True)
            meta = torch.empty((), device="meta")
    """)
    assert points == [(0, {"loss": 4.0}), (1, {"loss": 4.0})]
    cell = analyse(ast.parse("loss = f()\ncount = f()\nhits = f()\nmeta = f()"))
    assert metrics(cell, inputs_before(cell, {}), space) == {"loss": 4.0, "count": 3.0}


def test_loops_inside_with_try_and_if_count_and_those_in_functions_do_not() -> None:
    points, _, _ = run("""
        import contextlib
        def f():
            for i in range(3):
                hidden = i / 2
        if True:
            f()
            with contextlib.nullcontext():
                try:
                    for i in range(2):
                        a = i / 2
                finally:
                    for i in range(1):
                        b = 0.5 + i
    """)
    assert points == [(0, {"a": 0.0}), (1, {"a": 0.5}), (0, {"b": 0.5})]


def test_finally_runs_after_the_pass_that_continue_ends() -> None:
    points, _, space = run("""
        log = []
        for i in range(2):
            try:
                a = i / 2
                continue
            finally:
                log.append(i)
    """)
    assert series(points, "a") == [(0, 0.0), (1, 0.5)] and space["log"] == [0, 1]


def test_traceback_lines_stay() -> None:
    source = "for i in range(3):\n    if i == 1:\n        break\n    x = i / 2\n\n1 / 0\n"
    with pytest.raises(ZeroDivisionError) as caught:
        run(source)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 6


def test_names_and_builtins_are_left_as_they_were() -> None:
    before = set(vars(builtins))
    _, _, space = run("for i in range(3):\n    x = i / 2")
    assert set(vars(builtins)) == before
    assert set(space) == {"__name__", "__builtins__", "i", "x"}


def test_a_fault_of_the_receiver_never_reaches_the_cell() -> None:
    def broken(values: dict[str, float], step: int) -> None:
        raise OSError("disk full")

    space: dict[str, Any] = {}
    recorder = LoopRecorder(space, broken)
    tree = recorder.instrument(ast.parse("for i in range(5):\n    x = i / 2"))
    recorder.install()
    exec(compile(tree, "<cell>", "exec"), space)
    recorder.remove()
    assert space["x"] == 2.0 and isinstance(recorder.fault, OSError)


@pytest.mark.parametrize("bad", range(12))
def test_a_loop_whose_receiver_fails_goes_on_to_its_end(strides: bool, bad: int) -> None:
    def broken(values: dict[str, float], step: int) -> None:
        if step >= bad:
            raise OSError("disk full")

    space: dict[str, Any] = {}
    recorder = LoopRecorder(space, broken)
    tree = recorder.instrument(ast.parse("for i in range(9):\n    x = i / 2\nelse:\n    done = True"))
    recorder.install()
    exec(compile(tree, "<cell>", "exec"), space)
    recorder.remove()
    assert (space["x"], space["done"]) == (4.0, True)
    assert (recorder.fault is None) == (bad > 8)


def test_an_interrupt_inside_a_hook_is_the_cells() -> None:
    def interrupted(values: dict[str, float], step: int) -> None:
        raise KeyboardInterrupt

    space: dict[str, Any] = {}
    recorder = LoopRecorder(space, interrupted)
    tree = recorder.instrument(ast.parse("for i in range(5):\n    x = i / 2"))
    recorder.install()
    with pytest.raises(KeyboardInterrupt) as caught:
        exec(compile(tree, "<cell>", "exec"), space)
    recorder.remove()
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[-1].name in ("<module>", "passed")


def test_a_metric_that_its_curve_already_has_is_not_logged_again() -> None:
    _, recorder, _ = run("for i in range(3):\n    loss = i / 2\n    best = i + 0.5")
    left = recorder.unlogged({"loss": 1.0, "best": 9.0, "other": 2.0})
    assert left == {"best": (9.0, 3), "other": (2.0, None)}


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(300_000):\n    x = i / 2",
        "for i in [*range(300_000)]:\n    if i % 2:\n        continue\n    x = i / 2",
        "for i, _ in enumerate(range(300_000)):\n    x = i / 2",
        "i = -1\nwhile (i := i + 1) < 300_000:\n    x = i / 2",
        "for i in range(1_000_000):\n    x = i / 2\n    if i == 299_999:\n        break",
        "try:\n    for i in range(1_000_000):\n        x = i / 2\n        if i == 299_999:\n            1 / 0\nexcept ArithmeticError:\n    pass",
    ],
    ids=["range", "list", "enumerate", "while", "break", "exception"],
)  # fmt: skip
def test_a_loop_of_many_short_passes_is_thinned_out(source: str) -> None:
    points, recorder, space = run(source)
    skips = 2 if "continue" in source else 1
    assert all(values["x"] == step / 2 for step, values in points if step % skips == 0)
    steps = [step for step, _ in points]
    assert steps[:5_000] == list(range(0, 5_000 * skips, skips))
    assert steps == sorted(set(steps))
    assert len(steps) < 40_000
    assert 299_999 - steps[-1] < 256
    assert recorder.curves["x"].count == len(steps)
    assert space["x"] == (299_999 // skips * skips) / 2


def test_a_loop_of_long_passes_is_not_thinned_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "FULL_PASSES", 10)
    points, _, _ = run("import time\nfor i in range(50):\n    x = i / 2\n    time.sleep(0.005)")
    assert len(points) > 40


def test_objects_of_a_pass_are_not_kept_alive() -> None:
    space: dict[str, Any] = {}
    recorder = LoopRecorder(space, lambda values, step: None)

    class Heavy:
        pass

    alive: list[weakref.ref[Heavy]] = []

    def make() -> Heavy:
        assert all(ref() is None for ref in alive[:-1])
        heavy = Heavy()
        alive.append(weakref.ref(heavy))
        return heavy

    space["make"] = make
    tree = recorder.instrument(ast.parse("for i in range(4):\n    h = make()\n    if i:\n        h2 = h"))
    recorder.install()
    exec(compile(tree.body and tree, "<cell>", "exec"), space)
    recorder.remove()
    del space["h"], space["h2"]
    gc.collect()
    assert all(ref() is None for ref in alive)


@pytest.mark.benchmark
def test_a_hook_costs_little_beside_the_pass() -> None:
    body = "for i in range(90_000):\n    x = i * 0.5"

    def seconds(instrumented: bool) -> float:
        space: dict[str, Any] = {}
        recorder = LoopRecorder(space, lambda values, step: None)
        tree = ast.parse(body)
        code = compile(recorder.instrument(tree) if instrumented else tree, "<cell>", "exec")
        recorder.install()
        start = time.perf_counter()
        exec(code, space)
        spent = time.perf_counter() - start
        recorder.remove()
        return spent

    plain = min(seconds(False) for _ in range(5))
    hooked = min(seconds(True) for _ in range(5))
    unit = plain / 90_000
    assert (hooked - plain) / 90_000 < 40 * unit


names = st.sampled_from(["a", "b", "c"])
simple = st.one_of(
    st.builds(lambda n, v: f"{n} = {v} + i0 / 3", names, st.integers(0, 5)),
    st.builds(lambda n: f"{n} += 0.5", names),
    st.builds(lambda n, v: f"{n} = {v}", names, st.floats(0, 9, allow_nan=False)),
    st.builds(lambda n: f"print('{n}', {n})", names),
    st.just("a, b = b, a"),
    st.just("if (c := a + b) > 40: raise ValueError(c)"),
    st.just("c = 1 / (a - b)"),
    st.just("del c"),
    st.just("grown.append(2) if len(grown) < 9 else grown.clear()"),
)


ITERABLES = [
    "range(0)", "range(1)", "range(2)", "range(5)", "[0, 1, 2, 3]", "(2, 1, 0)", "dict.fromkeys([1, 2, 3])",
    "{1: 2, 3: 4}.values()", "iter([1, 2, 3])", "(j for j in range(4))", "Odd()", "3", "growing()",
]  # fmt: skip
ODDITIES = """
class Next:
    def __init__(self): self.n = 0
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
class Odd:
    def __iter__(self): return Next()
def growing():
    global grown
    grown = [1, 2, 3]
    return grown
"""


def indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


@st.composite
def block(draw: st.DrawFn, depth: int, looped: bool) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        kinds = ["simple", "simple"] + (["if", "for", "while", "try", "finally", "with"] if depth else [])
        kind = draw(st.sampled_from(kinds + (["exit"] if looped else [])))
        if kind == "simple":
            lines.append(draw(simple))
        elif kind == "exit":
            lines += [f"if {draw(names)} > {draw(st.integers(0, 6))}: {draw(st.sampled_from(['break', 'continue']))}"]
        elif kind == "if":
            lines += [f"if {draw(names)} > 2:", *indent(draw(block(depth - 1, looped)))]
            lines += ["else:", *indent(draw(block(depth - 1, looped)))]
        elif kind == "with":
            lines += ["with contextlib.suppress(ZeroDivisionError):", *indent(draw(block(depth - 1, looped)))]
        elif kind in ("try", "finally"):
            last = "except ZeroDivisionError:" if kind == "try" else "finally:"
            lines += ["try:", *indent(draw(block(depth - 1, looped)))]
            lines += [last, *indent(draw(block(depth - 1, looped)))]
        else:
            head = f"for i{depth} in {draw(st.sampled_from(ITERABLES))}:"
            if kind == "while":
                lines.append(f"k{depth} = 0")
                head = f"while (k{depth} := k{depth} + 1) < {draw(st.integers(1, 4))}:"
            lines += [head, *indent(draw(block(depth - 1, True)))]
            if draw(st.booleans()):
                lines += ["else:", *indent(draw(block(depth - 1, looped)))]
    return lines


def outcome(source: str, instrumented: bool) -> tuple[dict[str, str], str, str]:
    space: dict[str, Any] = {"contextlib": contextlib, "i0": 1, "a": 1.0, "b": 2.0, "c": 3.0, "grown": []}
    exec(ODDITIES, space)
    recorder = LoopRecorder(space, lambda values, step: None)
    tree = ast.parse(source)
    if instrumented:
        tree = recorder.instrument(tree)
    recorder.install()
    printed, raised = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, "<cell>", "exec"), space)
    except Exception as error:
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<cell>"]
        raised = f"{error!r} at {lines}"
    finally:
        recorder.remove()
    assert recorder.fault is None
    space.pop("__builtins__", None)
    values = {name: repr(value) for name, value in space.items() if not callable(value)}
    return values, printed.getvalue(), raised


ODD = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=200, deadline=None, suppress_health_check=ODD)
@given(lines=block(3, False))
def test_an_instrumented_program_does_what_the_plain_one_does(strides: bool, lines: list[str]) -> None:
    source = "\n".join(lines)
    assert outcome(source, True) == outcome(source, False)
