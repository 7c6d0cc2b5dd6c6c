"""The options of `%%track` that make a cell a sweep."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Literal

Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True)
class SweepOptions:
    """What `--grid` and its company asked for, as `tracker.sweep` takes it."""

    grid: list[str]
    seeds: int | None
    strategy: str
    trials: int | None
    metric: str | None
    direction: Direction | None
    backend: str
    jobs: int | None
    prune: bool
    resume: bool
    wait: bool


def add_to(parser: argparse.ArgumentParser) -> None:
    """Let the parser know them."""
    add = parser.add_argument_group("a sweep: the cell runs once for each point, in other processes").add_argument
    add(
        "--grid",
        metavar="C=0.1,1,10",
        action="append",
        default=[],
        help="values of a name, or a range: lr=1e-4..1e-1:log",
    )
    add("--seeds", metavar="N", type=int, help="each point with this many seeds, as `seed`")
    add("--strategy", metavar="NAME", default="grid", help="grid, random or optuna")
    add("--trials", metavar="N", type=int, help="how many points; of a grid all, if left out")
    add("--metric", metavar="NAME", help="what the trials are compared by")
    add("--direction", metavar="WHICH", help="maximize or minimize; by the metric's name, if left out")
    add("--backend", metavar="NAME", default="loky", help="joblib's: loky, dask, ray, …")
    add("--jobs", metavar="N", type=int, help="how many trials run at once")
    add("--prune", action="store_true", help="end trials whose curve of the metric is behind the others")
    add("--resume", action="store_true", help="go on with the last sweep of this cell and grid")
    add("--wait", action="store_true", help="keep the kernel until the sweep has ended")


def sweep_of(known: argparse.Namespace) -> SweepOptions | None:
    """The sweep that was asked for, if one was."""
    if not known.grid and known.seeds is None:
        return None
    return SweepOptions(
        known.grid, known.seeds, known.strategy, known.trials, known.metric, known.direction, known.backend,
        known.jobs, known.prune, known.resume, known.wait,
    )  # fmt: skip
