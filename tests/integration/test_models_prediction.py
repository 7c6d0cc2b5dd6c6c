"""`tracker.models.predict`: from payloads and files, and what an environment of the model's own is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from models_place import iris, own_key  # noqa: F401

pytest.importorskip("sklearn")
pytest.importorskip("skops")

from sklearn.linear_model import LogisticRegression

import tracker.sklearn
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.models import convert_input_example_to_serving_input, predict, validate_serving_input
from tracker.models.loading import open_model
from tracker.models.prediction import needed

X, Y = iris()
MODEL = LogisticRegression(max_iter=500).fit(X, Y)
EXPECTED = MODEL.predict(X.head(3)).tolist()


@pytest.fixture
def saved() -> str:
    tracker.sklearn.save_model(MODEL, "model", input_example=X.head(2))
    return "model"


def test_every_form_of_input(saved: str) -> None:
    Path("rows.csv").write_text(X.head(3).to_csv(index=False))
    request = convert_input_example_to_serving_input(X.head(3))
    assert request is not None
    for answer in (
        predict(saved, X.head(3)),
        predict(saved, request),
        predict(saved, json.loads(request)),
        predict(saved, input_path="rows.csv", content_type="csv"),
        predict(saved, X.head(3).to_csv(index=False), content_type="csv", output_path="answer.json"),
    ):
        assert answer == {"predictions": EXPECTED}
    assert json.loads(Path("answer.json").read_text()) == {"predictions": EXPECTED}
    assert validate_serving_input(saved, request).tolist() == EXPECTED


def test_bad_input(saved: str) -> None:
    for options, error in (
        ({"input_data": X, "input_path": "x"}, InvalidValue),
        ({}, InvalidValue),
        ({"input_path": "nowhere.json"}, NotFound),
        ({"input_data": X, "env_manager": "conda"}, InvalidValue),
        ({"input_data": X, "content_type": "xml"}, InvalidValue),
        ({"input_data": '{"rows": []}'}, InvalidValue),
        ({"input_data": X.drop(columns="a")}, InvalidValue),
    ):
        with pytest.raises(error):
            predict(saved, **options)


def test_examples_are_mlflows_requests() -> None:
    frame = pd.DataFrame({"when": pd.to_datetime(["2024-01-01"]), "raw": [b"\x00"], "x": [None]})
    told = json.loads(convert_input_example_to_serving_input(frame) or "")
    assert told == {
        "dataframe_split": {"columns": ["when", "raw", "x"], "data": [["2024-01-01T00:00:00", "AA==\n", None]]}
    }
    assert json.loads(convert_input_example_to_serving_input(([1, 2], {"k": 1})) or "") == {
        "inputs": [1, 2],
        "params": {"k": 1},
    }
    assert convert_input_example_to_serving_input(None) is None


# -- an environment of its own


def test_what_is_installed_for_a_model(saved: str) -> None:
    told = needed(open_model(saved), ["scikit-learn==1.0"])
    assert "scikit-learn==1.0" in told and not any(line.startswith(("mlflow", "scikit-learn==1.1")) for line in told)
    Path("model/requirements.txt").write_text("--index-url http://elsewhere\nnumpy")
    with pytest.raises(InvalidValue, match="options of pip"):
        needed(open_model(saved), [])


def test_predicting_needs_little_of_what_tracker_needs(saved: str, python: Callable[..., Any]) -> None:
    script = """
import sys
from tracker.models import prediction
from tracker.models.requirements import distribution_of
import tracker.pyfunc
tracker.pyfunc.load_model("model")
held = {distribution_of(name) for name in list(sys.modules) if "." not in name and not name.startswith("_")} - {None}
missing = {"duckdb", "plotly", "anywidget", "ipywidgets"} & held
assert not missing, missing
own = {name.lower() for name in held} & {"orjson", "pandas", "pyyaml", "xxhash"}
assert own <= set(prediction._OWN_NEEDS), own
"""
    python(script)


def test_an_environment_that_cannot_be_made_says_so(saved: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InvalidState, match="pip install uv"):
        predict(saved, X.head(1), env_manager="uv")
