"""What is measured of tracker; each function is one task, run in a fresh process by `run.py`."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from timing import Task, durations, main, median, once_and_again

HEAVY = ("duckdb", "numpy", "pandas", "plotly", "pyarrow")
WORKER = """
import sys, tracker
tracker.set_tracking_uri(sys.argv[1])
for i in range(int(sys.argv[2])):
    with tracker.start_run():
        tracker.log_metric("loss", i / 7)
"""


def load_ext(folder: Path, size: int) -> dict[str, float]:
    """`%load_ext tracker` in a bare IPython; fails if it imports what it must not."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    start = time.perf_counter()
    shell.run_line_magic("load_ext", "tracker")
    taken = time.perf_counter() - start
    heavy = [name for name in HEAVY if name in sys.modules]
    assert not heavy, f"imported by %load_ext: {heavy}"
    return {"seconds": taken}


def first_metric(folder: Path, size: int) -> dict[str, float]:
    """From the start of a script's process to its first metric; the parent's clock is the system's."""
    script = "import sys, time, tracker\ntracker.set_tracking_uri(sys.argv[1])\ntracker.log_metric('loss', 0.5)\nprint(time.monotonic())"
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "store")], capture_output=True, text=True, check=True
    )
    return {"seconds": float(done.stdout) - start}


