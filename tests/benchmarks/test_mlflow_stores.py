"""A program of MLflow costs less on our store than on MLflow's own; no time is absolute."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_stores import SIZES, table
from timing import median

pytestmark = [pytest.mark.benchmark, pytest.mark.mlflow, pytest.mark.filterwarnings("ignore")]
mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'jupyter-tracker[mlflow]'")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)
    mlflow.set_tracking_uri("")


def _costs(uri: str) -> dict[str, float]:
    """Seconds of a point, and of a small run, on a store: after a first one."""

    def run(i: int) -> None:
        with mlflow.start_run():
            mlflow.log_params({f"p{k}": k / 10 for k in range(10)})
            mlflow.log_metrics({f"m{k}": k / 7 for k in range(5)})
            mlflow.set_tags({"a": "1", "b": "2"})

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(experiment_id="0")
    run(0)
    with mlflow.start_run():
        point = median(lambda i: mlflow.log_metric("loss", i / 7, step=i), 60)
    return {"point": point, "run": median(run, 8)}


def test_logging_costs_less_than_on_its_own_store(tmp_path: Path) -> None:
    theirs = _costs(f"sqlite:///{tmp_path / 'mlflow.db'}")
    ours = _costs(f"tracker:{tmp_path / '.tracker'}")
    assert ours["point"] * 3 < theirs["point"]
    assert ours["run"] * 3 < theirs["run"]


def test_the_table_has_a_line_for_each_row() -> None:
    size, one = SIZES["full"], {"seconds": 1.0, "rate": 1.0, "first": 1.0, "again": 1.0, "kept": 1.0, "failed": 0.0}
    tasks = ("log_metric", "whole_run", "table", "top", *(f"processes/{count}" for count in size.processes))
    numbers = dict.fromkeys(tasks, one)
    assert len(table(size, numbers, numbers).splitlines()) == 2 + 7 + len(size.processes)
