"""The registry as it is shown: what the page reads, what it may change, and what stays in a saved notebook."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

import tracker
from tracker import MlflowClient
from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.notebook.bundle import LIMIT, MIME
from tracker.notebook.registry_view import RegistryView

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def view() -> RegistryView:
    client = MlflowClient()
    for accuracy in (0.8, 0.9):
        with tracker.start_run(run_name=f"run {accuracy}"):
            tracker.log_metric("accuracy", accuracy)
            tracker.log_text("flavors: {}\n", "model/MLmodel")
            tracker.register_model(tracker.get_artifact_uri("model"), "iris")
    client.set_registered_model_alias("iris", "champion", 1)
    client.update_registered_model("iris", HOSTILE)
    return tracker.registry()


def stages() -> dict[int, str]:
    return {one.version: one.current_stage for one in MlflowClient().search_model_versions()}


def test_versions_stand_beside_the_metrics_of_their_runs(view: RegistryView) -> None:
    table = view.versions
    assert table["metrics.accuracy"].tolist() == [0.9, 0.8]
    assert table["aliases"].tolist() == [[], ["champion"]]
    assert tracker.registry("iris").versions.equals(table)
    assert tracker.registry(where="name = 'other'").versions.empty
    with pytest.raises(NotFound):
        tracker.registry("other")


def test_a_change_in_the_page_and_its_undo(view: RegistryView) -> None:
    change = {
        "do": "set",
        "name": "iris",
        "stages": {"1": "Archived", "2": "production"},
        "aliases": {"champion": 2, "new": 1},
    }
    answer, _ = view.answers(change)
    assert stages() == {1: "Archived", 2: "Production"}
    assert MlflowClient().get_registered_model("iris").aliases == {"champion": 2, "new": 1}
    assert [one["stage"] for one in answer["models"][0]["versions"]] == ["Production", "Archived"]
    answer, _ = view.answers(json.loads(json.dumps(answer["undo"])))
    assert stages() == {1: "None", 2: "None"}
    assert MlflowClient().get_registered_model("iris").aliases == {"champion": 1}
    assert answer["models"] == view.answers({"do": "refresh"})[0]["models"]


@pytest.mark.parametrize(
    "question",
    [
        None, {}, {"do": "drop"}, {"do": "set"}, {"do": "set", "name": "other", "stages": {}},
        {"do": "set", "name": "iris", "stages": {"1": "Shipped"}}, {"do": "set", "name": "iris", "stages": {"9": "Staging"}},
        {"do": "set", "name": "iris", "stages": ["1"]}, {"do": "set", "name": "iris", "aliases": {"latest": 1}},
        {"do": "set", "name": "iris", "stages": {"1": "Staging"}, "aliases": {"a b": 1}},
    ],
)  # fmt: skip
def test_a_page_cannot_ask_for_anything_else(view: RegistryView, question: Any) -> None:
    with pytest.raises(TrackerError):
        view.answers(question)
    assert stages() == {1: "None", 2: "None"}


def test_the_code_that_loads_a_version_is_a_text_of_python(view: RegistryView) -> None:
    MlflowClient().rename_registered_model("iris", 'it\'s "mine"')
    codes = [one["code"] for one in view.answers({"do": "refresh"})[0]["models"][0]["versions"]]
    names: list[Any] = []
    for code in codes:
        compile(code, "code", "exec")
        names.append(code.rpartition("(")[2].rstrip(")"))
    assert [eval(name) for name in names] == ['models:/it\'s "mine"/2', 'models:/it\'s "mine"@champion']


def test_what_is_saved_is_escaped_and_small(view: RegistryView) -> None:
    client = MlflowClient()
    for number in range(200):
        client.create_registered_model(f"model {number}", {"tag": HOSTILE}, HOSTILE * 10)
        client.create_model_version(f"model {number}", "somewhere", "no such run")
    saved = tracker.registry()._saved()
    assert len(orjson.dumps(saved)) <= LIMIT
    assert saved[MIME]["view"] == "registry"
    assert "<img" not in saved["text/html"]
    assert "&lt;img" in saved["text/html"]
    assert "more models" in saved["text/html"]
    assert "champion" in saved["text/plain"]


def test_an_empty_registry_says_what_to_do() -> None:
    assert "register_model" in tracker.registry()._saved()["text/html"]
    with pytest.raises(InvalidValue):
        tracker.registry(where="nme = 'x'")
