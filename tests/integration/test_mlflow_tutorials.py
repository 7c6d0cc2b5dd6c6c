"""Programs in the manner of MLflow's tutorials, each in a fresh process, with nothing changed but the import.

What they print is what MLflow prints for the same program, but for ids, times and the store's place.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

import tracker

_HEAD = "import json\nimport tracker as mlflow\n"


@pytest.fixture
def tutorial(python: Callable[..., Any]) -> Callable[..., Any]:
    """Runs a program; gives what it printed last, as JSON."""

    def run(program: str, **environment: str) -> Any:
        printed = python(_HEAD + textwrap.dedent(program), **environment).stdout.splitlines()
        return json.loads(printed[-1]) if printed else None

    return run


def test_quickstart_with_a_classifier_and_a_servers_address(tutorial):
    answer = tutorial(
        """
        import warnings
        warnings.simplefilter("ignore")
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import accuracy_score
        from sklearn.model_selection import train_test_split

        mlflow.set_tracking_uri(uri="http://127.0.0.1:8080")
        X, y = load_iris(return_X_y=True)
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
        params = {"solver": "lbfgs", "max_iter": 1000, "random_state": 8888}
        lr = LogisticRegression(**params).fit(X_train, y_train)
        accuracy = accuracy_score(y_test, lr.predict(X_test))

        mlflow.set_experiment("Quickstart")
        with mlflow.start_run() as run:
            mlflow.log_params(params)
            mlflow.log_metric("accuracy", accuracy)
            mlflow.set_tag("Training Info", "Basic LR model for iris data")

        found = mlflow.get_run(run.info.run_id)
        print(json.dumps([found.data.params, found.data.metrics, found.data.tags["Training Info"], found.info.status]))
        """
    )
    params = {"solver": "lbfgs", "max_iter": "1000", "random_state": "8888"}
    assert answer == [params, {"accuracy": 1.0}, "Basic LR model for iris data", "FINISHED"]


def test_parent_and_child_runs(tutorial):
    answer = tutorial(
        """
        from itertools import product

        mlflow.set_experiment("tuning")
        with mlflow.start_run(run_name="PARENT", tags={"version": "v1"}, description="a grid") as parent:
            mlflow.log_param("parent", "yes")
            for depth, rate in product([2, 4], [0.1, 0.01]):
                with mlflow.start_run(run_name=f"child-{depth}-{rate}", nested=True):
                    mlflow.log_params({"depth": depth, "rate": rate})
                    mlflow.log_metric("score", depth * rate)

        children = mlflow.search_runs(
            experiment_names=["tuning"],
            filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
            order_by=["metrics.score DESC"],
        )
        best = children.iloc[0]
        print(json.dumps([
            len(children), list(children["metrics.score"]), best["params.depth"], best["params.rate"],
            best["tags.mlflow.runName"], mlflow.get_parent_run(best.run_id).info.run_name,
            mlflow.get_run(parent.info.run_id).data.tags["mlflow.note.content"],
        ]))
        """
    )
    assert answer == [4, [0.4, 0.2, 0.04, 0.02], "4", "0.1", "child-4-0.1", "PARENT", "a grid"]


def test_searching_runs(tutorial):
    answer = tutorial(
        """
        experiment_id = mlflow.create_experiment("Social NLP Experiments", tags={"topic": "nlp"})
        experiment = mlflow.set_experiment(experiment_id=experiment_id)
        for m, release in [(1.55, "1.1.0-RC"), (2.50, "1.2.0-GA"), (0.3, "1.0.0-RC")]:
            with mlflow.start_run():
                mlflow.log_metric("m", m)
                mlflow.set_tag("s.release", release)
                mlflow.log_param("lr", m / 10)

        every = mlflow.search_runs([experiment.experiment_id], order_by=["metrics.m DESC"])
        candidates = mlflow.search_runs(
            [experiment_id], filter_string="tags.s.release ILIKE '%rc%' and metrics.m > 0.5", output_format="list"
        )
        nothing = mlflow.search_runs([experiment_id], filter_string="params.lr = '7'")
        print(json.dumps([
            every[["metrics.m", "tags.s.release", "params.lr"]].values.tolist(), every.columns[:6].tolist(),
            [run.data.metrics["m"] for run in candidates], len(nothing), experiment.lifecycle_stage, experiment.tags,
        ]))
        """
    )
    assert answer == [
        [[2.5, "1.2.0-GA", "0.25"], [1.55, "1.1.0-RC", "0.155"], [0.3, "1.0.0-RC", "0.03"]],
        ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"],
        [1.55], 0, "active", {"topic": "nlp"},
    ]  # fmt: skip


def test_the_clients_life_of_a_run(tutorial):
    answer = tutorial(
        """
        from tracker import MlflowClient
        from tracker.entities import Metric, Param, RunTag, ViewType
        from tracker.exceptions import MlflowException

        client = MlflowClient()
        experiment_id = client.create_experiment("Client")
        run = client.create_run(experiment_id, run_name="by hand")
        client.log_param(run.info.run_id, "p", 1)
        for step, value in enumerate([0.5, 0.25, 0.125]):
            client.log_metric(run.info.run_id, "loss", value, step=step)
        client.log_batch(
            run.info.run_id,
            metrics=[Metric("acc", 0.9, 1700000000000, 3)], params=[Param("q", "x")], tags=[RunTag("t", "1")],
        )
        client.set_terminated(run.info.run_id, status="FAILED")
        history = [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, "loss")]
        found = client.search_runs(experiment_ids=[experiment_id], run_view_type=ViewType.ACTIVE_ONLY, max_results=1)
        client.delete_run(run.info.run_id)
        gone = len(client.search_runs([experiment_id]))
        client.restore_run(run.info.run_id)
        try:
            client.get_run("0" * 32)
        except MlflowException as error:
            code = error.error_code
        client.rename_experiment(experiment_id, "Client 2")
        print(json.dumps([
            history, found[0].info.status, found[0].data.metrics, found[0].data.params, found[0].data.tags["t"],
            gone, len(client.search_runs([experiment_id])), code, client.get_experiment(experiment_id).name,
        ]))
        """
    )
    assert answer == [
        [[0, 0.5], [1, 0.25], [2, 0.125]], "FAILED", {"acc": 0.9, "loss": 0.125}, {"p": "1", "q": "x"}, "1",
        0, 1, "RESOURCE_DOES_NOT_EXIST", "Client 2",
    ]  # fmt: skip


def test_artifacts(tutorial, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "states.json").write_text('{"state": "TX"}')
    answer = tutorial(
        """
        import os
        import matplotlib
        matplotlib.use("agg")
        import matplotlib.pyplot as plt

        with mlflow.start_run() as run:
            fig, ax = plt.subplots()
            ax.plot([0, 1], [2, 3])
            mlflow.log_figure(fig, "figures/line.png")
            mlflow.log_text("<h1>hi</h1>", "index.html")
            mlflow.log_dict({"k": "v", "n": [1, 2]}, "dir/data.json")
            mlflow.log_artifact("data/states.json", artifact_path="states")
            mlflow.log_artifacts("data", artifact_path="all")
            mlflow.log_table(data={"input": ["a", "b"], "score": [0.1, 0.2]}, artifact_file="eval.json")
            uri = mlflow.get_artifact_uri("index.html")

        text = mlflow.artifacts.load_text(run.info.artifact_uri + "/index.html")
        data = mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/dir/data.json")
        image = mlflow.artifacts.load_image(run.info.artifact_uri + "/figures/line.png")
        local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="states")
        names = [(f.path, f.is_dir) for f in mlflow.MlflowClient().list_artifacts(run.info.run_id)]
        table = mlflow.load_table("eval.json", run_ids=[run.info.run_id])
        print(json.dumps([text, data, image.size, os.listdir(local), names, table["score"].tolist(), os.path.isabs(uri)]))
        """
    )
    assert answer == [
        "<h1>hi</h1>", {"k": "v", "n": [1, 2]}, [640, 480], ["states.json"],
        [["all", True], ["dir", True], ["eval.json", False], ["figures", True], ["index.html", False], ["states", True]],
        [0.1, 0.2], True,
    ]  # fmt: skip


def test_logging_from_functions_and_without_a_with(tutorial):
    answer = tutorial(
        """
        def train(epochs, rate):
            mlflow.log_param("rate", rate)
            for epoch in range(epochs):
                mlflow.log_metric("loss", 1 / (epoch + 1), step=epoch)
                mlflow.log_metrics({"train/acc": epoch / 10, "val/acc": epoch / 20}, step=epoch)

        mlflow.start_run(run_name="outside")
        train(4, 0.1)
        mlflow.set_tags({"engineering": "ML Platform", "release.version": "2.2.0"})
        active = mlflow.active_run().info.run_name
        mlflow.end_run()
        run = mlflow.last_active_run()
        after = mlflow.active_run()
        history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "val/acc")
        print(json.dumps([active, after, run.data.metrics, [p.value for p in history], run.data.tags["release.version"]]))
        """
    )
    metrics = {"loss": 0.25, "train/acc": 0.3, "val/acc": 0.15}
    assert answer == ["outside", None, metrics, [0.0, 0.05, 0.1, 0.15], "2.2.0"]


def test_logging_with_no_run_starts_one(tutorial):
    tutorial("mlflow.log_param('a', 1)\nmlflow.log_metric('b', 2)")
    (run,) = tracker.search_runs(output_format="list")
    assert (run.data.params, run.data.metrics, run.info.status) == ({"a": "1"}, {"b": 2.0}, "FINISHED")


def test_threads_under_one_parent(tutorial):
    answer = tutorial(
        """
        from concurrent.futures import ThreadPoolExecutor

        with mlflow.start_run(run_name="parent") as parent:
            def child(i):
                with mlflow.start_run(run_name=f"child {i}", nested=True, parent_run_id=parent.info.run_id) as run:
                    mlflow.log_param("i", i)
                return run.info.run_id

            with ThreadPoolExecutor(max_workers=4) as pool:
                ids = list(pool.map(child, range(8)))
                list(pool.map(lambda i: mlflow.log_metric("from_threads", i, step=i), range(8)))

        client = mlflow.MlflowClient()
        print(json.dumps([
            [client.get_run(i).data.params["i"] for i in ids],
            len(mlflow.search_runs()), len(client.get_metric_history(parent.info.run_id, "from_threads")),
            {client.get_parent_run(i).info.run_name for i in ids} == {"parent"},
        ]))
        """
    )
    assert answer == [[str(i) for i in range(8)], 9, 8, True]


def test_two_runs_at_once_under_asyncio(tutorial):
    answer = tutorial(
        """
        import asyncio

        async def train(name, rate):
            with mlflow.start_run(run_name=name) as run:
                mlflow.log_param("rate", rate)
                for step in range(3):
                    await asyncio.sleep(0.001)
                    mlflow.log_metric("loss", rate * step, step=step)
                    assert mlflow.active_run().info.run_name == name
            return run.info.run_id

        async def main():
            return await asyncio.gather(train("a", 1), train("b", 10))

        ids = asyncio.run(main())
        print(json.dumps([[mlflow.get_run(i).data.metrics["loss"], mlflow.get_run(i).info.run_name] for i in ids]))
        """
    )
    assert answer == [[2.0, "a"], [20.0, "b"]]


def test_an_exception_and_a_second_start(tutorial):
    answer = tutorial(
        """
        from tracker.exceptions import MlflowException

        try:
            with mlflow.start_run() as failed:
                mlflow.log_metric("before", 1)
                raise ValueError("bad data")
        except ValueError as error:
            message = str(error)
        mlflow.start_run()
        try:
            mlflow.start_run()
        except Exception as error:
            refused = "already active" in str(error) and isinstance(error, MlflowException)
        mlflow.end_run("KILLED")
        killed = mlflow.last_active_run().info.status
        print(json.dumps([message, mlflow.get_run(failed.info.run_id).info.status, refused, killed]))
        """
    )
    assert answer == ["bad data", "FAILED", True, "KILLED"]


def test_experiments_by_the_fluent_calls(tutorial):
    answer = tutorial(
        """
        from tracker.entities import ViewType

        first = mlflow.create_experiment("a", tags={"context": "x"})
        mlflow.set_experiment("b")
        mlflow.set_experiment_tag("k", "v")
        names = [e.name for e in mlflow.search_experiments(order_by=["name ASC"])]
        some = [e.name for e in mlflow.search_experiments(filter_string="tags.context = 'x'")]
        mlflow.delete_experiment(first)
        gone = mlflow.get_experiment(first).lifecycle_stage
        bin = [e.name for e in mlflow.search_experiments(view_type=ViewType.DELETED_ONLY)]
        try:
            mlflow.create_experiment("b")
        except mlflow.exceptions.MlflowException as error:
            code = error.error_code
        print(json.dumps([names, some, gone, bin, mlflow.get_experiment_by_name("b").tags, code]))
        """
    )
    assert answer == [["Default", "a", "b"], ["a"], "deleted", ["a"], {"k": "v"}, "RESOURCE_ALREADY_EXISTS"]
