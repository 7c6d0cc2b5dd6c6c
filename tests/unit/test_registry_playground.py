"""The playground: a form's texts become what the model takes; answers are shown, kept and saved."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

import tracker
from tracker.exceptions import InvalidValue, TrackerError
from tracker.models import infer_signature
from tracker.notebook.bundle import MIME
from tracker.notebook.playground_view import Playground

pytest.importorskip("cloudpickle")

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def play() -> Playground:
    import tracker.pyfunc

    class Priced(tracker.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            if (model_input["rooms"] == 13).any():
                raise RuntimeError("no thirteenth room")
            return model_input["rooms"] * model_input["price"] * (params or {}).get("times", 1)

    example = pd.DataFrame({"rooms": [2], "price": [1.5], "street": [HOSTILE], "new": [True]})
    with tracker.start_run():
        info = tracker.pyfunc.log_model(
            name="model", python_model=Priced(), input_example=example,
            signature=infer_signature(example, [3.0], {"times": 1}),
        )  # fmt: skip
    return tracker.playground(info)


def asked(play: Playground, **row: str) -> Any:
    return play.answers({"do": "predict", "rows": [{"rooms": "2", "price": "1.5", "street": "", "new": "true"} | row]})[
        0
    ]


def test_the_form_is_made_of_signature_and_example(play: Playground) -> None:
    assert [(one["name"], one["type"]) for one in play.columns] == [
        ("rooms", "long"), ("price", "double"), ("street", "string"), ("new", "boolean"),
    ]  # fmt: skip
    assert play.rows == [{"rooms": "2", "price": "1.5", "street": HOSTILE, "new": "True"}]


def test_predict_by_the_page_and_by_python(play: Playground) -> None:
    question = {"do": "predict", "rows": play.rows * 2, "params": {"times": "10", "else": "1"}}
    assert play.answers(question)[0] == {"outputs": ["prediction"], "predicted": [["30.0"], ["30.0"]]}
    table = play.predict([{"rooms": 3, "price": 2.0, "street": "x", "new": False}])
    assert table["prediction"].tolist() == [6.0]
    assert play.predictions is table


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"rooms": "many"}, "Row 1, column 'rooms' is of type long; got 'many'"),
        ({"rooms": "1.5"}, "'rooms'"),
        ({"rooms": ""}, "nothing in the column 'rooms'"),
        ({"new": "perhaps"}, "'new' is of type boolean"),
        ({"rooms": "13", "street": "x"}, "RuntimeError: no thirteenth room"),
    ],
)  # fmt: skip
def test_a_mistake_names_row_and_column(play: Playground, row: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        asked(play, **({"street": "x"} | row))


@pytest.mark.parametrize("question", [None, {}, {"do": "x"}, {"do": "predict"}, {"do": "predict", "rows": []}, {"do": "predict", "rows": [1]},
                                      {"do": "predict", "rows": [{}] * 1000}, {"do": "keep"}])  # fmt: skip
def test_a_page_cannot_ask_for_anything_else(play: Playground, question: Any) -> None:
    with pytest.raises(TrackerError):
        play.answers(question)


def test_predictions_are_kept_with_the_models_run(play: Playground) -> None:
    for rooms in ("2", "4"):
        asked(play, rooms=rooms, street="x")
        said = play.answers({"do": "keep"})[0]["said"]
    assert "playground.json" in said
    assert tracker.load_table("playground.json")["prediction"].tolist() == [3.0, 6.0]


def test_what_is_saved_is_escaped(play: Playground) -> None:
    play.predict(play.rows)
    saved = play._saved()
    assert "<img" not in saved["text/html"]
    assert "&lt;img" in saved["text/html"]
    assert saved[MIME]["form"]["predicted"] == [["3.0"]]
    assert json.dumps(saved)


def test_a_model_without_columns_is_told(tmp_path: Any) -> None:
    import tracker.pyfunc

    tracker.pyfunc.save_model(tmp_path / "plain", python_model=lambda model_input: model_input)
    with pytest.raises(InvalidValue, match="named columns"):
        tracker.playground(tmp_path / "plain")
