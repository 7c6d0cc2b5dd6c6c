"""Sweeps on a real Dask cluster and a real Ray, several worker processes each, one of which is killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.cluster

CLUSTERS = {
    "dask": (
        "distributed",
        "from distributed import Client, LocalCluster\n"
        "client = Client(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None))",
        "client.close()",
    ),
    "ray": (
        "ray",
        "import ray\nray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level='error')",
        "ray.shutdown()",
    ),
}
STORY = """
import json, os, sys, tracker
CELL = '''
import os, random, time, tracker
tracker.set_tag("worker", os.getppid())
if n == 3 and not os.path.exists("killed"):
    open("PLACE/killed", "w").close()
    os.kill(os.getppid(), 9)
    time.sleep(30)
if n == 4:
    raise ValueError("on purpose")
time.sleep(0.3)
score = random.random() * n
'''.replace("PLACE", os.getcwd()).replace('exists("killed")', f'exists("{os.getcwd()}/killed")')

def main():
    BEGIN
    space = {"n": [1, 2, 3, 4, 5, 6, 7, 8]}
    sweep = tracker.sweep(CELL, space, metric="score", seeds=[11], backend=sys.argv[1])
    here = tracker.sweep(CELL, space, metric="score", seeds=[11])
    metrics = [[tracker.get_run(t.run_id).data.metrics for t in s.trials if t.status == "FINISHED"] for s in (sweep, here)]
    print("TOLD", json.dumps({
        "statuses": [t.status for t in sweep.trials], "jobs": sweep.plan.jobs,
        "workers": tracker.runs(where=f"tags.`mlflow.parentRunId` = '{sweep.run_id}'")["tags.worker"].nunique(),
        "equal": [m["score"] for m in metrics[0]] == [m["score"] for m in metrics[1]],
        "killed": os.path.exists("killed"), "best": sweep.best.values["n"],
    }))
    END

if __name__ == "__main__":
    main()
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("backend", CLUSTERS)
def test_a_sweep_on_a_cluster(backend: str, python: Callable[..., Any], tmp_path: Any) -> None:
    module, begin, end = CLUSTERS[backend]
    pytest.importorskip(module)
    story = STORY.replace("BEGIN", begin.replace("\n", "\n    ")).replace("END", end)
    (tmp_path / "story.py").write_text(story)
    said = python(
        f"import runpy, sys\nsys.argv = ['story.py', {backend!r}]\nrunpy.run_path('story.py', run_name='__main__')"
    )
    told = json.loads(said.stdout.partition("TOLD ")[2])
    assert told.pop("workers") >= 2, told
    assert told == {
        "statuses": ["FINISHED"] * 3 + ["FAILED"] + ["FINISHED"] * 4, "jobs": 2, "equal": True, "killed": True, "best": 8,
    }  # fmt: skip


def test_dask_without_a_client_is_told(python: Callable[..., Any]) -> None:
    pytest.importorskip("distributed")
    said = python("import tracker\ntracker.sweep('n = 1', {'n': [1]}, backend='dask')", check=False)
    assert "There is no Dask client here: make one" in said.stderr
