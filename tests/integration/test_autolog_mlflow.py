"""Every key that MLflow's autologging keeps, ours keeps too. `autolog_mlflow.py` records MLflow's."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tracker

os.environ.setdefault("KERAS_BACKEND", "torch")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from autolog_cases import CASES  # noqa: E402
from autolog_mlflow import files  # noqa: E402

RECORDED: dict[str, list[dict[str, Any]]] = json.loads((HERE / "autolog_mlflow_keys.json").read_text())
BETTER: dict[str, set[str]] = {}
"""Keys of MLflow's that ours replaces by better ones."""


@pytest.fixture(autouse=True)
def autolog() -> Iterator[None]:
    tracker.autolog()
    yield
    tracker.autolog(disable=True)


def _case(name: str) -> Any:
    marks = [] if name.startswith("sklearn") else [pytest.mark.libraries]
    return pytest.param(name, marks=marks)


@pytest.mark.filterwarnings("ignore")  # of the libraries about one another
@pytest.mark.parametrize("name", [_case(name) for name in RECORDED])
def test_every_key(name: str) -> None:
    library = name.rpartition("_")[0]
    pytest.importorskip(library if library in ("pytorch_lightning", "keras") else name.partition("_")[0])
    CASES[name]()
    runs = sorted((_kept(run) for run in _runs()), key=lambda run: run["child"])
    assert [run["child"] for run in runs] == [run["child"] for run in RECORDED[name]]
    for ours, theirs in zip(runs, RECORDED[name], strict=True):
        for kind in ("params", "metrics", "curves", "tags", "artifacts"):
            missing = set(theirs[kind]) - set(ours[kind]) - BETTER.get(name, set())
            assert not missing, f"{kind} that MLflow keeps: {sorted(missing)}"
        assert {f"{name}/MLmodel" for name in theirs["models"]} <= set(ours["artifacts"])
        assert set(theirs["datasets"]) <= set(ours["datasets"])


def _runs() -> list[Any]:
    experiments = [experiment.experiment_id for experiment in tracker.search_experiments()]
    return tracker.search_runs(experiments, output_format="list") if experiments else []


def _kept(run: Any) -> dict[str, Any]:
    client = tracker.MlflowClient()
    history = {key: client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
    assert run.info.status == "FINISHED"
    return {
        "params": list(run.data.params),
        "metrics": list(run.data.metrics),
        "curves": [key for key, points in history.items() if len(points) > 1],
        "tags": list(run.data.tags),
        "artifacts": files(client, run.info.run_id),
        "datasets": [tag.value for one in run.inputs.dataset_inputs for tag in one.tags],
        "child": "mlflow.parentRunId" in run.data.tags,
    }
