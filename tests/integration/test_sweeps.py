"""Sweeps in real processes: what trials give, what they cannot do to each other, and going on after an end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from disks import wait_for
from kernels import kernel

import tracker
from tracker.exceptions import InvalidState, NotFound, TrackerError

pytest.importorskip("joblib")

HOSTILE = """
import os, random
draw = random.random() + sum(random.Random(7).random() for _ in range(3))
if which == "raise":
    raise ValueError("on purpose")
if which == "kill":
    os.kill(os.getpid(), 9)
if which == "leave":
    os._exit(3)
score = draw * len(which)
"""


def by_point(sweep: Any) -> dict[Any, Any]:
    return {next(iter(trial.values.values())): trial for trial in sweep.trials}


def metrics_of(run_id: str) -> dict[str, float]:
    return dict(tracker.get_run(run_id).data.metrics)


def test_a_trial_costs_itself_and_gives_what_it_gives_alone() -> None:
    space = {"which": ["a", "raise", "bb", "kill", "ccc", "leave", "dddd"]}
    parallel = tracker.sweep(HOSTILE, space, metric="score", seeds=[5], jobs=2)
    alone = tracker.sweep(HOSTILE, space, metric="score", seeds=[5], jobs=1)
    found, serial = by_point(parallel), by_point(alone)
    assert [found[which].status for which in ("a", "bb", "ccc", "dddd")] == ["FINISHED"] * 4
    assert [found[which].status for which in ("raise", "kill", "leave")] == ["FAILED", "KILLED", "KILLED"]
    assert (
        "on purpose" in found["raise"].error and "SIGKILL" in found["kill"].error and "code 3" in found["leave"].error
    )
    for which in ("a", "bb", "ccc", "dddd"):
        ours = metrics_of(found[which].run_id)
        assert ours == metrics_of(serial[which].run_id) and ours["draw"] > 0
    assert parallel.best is not None and parallel.best.values["which"] == "dddd"
    assert parallel.status == "FINISHED" and len(parallel.runs()) == 7
    parent = tracker.get_run(parallel.run_id)
    assert parent.data.params["best_which"] == "dddd" and parent.info.status == "FINISHED"
    assert "draw" in parent.data.metrics or "score" in parent.data.metrics
    assert tracker.get_parent_run(found["a"].run_id).info.run_id == parallel.run_id


def test_a_worker_that_dies_is_replaced_and_its_trials_run_again(tmp_path: Path) -> None:
    mark = tmp_path / "killed"
    cell = f"""
import os, time
if n == 1 and not os.path.exists({str(mark)!r}):
    open({str(mark)!r}, "w").close()
    os.kill(os.getppid(), 9)
    time.sleep(30)
value = n * 1.5
"""
    sweep = tracker.sweep(cell, {"n": [0, 1, 2]}, jobs=2)
    assert mark.exists()
    assert [trial.status for trial in sweep.trials] == ["FINISHED"] * 3
    assert [trial.value for trial in sweep.trials] == [0.0, 1.5, 3.0]
    assert sweep.trials[1].tries == 2


def test_stopped_and_resumed_nothing_runs_twice(tmp_path: Path) -> None:
    cell = "import time\ntime.sleep(0.3 if n < 2 else 60 * slow)\nvalue = n * 1.5"
    slow = tmp_path / "slow"
    slow.touch()
    cell = f"import os\nslow = os.path.exists({str(slow)!r})\n" + cell
    sweep = tracker.sweep(cell, {"n": [0, 1, 2, 3]}, jobs=2, wait=False)
    wait_for(lambda: [t.status for t in sweep.trials] == ["FINISHED", "FINISHED", "RUNNING", "RUNNING"])
    with pytest.raises(InvalidState, match="still runs"):
        tracker.sweep(cell, {"n": [0, 1, 2, 3]}, resume=True)
    deleted = sweep.trials[2]
    tracker.delete_run(deleted.run_id)  # as the table does
    wait_for(lambda: sweep.trials[2].status == "KILLED")
    sweep.stop()
    assert sweep.wait(30).status == "KILLED" and sweep.trials[3].status == "KILLED"
    slow.unlink()
    again = tracker.sweep(cell, {"n": [0, 1, 2, 3]}, resume=True)
    assert again.run_id == sweep.run_id and again.status == "FINISHED"
    finished = [trial.values["n"] for trial in again.trials if trial.status == "FINISHED"]
    assert sorted(finished) == [0, 1, 2, 3]
    assert tracker.get_run(again.run_id).info.status == "FINISHED"
    once_more = tracker.sweep(cell, {"n": [0, 1, 2, 3]}, resume=again.run_id)
    assert len(once_more.trials) == 4 and once_more.seconds_left() is None
    with pytest.raises(NotFound, match="No sweep"):
        tracker.sweep(cell, {"n": [0, 1]}, resume=again.run_id)


def test_a_trial_that_takes_too_long_ends() -> None:
    sweep = tracker.sweep("import time\ntime.sleep(wait)\nvalue = wait + 1", {"wait": [0, 60]}, timeout=5, jobs=2)
    assert [trial.status for trial in sweep.trials] == ["FINISHED", "KILLED"]
    assert "stopped after 5 s" in sweep.trials[1].error


def test_a_disk_that_is_full_for_one_worker_costs_its_trial() -> None:
    cell = """
