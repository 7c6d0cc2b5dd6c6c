"""What every task shares: a task is measured in a process of its own and prints its numbers as one JSON line."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Task = Callable[[Path, int], dict[str, float]]


def durations(call: Callable[[int], object], times: int) -> list[float]:
    """Seconds of each call."""
    clock = time.perf_counter
    taken = []
    for i in range(times):
        start = clock()
        call(i)
        taken.append(clock() - start)
    return taken


def median(call: Callable[[int], object], times: int) -> float:
    """Median seconds of a call."""
    return statistics.median(durations(call, times))


def once_and_again(call: Callable[[int], object], times: int = 5) -> dict[str, float]:
    """Seconds of the first call in this process, and the median of later ones."""
    first = durations(call, 1)[0]
    return {"first": first, "again": median(call, times)}


def main(tasks: Mapping[str, Task]) -> None:
    """Run `tasks[argv[1]]` in the folder argv[2] with size argv[3]."""
    name, folder, size = sys.argv[1:4]
    print(json.dumps(tasks[name](Path(folder), int(size))))
