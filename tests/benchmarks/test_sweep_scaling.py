"""Two cores do a sweep nearly twice as fast as one."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

import tracker

pytest.importorskip("joblib")

CELL = """
import time
ends = time.process_time() + 0.8
total = 0
while time.process_time() < ends:
    total += sum(range(1000))
score = n * 1.0
"""


def seconds(jobs: int) -> tuple[float, Any]:
    began = time.monotonic()
    sweep = tracker.sweep(CELL, {"n": list(range(24))}, jobs=jobs, metric="score")
    return time.monotonic() - began, sweep


@pytest.mark.benchmark
def test_24_trials_on_two_cores_scale() -> None:
    if (os.cpu_count() or 1) < 2 or os.getloadavg()[0] > 0.7 or "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("needs two idle cores: run it alone")
    alone, serial = seconds(1)
    together, parallel = seconds(2)
    assert [trial.value for trial in parallel.trials] == [trial.value for trial in serial.trials]
    assert alone / together >= 1.7, (alone, together)
