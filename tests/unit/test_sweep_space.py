"""What a sweep tries: spaces, strategies, and where the values go in the cells."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tracker.exceptions import InvalidValue
from tracker.projects.slices import SlicedCell
from tracker.sweeps import as_metrics
from tracker.sweeps.program import Program
from tracker.sweeps.space import Range, grid_of, parse_axis, space_of
from tracker.sweeps.starting import direction_of
from tracker.sweeps.strategies import strategy_of


def asked(strategy: Any) -> list[dict[str, Any]]:
    return [values for _, values in iter(strategy.ask, None)]


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("C=0.1,1,10", ("C", [0.1, 1, 10])),
        ("gamma=scale,auto", ("gamma", ["scale", "auto"])),
        ("sizes=[64, 32],[128]", ("sizes", [[64, 32], [128]])),
        ("flag=true,False,None", ("flag", [True, False, None])),
        ("lr=1e-4..1e-1:log", ("lr", (1e-4, 1e-1, "log"))),
        ("depth=2..12", ("depth", (2, 12))),
        ("name='a,b',c", ("name", ["'a", "b'", "c"])),
    ],
)
def test_a_grid_on_the_line(text: str, axis: Any) -> None:
    assert parse_axis(text) == axis


@pytest.mark.parametrize("text", ["C", "C=", "=1", "1C=2", "a b=1"])
def test_a_grid_that_is_not_understood(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_axis(text)


@pytest.mark.parametrize(
    ("space", "word"),
    [
        ({}, "empty"), ({"C": []}, "C is given no value"), ({"C": 3}, "C is given 3"), ({"C": "abc"}, "give a list"),
        ({"C": [object()]}, "no literal"), ({"not a name": [1]}, "not a name"), ({"C": (2, 1)}, "from a lower"),
        ({"C": (0, 1, "log")}, "above zero"), ({"C": (1, 2, "exp")}, "exp"), ({"C": (1, float("inf"))}, "lower"),
        ([1], "A space is a dict"), ({"seed": [1]}, "seed already"),
    ],
)  # fmt: skip
def test_a_space_that_cannot_be(space: Any, word: str) -> None:
    with pytest.raises(InvalidValue, match=word):
        space_of(space, 2 if "seed" in space else None)


def test_the_grid_is_every_point_in_order_and_seeds_are_an_axis() -> None:
    points = list(grid_of(space_of({"a": [1, 2], "b": ["x", "y"]}, seeds=2)))
    assert (
        len(points) == 8 and points[0] == {"a": 1, "b": "x", "seed": 0} and points[-1] == {"a": 2, "b": "y", "seed": 1}
    )


def test_random_points_are_the_same_for_the_same_seed_and_inside() -> None:
    space = space_of({"lr": (1e-4, 1e-1, "log"), "depth": (2, 5), "kind": ["a", "b"]})
    first, second, other = (
        asked(strategy_of("random", space, n=50, direction="maximize", metric=None, seed=seed)) for seed in (3, 3, 4)
    )
    assert first == second != other
    assert all(1e-4 <= p["lr"] <= 1e-1 and p["depth"] in range(2, 6) and type(p["depth"]) is int for p in first)
    assert {p["kind"] for p in first} == {"a", "b"} and sum(p["lr"] < 3e-3 for p in first) > 15
    assert Range(1, 9, log=True, whole=True).draw(random.Random(0)) in range(1, 10)


@pytest.mark.parametrize(
    ("asked_for", "word"),
    [
        ({"name": "clever"}, "grid, random, optuna"), ({"direction": "up"}, "'maximize' or 'minimize'"),
        ({"n": 0}, "1 or more"), ({"n": True}, "1 or more"), ({"name": "random"}, "give n"),
        ({"name": "optuna", "n": 3}, "metric"), ({"space": {"C": (0, 1)}}, "C is a range"),
    ],
)  # fmt: skip
def test_a_strategy_that_cannot_be(asked_for: dict[str, Any], word: str) -> None:
    every = {"name": "grid", "space": {"C": [1]}, "n": None, "direction": "maximize", "metric": None, "seed": 0}
    every |= asked_for
    with pytest.raises(InvalidValue, match=word):
        strategy_of(every.pop("name"), space_of(every.pop("space")), **every).ask()


def test_optuna_follows_results_and_what_was_finished() -> None:
    pytest.importorskip("optuna")
    space = space_of({"x": (-10.0, 10.0)})
    told = [({"x": x}, (x - 2) ** 2) for x in (-8.0, -3.0, 1.0, 2.5, 7.0)] * 3
    strategy = strategy_of("optuna", space, n=75, direction="minimize", metric="loss", seed=0, finished=told)
    values = []
    while (point := strategy.ask()) is not None:
        key, at = point
        values.append(at["x"])
        strategy.tell(key, (at["x"] - 2) ** 2 if len(values) % 5 else None)
    assert len(values) == 75 - len(told) and sorted(abs(x - 2) for x in values)[30] < 3


CELLS = (
    SlicedCell(1, "C = 1\nrate = 0.5\nscale = C * 2"),
    SlicedCell(2, "%%track --note x\n%%time\ndepth = 3\nscore = fit(depth, rate, gamma, scale)"),
)


def test_values_go_where_they_matter() -> None:
    before, last = Program(CELLS, "/").with_values({"C": 7, "rate": 0.25, "depth": 9, "gamma": "auto"})
    assert before.source == "C = 7\nrate = 0.5\nscale = C * 2"  # rate is read by the last cell alone
    assert last.source.split("\n") == [
        "%%track --note x", "%%time", "rate = 0.25; gamma = 'auto'", "depth = 9", "score = fit(depth, rate, gamma, scale)",
    ]  # fmt: skip


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(InvalidValue, match=r"reads or assigns nothing.*C, depth, fit, gamma, rate, scale"):
        Program(CELLS, "/").check(["nothing"])


def test_a_result_as_metrics() -> None:
    assert as_metrics(2, "loss") == {"loss": 2.0} and as_metrics(0.5) == {"value": 0.5} and as_metrics(None) == {}
    assert as_metrics({"a": 1, "b": "text", "c": True}) == {"a": 1.0}
    with pytest.raises(InvalidValue, match="gave a list"):
        as_metrics([1])


@pytest.mark.parametrize(("metric", "which"), [("valLoss", "minimize"), ("rmse", "minimize"), ("accuracy", "maximize")])
def test_the_direction_by_the_name(metric: str, which: str) -> None:
    assert direction_of(metric) == which