import resource, signal
if n == 1:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
value = n * 1.5
"""
    sweep = tracker.sweep(cell, {"n": [0, 1, 2, 3]}, jobs=1)
    assert [trial.status for trial in sweep.trials] == ["FINISHED", "KILLED", "FINISHED", "FINISHED"]
    assert sweep.status == "FINISHED"


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"backend": "nowhere"}, "joblib knows no backend 'nowhere'"),
        ({"strategy": "clever"}, "grid, random, optuna"),
        ({"jobs": 0}, "how many trials run at once"),
        ({"timeout": -1}, "seconds that a trial may take"),
        ({"direction": "up"}, "'maximize' or 'minimize'"),
        ({"resume": 3}, "resume is True"),
        ({"strategy": "optuna", "n": 2, "metric": "value"}, "needs Optuna.*jupyter-tracker\\[sweep\\]"),
        ({"space": {"missing": [1]}}, r"Names that can: n\."),
        ({"what": lambda n: n}, "cannot be found by other processes"),
        ({"what": 3}, "runs a function"),
        ({"what": "n ="}, "not Python"),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(
    asked: dict[str, Any], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    every = {"what": "n = 0\nvalue = n * 2.0", "space": {"n": [1, 2]}, **asked}
    with pytest.raises(TrackerError, match=word):
        tracker.sweep(every.pop("what"), every.pop("space"), **every)
    assert len(tracker.search_runs(search_all_experiments=True)) == 0


def test_a_metric_that_no_trial_has_is_told() -> None:
    sweep = tracker.sweep("value = n * 2.0", {"n": [1]}, metric="accuracy", jobs=1)
    assert sweep.best is None and "it logged: value" in sweep.notices[0]


def test_optuna_stops_where_its_metric_is_missing_and_goes_on_where_it_ended() -> None:
    pytest.importorskip("optuna")
    space = {"x": (-5.0, 5.0)}
    with pytest.raises(TrackerError, match=r"No metric 'accuracy'.*it logged: loss"):
        tracker.sweep("loss = (x - 1) ** 2", space, "optuna", 4, metric="accuracy", jobs=1)
    first = tracker.sweep("loss = (x - 1) ** 2", space, "optuna", 3, metric="loss", jobs=1)
    more = tracker.sweep("loss = (x - 1) ** 2", space, "optuna", 5, metric="loss", jobs=1, resume=True)
    assert more.run_id == first.run_id and len(more.trials) == 5 and more.plan.direction == "minimize"
    assert [t.values for t in more.trials[:3]] == [t.values for t in first.trials]


WORK = """
import tracker

def train(rate, depth=1, seed=0):
    return {"loss": rate * depth + seed, "depth": depth}

if __name__ == "__main__":
    sweep = tracker.sweep(train, {"rate": [0.5, 2.0], "depth": [1, 3]}, metric="loss", seeds=[4])
    print(sorted(trial.value for trial in sweep.trials), sweep.best.values, sweep.plan.direction)
