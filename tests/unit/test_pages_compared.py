"""What a comparison is told of the store: runs with curves in bounded points, changes, differences, pictures, layout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tracker
from tracker.exceptions import InvalidValue, NotFound
from tracker.pages.answers import Answers, kept_layout
from tracker.pages.compared import ALL_POINTS, COMPARED_RUNS, Compared
from tracker.query import Reader, reader
from tracker.tracking.context import current_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Reader]:
    tracker.set_tracking_uri(tmp_path / "store")
    tracker.set_experiment("iris")
    yield reader(current_store())


def log(name: str, steps: int = 5, **params: object) -> str:
    with tracker.start_run(run_name=name) as run:
        tracker.log_params(params)
        points = [tracker.entities.Metric("loss", 1 / (1 + s), 1_000 + s, s) for s in range(steps)]
        tracker.MlflowClient().log_batch(run.info.run_id, metrics=points)
    return str(run.info.run_id)


def test_an_experiment_gives_its_latest_runs_and_what_changes(store: Reader) -> None:
    first = log("a", C=1)
    compared = Compared(where="params.C >= 1")
    whole = compared.whole(store)
    assert (whole.runs.num_rows, whole.curves.num_rows, whole.total) == (1, 5, 1)
    second = log("b", C=2)
    log("c", C=0)
    found = compared.changes(store, whole)
    assert found is not None
    assert second in found[0].runs.column("run_id").to_pylist() and found[0].total == 2
    assert set(found[0].curves.column("run_id").to_pylist()) == {first, second}
    tracker.delete_run(first)
    found = compared.changes(store, whole)
    assert found is not None and found[1] == [first]


def test_chosen_runs_stay_also_when_they_are_deleted(store: Reader) -> None:
    run = log("a")
    compared = Compared(runs=[run])
    whole = compared.whole(store)
    tracker.delete_run(run)
    log("another")
    found = compared.changes(store, whole)
    assert found is not None and found[0].runs.column("run_id").to_pylist() == [run] and found[1] == []
    with pytest.raises(NotFound, match="No run"):
        Compared(runs=["0" * 32]).whole(store)


def test_many_runs_are_read_with_fewer_points_each(store: Reader) -> None:
    steps = 1_000
    points = [tracker.entities.Metric("loss", float(s % 7), s, s) for s in range(steps)]
    client = tracker.MlflowClient()
    for i in range(COMPARED_RUNS + 5):
        with tracker.start_run(run_name=str(i)) as run:
            client.log_batch(run.info.run_id, metrics=points)
    whole = Compared().whole(store)
    assert (whole.runs.num_rows, whole.total) == (COMPARED_RUNS, COMPARED_RUNS + 5)
    assert whole.curves.num_rows <= 1.1 * ALL_POINTS
    assert len(set(whole.curves.column("run_id").to_pylist())) == COMPARED_RUNS


def test_what_differs_between_two_runs(store: Reader) -> None:
    a, b = log("a", C=1, kernel="rbf"), log("b", C=2.5, kernel="rbf", gamma="x" * 5_000)
    for run, source in ((a, "model = SVC(C=1)"), (b, "model = SVC(C=2.5)")):
        tracker.MlflowClient().log_text(run, source, "code/cell.py")
    told, tables = Answers(store).answer({"do": "diff", "a": a, "b": b})
    assert tables == []
    assert {(each["name"], each["a"], len(each["b"])) for each in told["params"]} == {
        ("C", "1", 3),
        ("gamma", None, 2_000),
    }
    [cell] = told["cells"]
    assert ["removed", "1"] in cell["marks"] and not cell["same"]
    with pytest.raises(NotFound):
        Answers(store).answer({"do": "diff", "a": a, "b": "nobody"})


def test_pictures_by_key_and_step(store: Reader) -> None:
    image = np.zeros((4, 4, 3), dtype=np.uint8)
    with tracker.start_run() as run:
        for step in (0, 10):
            tracker.log_image(image, key="samples/a", step=step)
        tracker.log_image(image, "figures/confusion.PNG")
        tracker.log_text("no picture", "figures/readme.txt")
    told, _ = Answers(store).answer({"do": "pictures", "runs": [run.info.run_id]})
    found = {(each["key"], each["step"]): each["path"] for each in told["pictures"]}
    assert set(found) == {("samples/a", 0), ("samples/a", 10), ("figures/confusion.PNG", None)}
    assert not any("compressed" in path for path in found.values())
    shown, [data] = Answers(store).answer({"do": "preview", "run": run.info.run_id, "path": found["samples/a", 10]})
    assert shown["preview"]["kind"] == "image" and data.startswith(b"\x89PNG")


def test_a_layout_is_kept_with_its_experiment(store: Reader) -> None:
    run = log("a")
    home = tracker.get_run(run).info.experiment_id
    Answers(store, home).answer({"do": "layout", "state": {"x": "wall", "tab": "Scatter", "hidden": [run], "evil": 1}})
    assert kept_layout(store, home) == {"x": "wall", "tab": "Scatter"}
    again = tracker.compare(experiment="iris")
    assert (again.state["x"], again.state["tab"], again.state["differing"]) == ("wall", "Scatter", True)
    with pytest.raises(InvalidValue):
        Answers(store, home).answer({"do": "layout", "state": {"chosen": {"x": "y" * 30_000}}})


@pytest.mark.parametrize(
    "question",
    [
        None, 7, {}, {"do": "nothing"}, {"do": "diff"}, {"do": "pictures", "runs": 5}, {"do": "layout", "state": None},
        {"do": "curves", "key": "x", "runs": ["a"], "from": "q", "to": 1, "points": 5},
        {"do": "stats", "keys": [1]}, {"do": "view", "name": "", "state": {}}, {"do": "importance", "runs": []},
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_answered_with_a_sentence(store: Reader, question: object) -> None:
    with pytest.raises(InvalidValue):
        Answers(store).answer(question)
