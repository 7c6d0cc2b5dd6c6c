"""Cells as data scientists write them, run in a real kernel: each run holds the parameters, metrics and curves asked."""

from __future__ import annotations

import ast
import json
import math
from dataclasses import dataclass
from typing import Any

import pytest
from kernels import Kernel, kernel
from known_cells import CELLS


@dataclass
class Held:
    """What the runs hold, by run name, and what they must hold."""

    params: dict[str, dict[str, Any]]
    metrics: dict[str, dict[str, float]]
    points: dict[str, dict[str, int]]
    expected: list[tuple[dict[str, float], dict[str, int]]]
    failed: list[bool]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    expected, failed = [], []
    folder = tmp_path_factory.mktemp("known")
    with kernel(folder, TRACKER_STORE=str(folder / "store")) as notebook:
        notebook.run("%load_ext tracker\n_kept = set(globals())")
        for number, cell in enumerate(CELLS):
            notebook.run("for _n in set(globals()) - _kept:\n    if _n[0] != '_': del globals()[_n]")
            for source in (cell.given, cell.before):
                assert notebook.run(source).status == "ok"
            failed.append(notebook.run(f"%%track -n {number}\n{cell.source}").status != "ok")
            values = {name: _number(notebook, _path(name)) for name in cell.metrics.split()}
            if cell.last is not None:
                values["result"] = _number(notebook, str(cell.last))
            expected.append((values, {name: int(_number(notebook, str(n))) for name, n in cell.curves.items()}))
        rows = "__import__('tracker').sql('SELECT name, {} FROM {} JOIN runs USING (run_id)').to_json(orient='values', double_precision=15)"
        params = json.loads(ast.literal_eval(notebook.value(rows.format("key, json", "params"))))
        metrics = json.loads(ast.literal_eval(notebook.value(rows.format("key, value, points", "latest_metrics"))))
    names = [str(number) for number in range(len(CELLS))]
    return Held(
        {run: {key: json.loads(value) for name, key, value in params if name == run} for run in names},
        {run: {key: value for name, key, value, _ in metrics if name == run} for run in names},
        {run: {key: points for name, key, _, points in metrics if name == run} for run in names},
        expected,
        failed,
    )


def _path(name: str) -> str:
    base, _, key = name.partition(".")
    return f"{base}[{key!r}]" if key else base


def _number(notebook: Kernel, expression: str) -> float:
    return float(notebook.value(f"float({expression})"))


@pytest.mark.parametrize("number", range(len(CELLS)), ids=lambda number: CELLS[number].source.split("\n")[0][:40])
def test_parameters_metrics_and_curves(held: Held, number: int) -> None:
    cell, (values, curves) = CELLS[number], held.expected[number]
    assert held.failed[number] == cell.fails
    assert held.params[str(number)] == cell.params
    found = held.metrics[str(number)]
    assert found.keys() == values.keys()
    assert all(math.isclose(found[name], value, rel_tol=1e-9, abs_tol=1e-12) for name, value in values.items())
    points = held.points[str(number)]
    assert {name: points[name] for name in curves} == curves
