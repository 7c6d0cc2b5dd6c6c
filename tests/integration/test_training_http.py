"""The trainer over HTTP: a grid search started, followed and stopped, its best model deployed and asked, by token only."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from disks import wait_for
from servers import Page, page_server

pytest.importorskip("jupyter_server")
pytest.importorskip("joblib")
pytest.importorskip("sklearn")
pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    from sklearn.datasets import load_iris

    folder = tmp_path_factory.mktemp("training")
    X, y = load_iris(return_X_y=True, as_frame=True)
    X.assign(kind=y).iloc[::3].to_csv(folder / "iris.csv", index=False)
    with page_server(folder / ".tracker", tmp_path_factory.mktemp("home")) as server:
        yield server


def said(page: Page, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    reply = page.send(method, f"tracker/{path}", body, Authorization=f"token {page.token}")
    return reply.status, json.loads(reply.body)


ASKED = {"estimator": "LogisticRegression", "grid": {"C": [0.01, 1.0]}, "data": "iris.csv", "target": "kind", "cv": 3}


def test_train_follow_deploy_ask(page: Page) -> None:
    status, told = said(page, "POST", "track-experiment", ASKED)
    assert status == 200 and told["status"] == "RUNNING" and told["total"] == 2, told
    state = f"track-experiment?run_id={told['run_id']}"
    wait_for(lambda: said(page, "GET", state)[1]["status"] != "RUNNING", 120)
    ended = said(page, "GET", state)[1]
    assert (ended["status"], ended["finished"], ended["scoring"]) == ("FINISHED", 2, "accuracy"), ended
    assert ended["best"]["values"] == {"C": 1.0} and ended["best"]["score"] > 0.9
    status, served = said(page, "POST", "deploy-model", {"run_id": told["run_id"]})
    assert status == 200, served
    assert said(page, "POST", "deploy-model", {"model_uri": ended["model_uri"]})[1] == served
    rows = [{"sepal length (cm)": 5.1, "sepal width (cm)": 3.5, "petal length (cm)": 1.4, "petal width (cm)": 0.2}]
    request = urllib.request.Request(
        served["url"], json.dumps({"dataframe_records": rows}).encode(), {"Content-Type": "application/json"}
    )
    opened = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request)
    assert json.load(opened)["predictions"] == [0]


@pytest.mark.parametrize("path", ["track-experiment", "deploy-model"])
def test_nobody_trains_without_the_token(page: Page, path: str) -> None:
    assert page.send("POST", f"tracker/{path}", ASKED).status == 403


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ([1], 400, "is asked for as"),
        ({**ASKED, "shell": "rm"}, 400, "knows no 'shell'"),
        ({**ASKED, "data": "../secret.csv"}, 400, "secret.csv"),
        ({**ASKED, "target": 3}, 400, "needs 'target', a text"),
    ],
)
def test_a_mistake_is_a_sentence(page: Page, asked: Any, status: int, word: str) -> None:
    answered, told = said(page, "POST", "track-experiment", asked)
    assert answered == status and word in told["error"], told


def test_what_was_never_started_is_not_found(page: Page) -> None:
    assert said(page, "GET", "track-experiment?run_id=x")[0] == 404
    assert "models:/" in said(page, "POST", "deploy-model", {"model_uri": "file:///etc"})[1]["error"]
    assert said(page, "POST", "deploy-model", {"run_id": "x"})[0] == 404
