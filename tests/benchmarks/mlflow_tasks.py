"""The same tasks on MLflow: its default backend (SQLite) as tutorials use it, and its fastest route beside.

Run by an interpreter that has MLflow (no dependency of this project). The names of the tasks are those of `our_tasks`;
`fast_*` are the fastest routes: `log_batch`, and logging without waiting, counted until it has drained. The
environment's BENCH_STORE=tracker puts our store beneath the same tasks (`mlflow_stores`).
"""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from timing import Task, durations, main, median, once_and_again

SCRIPT = "import sys, time, mlflow\nmlflow.set_tracking_uri(sys.argv[1])\nmlflow.log_metric('loss', 0.5)\nprint(time.monotonic())"
WORKER = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
for i in range(int(sys.argv[2])):
    with mlflow.start_run():
        mlflow.log_metric("loss", i / 7)
"""


ON_TRACKER = os.environ.get("BENCH_STORE") == "tracker"


def _uri(folder: Path, name: str = "mlflow") -> str:
    return f"tracker:{folder / name}" if ON_TRACKER else f"sqlite:///{folder / f'{name}.db'}"


def _mlflow(folder: Path):
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(_uri(folder))
    mlflow.search_experiments()  # the database is made by the first call
    return mlflow


def load_ext(folder: Path, size: int) -> dict[str, float]:
    start = time.perf_counter()
    import mlflow  # noqa: F401

    return {"seconds": time.perf_counter() - start}


def first_metric(folder: Path, size: int) -> dict[str, float]:
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SCRIPT, _uri(folder)], capture_output=True, text=True, check=True)
    return {"seconds": float(done.stdout.split()[-1]) - start}


def log_metric(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    with mlflow.start_run():
        mlflow.log_metric("warm", 0.0)
        start = time.perf_counter()
        taken = sorted(durations(lambda i: mlflow.log_metric("loss", i / 7, step=i), size))
    rate = size / (time.perf_counter() - start)
    return {"seconds": taken[size // 2], "p99": taken[size * 99 // 100], "rate": rate}


def fast_log_metric(folder: Path, size: int) -> dict[str, float]:
    """The better of: batches of 1,000 points; calls that do not wait, with the flush."""
    mlflow = _mlflow(folder)
    from mlflow.entities import Metric

    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        start = time.perf_counter()
        for first in range(0, size, 1000):
            now = int(time.time() * 1000)
            client.log_batch(
                run.info.run_id, metrics=[Metric("loss", i / 7, now, i) for i in range(first, min(size, first + 1000))]
            )
        batched = size / (time.perf_counter() - start)
    with mlflow.start_run():
        start = time.perf_counter()
        for i in range(size):
            mlflow.log_metric("loss", i / 7, step=i, synchronous=False)
        mlflow.flush_async_logging()
        drained = size / (time.perf_counter() - start)
    rate = max(batched, drained)
    return {"rate": rate, "seconds": 1 / rate}


def whole_run(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)

    def run(i: int) -> None:
        with mlflow.start_run():
            mlflow.log_params({f"p{k}": k / 10 for k in range(10)})
            mlflow.log_metrics({f"m{k}": k / 7 for k in range(5)})
            mlflow.set_tags({"a": "1", "b": "2"})

    run(0)
    return {"seconds": median(run, size)}


def fast_whole_run(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    _batched_run(mlflow, 0, 10, 5)
    return {"seconds": median(lambda i: _batched_run(mlflow, i, 10, 5), size)}


def fill_runs(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    for i in range(size):
        _batched_run(mlflow, i, 10, 10)
    return {}


def _batched_run(mlflow, i: int, params: int, metrics: int) -> None:
    from mlflow.entities import Metric, Param, RunTag

    client, now = mlflow.MlflowClient(), int(time.time() * 1000)
    run = client.create_run("0").info.run_id
    client.log_batch(
        run,
        metrics=[Metric(f"m{k}", (i * 13 + k) % 9973 / 9973, now, 0) for k in range(metrics)],
        params=[Param(f"p{k}", str((i * 7 + k) % 1000 / 10)) for k in range(params)],
        tags=[RunTag("a", "1"), RunTag("b", "2")],
    )
    client.set_terminated(run)


def table(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    taken = once_and_again(lambda _: mlflow.search_runs(["0"], max_results=size), times=1)
    assert len(mlflow.search_runs(["0"], max_results=size)) == size
    return taken


def top(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    where = "metrics.m5 < 0.9 and params.p3 != '2.0'"  # parameters are text there, and cannot be compared as numbers
    return once_and_again(
        lambda _: mlflow.search_runs(["0"], filter_string=where, order_by=["metrics.m5 DESC"], max_results=100), times=3
    )


def fill_points(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    from mlflow.entities import Metric

    client = mlflow.MlflowClient()
    run = client.create_run(client.create_experiment("points")).info.run_id
    noise = random.Random(1).random
    for start in range(0, size, 1000):
        client.log_batch(run, metrics=[Metric("loss", noise(), i, i) for i in range(start, min(size, start + 1000))])
    return {} if ON_TRACKER else {"bytes": (folder / "mlflow.db").stat().st_size / size}


def history(folder: Path, size: int) -> dict[str, float]:
    mlflow = _mlflow(folder)
    client = mlflow.MlflowClient()
    (run,) = client.search_runs([client.get_experiment_by_name("points").experiment_id])
    taken = once_and_again(lambda _: client.get_metric_history(run.info.run_id, "loss"), times=2)
    assert len(client.get_metric_history(run.info.run_id, "loss")) == size
    return taken


def processes(folder: Path, size: int) -> dict[str, float]:
    runs, start = 10, time.perf_counter()
    uri = _uri(folder, "cold")
    running = [
        subprocess.Popen([sys.executable, "-c", WORKER, uri, str(runs)], stderr=subprocess.DEVNULL) for _ in range(size)
    ]
    failed = sum(process.wait() != 0 for process in running)
    taken = time.perf_counter() - start
    return {"seconds": taken, "kept": _kept(folder) / (size * runs), "failed": float(failed)}


def _kept(folder: Path) -> int:
    if ON_TRACKER:
        import mlflow

        found = mlflow.MlflowClient(_uri(folder, "cold")).search_runs(["0"], "metrics.loss >= 0", max_results=50_000)
        return len(found)
    try:  # read with plain SQL: such a start can leave a database that MLflow itself no longer opens
        database = sqlite3.connect(folder / "cold.db")
        return int(database.execute("SELECT count(DISTINCT run_uuid) FROM metrics").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


TASKS: dict[str, Task] = {
    task.__name__: task
    for task in (
        load_ext, first_metric, log_metric, fast_log_metric, whole_run, fast_whole_run, fill_runs, table, top, fill_points,
        history, processes,
    )
}  # fmt: skip

if __name__ == "__main__":
    main(TASKS)
