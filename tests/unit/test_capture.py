from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest

from tracker.capture import Cell, analyse, inputs_before, jsonable, metrics, parameters, scalar


def capture(
    source: str, namespace: dict[str, Any] | None = None, failed_line: int | None = None
) -> tuple[dict[str, Any], dict[str, float]]:
    space = {"__name__": "__main__"} if namespace is None else namespace
    tree = ast.parse(source)
    cell: Cell = analyse(tree)
    before = inputs_before(cell, space)
    try:
        exec(compile(tree, "<cell>", "exec"), space)
    except Exception:
        assert failed_line is not None
    return parameters(cell, before, space), metrics(cell, before, space, failed_line=failed_line)


def test_importing_brings_in_nothing_heavy() -> None:
    code = "import sys, tracker.capture; print(*({'numpy', 'pandas', 'IPython', 'duckdb', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_values_are_taken_as_they_end() -> None:
    assert capture("lr = 0.1\nlr = 0.2\nn = 1\nn = 'x'") == ({"lr": 0.2, "n": "x"}, {})


def test_an_earlier_run_of_a_failing_cell_leaves_no_stale_metric() -> None:
    source = "k = 3\nseen = k * 2\nbroken = 1 / zero\nlate = k * 100.5"
    space: dict[str, Any] = {"zero": 2}
    assert capture(source, space) == ({"k": 3, "zero": 2}, {"seen": 6.0, "broken": 0.5, "late": 301.5})
    space["zero"] = 0
    assert capture(source, space, failed_line=3) == ({"k": 3, "zero": 0}, {"seen": 6.0})


def test_running_a_cell_again_gives_the_same() -> None:
    source = "best = 0\nfor v in values:\n    hits = len(v)\n    if hits > best:\n        best = hits\nif best:\n    two = best * 2"
    space: dict[str, Any] = {"values": ["aa", "b"]}
    first = capture(source, space)
    assert first == ({}, {"hits": 1.0, "best": 2.0, "two": 4.0})
    assert capture(source, space) == first


def test_only_changed_fields_of_an_earlier_dict_are_metrics() -> None:
    space = {"results": {"a": 0.5, "b": 0.25}, "key": "c"}
    assert capture("results[key] = 0.5 + 0.25", space) == ({"key": "c"}, {"results.c": 0.75})


def test_a_dict_of_more_than_a_hundred_numbers_is_data() -> None:
    assert capture("few = {i: i / 2 for i in range(3)}\nmany = {i: i / 2 for i in range(101)}")[1] == {
        "few.0": 0.0,
        "few.1": 0.5,
        "few.2": 1.0,
    }


def test_literals_that_are_too_large_or_not_json_are_no_parameters() -> None:
    source = "a = 'x' * 7000\nb = [0] * 101\nc = b'x'\nd = 1j\ne = [0] * 100\nf = 2 ** 70\ng = float('inf')"
    params, found = capture(source)
    assert params == {"e": [0] * 100, "f": str(2**70), "g": float("inf")} and found == {}


def test_costly_literals_are_not_worked_out() -> None:
    cell = analyse(ast.parse("a = 10 ** 10 ** 10\nb = 'x' * 10 ** 12\nc = 1 << 10 ** 12\nd = '%1000000000d' % 1"))
    before = inputs_before(cell, {})
    assert parameters(cell, before, {"a": 7, "b": "x", "c": 1, "d": " 1"}) == {
        "a": 7,
        "b": "x",
        "c": 1,
        "d": " 1",
    }


def test_a_changed_container_is_no_parameter() -> None:
    assert capture("a = [1]\nb = a\nb.append(2)\nc = {'x': [1]}\nc['x'].append(3)\nd = (1, 2)")[0] == {"d": [1, 2]}


def test_objects_are_neither_kept_nor_called() -> None:
    class Hostile:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        def __float__(self) -> float:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

    space: dict[str, Any] = {"thing": Hostile(), "many": [Hostile()]}
    assert capture("copy = thing\nlit = 1\nlit = thing if thing is None else thing\nx = {'a': thing}", space) == (
        {},
        {},
    )


@pytest.mark.parametrize("value", [True, None, "1", 1j, [1.0], {"a": 1}, object(), float])
def test_what_is_no_number(value: object) -> None:
    assert scalar(value) is None


def test_numpy_values() -> None:
    np = pytest.importorskip("numpy")
    assert [scalar(v) for v in (np.int8(3), np.float16(0.5), np.array(2.0), np.uint64(7))] == [
        3.0,
        0.5,
        2.0,
        7.0,
    ]
    nothing = (
        np.bool_(True),
        np.complex64(1),
        np.array([1.0]),
        np.timedelta64(3, "s"),
        np.datetime64("2020"),
        np.str_("a"),
    )
    assert [scalar(v) for v in nothing] == [None] * len(nothing)
    assert jsonable([np.int64(1), np.float32(0.5), np.bool_(True)]) == [1, 0.5, True]
    assert capture("x = size * 2", {"size": np.int64(4)}) == ({"size": 4}, {"x": 8.0})


def test_numbers_beyond_a_float_are_no_metrics() -> None:
    assert capture("n = len('ab')\nx = n ** 5000")[1] == {"n": 2.0}


def test_ten_thousand_assignments_and_long_chains() -> None:
    lines = [f"m{i} = len('ab') + {i}\np{i} = {i}" for i in range(5_000)]
    params, found = capture("\n".join(lines))
    assert len(params) == 5_000 and len(found) == 5_000
    assert capture("one = len('a')\ntotal = " + " + ".join(["one"] * 900))[1] == {"one": 1.0, "total": 900.0}


def test_globals_behind_decorated_partial_and_recursive_functions() -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(
        "import functools\nlow, high, unused, depth = 1, 9, 5, 3\n"
        "def deco(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a) + depth\n    return inner\n"
        "@deco\ndef clip(x): return max(low, x)\n"
        "@functools.lru_cache\ndef cached(x): return min(high, x) if x < 0 else cached(-x - 1)\n"
        "part = functools.partial(clip, 3)\n",
        space,
    )
    assert capture("a = part()", space) == ({"depth": 3, "low": 1}, {"a": 6.0})
    assert capture("b = cached(2)", space) == ({"high": 9}, {"b": -3.0})
