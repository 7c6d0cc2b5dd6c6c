"""Logging a point: its cost beside a bare write of the same bytes, and its life after SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tracker

pytestmark = pytest.mark.benchmark

POINTS = 20_000
# The goals are 4 µs and 4 bare writes; a busy machine gets some room.
MAX_RATIO, MAX_MEDIAN_US = 6, 12


def _median_us(call, times: int = POINTS) -> float:
    durations = []
    clock = time.perf_counter_ns
    for i in range(times):
        start = clock()
        call(i)
        durations.append(clock() - start)
    return statistics.median(durations) / 1_000


@pytest.mark.parametrize("through", ["log_metric", "writer"])
def test_a_point_costs_few_bare_writes(tmp_path: Path, through: str) -> None:
    tracker.set_tracking_uri(tmp_path / "store")
    try:
        with tracker.start_run() as run:
            run.writer.metric("loss", 0.123456789, 0)
            journal = next((tmp_path / "store" / "journal").glob("*.ndjson"))
            line = journal.read_bytes().splitlines(keepends=True)[-1]
            log = tracker.log_metric if through == "log_metric" else run.writer.metric
            bare_file = os.open(tmp_path / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            ratios, medians = [], []
            for _ in range(5):
                bare = _median_us(lambda _: os.write(bare_file, line))
                medians.append(_median_us(lambda i: log("loss", 0.123456789, step=i)))
                ratios.append(medians[-1] / bare)
            os.close(bare_file)
    finally:
        tracker.set_tracking_uri(None)
    print(f"{through}: {min(medians):.2f} µs, {min(ratios):.2f} bare writes")
    assert min(ratios) <= MAX_RATIO
    assert min(medians) <= MAX_MEDIAN_US


def test_a_whole_run_is_cheap(tmp_path: Path) -> None:
    tracker.set_tracking_uri(tmp_path / "store")

    def whole(_: int) -> None:
        with tracker.start_run():
            for i in range(10):
                tracker.log_param(f"p{i}", i / 10)
            for i in range(5):
                tracker.log_metric(f"m{i}", i / 10)
            tracker.set_tags({"a": 1, "b": 2})

    try:
        median = min(_median_us(whole, 200) for _ in range(3))
    finally:
        tracker.set_tracking_uri(None)
    print(f"run with 10 params, 5 metrics, 2 tags: {median / 1000:.2f} ms")
    assert median <= 2_000


def test_acknowledged_points_survive_sigkill(tmp_path: Path) -> None:
    program = """
import sys, tracker
tracker.set_tracking_uri(sys.argv[1])
tracker.start_run()
for i in range(50_000):
    tracker.log_metric("loss", 1 / (i + 1), step=i)
print("written", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "store")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    journal = next((tmp_path / "store" / "journal").glob("*.ndjson"))
    events = [json.loads(line) for line in journal.read_bytes().splitlines()]
    points = [(event["s"], event["v"]) for event in events if event["e"] == "metric"]
    assert points == [(i, 1 / (i + 1)) for i in range(50_000)]

    client = tracker.MlflowClient(tmp_path / "store")
    (run,) = client.search_runs(["0"])
    assert run.info.status == "KILLED"
    assert run.data.metrics == {"loss": 1 / 50_000}
