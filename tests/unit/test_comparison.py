"""What changed between two runs, as a value, as text and as HTML."""

from __future__ import annotations

import json
import os
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tracker
from tracker.comparison.code import CellDiff, compare_cells
from tracker.exceptions import InvalidValue, NotFound


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
    assert diff.code[1].marks == (("same", "C = "), ("removed", "1.0"), ("added", "10.0"), ("same", "\nfit(C)"))
    assert diff.code[2].a is None
    text = repr(diff)
    for words in (
        "C: 1 → 10  (+9)",
        "acc: 0.5 → 0.75  (+0.25)",
        "packages.numpy: 1 → 2",
        "new: d; gone: b; changed: c; a: int64 → int32",
        "[-1.0-]{+10.0+}",
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


def test_what_is_kept_may_be_nested_beyond_reason() -> None:
    a, b = made({}, {}, ["x"]), made({}, {}, ["x"])
    for name in ("environment.json", "code/cells.json"):
        with tracker.start_run(run_id=a):
            tracker.log_text("[" * 100_000, name)
    assert tracker.diff(a, b)
    deep: dict[str, Any] = {"x": 1}
    for _ in range(200):
        deep = {"y": deep}
    with tracker.start_run(run_id=a):
        tracker.log_text(json.dumps(deep), "environment.json")
    assert "…" in repr(tracker.diff(a, b))


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


BIG = [f"v{i} = f({i})\nprint(v{i} + {i * 7})\nfor k in range({i}):\n    model_{i}.fit(k)" for i in range(300)]


def test_hundreds_of_cells_find_each_other_edited_and_elsewhere() -> None:
    edited = [cell.replace("print", "show") for cell in BIG]
    cells = compare_cells(BIG, edited)
    assert [(cell.a, cell.b) for cell in cells] == list(zip(BIG, edited, strict=True))
    assert {mark[1] for cell in cells for mark in cell.marks if mark[0] != "same"} == {"print", "show"}
    shuffled = edited[150:] + edited[:150]
    cells = compare_cells(BIG, shuffled)
    assert [cell.b for cell in cells if cell.b is not None] == shuffled
    assert all(cell.moved for cell in cells if cell.a is None or cell.b is None)
    for cell in cells:
        then = "".join(text for mark, text in cell.marks if mark != "added")
        assert then.replace("print", "show") == "".join(text for mark, text in cell.marks if mark != "removed")


def test_a_cell_that_moved_is_told_at_both_places() -> None:
    a, b = ["import x", "fit(C)", "plot(C, 'red')"], ["import x", "plot(C, 'blue')", "fit(C)"]
    cells = compare_cells(a, b)
    assert [(cell.a, cell.b, cell.moved) for cell in cells] in (
        [(a[0], b[0], ""), (None, b[1], "up"), (a[1], b[2], ""), (a[2], None, "up")],
        [(a[0], b[0], ""), (a[1], None, "down"), (a[2], b[1], ""), (None, b[2], "down")],
    )
    copy = compare_cells(["fit(C)"], ["fit(C)", "fit(C)"])
    assert sorted(cell.moved for cell in copy) == ["", ""] and sum(cell.a is None for cell in copy) == 1


@pytest.mark.parametrize(
    ("a", "b", "marks"),
    [
        ("lr = 1e-3", "lr = 1e-4", ["1e-3", "1e-4"]),
        ("x = 0.125 + y", "x = 0.25 + y", ["0.125", "0.25"]),
        ("x = '👩‍👩‍👧'", "x = '👨‍👩‍👧'", ["👩‍👩‍👧", "👨‍👩‍👧"]),
        ("x = [" + "1, " * 9_000 + "7]", "x = [" + "1, " * 9_000 + "8]", ["7", "8"]),
        ("a = 1\nb = 2", "a = 1\nnew = 5\nb = 2", ["new = 5\n"]),
        ("def f(x):\n    return g(x)\n", "def f(x, y=1):\n    z = g(x)\n    return clip(z)\n",
         [", y=1", "return", "z =", "    return clip(z)\n"]),
        ("x = f(1)\n\ny = f(2)\n" * 5_000, "x = f(1)\n\ny = f(2)\n" * 5_000 + "z = 1", ["z = 1"]),
    ],
)  # fmt: skip
def test_marks_are_whole_tokens_and_lines(a: str, b: str, marks: list[str]) -> None:
    (cell,) = compare_cells([a], [b])
    assert [text for mark, text in cell.marks if mark != "same"] == marks


@pytest.mark.parametrize(
    ("a", "b", "cosmetic"),
    [
        ("x = 1  # one", "# two\nx  =  1", True),
        ("%%track -e a\nif x:\n    y = 1", "%%track -e a\nif x:\n        y = 1\n", True),
        ("x = 'a b'", "x = 'a  b'", False),
        ("%matplotlib inline\nx = 1", "%matplotlib qt\nx = 1", False),
        ("x = 1  # why?\ny = '%d' % x", "x = 1\ny = '%d' %  x  # that is why", True),
        ("x = !ls a", "x = !ls b", False),
        ("x = 1\nf?", "x = 1\ng?", False),
        ('t = """\n%a\n"""', 't = """\n%b\n"""', False),
        ("%%bash\nls # a", "%%bash\nls # b", False),
        ("this is (", "this is ( ", False),
    ],
)
def test_only_white_space_and_comments(a: str, b: str, cosmetic: bool) -> None:
    assert CellDiff(a, b).cosmetic is cosmetic


def test_the_name_of_a_run_is_no_code() -> None:
    a, b = made({}, {}, ["%%track -n one\nx = 1"]), made({}, {}, ["%%track -n two\nx = 1"])
    assert "  options of the run only:" in repr(tracker.diff(a, b))
    assert not CellDiff("%%track -n one\nx = 1", "%%track -n two\nx = 2").options_only


def test_of_long_values_what_differs_is_shown() -> None:
    same = "a word " * 100
    a, b = made({"p": same + "one", "q": "x"}, {}, []), made({"p": same + "two", "q": same}, {}, [])
    p, q = (line for line in repr(tracker.diff(a, b)).splitlines() if " → " in line and ":" in line)
    assert p.endswith("a word one → … word a word a word two") and q.startswith("  q: x → a word a word")


def test_values_that_read_alike_are_told_apart() -> None:
    a = made({"n": 1, "t": "True", "f": 1.0, "d": {"x": 1, "y": {"z": 2}}, "l": "a\nb", "gone": "2"}, {}, [])
    b = made({"n": "1", "t": True, "f": 1, "d": {"y": {"z": 3}, "x": 1}, "l": "a\x1b\u202e"}, {}, [])
    text = repr(tracker.diff(a, b))
    for line in ('n: 1 → "1"', 't: "True" → True', "f: 1.0 → 1", "d.y.z: 2 → 3", 'l: "a\\nb" → "a', "gone: 2 → —"):
        assert f"  {line}" in text
    assert "\x1b" not in text and "⟨U+202E⟩" in text


def test_a_curve_that_differs_before_its_end() -> None:
    runs = []
    for first in (9.0, 1.0):
        with tracker.start_run() as run:
            for step, value in enumerate([0.5, first, float("nan"), 0.25]):
                tracker.log_metrics({"loss": value, "same": 0.5 * step}, step=step)
            tracker.log_metric("longer", 1.0, step=0)
        runs.append(run.info.run_id)
    with tracker.start_run(run_id=runs[1]):
        tracker.log_metric("longer", 1.0, step=1)
    changes = {change.name: change.note for change in tracker.diff(*runs).metrics}
    assert changes == {"loss": "differs from step 1", "longer": "differs from step 1; 1 → 2 points"}


def test_datasets_and_columns_under_other_names() -> None:
    renamed, indexed = FRAME.rename(columns={"a": "first"}), FRAME.set_axis([5, 6])
    for frame, words in ((renamed, "renamed: a → first"), (indexed, "the columns are the same, the index")):
        (change,) = tracker.diff(made({}, {}, [], FRAME), made({}, {}, [], frame)).data
        assert words in repr(tracker.diff(made({}, {}, [], FRAME), made({}, {}, [], frame))) and change.a and change.b
    with tracker.start_run() as other:
        tracker.log_input(tracker.data.from_pandas(FRAME, name="other"))
    text = repr(tracker.diff(made({}, {}, [], FRAME), other))
    assert "dataset → other: the same under another name" in text
    wide = [pd.DataFrame([[1, n]], columns=["a", "a"]) for n in (2, 3)]
    (change,) = tracker.diff(made({}, {}, [], wide[0]), made({}, {}, [], wide[1])).data
    assert change.changed == ("a (2)",)


def test_modules_and_uncommitted_changes_count() -> None:
    runs = [made({}, {}, ["import helper"]) for _ in range(2)]
    for run, factor in zip(runs, (2, 3), strict=True):
        with tracker.start_run(run_id=run):
            tracker.log_text(f"FACTOR = {factor}\n", "code/files/helper.py")
            tracker.log_text(f"+FACTOR = {factor}\n", "code/uncommitted.diff")
    diff = tracker.diff(*runs)
    (module,) = diff.modules
    assert module.file == "helper.py" and "helper.py:" in repr(diff) and "FACTOR = [-2-]{+3+}" in repr(diff)
    assert [change.name for change in diff.environment] == ["git.uncommitted"]


def test_a_pipe_among_the_kept_files_makes_nobody_wait(tmp_path: Path) -> None:
    runs = [made({"n": n}, {}, []) for n in (1, 2)]
    kept = tmp_path / "store/artifacts" / runs[1]
    (kept / "environment.json").unlink()
    os.mkfifo(kept / "environment.json")
    os.mkfifo(kept / "code/uncommitted.diff")
    assert [change.name for change in tracker.diff(*runs).params] == ["n"]


def test_runs_are_given_as_people_name_them() -> None:
    with tracker.start_run(run_name="named") as run:
        tracker.log_param("x", 1)
    other = made({"x": 2}, {}, [])
    row = tracker.runs().set_index("run_id", drop=False).loc[other]
    assert [c.name for c in tracker.diff("named", row).params] == ["x"]
    assert tracker.diff(run, other[:31]).b.id == other
    with pytest.raises(InvalidValue, match="got 2 runs"):
        tracker.diff(tracker.runs(), other)
