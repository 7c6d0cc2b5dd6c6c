"""Cells that end otherwise than by running through: killed, interrupted, exited, forked, two kernels at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from disks import wait_for
from kernels import kernel

import tracker

TRAINING = """%%track -n training
import os, pathlib, time, tracker
lr = 0.1
for step in range(1_000_000):
    loss = 1 / (step + 1)
    tracker.log_metric('logged', loss)
    if step >= 500:
        pathlib.Path('acknowledged').write_text(str(step + 1))
        time.sleep(0.001)
"""

LOOK = """
import json, tracker
runs = tracker.runs(order_by="start_time")
print(json.dumps([
    [run["name"], run.status, None if str(run.end_time) == "NaT" else run.end_time.timestamp(),
     len(tracker.history(run.run_id, keys=["logged"])), len(tracker.history(run.run_id, keys=["loss"]))]
    for _, run in runs.iterrows()
]))
"""

posix = pytest.mark.skipif(os.name == "nt", reason="signals")


@posix
def test_a_killed_kernel_leaves_its_run_killed_with_all_it_logged(tmp_path: Path, python: Callable) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport os, time")
        process = int(shell.value("os.getpid()"))
        began = float(shell.value("time.time()"))
        shell.client.execute(TRAINING)
        wait_for(lambda: (tmp_path / "acknowledged").exists())
        ((_, status, end, logged, _),) = json.loads(python(LOOK).stdout)
        assert (status, end) == ("RUNNING", None)
        assert logged > 500
        os.kill(process, signal.SIGKILL)
        wait_for(lambda: not shell.manager.is_alive())
        acknowledged = int((tmp_path / "acknowledged").read_text() or 500)
        ((name, status, end, logged, loss),) = json.loads(python(LOOK).stdout)
    assert (name, status) == ("training", "KILLED")
    assert logged >= acknowledged and loss >= acknowledged - 1
    assert began < end <= (tmp_path / "acknowledged").stat().st_mtime + 1


@posix
def test_a_paused_kernel_is_still_running(tmp_path: Path, python: Callable) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport os")
        process = int(shell.value("os.getpid()"))
        shell.client.execute(TRAINING)
        wait_for(lambda: (tmp_path / "acknowledged").exists())
        os.kill(process, signal.SIGSTOP)
        try:
            ((_, status, *_),) = json.loads(python(LOOK).stdout)
        finally:
            os.kill(process, signal.SIGCONT)
    assert status == "RUNNING"


@posix
def test_an_interrupted_cell_is_killed_and_the_kernel_goes_on(tmp_path: Path) -> None:
    def interrupt() -> None:
        wait_for(lambda: (tmp_path / "acknowledged").exists())
        os.kill(process, signal.SIGINT)

    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport os, tracker")
        process = int(shell.value("os.getpid()"))
        waiting = threading.Thread(target=interrupt)
        waiting.start()
        seen = shell.run(TRAINING)
        waiting.join()
        assert seen.status == "error"
        assert [(kind, rest[0]) for kind, *rest in seen.plain] == [("error", "KeyboardInterrupt")]
        assert seen.card["status"] == "KILLED"
        assert {m["key"] for m in seen.card["metrics"]} >= {"logged", "loss"}
        after = shell.run("%%track -n after\nscore = len('abc') / 2\nprint('goes on')")
        assert after.plain == [("stream", "stdout", "goes on\n")]
        assert after.card["status"] == "FINISHED"
        assert shell.value("tracker.runs(order_by='start_time').status.tolist()") == "['KILLED', 'FINISHED']"


def test_a_cell_that_exits_the_process(tmp_path: Path, python: Callable) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport os, tracker")
        shell.client.execute("%%track -n exits\nlr = 0.1\ntracker.log_metric('logged', lr)\nos._exit(3)")
        wait_for(lambda: not shell.manager.is_alive())
        ((name, status, end, logged, _),) = json.loads(python(LOOK).stdout)
    assert (name, status, logged) == ("exits", "KILLED", 1)
    assert end is not None


@posix
def test_a_fork_in_a_cell_writes_to_its_run_and_ends_nothing(tmp_path: Path) -> None:
    cell = (
        "%%track -n forks\nimport os\nfor i in range(3):\n    loss = 1 / (i + 1)\n    child = os.fork()\n    if not child:\n"
        "        tracker.log_metric('logged', float(i))\n        {leave}\n    os.waitpid(child, 0)\nprint('parent')"
    )
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport tracker")
        seen = shell.run(cell.format(leave="os._exit(0)"))
        assert seen.plain == [("stream", "stdout", "parent\n")]
        assert seen.card["status"] == "FINISHED"
        assert shell.value("tracker.runs()[['name', 'status']].values.tolist()") == "[['forks', 'FINISHED']]"
        history = "tracker.history(tracker.runs().run_id[0], keys=['logged']).value.tolist()"
        assert sorted(json.loads(shell.value(history))) == [0.0, 1.0, 2.0]


def test_two_kernels_at_once_in_one_store(tmp_path: Path) -> None:
    cells = 15
    with kernel(tmp_path) as first, kernel(tmp_path) as second:
        for source in ["%load_ext tracker\nimport tracker"] + [
            f"%%track -e together\nn = {n}\nfor i in range(50):\n    loss = 1 / (i + 1)" for n in range(cells)
        ]:
            for shell in (first, second):
                shell.client.execute(source)
        for shell in (first, second):
            assert shell.run("print('after all of them')").text == "after all of them\n"
        for shell in (first, second):
            counts = shell.value(
                "tracker.sql('SELECT count(DISTINCT r.run_id), count(*), count(DISTINCT r.experiment_id) "
                "FROM runs r JOIN metrics USING (run_id)').values.tolist()"
            )
            assert counts == f"[[{2 * cells}, {2 * cells * 50}, 1]]"
            assert shell.value("set(tracker.runs('together').status)") == "{'FINISHED'}"


@posix
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
