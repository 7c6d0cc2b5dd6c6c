"""How many slices of a corpus run, how many give the same metrics, and how long they are.

`python tests/slice_corpus/figures.py [CORPUS] [SEED] [NOTEBOOKS]` prints the figures and what went wrong.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from notebooks import notebooks  # noqa: E402

PROCESSES = 2


@dataclass
class Figures:
    """Of the slices of all tracked cells that ran without error."""

    notebooks: int = 0
    slices: int = 0
    ran: int = 0
    same: int = 0
    shares: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def median_share(self) -> float:
        """The median of cells in the slice by cells executed."""
        return statistics.median(self.shares)

    def __str__(self) -> str:
        return (
            f"{self.notebooks} notebooks, {self.slices} slices: {self.ran / self.slices:.1%} run, "
            f"{self.same / self.slices:.1%} give the same metrics, median slice {self.median_share:.0%} of the cells executed"
        )


def measure(name: str, seed: int, count: int, root: Path) -> Figures:
    """Play the sessions of `count` notebooks, then each slice of theirs anew, and compare the metrics."""
    os.environ["TRACKER_STORE"] = str(root / "store")
    sessions = notebooks(name, seed, count)
    jobs = [
        {"folder": str(root / f"job-{i}"), "cells": cells, "counts": list(range(1, len(cells) + 1))}
        for i, cells in enumerate(sessions)
    ]
    played = _play(jobs, root, "sessions")
    again: list[dict[str, Any]] = []
    origins: list[dict[str, Any]] = []
    figures = Figures(notebooks=count)
    for answers in played:
        for answer in answers:
            if answer["error"] is None:
                kept = json.loads((root / "store/artifacts" / answer["run"] / "code/cells.json").read_bytes())
                cells = kept["cells"]
                figures.shares.append(len(cells) / answer["executed"])
                origins.append(answer)
                sources = [c["source"].replace("%%track", "# %%track", 1) for c in cells[:-1]]
                again.append({
                    "folder": str(root / f"job-again-{len(again)}"), "must_run": True,
                    "cells": [*sources, cells[-1]["source"]], "counts": [c["count"] for c in cells],
                    "errors": [c["error"] for c in cells],
                })  # fmt: skip
    figures.slices = len(again)
    for job, origin, answers in zip(again, origins, _play(again, root, "slices"), strict=True):
        _judge(figures, job, origin, answers)
    return figures


def _judge(figures: Figures, job: dict[str, Any], origin: dict[str, Any], answers: list[dict[str, Any]]) -> None:
    from tracker.projects.comparison import compare_metrics
    from tracker.tracking.context import current_store

    answer = answers[-1]
    source = "\n---\n".join(job["cells"])
    if answer["error"] is not None:
        figures.wrong.append(f"DID NOT RUN {origin['run']}: {answer['error']}\n{source}")
        return
    figures.ran += 1
    compared = compare_metrics(current_store(), origin["run"], answer["run"], job["cells"][-1], tolerance=0)
    if compared.differences or not compared.equal:
        figures.wrong.append(f"DIFFERS {origin['run']}: {[str(d) for d in compared.differences]}\n{source}")
    else:
        figures.same += 1


def _play(jobs: list[dict[str, Any]], root: Path, name: str) -> list[list[dict[str, Any]]]:
    """The answers to all jobs, from a few processes, in the jobs' order."""
    running = []
    for part in range(PROCESSES):
        asked, told = root / f"{name}-{part}.json", root / f"{name}-{part}-answers.json"
        asked.write_text(json.dumps(jobs[part::PROCESSES]))
        command = [sys.executable, str(HERE / "play.py"), str(asked), str(told)]
        running.append((subprocess.Popen(command, env={**os.environ, "MPLBACKEND": "Agg"}), told))
    answers: list[list[dict[str, Any]]] = [[] for _ in jobs]
    for part, (process, told) in enumerate(running):
        if process.wait(600) != 0:
            raise RuntimeError(f"playing {name} failed with {process.returncode}")
        answers[part::PROCESSES] = json.loads(told.read_text())
    return answers


if __name__ == "__main__":
    wanted = [*sys.argv[1:], *("known", "0", "50")[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        result = measure(wanted[0], int(wanted[1]), int(wanted[2]), Path(folder))
    for trouble in result.wrong:
        print(trouble, end="\n\n")
    print(result)
