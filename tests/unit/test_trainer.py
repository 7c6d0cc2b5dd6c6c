"""What the trainer takes, and what it refuses in one sentence."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tracker
from tracker.exceptions import InvalidState, InvalidValue, TrackerError
from tracker.notebook.bundle import MIME

pytest.importorskip("sklearn")

X = pd.DataFrame({"a": np.arange(12.0), "<b>": np.arange(12) % 3})
Y = pd.Series([0, 1] * 6, name="kind")


@pytest.mark.parametrize(
    ("features", "target", "word"),
    [
        (None, Y, "one of them is missing"), (X, Y[:3], "12 rows of 2 columns, y has 3"), (X, "c", "no column 'c'"),
        (X, [None] * 12, "misses 12"), (pd.concat([X, X], axis=1), Y, "same name"), (X[[]], Y, "0 columns"),
    ],
)  # fmt: skip
def test_data_that_does_not_fit(features: Any, target: Any, word: str) -> None:
    with pytest.raises(InvalidValue, match=word):
        tracker.trainer(features, target)


def test_the_kind_of_target_chooses_what_to_begin_with() -> None:
    begun = {
        "LogisticRegression": [Y, list("ab") * 6, Y.astype(bool), Y.to_numpy().reshape(-1, 1)],
        "LinearRegression": [X["a"] / 7, np.linspace(0, 1, 12)],
    }
    for name, targets in begun.items():
        for target in targets:
            assert f"<b>{name}</b>" in tracker.trainer(X, target)._saved()["text/html"]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"estimator": "Logistic"}, "Did you mean LogisticRegression"),
        ({"estimator": "os.system"}, "no classifier or regressor 'os.system'"),
        ({"grid": [{"name": "c", "values": "1"}]}, "no parameter 'c'; it has: C,"),
        ({"grid": []}, "A grid is a dict"), ({"grid": [{"name": "C", "values": ""}]}, "no value to try"),
        ({"scoring": "luck"}, "no scoring 'luck'"), ({"cv": 1}, "2 to the 12 rows"), ({"cv": "x"}, "not understood"),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_is_told(asked: dict[str, Any], word: str) -> None:
    panel = tracker.trainer(X, Y)
    form = {
        "estimator": "LogisticRegression",
        "grid": [{"name": "C", "values": "1, 2"}],
        "scoring": "accuracy",
        "cv": 2,
    }
    with pytest.raises(InvalidValue, match=word):
        panel.answers({"do": "train", **form, **asked})
    assert panel.training is None


def test_nothing_is_served_or_asked_before_a_training() -> None:
    panel = tracker.trainer(X, Y)
    for step in (panel.deploy, lambda: panel.predict([{"a": 1}]), panel.keep):
        with pytest.raises(InvalidState, match="no trained model yet"):
            step()
    for question in (None, {}, {"do": "x"}, {"do": "predict", "rows": []}, {"do": "estimator"}):
        with pytest.raises(TrackerError):
            panel.answers(question)


def test_what_is_saved_is_escaped_and_small() -> None:
    saved = tracker.trainer(X.rename(columns={"a": "<script>"}), Y.rename("<img src=x>"))._saved()
    assert "<img" not in saved["text/html"] and "<script" not in saved["text/html"]
    assert len(json.dumps(saved)) < 30_000 and saved[MIME]["view"] == "trainer"


def test_the_form_of_another_estimator() -> None:
    told = tracker.trainer(X, Y).answers({"do": "estimator", "name": "SVC"})[0]
    assert {"name": "kernel", "values": "rbf, linear"} in told["grid"]
    assert "gamma" in [one["name"] for one in told["parameters"]]
