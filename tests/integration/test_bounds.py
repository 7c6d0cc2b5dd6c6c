"""Values at and beyond the bounds, odd steps, clocks that go back, a store that may only be read: through scripts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tracker
from tracker.exceptions import InvalidValue

Python = Callable[..., subprocess.CompletedProcess[str]]


def test_a_key_beyond_the_bound_is_refused_with_the_bound() -> None:
    with tracker.start_run() as run:
        tracker.log_metric("k" * 1_000, 1)
        for log in (
            lambda: tracker.log_metric("k" * 10_000, 1),
            lambda: tracker.log_metrics({"fine": 1, "k" * 10_000: 1}),
            lambda: tracker.log_param("k" * 10_000, 1),
            lambda: tracker.set_tag("k" * 10_000, 1),
        ):
            with pytest.raises(InvalidValue, match=r"1 to 1,000 characters; this one has 10,000"):
                log()
    data = tracker.get_run(run.info.run_id).data
    assert list(data.metrics) == ["k" * 1_000] and not data.params


def test_a_line_beyond_the_bound_is_refused_and_a_foreign_one_costs_itself(tmp_path: Path) -> None:
    from tracker.store import events

    with tracker.start_run() as run:
        store = tracker.MlflowClient().store
        before = store.journal_path.stat().st_size
        with pytest.raises(InvalidValue, match=r"at most 1,048,576 are kept"):
            events.event("param", t=1, r="r", k="big", v="x" * (2 << 20))
        assert store.journal_path.stat().st_size == before
        tracker.log_param("after", 1)
    foreign = store.root / "journal" / "0.ndjson"
    foreign.write_bytes(
        b'{"e":"run","r":"a","x":"0","v":{},"t":1}\n{"e":"param","r":"a","k":"big","v":"' + b"x" * (2 << 20)
        + b'","t":2}\n{"e":"param","r":"a","k":"small","v":1,"t":3}\n'
    )  # fmt: skip
    assert tracker.get_run("a").data.params["small"] == "1"
    assert tracker.get_run(run.info.run_id).data.params == {"after": "1"}


def test_steps_of_every_kind_are_kept() -> None:
    told = [(5, 1.0), (-3, 2.0), (5, 3.0), (5, 3.0), (0, 4.0), (-(2**63), 5.0), (2**63 - 1, 6.0), (1, 7.0)]
    with tracker.start_run() as run:
        for step, value in told:
            tracker.log_metric("m", value, step=step)
    store = tracker.MlflowClient().store
    for _ in range(2):
        points = tracker.MlflowClient().get_metric_history(run.info.run_id, "m")
        assert [(p.step, p.value) for p in points] == sorted(told)
        assert tracker.get_run(run.info.run_id).data.metrics == {"m": 6.0}
        store._journal.close()
        store.seal()


CLOCK = """
import time
real, ahead = time.time_ns, {ahead} * 10**9
time.time_ns = lambda: real() + ahead
import tracker
"""


def test_a_clock_that_goes_back_keeps_what_each_process_wrote_in_order(python: Python) -> None:
    script = """
run = tracker.start_run(run_name="first")
ahead -= 7200 * 10**9
tracker.log_param("p", "old")
tracker.log_param("p", "new")
for step in range(3):
    tracker.log_metric("m", float(step), step=step)
tracker.set_tag("mlflow.runName", "last")
tracker.end_run()
print(run.info.run_id)
"""
    first = python(CLOCK.format(ahead=3600) + script).stdout.strip()
    second = python(CLOCK.format(ahead=-3600) + script).stdout.strip()
    for run in (first, second):
        read = tracker.get_run(run)
        assert (read.info.run_name, read.info.status, read.data.params) == ("last", "FINISHED", {"p": "new"})
        assert read.info.end_time >= read.info.start_time and read.data.metrics == {"m": 2.0}
    assert len(tracker.runs()) == 2


def test_processes_that_create_an_experiment_at_once_share_it(tmp_path: Path) -> None:
    script = "import sys, tracker; sys.stdin.read(); tracker.set_experiment('shared'); r = tracker.start_run(); print(r.info.experiment_id)"
    processes = [
        subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdin=-1, stdout=-1, text=True) for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    ids = {process.communicate()[0].strip() for process in processes}
    assert len(ids) == 1 and [e.name for e in tracker.search_experiments() if e.name == "shared"] == ["shared"]
    assert len(tracker.runs("shared")) == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="becomes another user, which only root can")
def test_another_user_reads_a_store_that_it_may_not_write(tmp_path: Path) -> None:
    import tempfile

    with tracker.start_run(run_name="seen"):
        tracker.log_metric("m", 1)
        tracker.log_text("text", "a.txt")
    tracker.MlflowClient().store._journal.close()
    tracker.MlflowClient().store.seal()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        shutil.copytree(tmp_path / ".tracker", place / ".tracker")
        for path in (place, *place.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
        script = f"""
import os
import tracker, duckdb, pandas, pyarrow, orjson, sys
import tracker.query.frames, tracker.query.overview, tracker.query.garbage, tracker.tracking.reading, tracker.artifacts
os.setgid(65534); os.setuid(65534)
os.chdir({name!r})
tracker.set_tracking_uri({str(place / ".tracker")!r})
table = tracker.runs()
print(list(table["name"]), len(tracker.history(table)), tracker.get_run(table["run_id"][0]).info.status)
print(tracker.artifacts.load_text("runs:/" + table["run_id"][0] + "/a.txt"))
try:
    tracker.log_metric("a", 1)
except tracker.TrackerError as error:
    print("refused:", error)
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        seen, text, refused = done.stdout.splitlines()
        assert seen == "['seen'] 1 FINISHED" and text == "text"
        assert refused.startswith("refused: The store at") and "cannot be written" in refused
        assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
