"""MLflow and the notebook on one store: each sees what the other keeps, whoever writes, in whatever process."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.mlflow, pytest.mark.filterwarnings("ignore")]  # MLflow warns of itself
mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'jupyter-tracker[mlflow]'")

from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Dataset, DatasetInput, RunTag  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

import tracker  # noqa: E402
from tracker.tracking import Client  # noqa: E402
from tracker.tracking.location import current_store  # noqa: E402


@pytest.fixture(autouse=True)
def _mlflow_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow.set_tracking_uri(f"tracker:{tmp_path / '.tracker'}")
    tracker.set_tracking_uri(tmp_path / ".tracker")
    mlflow.set_experiment(experiment_id="0")
    yield
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri("")


def test_a_script_of_mlflow_is_seen_here(tmp_path: Path) -> None:
    mlflow.set_experiment("iris")
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"lr": 0.1, "layers": 3, "bias": True, "kernel": "rbf"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_text("hello", "notes/a.txt")
        assert tracker.get_run(run.info.run_id).info.status == "RUNNING"
    table = tracker.runs("iris", where="params.lr < 0.5 AND params.bias = true AND metrics.loss = 0.2")
    assert table["run_id"].tolist() == [run.info.run_id] and table["name"].tolist() == ["first"]
    assert (table["params.layers"].item(), table["params.kernel"].item()) == (3, "rbf")
    assert tracker.history([run.info.run_id])["value"].tolist() == [1 / (s + 1) for s in range(5)]
    listed = Client().list_artifacts(run.info.run_id, "notes")
    assert [(one.path, one.file_size) for one in listed] == [("notes/a.txt", 5)]
    kept = tracker.sql("SELECT path, size FROM artifacts WHERE run_id = $run", run=run.info.run_id)
    assert kept.values.tolist() == [["notes/a.txt", 5]]


def test_a_run_of_the_notebook_is_seen_there() -> None:
    tracker.set_experiment("ours")
    with tracker.start_run(run_name="cell") as run:
        tracker.log_params({"lr": 1e-05, "flag": False, "sizes": [64, 32], "none": None})
        tracker.log_metric("f1@10", 0.5)
        tracker.log_metric("f1@10", float("inf"))
        tracker.log_text("x", "a.txt")
    there = MlflowClient().get_run(run.info.run_id)
    assert there.data.params == {"lr": "1e-05", "flag": "False", "sizes": "[64, 32]", "none": "None"}
    assert there.data.metrics == {"f1@10": float("inf")} and there.info.status == "FINISHED"
    one = MlflowClient().get_experiment_by_name("ours").experiment_id
    for text in ("params.lr = '1e-05'", "params.flag = 'False'", "params.sizes LIKE '[64%'", "metrics.`f1@10` > 1"):
        assert [r.info.run_name for r in MlflowClient().search_runs([one], text)] == ["cell"], text
    assert mlflow.artifacts.load_text(f"{there.info.artifact_uri}/a.txt") == "x"


def test_a_model_of_mlflow_is_loaded_here_and_one_of_ours_there() -> None:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=300).fit(X, y)
    with mlflow.start_run() as run:
        told = mlflow.sklearn.log_model(
            model, name="model", registered_model_name="iris", pip_requirements=["scikit-learn"],
            serialization_format="skops",
        )  # fmt: skip
    expected = model.predict(X).tolist()
    for uri in (told.model_uri, f"runs:/{run.info.run_id}/model", "models:/iris/1"):
        assert mlflow.pyfunc.load_model(uri).predict(X).tolist() == expected
        assert tracker.pyfunc.load_model(uri).predict(X).tolist() == expected
    listed = [f.path for f in MlflowClient().list_artifacts(run.info.run_id)]
    within = [f.path for f in MlflowClient().list_artifacts(run.info.run_id, "model")]
    assert listed == [] and within.count("model/MLmodel") == 1
    with tracker.start_run() as ours:
        tracker.sklearn.log_model(model, "model", registered_model_name="iris")
    assert [str(v.version) for v in MlflowClient().search_model_versions("name = 'iris'")] == ["2", "1"]
    for uri in (f"runs:/{ours.info.run_id}/model", "models:/iris/2"):
        assert mlflow.pyfunc.load_model(uri).predict(X).tolist() == expected
    found = mlflow.search_logged_models(output_format="list")
    assert {m.source_run_id for m in found} == {run.info.run_id, ours.info.run_id}


def test_models_of_one_name_in_one_run_stay_apart() -> None:
    client = MlflowClient()
    with mlflow.start_run() as run:
        models = [client.create_logged_model("0", name="m", source_run_id=run.info.run_id) for _ in range(2)]
        for number, model in enumerate(models):
            Path(f"{number}").mkdir()
            Path(f"{number}/MLmodel").write_text(f"model_id: {model.model_id}\nnumber: {number}\n")
            client.log_model_artifacts(model.model_id, f"{number}")
            client.finalize_logged_model(model.model_id, "READY")
        alone = client.create_logged_model("0", name="alone")
        client.log_model_artifacts(alone.model_id, "0")
    texts = [mlflow.artifacts.load_text(f"{m.artifact_location}/MLmodel").splitlines()[-1] for m in models]
    assert texts == ["number: 0", "number: 1"]
    assert [f.path for f in client.list_logged_model_artifacts(alone.model_id)] == ["MLmodel"]
    assert client.list_artifacts(run.info.run_id) == []


def test_changes_of_other_processes_count_at_once(python: Any, tmp_path: Path) -> None:
    client = MlflowClient()
    run = client.create_run("0").info.run_id
    client.log_param(run, "mine", "1")
    python(
        f"""if True:
        import os
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        c = MlflowClient({mlflow.get_tracking_uri()!r})
        c.log_param({run!r}, "theirs", "1")
        c.log_metric({run!r}, "m", 2.0, step=5)
        try:
            c.log_param({run!r}, "mine", "2")
        except MlflowException:
            c.set_tag({run!r}, "refused", "yes")
        c.set_terminated({run!r}, "FAILED")"""
    )
    told = client.get_run(run)
    assert told.data.params == {"mine": "1", "theirs": "1"} and told.data.metrics == {"m": 2.0}
    assert told.data.tags["refused"] == "yes" and told.info.status == "FAILED"
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_param(run, "theirs", "2")
    Client().delete_run(run)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.log_metric(run, "m", 1.0)
    assert client.get_run(run).info.lifecycle_stage == "deleted"


def test_a_killed_run_is_not_running_and_is_known_when_it_was_sealed(tmp_path: Path) -> None:
    script = f"""if True:
        import os, mlflow
        mlflow.set_tracking_uri({mlflow.get_tracking_uri()!r})
        mlflow.start_run(run_name="lost")
        mlflow.log_param("p", 0.5)
        mlflow.log_metric("m", 1.0, step=3)
        os.kill(os.getpid(), 9)"""
    client = MlflowClient()
    subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, timeout=120)
    (lost,) = client.search_runs(["0"], "attributes.run_name = 'lost'")
    assert lost.info.status == "KILLED" and lost.info.end_time is not None
    run = lost.info.run_id
    before = client.get_run(run).to_dictionary()
    assert before == lost.to_dictionary()
    current_store().seal()
    assert client.get_run(run).to_dictionary() == before
    client.log_metric(run, "m", 2.0, step=4)
    assert client.get_run(run).data.metrics == {"m": 2.0}
    with pytest.raises(MlflowException, match=re.escape("already logged with value='0.5'")):
        client.log_param(run, "p", "0.50")


def test_async_logging_is_drained() -> None:
    with mlflow.start_run() as run:
        for step in range(200):
            mlflow.log_metric("m", float(step), step=step, synchronous=False)
        mlflow.log_params({"a": 1}, synchronous=False).wait()
    mlflow.flush_async_logging()
    assert len(MlflowClient().get_metric_history(run.info.run_id, "m")) == 200
    assert mlflow.get_run(run.info.run_id).data.params == {"a": "1"}


def test_credentials_are_masked_and_may_be_logged_again() -> None:
    client = MlflowClient()
    run = client.create_run("0").info.run_id
    for _ in range(2):
        client.log_param(run, "api_key", "sk-live-0123456789abcdef0123456789abcdef")
    assert "0123456789abcdef" not in client.get_run(run).data.params["api_key"]


def test_what_says_where_files_are_is_not_set_from_outside(tmp_path: Path) -> None:
    client = MlflowClient()
    run = client.create_run("0").info.run_id
    key, place = "tracker.mlflow.artifacts", tmp_path.as_uri()
    for call in (
        lambda: client.set_tag(run, key, place),
        lambda: client.log_batch(run, tags=[RunTag(key, place)]),
        lambda: client.create_run("0", tags={key: place}),
    ):
        with pytest.raises(MlflowException, match="kept by tracker itself"):
            call()
    with pytest.raises(MlflowException, match="No tag with name"):
        client.delete_tag(run, key)
    for path in ("../../store.json", "/etc", "..", "a/../../../store.json"):
        with pytest.raises(MlflowException):
            client.download_artifacts(run, path, str(tmp_path))
    (tmp_path / ".tracker" / "artifacts" / run).mkdir(parents=True)
    (tmp_path / ".tracker" / "artifacts" / run / "out").symlink_to("/etc")
    assert client.list_artifacts(run) == []


def test_generative_parts_say_that_they_are_not_kept() -> None:
    client = MlflowClient()
    for call in (
        lambda: client.search_traces(["0"]),
        lambda: mlflow.genai.register_prompt("p", "Hello {{name}}"),
        lambda: client._get_registry_client().store.list_webhooks(),
    ):
        with pytest.raises(MlflowException, match="not supported by tracker's store"):
            call()


def test_where_we_differ_on_purpose() -> None:
    client = MlflowClient()
    one = client.create_experiment("differs")
    run = client.create_run(one).info.run_id
    for value in (float("-inf"), float("inf")):
        client.log_metric(run, "m", value)
    assert [m.value for m in client.get_metric_history(run, "m")] == [float("-inf"), float("inf")]
    client.update_run(run, status="FINISHED")
    assert client.get_run(run).info.end_time is not None
    assert len(one) == 18 and one == tracker.get_experiment_by_name("differs").experiment_id
    with pytest.raises(MlflowException, match="at most 1,048,576 are kept"):
        client.log_inputs(run, [DatasetInput(Dataset("d", "1", "local", "s", profile="x" * (1 << 20)))])


def test_collecting_garbage_the_way_of_mlflow() -> None:
    client = MlflowClient()
    kept, gone = (client.create_run("0").info.run_id for _ in range(2))
    for run in (kept, gone):
        client.log_text(run, "x", "a.txt")
        client.set_terminated(run)
    client.delete_run(gone)
    store = client._tracking_client.store
    assert store._get_deleted_runs() == [gone]
    store._hard_delete_run(gone)
    with pytest.raises(MlflowException, match="not found"):
        client.get_run(gone)
    assert [r.info.run_id for r in client.search_runs(["0"], run_view_type=3)] == [kept]
    assert not (Path(".tracker/artifacts") / gone).exists() and (Path(".tracker/artifacts") / kept).exists()


# -- the server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """`mlflow server` with two workers on a store of ours."""
    port = _free_port()
    command = ["-m", "mlflow", "server", "--backend-store-uri", f"tracker:{tmp_path / '.tracker'}", "--port", str(port)]
    with open(tmp_path / "server.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, *command, "--workers", "2"],
            stdout=log, stderr=log, cwd=tmp_path, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=5):
                break
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.25)
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_its_server_on_our_store(server: str, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(server)
    mlflow.set_experiment("served")
    runs = []
    for number in range(6):
        with mlflow.start_run(run_name=f"r{number}") as run:
            mlflow.log_param("n", number)
            mlflow.log_metrics({"loss": 1.0 / (number + 1)}, step=number)
            mlflow.log_text(f"text {number}", "notes/a.txt")
        runs.append(run.info.run_id)
        for value in range(3):  # whichever worker is asked
            with pytest.raises(MlflowException, match="Changing param values is not allowed"):
                MlflowClient().log_param(run.info.run_id, "n", f"other {value}")
    assert [tracker.get_run(run).data.params["n"] for run in runs] == [str(n) for n in range(6)]
    assert (tmp_path / ".tracker" / "artifacts" / runs[3] / "notes" / "a.txt").read_text() == "text 3"
    assert not (tmp_path / "mlartifacts").exists()
    assert mlflow.artifacts.load_text(f"runs:/{runs[5]}/notes/a.txt") == "text 5"
    with tracker.start_run(experiment_id=tracker.get_run(runs[0]).info.experiment_id, run_name="native"):
        tracker.log_metric("loss", 0.01)
    one = mlflow.get_experiment_by_name("served").experiment_id
    api = f"{server}/api/2.0/mlflow"
    found = _post(f"{api}/runs/search", {"experiment_ids": [one], "order_by": ["metrics.loss"], "max_results": 3})
    assert [run["info"]["run_name"] for run in found["runs"]] == ["native", "r5", "r4"] and found["next_page_token"]
    history = f"{api}/metrics/get-history?run_id={runs[2]}&metric_key=loss"
    with urllib.request.urlopen(history, timeout=30) as answer:
        assert [(m["value"], m["step"]) for m in json.load(answer)["metrics"]] == [(1 / 3, 2)]
    with pytest.raises(urllib.error.HTTPError) as refused:
        _post(f"{api}/runs/log-parameter", {"run_id": runs[0], "key": "n", "value": "x"})
    assert refused.value.code == 400 and json.load(refused.value)["error_code"] == "INVALID_PARAMETER_VALUE"
    MlflowClient().create_registered_model("m")
    version = MlflowClient().create_model_version("m", f"runs:/{runs[0]}/notes", runs[0])
    assert str(version.version) == "1" and str(tracker.MlflowClient().get_model_version("m", 1).version) == "1"
