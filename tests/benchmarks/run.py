"""Measures tracker, the bare limits, and MLflow where it is given.

    python tests/benchmarks/run.py --size full --mlflow-python PATH --into README.md

Every task runs in a fresh process, several times; numbers are medians. MLflow is no dependency: `--mlflow-python` (or
TRACKER_BENCH_MLFLOW) names an interpreter that has it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from report import markdown  # noqa: E402
from rows import SIZES, Size, rows  # noqa: E402

MARK, END = "<!-- measured -->", "<!-- end of what was measured -->"

Numbers = dict[str, dict[str, float]]
Say = Callable[[str], None]


class Side:
    """Runs the tasks of one file, each time in a fresh process, and keeps the medians."""

    def __init__(
        self, python: str, file: str, root: Path, repeats: int, say: Say, environment: dict[str, str] | None = None
    ) -> None:
        self.python, self.file, self.root, self.repeats, self.say = python, HERE / file, root, repeats, say
        self.environment = environment or {}
        self.numbers: Numbers = {}
        root.mkdir(parents=True)

    def measure(
        self, task: str, size: int = 1, *, folder: str = "", name: str | None = None, times: int | None = None
    ) -> None:
        """Run a task `times` times, in a folder that it shares with others or in one of its own each time."""
        seen = []
        for i in range(times or self.repeats):
            place = self.root / (folder or f"{task}-{size}-{i}")
            place.mkdir(exist_ok=True)
            self.say(f"{self.file.stem} {task} {size:,}")
            done = subprocess.run(
                [self.python, str(self.file), task, str(place), str(size)],
                cwd=place,
                env=_plain_environment() | self.environment,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise SystemExit(f"{self.file.name} {task} {size} failed:\n{done.stderr[-3000:]}")
            seen.append(json.loads(done.stdout.splitlines()[-1]))
        self.numbers[name or task] = {key: statistics.median(one[key] for one in seen) for key in seen[0]}


def _plain_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("TRACKER_", "MLFLOW_", "JPY_"))} | {
        "PYTHONWARNINGS": "ignore"
    }


def measure_tracker(side: Side, size: Size) -> Numbers:
    side.measure("load_ext")
    side.measure("first_metric", folder="first", times=1)  # makes the store
    side.measure("first_metric", folder="first", times=max(3, side.repeats))
    side.measure("log_metric", size.calls)
    side.measure("whole_run", size.whole_runs)
    side.measure("empty_cell", size.cells, times=1)
    side.measure("real_cells", max(3, size.cells // 8), times=1)
    side.measure("import_folder", min(size.many_points, 1_000_000), folder="import", times=1)
    for count in {8, size.processes}:
        side.measure("processes", count, name=f"processes/{count}", times=1)
    for runs in (size.compared, size.runs):
        place = f"runs-{runs}"
        side.measure("fill_runs", runs, folder=place, times=1)
        side.measure("seal", runs, folder=place, times=1)
        for task in ("table", "top"):
            side.measure(task, runs, folder=place, name=f"{task}/{runs}")
    for points, task in ((size.points, "history"), (size.many_points, "reduction")):
        place = f"points-{points}"
        side.measure("fill_points", points, folder=place, times=1)
        side.measure("seal", points, folder=place, name=f"seal/{points}", times=1)
        side.measure(task, points, folder=place, name=f"{task}/{points}")
    return side.numbers


def measure_bare(side: Side, size: Size) -> Numbers:
    side.measure("write", size.calls)
    for runs in (size.compared, size.runs):
        side.measure("wide", runs, name=f"wide/{runs}")
    for points in (size.points, size.many_points):
        side.measure("curve", points, name=f"curve/{points}")
    return side.numbers


def measure_mlflow(side: Side, size: Size) -> Numbers:
    side.measure("load_ext")
    side.measure("first_metric", folder="first", times=1)
    side.measure("first_metric", folder="first")
    calls = max(100, size.calls // 100)
    side.measure("log_metric", calls)
    side.measure("fast_log_metric", calls, times=1)
    side.measure("whole_run", max(20, size.whole_runs // 10))
    side.measure("fast_whole_run", max(20, size.whole_runs // 10))
    side.measure("processes", 8, name="processes/8", times=1)
    place = "filled"
    side.measure("fill_points", size.points, folder=place, name=f"fill_points/{size.points}", times=1)
    side.measure("history", size.points, folder=place, name=f"history/{size.points}", times=1)
    side.measure("fill_runs", size.compared, folder=place, times=1)
    for task in ("table", "top"):
        side.measure(task, size.compared, folder=place, name=f"{task}/{size.compared}", times=1)
    return side.numbers


def measured(size: Size, mlflow: str | None = None, say: Say = lambda _: None) -> tuple[Numbers, Numbers, Numbers]:
    """All numbers of tracker, of MLflow (none without an interpreter that has it) and of the bare limits."""
    with tempfile.TemporaryDirectory(prefix="tracker-benchmark-") as folder:
        root = Path(folder)
        bare = measure_bare(Side(sys.executable, "bare_tasks.py", root / "bare", size.repeats, say), size)
        ours = measure_tracker(Side(sys.executable, "our_tasks.py", root / "ours", size.repeats, say), size)
        theirs = (
            measure_mlflow(Side(mlflow, "mlflow_tasks.py", root / "mlflow", size.repeats, say), size) if mlflow else {}
        )
    return ours, theirs, bare


def mlflow_version(python: str) -> str:
    """The version of MLflow that an interpreter has; fails if it has none."""
    return subprocess.run(
        [python, "-c", "import mlflow; print(mlflow.__version__)"], check=True, capture_output=True, text=True
    ).stdout.strip()


def placed(table: str, text: str) -> str:
    """The text with the table at its mark, in place of the one that stands there."""
    before, mark, after = text.partition(MARK)
    if not mark:
        raise SystemExit(f"There is no {MARK} in the file.")
    old, end, rest = after.partition(END)
    return f"{before}{MARK}\n{table}{END}{rest if end else old}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="smoke")
    parser.add_argument("--mlflow-python", default=os.environ.get("TRACKER_BENCH_MLFLOW"), metavar="PATH")
    parser.add_argument(
        "--into", type=Path, metavar="PATH", help=f"a file in which the table takes the place of {MARK}"
    )
    chosen = parser.parse_args()
    size, mlflow = SIZES[chosen.size], chosen.mlflow_python
    beside = f"; beside MLflow {mlflow_version(mlflow)}" if mlflow else ""
    note = f"Size {chosen.size!r}, medians of {size.repeats}{beside}; load {os.getloadavg()[0]:.1f} when it began."
    numbers = measured(size, mlflow, lambda text: print(text, file=sys.stderr))
    table = markdown(rows(size), *numbers, note)
    print(table)
    if chosen.into is not None:
        chosen.into.write_text(placed(table, chosen.into.read_text()))


if __name__ == "__main__":
    main()
