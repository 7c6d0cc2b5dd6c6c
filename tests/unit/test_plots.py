"""`tracker.plots` gives the comparison's charts as figures; `query.explore` what views ask beyond the run table."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracker
from tracker.exceptions import InvalidValue, NotFound
from tracker.plots.analysis import contour_grid, importance_table
from tracker.query import Reader, reader
from tracker.query.explore import changed_runs, extremes, finer
from tracker.tracking.context import current_store

RUNS, STEPS = 12, 20


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plots") / "store"


@pytest.fixture
def ids(home: Path) -> Iterator[list[str]]:
    tracker.set_tracking_uri(home)
    if not home.exists():
        log()
    yield list(tracker.runs("iris", order_by="params.i").run_id)


def log() -> None:
    tracker.set_experiment("iris")
    for i in range(RUNS):
        with tracker.start_run(run_name=f"<b>run {i}</b>") as run:
            tracker.log_params({"i": i, "C": 10.0 ** (i % 3), "kernel": "rbf" if i % 2 else "linear", "same": 1})
            points = [tracker.entities.Metric("loss", 1 / (1 + s) + i / 10, 1_000 * s, s) for s in range(STEPS)]
            points += [tracker.entities.Metric("acc", s / STEPS, 1_000 * s, s) for s in range(STEPS)]
            points += [tracker.entities.Metric("nan", math.nan, 1_000 * s, s) for s in range(2)]
            tracker.MlflowClient().log_batch(run.info.run_id, metrics=points)
            tracker.log_metric("score", 3.0 * i)


@pytest.fixture
def store(ids: list[str]) -> Reader:
    return reader(current_store())


def test_curves_by_step_time_and_another_metric(ids: list[str]) -> None:
    figure = tracker.plots.curves(ids, "loss")
    assert len(figure.data) == RUNS
    assert list(figure.data[0].x) == list(range(STEPS)) and figure.data[0].y[0] == pytest.approx(1.0)
    assert list(tracker.plots.curves(ids[:1], "loss", x="relative").data[0].x) == list(range(STEPS))
    other = tracker.plots.curves(ids[:1], "loss", x="acc").data[0]
    assert list(other.x) == pytest.approx([s / STEPS for s in range(STEPS)])
    assert tracker.plots.curves(ids, "loss", log=True).layout.yaxis.type == "log"


def test_a_table_gives_its_selection_whatever_columns_it_shows(ids: list[str]) -> None:
    table = tracker.table("iris")
    table.columns = ["run_id", "metrics.loss"]
    table.selected = ids[:2]
    assert len(tracker.plots.curves(table, "loss").data) == 2


def test_smoothing_keeps_the_raw_line_and_groups_become_bands(ids: list[str]) -> None:
    raw, smooth = tracker.plots.curves(ids[:1], "loss", smoothing=0.6).data
    assert raw.opacity < 0.5 and list(raw.y) != list(smooth.y) and smooth.y[0] == raw.y[0]
    figure = tracker.plots.curves(ids, "loss", group="params.C")
    means = [trace for trace in figure.data if trace.name]
    assert {trace.name for trace in means} == {"1.0 (n = 4)", "10.0 (n = 4)", "100.0 (n = 4)"}
    first = next(trace for trace in means if trace.name.startswith("1.0"))
    assert first.y[0] == pytest.approx(1 + np.mean([0, 3, 6, 9]) / 10)


def test_one_number_a_run(ids: list[str]) -> None:
    scatter = tracker.plots.scatter(ids, "params.C", "metrics.score", color="params.kernel", size="params.i").data[0]
    assert len(scatter.x) == RUNS and len(set(scatter.marker.color)) == 2 and min(scatter.marker.size) == 6
    assert len(tracker.plots.box(ids, "metrics.score", group="params.kernel").data) == 2
    assert tracker.plots.violin(ids, "metrics.score").data[0].type == "violin"
    assert sorted(tracker.plots.bar(ids, "metrics.score").data[0].y) == [3.0 * i for i in range(RUNS)]
    dimensions = tracker.plots.parallel(ids, color="metrics.score").data[0].dimensions
    assert {each.label for each in dimensions} == {"i", "C", "kernel", "loss", "score"}


def test_a_surface_goes_through_its_runs_and_ends_beside_them(store: Reader, ids: list[str]) -> None:
    grid = contour_grid(store, ids, "params.i", "params.C", "metrics.score")
    known = [value for row in grid["z"] for value in row if value is not None]
    assert min(known) >= 0 and max(known) <= 3 * (RUNS - 1)
    diagonal = contour_grid(store, ids, "params.i", "metrics.score", "params.C")["z"]
    assert diagonal[0][0] is not None and diagonal[0][-1] is None and diagonal[-1][0] is None
    assert grid["y"][1] / grid["y"][0] == pytest.approx(grid["y"][2] / grid["y"][1])  # two decades: logarithmic
    assert {trace.type for trace in tracker.plots.contour(ids, "params.i", "params.C", "metrics.score").data} == {
        "contour",
        "scatter",
    }


def test_importance_finds_what_the_metric_is_made_of(store: Reader, ids: list[str]) -> None:
    pytest.importorskip("sklearn")
    table, notices = importance_table(store, ids, "metrics.score")
    assert notices == [] and table.column("name")[0].as_py() == "params.i"
    assert sum(table.column("importance").to_pylist()) == pytest.approx(1)
    assert table.column("correlation")[0].as_py() == pytest.approx(1)
    assert tracker.plots.importance(ids, "metrics.score").data[0].y[-1] == "params.i"


def test_without_scikit_learn_the_correlation_is_left(
    store: Reader, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    table, notices = importance_table(store, ids, "metrics.score")
    assert "pip install scikit-learn" in notices[0]
    assert all(math.isnan(value) for value in table.column("importance").to_pylist())
    assert "params.i" in list(tracker.plots.correlation(ids, "metrics.score").data[0].y)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ids: tracker.plots.curves([], "loss"),
        lambda ids: tracker.plots.curves(ids, "loss", smoothing=1),
        lambda ids: tracker.plots.curves(ids, "loss", group="params.nothing"),
        lambda ids: tracker.plots.scatter(ids, "params.nothing", "metrics.score"),
        lambda ids: tracker.plots.scatter(ids, "params.C", "metrics.score", size="params.kernel"),
        lambda ids: tracker.plots.bar(ids, "metrics.nothing"),
        lambda ids: tracker.plots.contour(ids, "params.kernel", "params.C", "metrics.score"),
        lambda ids: tracker.plots.contour(ids[:2], "params.i", "params.C", "metrics.score"),
        lambda ids: tracker.plots.importance(ids[:3], "metrics.score"),
        lambda ids: tracker.plots.importance(ids, "metrics.nan"),
        lambda ids: tracker.plots.importance(ids, "params.kernel"),
    ],
)
def test_what_cannot_be_drawn_is_said(ids: list[str], draw: Callable[[list[str]], Any]) -> None:
    with pytest.raises((InvalidValue, NotFound)):
        draw(ids)


def test_extremes_leave_nan_out(store: Reader, ids: list[str]) -> None:
    table = extremes(store, ["loss", "nan", "absent"]).to_pylist()
    row = next(each for each in table if each["run_id"] == ids[2])
    assert (row["min.loss"], row["max.loss"]) == (pytest.approx(1 / STEPS + 0.2), pytest.approx(1.2))
    assert row["min.nan"] is None and row["max.absent"] is None


def test_a_part_of_a_curve_comes_whole_with_a_point_at_each_side(store: Reader, ids: list[str]) -> None:
    part = finer(store, ids[:2], "loss", (5, 8), 400)
    steps = [row["step"] for row in part.to_pylist() if row["run_id"] == ids[0]]
    assert steps == [4, 5, 6, 7, 8, 9]
    assert len(finer(store, ids[:1], "loss", (0, STEPS), 4)) < STEPS


def test_runs_that_changed(store: Reader, ids: list[str]) -> None:
    before = store.store.clock()
    assert changed_runs(store, before) == []
    tracker.MlflowClient().set_tag(ids[3], "team", "vision")
    assert changed_runs(store, before) == [ids[3]]