"""


def test_functions_of_files_are_imported(tmp_path: Path, python: Callable[..., Any]) -> None:
    (tmp_path / "work.py").write_text(WORK)
    done = subprocess.run([sys.executable, "work.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[4.5, 5.5, 6.0, 10.0] {'rate': 0.5, 'depth': 1, 'seed': 4} minimize\n", done.stderr
    script = "import sys; sys.path.insert(0, '.')\nimport tracker, work\n"
    said = python(script + "print(tracker.sweep(work.train, {'rate': [1, 2]}, jobs=1).trials[1].status)")
    assert said.stdout == "FINISHED\n"
    refused = python(script + "tracker.sweep(work.train, {'rate': [1], 'deep': [2]})", check=False)
    assert "unexpected keyword argument 'deep'" in refused.stderr and "It takes: rate, depth, seed" in refused.stderr


def test_the_story_in_a_notebook(tmp_path: Path) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport tracker, time, random\nitems, made = [], random.Random(3)")
        shell.run("def gain(rate):\n    return rate * base\nbase = 2.0\nunused = 1")
        began = time.monotonic()
        shown = shell.run(
            "%%track -e many --grid C=1,2,3 --grid kind=a --metric score\ntime.sleep(0.3)\nitems.append(C)\n"
            "score = gain(C) * len(kind) + len(items) + made.random()"
        )
        assert shown.status == "ok" and time.monotonic() - began < 60
        assert shown.ours[0]["application/vnd.tracker.v1+json"]["view"] == "sweep"
        assert shell.value("1 + 1") == "2" and shell.value("tracker.last_sweep().running") == "True"
        shell.run("s = tracker.last_sweep().wait()")
        assert shell.value("sorted(set(round(t.value - 2 * t.values['C'], 9) for t in s.trials))").count(",") == 0
        assert shell.value("(s.status, len(s.trials), s.best.values['C'], len(items))") == "('FINISHED', 3, 3, 0)"
        assert "unused" in shell.value("tracker.slice(s.best.run_id).source")
        assert shell.run("print(tracker.rerun(s.best.run_id))", timeout=120).text.startswith("reproduced: 1 metric")
        refused = shell.run("%%track --grid nowhere=1\nscore = base * 3")
        assert refused.status == "error" or "reads or assigns nowhere" in str(refused.plain)
        # a function of the very cell
        shell.run(
            "def f(n):\n    time.sleep(0.4)\n    return n * base\nt = tracker.sweep(f, {'n': [1, 2, 3, 4, 5, 6]}, jobs=2)"
        )
        wait_for(lambda: int(shell.value("sum(x.status == 'FINISHED' for x in t.trials)")) >= 2)
        os.kill(int(shell.value("__import__('os').getpid()")), 9)
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport tracker, time, random\nitems, made = [], random.Random(3)")
        shell.run("def gain(rate):\n    return rate * base\nbase = 2.0\nunused = 1")
        shell.run(
            "def f(n):\n    time.sleep(0.4)\n    return n * base\nt = tracker.sweep(f, {'n': [1, 2, 3, 4, 5, 6]}, jobs=2, resume=True)\nt.wait()"
        )
        assert shell.value("sorted(x.values['n'] for x in t.trials if x.status == 'FINISHED')") == "[1, 2, 3, 4, 5, 6]"
        count = shell.value("(t.runs().status == 'FINISHED').sum(), sum(x.tries for x in t.trials)")
        assert count.startswith("(np.int64(6)") or count.startswith("(6"), count
        assert int(count.rstrip(")").split(",")[-1]) <= 4


def test_cells_that_begin_sweeps_or_look_at_them_are_no_part_of_a_trial(tmp_path: Path) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker\nimport tracker as t\nbase = 2.0")
        first = "def f(n):\n    return n * base\n\n\n# a comment\ns = t.sweep(f, {'n': [1, 2]}, jobs=1, wait=True)\nbest = s.best"
        shell.run(first, timeout=120)
        assert shell.value("s.status") == "'FINISHED'"
        shell.run("look = t.last_sweep()\nruns = look.runs()\nruns['more'] = 1\nfactor = 3.0")
        shell.run("again = t.sweep(f, {'n': [1, 2]}, jobs=1, wait=True, resume=True)", timeout=120)
        assert shell.value("(again.run_id == s.run_id, sum(x.tries for x in again.trials))") == "(True, 0)"
        shell.run(
            "def g(n):\n    return f(n) * factor * base\nu = t.sweep(g, {'n': [1]}, jobs=1, wait=True)", timeout=120
        )
        assert shell.value("[x.value for x in u.trials]") == "[12.0]", shell.value("u.trials")
        shell.run("X, y = [[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1]")
        panel = shell.run("%trainer X y SVC", timeout=120).ours[-1]["text/plain"]
        assert "Trainer of 4 rows" in panel and "tracker.trainer(X, y)" in panel
        assert "name the data" in str(shell.run("%trainer nothing").plain)
        nested = shell.run(
            "def h(n):\n    return t.sweep(f, {'n': [1]})\nw = t.sweep(h, {'n': [1]}, jobs=1, wait=True)"
        )
        assert "begins no sweep of its own" in shell.value("w.trials[0].error"), nested


def test_a_trial_whose_curve_is_behind_is_pruned() -> None:
    cell = "import time\nfor i in range(6 if n < 5 else 3000):\n    loss = n + 1 / (i + 1)\n    time.sleep(0.02)"
    sweep = tracker.sweep(cell, {"n": [0, 1, 2, 3, 9]}, metric="loss", prune=True, jobs=1, timeout=60)
    assert [trial.status for trial in sweep.trials] == ["FINISHED"] * 4 + ["KILLED"]
    assert sweep.trials[4].pruned and sweep.trials[4].error.startswith("pruned at step")
    assert "tracker.trial.pruned" in tracker.get_run(sweep.trials[4].run_id).data.tags
    assert sweep.best is not None and sweep.best.values == {"n": 0}


LEAVING = """
import time, tracker
sweep = tracker.sweep("import time\\ntime.sleep(60)\\nvalue = n * 1.0", {"n": [1, 2, 3, 4]}, jobs=2, wait=False)
while not any(trial.status == "RUNNING" for trial in sweep.trials):
    time.sleep(0.1)
time.sleep(1)
print(sweep.run_id)
"""


def test_a_program_that_ends_takes_its_sweep_with_it(python: Callable[..., Any]) -> None:
    began = time.monotonic()
    said = python(LEAVING)
    assert said.stderr == "" and time.monotonic() - began < 50
    assert tracker.get_run(said.stdout.strip()).info.status == "KILLED"
