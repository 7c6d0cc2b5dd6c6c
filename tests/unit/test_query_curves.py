"""Histories and curves: order, completeness, and what a reduced curve keeps."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.exceptions import InvalidValue, NotFound
from tracker.query import curves, frames, reader
from tracker.query.curves import history, reduced
from tracker.store import Store, events, open_store

Point = tuple[int, int, float]


def log(store: Store, run: str, key: str, points: list[Point]) -> None:
    """Points as (step, time in µs, value)."""
    prefix = events.metric_prefix(run, key)
    lines = [events.metric_line(prefix, value, step, t) for step, t, value in points]
    store.append(events.event("run", r=run, x="0", v={}, t=store.clock()) + b"".join(lines))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / ".tracker")


def points_of(table: Any, key: str = "m") -> list[tuple[int, float]]:
    return [(p["step"], p["value"]) for p in table.to_pylist() if p["key"] == key]


def test_history_is_ordered_by_run_as_given_then_key_step_time(store: Store) -> None:
    log(store, "a", "z", [(2, 20, 2.0), (0, 30, 1.0), (0, 10, 0.0), (-1, 90, 9.0)])
    log(store, "a", "b", [(5, 50, 5.0)])
    log(store, "c", "b", [(5, 50, 6.0)])
    frame = frames.history(store, ["c", "a", "c"])
    assert list(frame.columns) == ["run_id", "key", "step", "time", "value"]
    assert list(zip(frame["run_id"], frame["key"], frame["step"], frame["value"], strict=True)) == [
        ("c", "b", 5, 6.0), ("a", "b", 5, 5.0), ("a", "z", -1, 9.0), ("a", "z", 0, 0.0), ("a", "z", 0, 1.0), ("a", "z", 2, 2.0),
    ]  # fmt: skip
    assert str(frame["time"].dtype) == "datetime64[us, UTC]" and frame["time"][0].value == 50_000


def test_history_of_what_holds_runs(store: Store) -> None:
    log(store, "a", "m", [(0, 1, 1.0)])
    log(store, "b", "m", [(0, 1, 2.0)])
    frame = frames.runs(store, order_by="run_id")
    assert list(frames.history(store, frame)["value"]) == [1.0, 2.0]
    assert list(frames.history(store, "b", "m")["value"]) == [2.0]
    assert frames.history(store, "b", ["other"]).empty and frames.history(store, []).empty
    with pytest.raises(NotFound, match="'nobody'"):
        frames.history(store, ["a", "nobody"])
    with pytest.raises(InvalidValue):
        frames.history(store, 5)


def test_short_curve_is_given_whole(store: Store) -> None:
    log(store, "a", "m", [(step, step, float(step % 7)) for step in range(100)])
    assert points_of(reduced(reader(store), ["a"], points=100)) == points_of(history(reader(store), ["a"]))


def test_time_of_a_reduced_curve_is_in_ms(store: Store) -> None:
    log(store, "a", "m", [(0, 1_767_225_600_123_456, 1.0)])
    assert reduced(reader(store), ["a"]).column("time").to_pylist() == [1_767_225_600_123.456]
    assert frames.history(store, "a", points=10)["time"][0].value == 1_767_225_600_123_456_000


def test_reduced_curve_keeps_ends_extremes_and_spikes(store: Store) -> None:
    values = [random.Random(step).random() for step in range(10_000)]
    values[4321], values[777] = 50.0, -50.0
    log(store, "a", "m", [(step, step, value) for step, value in enumerate(values)])
    kept = points_of(reduced(reader(store), ["a"], points=200))
    assert len(kept) <= 202 and kept == sorted(kept)
    assert {(0, values[0]), (9_999, values[9_999]), (4321, 50.0), (777, -50.0)} <= set(kept)


def test_gap_of_nan_stays_a_gap(store: Store) -> None:
    points = [(step, step, math.nan if 3_000 <= step < 5_000 else 1.0) for step in range(10_000)]
    log(store, "a", "m", points)
    kept = points_of(reduced(reader(store), ["a"], points=100))
    gap = [step for step, value in kept if math.isnan(value)]
    assert gap[0] == 3_000 and 4_700 <= gap[-1] < 5_000 and len(gap) < 20
    assert not [step for step, value in kept if 3_000 <= step < 5_000 and not math.isnan(value)]


def test_curve_of_nothing_but_nan_keeps_its_ends(store: Store) -> None:
    log(store, "a", "m", [(step, step, math.nan) for step in range(1_000)])
    steps = [step for step, _ in points_of(reduced(reader(store), ["a"], points=10))]
    assert steps[0] == 0 and steps[-1] == 999


def test_curve_with_one_step_is_reduced_along_time(store: Store) -> None:
    log(store, "a", "m", [(0, t, float(t % 100)) for t in range(1_000)])
    kept = reduced(reader(store), ["a"], points=40)
    assert 30 <= kept.num_rows <= 42 and kept.column("time").to_pylist() == sorted(kept.column("time").to_pylist())


def test_curves_are_reduced_each_by_itself(store: Store) -> None:
    log(store, "a", "long", [(step, step, 1.0) for step in range(1_000)])
    log(store, "a", "short", [(step, step, 1.0) for step in range(5)])
    kept = reduced(reader(store), ["a"], points=20)
    assert len(points_of(kept, "short")) == 5 and len(points_of(kept, "long")) <= 22
    assert len(points_of(reduced(reader(store), ["a"], ["short"], 20), "long")) == 0


def test_steps_at_the_ends_of_their_range(store: Store) -> None:
    log(store, "a", "m", [(step, 0, 1.0) for step in (-(2**63), 2**63 - 1, *range(50))])
    steps = [step for step, _ in points_of(reduced(reader(store), ["a"], points=10))]
    assert steps[0] == -(2**63) and steps[-1] == 2**63 - 1


@pytest.mark.parametrize("points", [0, 3, -5, 1.5, True, "10"])
def test_bad_number_of_points_is_refused(store: Store, points: Any) -> None:
    with pytest.raises(InvalidValue, match="at least 4"):
        reduced(reader(store), ["a"], points=points)


_values = st.floats(allow_nan=False, width=32).map(lambda value: value + 0.0) | st.just(math.nan)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(_values, min_size=1, max_size=300), points=st.integers(4, 60))
def test_reduced_curve_is_a_bounded_part_of_the_whole_with_its_extremes(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], points: int
) -> None:
    store = open_store(tmp_path_factory.mktemp("curve") / ".tracker")
    log(store, "a", "m", [(3 * step, step, value) for step, value in enumerate(values)])
    kept = points_of(reduced(reader(store), ["a"], points=points))
    whole = {(3 * step, str(value)) for step, value in enumerate(values)}
    assert {(step, str(value)) for step, value in kept} <= whole
    assert kept[0][0] == 0 and kept[-1][0] == 3 * (len(values) - 1)
    real, real_kept = ([v for v in some if not math.isnan(v)] for some in (values, [v for _, v in kept]))
    assert (not real and not real_kept) or (min(real), max(real)) == (min(real_kept), max(real_kept))
    assert len(real_kept) <= max(points, 4) + 2


# -- long curves, read straight from segments


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "LONG", 20)


def sealed(store: Store, run: str, parts: list[list[Point]]) -> None:
    """One segment of several journals, beside other runs and keys in the same file."""
    for part in parts:
        writer = Store(store.root)
        for key in ("l", "m", "n"):
            log(writer, run, key, part if key == "m" else [(0, 0, 9.0)] * 50)
        log(writer, f"{run}2", "m", [(0, 0, 9.0)] * 50)
        writer._journal.close()
    assert store.seal() and not store.journals()


@pytest.mark.usefixtures("long")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(_values, min_size=21, max_size=200), points=st.integers(4, 40), cut=st.integers(0, 200),
    shuffled=st.booleans(), steps=st.tuples(st.integers(-5, 400) | st.none(), st.integers(-5, 700) | st.none()),
)  # fmt: skip
def test_long_curve_is_reduced_as_the_same_curve_in_a_journal(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], points: int, cut: int, shuffled: bool, steps: Any
) -> None:
    whole = [(3 * step, step, value) for step, value in enumerate(values)]
    parts = [whole[::2], whole[1::2]] if shuffled else [whole[:cut], whole[cut:]]
    stores = [open_store(tmp_path_factory.mktemp("curve") / ".tracker") for _ in range(3)]
    sealed(stores[0], "a", parts)
    log(stores[1], "a", "m", whole)
    sealed(stores[2], "a", parts[:1])
    log(stores[2], "a", "m", parts[1])
    seen = [points_of(reduced(reader(store), ["a"], ["m"], points, steps)) for store in stores]
    low, high = (-(10**9) if steps[0] is None else steps[0]), (10**9 if steps[1] is None else steps[1])
    inside = [(step, value) for step, _, value in whole if low <= step <= high]
    for kept in seen:
        assert {str(point) for point in kept} <= set(map(str, inside)) and kept == sorted(kept, key=lambda p: p[0])
        assert [step for step, _ in kept[:1] + kept[-1:]] == [step for step, _ in inside[:1] + inside[-1:]]
        real, real_kept = ([v for _, v in some if not math.isnan(v)] for some in (inside, kept))
        assert (not real and not real_kept) or (min(real), max(real)) == (min(real_kept), max(real_kept))
        assert len(real_kept) <= points + 2 and (len(inside) > points or len(kept) == len(inside))
    if len(parts[1]) <= curves.LONG:  # read by one way whether sealed or not; of equal values the other keeps any
        assert str(seen[0]) == str(seen[2])


@pytest.mark.usefixtures("long")
def test_each_pixel_of_a_long_curve_has_its_extremes_and_its_gap(store: Store) -> None:
    chance = random.Random(3)
    values = [chance.random() if step % 97 else math.nan for step in range(5_000)]
    sealed(store, "a", [[(step, step, value) for step, value in enumerate(values)]])
    for first, last in ((0, 4_999), (1_234, 2_345), (100, 160)):
        kept = points_of(reduced(reader(store), ["a"], ["m"], 202, (first, last)))
        parts = 100
        for part in range(parts):
            low, high = (first - (first - last) * n // parts for n in (part, part + 1))
            inside = [values[s] for s in range(low, high + (part == parts - 1))]
            real, gap = [v for v in inside if not math.isnan(v)], any(map(math.isnan, inside))
            shown = [v for s, v in kept if low <= s < high + (part == parts - 1)]
            if last - first > 202 and real:
                assert {min(real), max(real)} <= set(shown)
            assert any(map(math.isnan, shown)) == gap


@pytest.mark.usefixtures("long")
def test_long_curve_with_one_step_is_reduced_along_time(store: Store) -> None:
    sealed(store, "a", [[(7, t, float(t % 100)) for t in range(1_000)]])
    kept = reduced(reader(store), ["a"], ["m"], points=40)
    assert 30 <= kept.num_rows <= 42 and kept.column("time").to_pylist() == sorted(kept.column("time").to_pylist())


@pytest.mark.usefixtures("long")
def test_long_steps_at_the_ends_of_their_range(store: Store) -> None:
    sealed(store, "a", [[(step, 0, 1.0) for step in (-(2**63), 2**63 - 1, *range(50))]])
    steps = [step for step, _ in points_of(reduced(reader(store), ["a"], ["m"], points=10))]
    assert steps[0] == -(2**63) and steps[-1] == 2**63 - 1


def test_a_range_of_steps_has_both_its_ends(store: Store) -> None:
    log(store, "a", "m", [(step, step, float(step)) for step in range(100)])
    for steps, expected in (
        ((10, 12), [10, 11, 12]),
        ((None, 1), [0, 1]),
        ((98, None), [98, 99]),
        ((5, 4), []),
        ((200, 300), []),
    ):
        assert list(frames.history(store, "a", steps=steps)["step"]) == expected
        assert list(frames.history(store, "a", points=50, steps=steps)["step"]) == expected
    for wrong in ((1,), (0.5, 2), "ab", 7):
        with pytest.raises(InvalidValue, match="range of steps"):
            frames.history(store, "a", steps=wrong)  # type: ignore[arg-type]
