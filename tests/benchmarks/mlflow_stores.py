"""Measures the same programs of MLflow on our store and on MLflow's own (SQLite), one after the other.

    python tests/benchmarks/mlflow_stores.py --size full

Needs MLflow beside us: `pip install 'jupyter-tracker[mlflow]'`. Every task runs in a fresh process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from rows import ms, rate, us
from run import Numbers, Say, Side, mlflow_version


@dataclass(frozen=True)
class Size:
    """How many calls are timed, how many runs are searched, how many processes start at once."""

    calls: int
    runs: int
    processes: tuple[int, ...]


SIZES = {"smoke": Size(100, 100, (2,)), "medium": Size(500, 1_000, (8,)), "full": Size(2_000, 10_000, (8, 64))}


def measure(side: Side, size: Size) -> Numbers:
    """The numbers of one store."""
    side.measure("log_metric", size.calls)
    side.measure("whole_run", max(20, size.calls // 20))
    side.measure("fill_runs", size.runs, folder="filled", times=1)
    for task in ("table", "top"):
        side.measure(task, size.runs, folder="filled", times=1)
    for count in size.processes:
        side.measure("processes", count, name=f"processes/{count}", times=1)
    return side.numbers


def measured(size: Size, say: Say = lambda _: None) -> tuple[Numbers, Numbers]:
    """The numbers of our store and of MLflow's."""
    with tempfile.TemporaryDirectory(prefix="tracker-benchmark-") as folder:
        root = Path(folder)
        both = [
            measure(Side(sys.executable, "mlflow_tasks.py", root / store, 1, say, {"BENCH_STORE": store}), size)
            for store in ("tracker", "sqlite")
        ]
    return both[0], both[1]


def table(size: Size, ours: Numbers, theirs: Numbers) -> str:
    """A Markdown table of both; the last column says how many times better ours is."""
    rows: list[tuple[str, str, str, Callable[[float], str], bool]] = [
        ("`mlflow.log_metric`, median", "log_metric", "seconds", us, False),
        ("points a second", "log_metric", "rate", rate, True),
        ("run with 10 params, 5 metrics, 2 tags", "whole_run", "seconds", ms, False),
        (f"`search_runs`, all of {size.runs:,}, first", "table", "first", ms, False),
        (f"`search_runs`, all of {size.runs:,}, again", "table", "again", ms, False),
        (f"filter, top 100 of {size.runs:,}, first", "top", "first", ms, False),
        (f"filter, top 100 of {size.runs:,}, again", "top", "again", ms, False),
    ]
    lines = ["| the same script of MLflow | on `tracker:` | on SQLite | |", "|---|---|---|---|"]
    for title, task, key, write, more in rows:
        a, b = ours[task][key], theirs[task][key]
        lines.append(f"| {title} | {write(a)} | {write(b)} | {(a / b if more else b / a):.1f}× |")
    for count in size.processes:
        told = [_kept(numbers[f"processes/{count}"]) for numbers in (ours, theirs)]
        lines.append(f"| {count} processes at once on a new store, 10 runs each | {told[0]} | {told[1]} | |")
    return "\n".join(lines) + "\n"


def _kept(numbers: dict[str, float]) -> str:
    return f"{numbers['kept']:.0%} kept, {numbers['failed']:.0f} failed, {numbers['seconds']:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="smoke")
    size = SIZES[parser.parse_args().size]
    numbers = measured(size, lambda text: print(text, file=sys.stderr))
    print(table(size, *numbers))
    print(f"MLflow {mlflow_version(sys.executable)}.")


if __name__ == "__main__":
    main()
