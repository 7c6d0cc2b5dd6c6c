from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

import pytest
from capture_cells import LabelledCell, Shell, corpus, setups

CELLS = corpus()


@dataclass
class Outcome:
    expected: set[str]
    found: set[str]
    curves: set[str]
    error: str
    fault: Exception | None


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    shell, sources = Shell(), setups()
    with contextlib.redirect_stdout(io.StringIO()):
        return {cell.name: run(shell, cell, [sources[name] for name in cell.setup]) for cell in CELLS}


def run(shell: Shell, cell: LabelledCell, before: list[str]) -> Outcome:
    shell.start(before)
    capture = shell.capture(cell.source)
    expected = {f"param {name}={value!r}" for name, value in cell.params.items()}
    found = {f"param {name}={value!r}" for name, value in capture.params.items()}
    return Outcome(
        expected | {f"metric {name}" for name in cell.metrics},
        found | {f"metric {name}" for name in capture.metrics},
        set(capture.recorder.curves),
        type(capture.result.error_in_exec or capture.result.error_before_exec).__name__,
        capture.recorder.fault,
    )


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_parameters_metrics_and_curves(outcomes: dict[str, Outcome], cell: LabelledCell) -> None:
    outcome = outcomes[cell.name]
    assert outcome.error == (cell.fails or "NoneType")
    assert outcome.fault is None
    assert outcome.found == outcome.expected
    if cell.curves is not None:
        assert outcome.curves == cell.curves


def test_recall_and_precision_over_the_corpus(outcomes: dict[str, Outcome]) -> None:
    labels = sum(len(outcome.expected) for outcome in outcomes.values())
    found = sum(len(outcome.found) for outcome in outcomes.values())
    both = sum(len(outcome.expected & outcome.found) for outcome in outcomes.values())
    assert len(outcomes) >= 120 and labels > 400
    assert both / labels >= 0.97
    assert both / found >= 0.95
