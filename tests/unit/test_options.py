"""The `%%track` line: what it takes, and what it says about what it cannot take."""

from __future__ import annotations

import pytest

from tracker.notebook.cell import track_line, unmark
from tracker.notebook.options import FLAGS, help_text, parse


def test_every_option() -> None:
    found = parse(
        '--experiment iris --name "rbf baseline" -t a=1 --tag "b=x y=z" --note "why not" --params C,gamma --metrics acc --nested',
        {},
    )
    assert (found.experiment, found.name, found.note) == ("iris", "rbf baseline", "why not")
    assert found.tags == {"a": "1", "b": "x y=z"}
    assert (found.params, found.metrics, found.capture, found.nested) == (["C", "gamma"], ["acc"], True, True)
    assert found.problems == []


def test_nothing_asked() -> None:
    found = parse("", {})
    assert found.experiment is None and found.params is None and found.capture and not found.problems


def test_values_hold_python_names() -> None:
    found = parse("--name 'C={C:.1f} on {data}' -e {missing}", {"C": 1.26, "data": "iris"})
    assert found.name == "C=1.3 on iris" and found.experiment == "{missing}"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--experimant iris", "unknown option --experimant; did you mean --experiment?"),
        ("--zzz", "unknown option --zzz; %%track? lists what there is."),
        ('--name "rbf', "no closing quotation"),
        ("--experiment", "expected one argument"),
        ("iris", "'iris' belongs to no option"),
        ("--tag colour", "a tag is key=value; 'colour' is not used"),
        ("--no-capture=3", "ignored explicit argument"),
    ],
)
def test_a_mistake_is_one_sentence(line: str, sentence: str) -> None:
    found = parse(line, {})
    assert len(found.problems) == 1 and sentence in found.problems[0]


def test_what_is_right_beside_a_mistake_is_used() -> None:
    found = parse("-e iris --colour red -t a=1", {})
    assert found.experiment == "iris" and found.tags == {"a": "1"} and len(found.problems) == 1


def test_help_names_every_option() -> None:
    assert all(flag in help_text() for flag in FLAGS)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("%%track -e x\na = 1", " -e x"), ("\n  %%track\na", ""), ("%%track", ""), ("%%tracker\na", None),
        ("a = 1\n%%track", None), ("# %%track\na", None), ("", None), ("%track x", None),
    ],
)  # fmt: skip
def test_only_the_first_line_marks_a_cell(source: str, line: str | None) -> None:
    assert track_line(source) == line


def test_line_numbers_stay() -> None:
    lines = ["\n", "%%track -e x\n", "a = 1\n", "b = 2\n"]
    assert unmark(lines) == ["\n", "# %%track -e x\n", "a = 1\n", "b = 2\n"]
    assert unmark(unmark(lines)) == unmark(lines)
    assert unmark(["a = 1\n", "%%track\n"]) == ["a = 1\n", "%%track\n"]
    assert unmark([]) == []


def test_another_cell_magic_comes_first() -> None:
    assert unmark(["%%track\n", "\n", "%%time\n", "a = 1\n"]) == ["%%time\n", "a = 1\n"]
