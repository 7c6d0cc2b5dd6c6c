"""Records what MLflow's autologging keeps of each case. With MLflow 3.17.2 and the libraries in an environment:

    python tests/integration/autolog_mlflow.py [case …] > tests/integration/autolog_mlflow_keys.json

Of each run, in the order in which they started: the names of parameters, metrics, tags (its own aside) and artifacts,
the contexts of its datasets, whether it is a child. Metrics with several points are listed as curves too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any


def record(name: str) -> list[dict[str, Any]]:
    import mlflow
    from autolog_cases import CASES

    mlflow.autolog(silent=True)
    CASES[name]()
    client = mlflow.MlflowClient()
    runs = client.search_runs(["0"], order_by=["start_time ASC"])
    return [kept(client, run) for run in sorted(runs, key=lambda run: "mlflow.parentRunId" in run.data.tags)]


def kept(client: Any, run: Any) -> dict[str, Any]:
    curves = [key for key in run.data.metrics if len(client.get_metric_history(run.info.run_id, key)) > 1]
    return {
        "params": sorted(run.data.params),
        "metrics": sorted(run.data.metrics),
        "curves": sorted(curves),
        "tags": sorted(tag for tag in run.data.tags if not tag.startswith("mlflow.")),
        "artifacts": sorted(files(client, run.info.run_id)),
        "models": sorted(model.name for model in client.search_logged_models(["0"]) if model.source_run_id == run.info.run_id),
        "datasets": sorted(tag.value for one in run.inputs.dataset_inputs for tag in one.tags),
        "child": "mlflow.parentRunId" in run.data.tags,
    }  # fmt: skip


def files(client: Any, run_id: str, folder: str | None = None) -> list[str]:
    """A run's files with those in its folders, for MLflow's client and for ours."""
    listed = client.list_artifacts(run_id, folder)
    inside = [path for one in listed if one.is_dir for path in files(client, run_id, one.path)]
    return [one.path for one in listed if not one.is_dir] + inside


def main() -> None:
    here = Path(__file__).parent
    sys.path.insert(0, str(here))
    if sys.argv[1:2] == ["--one"]:
        warnings.simplefilter("ignore")
        sys.stdout, printed = sys.stderr, sys.stdout
        printed.write(json.dumps(record(sys.argv[2])))
        return
    from autolog_cases import CASES

    found = {}
    for name in sys.argv[1:] or CASES:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, __file__, "--one", name],
                cwd=folder, env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/m.db"}, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        if done.returncode == 0:
            found[name] = json.loads(done.stdout)
        else:
            print(f"{name} was not recorded", file=sys.stderr)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
