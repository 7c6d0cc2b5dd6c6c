"""The machine's metrics beside a run's own, under MLflow's names, as long as the run is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracker
from tracker.exceptions import InvalidValue
from tracker.tracking.system_metrics import DEFAULT_SECONDS, Sampler

pytest.importorskip("psutil")
NAMES = {
    "cpu_utilization_percentage", "system_memory_usage_megabytes", "system_memory_usage_percentage",
    "disk_usage_percentage", "disk_usage_megabytes", "disk_available_megabytes", "network_receive_megabytes",
    "network_transmit_megabytes",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _often(tmp_path: Path) -> Iterator[None]:
    tracker.set_tracking_uri(tmp_path / "store")
    tracker.set_system_metrics_sampling_interval(0.02)
    yield
    tracker.set_system_metrics_sampling_interval(None)
    tracker.disable_system_metrics_logging()


def samplers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tracker-system-metrics"]


def wait_for(done: object) -> None:
    for _ in range(500):
        if done():  # type: ignore[operator]
            return
        time.sleep(0.01)
    pytest.fail("it did not come")


def test_a_run_that_asks_for_them() -> None:
    with tracker.start_run(log_system_metrics=True) as run:
        tracker.log_metric("loss", 1.0)
        wait_for(
            lambda: (
                len(tracker.MlflowClient().get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")) > 2
            )
        )
    wait_for(lambda: not samplers())
    metrics = tracker.get_run(run.info.run_id).data.metrics
    assert {f"system/{name}" for name in NAMES} <= metrics.keys() and metrics["loss"] == 1.0
    assert 0 < metrics["system/system_memory_usage_percentage"] <= 100 and metrics["system/disk_usage_megabytes"] > 0
    points = tracker.MlflowClient().get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
    assert [point.step for point in points] == list(range(len(points)))


def test_only_when_they_are_wanted() -> None:
    with tracker.start_run():
        assert samplers() == []
    tracker.enable_system_metrics_logging()
    with tracker.start_run(log_system_metrics=False):
        assert samplers() == []
    with tracker.start_run():
        assert len(samplers()) == 1
    wait_for(lambda: not samplers())
    with pytest.raises(InvalidValue, match="above 0"):
        tracker.set_system_metrics_sampling_interval(0)


def test_a_sample_costs_far_below_one_percent() -> None:
    sampler = Sampler()
    start = time.thread_time()
    for _ in range(50):
        sampler.sample()
    assert (time.thread_time() - start) / 50 < 0.005 * DEFAULT_SECONDS