def log_metric(folder: Path, size: int) -> dict[str, float]:
    import tracker

    tracker.set_tracking_uri(folder / "store")
    tracker.start_run()
    for i in range(1000):
        tracker.log_metric("warm", i / 7)
    taken = sorted(durations(lambda i: tracker.log_metric("loss", i / 7, step=i), size))
    start = time.perf_counter()
    for i in range(size):
        tracker.log_metric("again", i / 7)
    tracker.end_run()
    rate = size / (time.perf_counter() - start)
    return {"seconds": taken[size // 2], "p99": taken[size * 99 // 100], "rate": rate}


def whole_run(folder: Path, size: int) -> dict[str, float]:
    import tracker

    tracker.set_tracking_uri(folder / "store")

    def run(i: int) -> None:
        with tracker.start_run():
            tracker.log_params({f"p{k}": k / 10 for k in range(10)})
            tracker.log_metrics({f"m{k}": k / 7 for k in range(5)})
            tracker.set_tags({"a": "1", "b": "2"})

    run(0)
    return {"seconds": median(run, size)}


def fill_runs(folder: Path, size: int) -> dict[str, float]:
    """Runs of 10 parameters and 10 metrics, sealed."""
    import tracker

    tracker.set_tracking_uri(folder / "store")
    for i in range(size):
        with tracker.start_run():
            tracker.log_params({f"p{k}": (i * 7 + k) % 1000 / 10 for k in range(10)})
            tracker.log_metrics({f"m{k}": (i * 13 + k) % 9973 / 9973 for k in range(10)})
    return {}


def fill_points(folder: Path, size: int) -> dict[str, float]:
    """One run with one curve of `size` points: noise, which no encoding makes small, at times of its own."""
    import tracker

    tracker.set_tracking_uri(folder / "store")
    noise = random.Random(1).random
    with tracker.start_run() as run:
        for start in range(0, size, 10_000):
            run.writer.points(("loss", noise(), i, None) for i in range(start, min(size, start + 10_000)))
    return {}


def seal(folder: Path, size: int) -> dict[str, float]:
    """Make the dead writers' journals segments; bytes a point if `size` points are there."""
    from tracker.store import open_store

    start = time.perf_counter()
    open_store(folder / "store").seal(0)
    taken = time.perf_counter() - start
    files = [path for path in (folder / "store" / "segments").rglob("*") if path.is_file()]
    return {"seconds": taken, "bytes": sum(path.stat().st_size for path in files) / size}


def import_folder(folder: Path, size: int) -> dict[str, float]:
    """Points a second out of a folder of MLflow's: 10 runs of 10 metrics with `size` points in all."""
    tracker = _store_of(folder)
    experiment = folder / "mlruns" / "1"
    for run in range(10):
        place = experiment / f"{run:032x}" / "metrics"
        place.mkdir(parents=True)
        (place.parent / "meta.yaml").write_text("status: 3\nstart_time: 1\nend_time: 2\nlifecycle_stage: active\n")
        for metric in range(10):
            lines = (f"{1_700_000_000_000 + i} {i / 7} {i}\n" for i in range(size // 100))
            (place / f"m{metric}").write_text("".join(lines))
    (experiment / "meta.yaml").write_text("name: x\nlifecycle_stage: active\n")
    start = time.perf_counter()
    points = tracker.import_from(folder / "mlruns").points
    return {"rate": points / (time.perf_counter() - start)}


def _store_of(folder: Path):
    import duckdb  # noqa: F401  # a notebook has them by then: what is measured is the answer
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401

    import tracker

    tracker.set_tracking_uri(folder / "store")
    return tracker


def table(folder: Path, size: int) -> dict[str, float]:
    tracker = _store_of(folder)
    taken = once_and_again(lambda _: tracker.runs())
    frame = tracker.runs()
    assert len(frame) == size and {"params.p9", "metrics.m9"} <= set(frame.columns), (len(frame), list(frame.columns))
    return taken


def top(folder: Path, size: int) -> dict[str, float]:
    tracker = _store_of(folder)
    where = "params.p3 > 20 and metrics.m5 < 0.9"
    return once_and_again(lambda _: tracker.runs(where=where, order_by="metrics.m5 DESC", limit=100))


def history(folder: Path, size: int) -> dict[str, float]:
    tracker = _store_of(folder)
    run = tracker.runs().run_id[0]
    taken = once_and_again(lambda _: tracker.history(run, keys=["loss"]))
    assert len(tracker.history(run, keys=["loss"])) == size
    return taken


def reduction(folder: Path, size: int) -> dict[str, float]:
    tracker = _store_of(folder)
    run = tracker.runs().run_id[0]
    taken = once_and_again(lambda _: tracker.history(run, keys=["loss"], points=1000))
    assert 100 <= len(tracker.history(run, keys=["loss"], points=1000)) <= 5000
    half = (size // 4, size * 3 // 4)
    zoomed = once_and_again(lambda _: tracker.history(run, keys=["loss"], points=1000, steps=half))
    shown = tracker.history(run, keys=["loss"], points=1000, steps=half).step
    assert (shown.min(), shown.max()) == half
    return taken | {"zoom": zoomed["again"]}


@contextmanager
def kernel(folder: Path) -> Iterator[Callable[[str], None]]:
    """Runs cells in a real kernel that has loaded us."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(folder))

    def run(source: str) -> None:
        reply = client.execute_interactive(source, output_hook=lambda _: None, timeout=300)
        assert reply["content"]["status"] == "ok", reply["content"]

    try:
        run("%load_ext tracker")
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def with_and_without(run: Callable[[str], None], source: str, times: int) -> tuple[float, float]:
    """Median seconds of a cell with and without us, in turns, so that a busy moment meets both."""
    bare, tracked = [], []
    for _ in range(times):
        bare += durations(lambda _: run("# nothing\n" + source), 1)
        tracked += durations(lambda _: run("%%track\n" + source), 1)
    return statistics.median(tracked), statistics.median(bare)


def empty_cell(folder: Path, size: int) -> dict[str, float]:
    """What `%%track` adds to an empty cell in a real kernel."""
    with kernel(folder) as run:
        for _ in range(5):
            run("%%track\n")
        tracked, bare = with_and_without(run, "", size)
    return {"seconds": tracked - bare}


STEP = """
def feature_{i}(frame, scale={i}.5):
    out = frame.copy()
    for column in out.columns[:3]:
        out[column] = out[column] * scale + frame[column].mean()
    return out

settings_{i} = {{"scale": {i}, "names": ["x", "y"], "title": "Step {i}"}}
frame = feature_{i}(frame, scale=1.0 + settings_{i}["scale"] / 1000)
"""
REAL = {
    "forest": "forest = RandomForestClassifier(100, random_state=0).fit(X, y)\naccuracy = forest.score(X, y)",
    "groupby": (
        "table = frame.assign(bin=(frame.c0 * 10).astype(int))\nfor _ in range(150):\n"
        "    means = table.groupby('bin').agg(['mean', 'std'])\nspread = float(means['c1']['std'].mean())"
    ),
    "descent": (
        "w, A, b = np.zeros(20), np.tile(X, (20, 1)), np.tile(y, 20)\nfor epoch in range(250):\n    error = A @ w - b\n"
        "    w -= 0.001 * A.T @ error / len(A)\n    loss = float(error @ error)"
    ),
    "simulation": (
        "rng = random.Random(0)\ninside = 0\nfor i in range(2_000_000):\n"
        "    inside += rng.random() ** 2 + rng.random() ** 2 < 1\npi = 4 * inside / 2_000_000"
    ),
    "printing": "for k in range(300):\n    value = float(np.linalg.svd(S)[1][0])\n    print(f'step {k}: {value:.4f}')",
}


def real_cells(folder: Path, size: int) -> dict[str, float]:
    """What `%%track` adds to cells of about half a second that stand on thirty others: their share of the time."""
    with kernel(folder) as run:
        run(
            "import random\nimport numpy as np, pandas as pd\nfrom sklearn.ensemble import RandomForestClassifier\n"
            "X = pd.DataFrame(np.random.default_rng(0).normal(size=(5_000, 20)), columns=[f'c{i}' for i in range(20)])\n"
            "y = (X.c0 + X.c1 > 0).astype(int)\nframe, S = X, np.random.default_rng(1).normal(size=(120, 120))"
        )
        for i in range(30):
            run(STEP.format(i=i))
        found = {}
        for name, source in REAL.items():
            run("%%track\n" + source)
            found[name] = with_and_without(run, source, size)
    shares = {name: tracked / bare - 1 for name, (tracked, bare) in found.items()}
    whole = sum(tracked for tracked, _ in found.values()) / sum(bare for _, bare in found.values()) - 1
    return {"share": whole, **shares}


def processes(folder: Path, size: int) -> dict[str, float]:
    """`size` processes start cold in a store that is not there yet, 100 runs each: the part that is there afterwards."""
    runs = 100
    start = time.perf_counter()
    store = str(folder / "cold")
    running = [subprocess.Popen([sys.executable, "-c", WORKER, store, str(runs)]) for _ in range(size)]
    failed = sum(process.wait() != 0 for process in running)
    taken = time.perf_counter() - start
    import tracker

    tracker.set_tracking_uri(store)
    found = tracker.sql(
        "SELECT count(*) AS n FROM runs JOIN latest_metrics USING (run_id) WHERE status = 'FINISHED'"
    ).n[0]
    return {"seconds": taken, "kept": float(found) / (size * runs), "failed": float(failed)}


TASKS: dict[str, Task] = {
    task.__name__: task
    for task in (load_ext, first_metric, log_metric, whole_run, fill_runs, fill_points, seal, table, top, history, reduction, empty_cell, real_cells, processes,
                 import_folder)
}  # fmt: skip

if __name__ == "__main__":
    main(TASKS)
