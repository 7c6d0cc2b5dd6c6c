"""What changed between two runs, as a value, as text and as HTML."""

from __future__ import annotations

import json
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tracker
from tracker.comparison.code import compare_cells
from tracker.exceptions import NotFound


@pytest.fixture(autouse=True)
def _store(tmp_path: Path) -> None:
    tracker.set_tracking_uri(tmp_path / "store")


def made(
    params: dict[str, Any], metrics: dict[str, float], cells: list[str], frame: pd.DataFrame | None = None, **env: Any
) -> str:
    with tracker.start_run() as run:
        tracker.log_params(params)
        tracker.log_metrics(metrics)
        tracker.log_dict({"cells": [{"source": cell} for cell in cells]}, "code/cells.json")
        tracker.log_dict(env, "environment.json")
        if frame is not None:
            tracker.log_input(frame)
    return str(run.info.run_id)


FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5]})


def test_everything_that_differs_and_nothing_else() -> None:
    a = made(
        {"C": 1.0, "k": "rbf", "same": 3},
        {"acc": 0.5, "loss": float("nan")},
        ["import x", "C = 1.0\nfit(C)"],
        FRAME,
        packages={"numpy": "1"},
    )
    changed = FRAME.assign(c=[0.5, 2.5], d=1).drop(columns="b").astype({"a": "i4"})
    b = made(
        {"C": 10.0, "new": 1, "same": 3},
        {"acc": 0.75, "loss": float("nan")},
        ["import x", "C = 10.0\nfit(C)", "show()"],
        changed,
        packages={"numpy": "2"},
    )
    diff = tracker.diff(a, b)
    assert [(c.name, c.a, c.b) for c in diff.params[:1]] == [("C", 1.0, 10.0)]
    assert [repr((c.name, c.a, c.b)) for c in diff.params[1:]] == ["('k', 'rbf', —)", "('new', —, 1)"]
    assert [(c.name, c.delta) for c in diff.metrics] == [("acc", 0.25)]
    assert [(c.name, c.a, c.b) for c in diff.environment] == [("packages.numpy", "1", "2")]
    (data,) = diff.data
    assert (data.added, data.removed, data.changed, data.retyped) == (
        ("d",),
        ("b",),
        ("c",),
        (("a", "int64", "int32"),),
    )
    assert [cell.same for cell in diff.code] == [True, False, False]
    assert diff.code[1].marks == (("same", "C = "), ("removed", "1"), ("added", "10"), ("same", ".0\nfit(C)"))
    assert diff.code[2].a is None
    text = repr(diff)
    for words in (
        "C: 1 → 10",
        "acc: 0.5 → 0.75  (+0.25)",
        "packages.numpy: 1 → 2",
        "new: d; gone: b; changed: c; a: int64 → int32",
        "[-1-]{+10+}",
    ):
        assert words in text


def test_a_run_and_itself() -> None:
    a = made({"C": 1}, {"m": 1}, ["x = 1"], FRAME)
    diff = tracker.diff(a, tracker.get_run(a))
    assert not diff and "nothing differs" in repr(diff)
    with pytest.raises(NotFound, match="no run"):
        tracker.diff(a, "0" * 32)


def test_types_of_parameters_count() -> None:
    diff = tracker.diff(made({"x": 1, "y": "1", "z": True}, {}, []), made({"x": 1.0, "y": 1, "z": 1}, {}, []))
    assert [c.name for c in diff.params] == ["x", "y", "z"]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        assert all(name == "style" for name, _ in attributes)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_hostile_and_endless_runs_stay_text_and_small() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=y>"
    frame = pd.DataFrame({evil: [1]})
    many = {f"{evil}{i}": i for i in range(3_000)}
    a = made({**many, evil: evil}, {}, [evil, "a = 1\n" * 5_000], frame, x=evil)
    b = made({k: v + 1 for k, v in many.items()}, {}, [evil + "2", "a = 2\n" * 5_000], frame + 1, x=evil * 2)
    bundle = tracker.diff(a, b)._repr_mimebundle_()
    reader = _Reader()
    reader.feed(bundle["text/html"])
    assert reader.tags <= {"div", "b", "code", "table", "tr", "td", "th", "pre", "ins", "del"} and not reader.open
    assert len(bundle["text/html"].encode()) <= 30_000
    assert "more" in bundle["text/html"]


def test_a_run_whose_files_are_damaged() -> None:
    a, b = made({}, {}, ["x"]), made({}, {}, ["y"])
    for name, content in (("code/cells.json", "[1"), ("environment.json", "[1]"), ("code/cell.py", "z = 1")):
        with tracker.start_run(run_id=a):
            tracker.log_text(content, name)
    assert [cell.a for cell in tracker.diff(a, b).code if cell.a is not None] == ["z = 1"]


def test_marks_give_both_sources_back() -> None:
    chance = random.Random(5)
    words = ["x", "=", "1", "\n", " ", "fit", "(", ")", "é", "'text'", "  "]
    for _ in range(300):
        a = ["".join(chance.choices(words, k=chance.randrange(1, 30))) for _ in range(chance.randrange(6))]
        b = [re.sub("1", chance.choice("12"), cell) for cell in a if chance.random() > 0.3]
        chance.random() < 0.5 and b.insert(chance.randrange(len(b) + 1), "new = 1")
        cells = compare_cells(a, b)
        assert [cell.a for cell in cells if cell.a is not None] == a
        assert [cell.b for cell in cells if cell.b is not None] == b
        for cell in cells:
            if cell.a is not None:
                assert "".join(piece for mark, piece in cell.marks if mark != "added") == cell.a
            if cell.b is not None:
                assert "".join(piece for mark, piece in cell.marks if mark != "removed") == cell.b


def test_a_cell_that_moved_among_others_is_paired_with_itself() -> None:
    a = ["load(data)", "model = SVC(C=1, gamma=0.1).fit(X, y)", "score = model.score(X, y)"]
    b = ["load(data)", "clean(data)", "model = SVC(C=2, gamma=0.1).fit(X, y)", "score = model.score(X, y)"]
    pairs = [(cell.a, cell.b) for cell in compare_cells(a, b)]
    assert pairs == [(a[0], b[0]), (None, b[1]), (a[1], b[2]), (a[2], b[3])]
    assert json.dumps([cell.same for cell in compare_cells(a, b)]) == "[true, false, false, true]"
