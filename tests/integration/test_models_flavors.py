"""Logging and loading by each flavor, from every kind of URI, and what stands on the run."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from models_place import iris, own_key  # noqa: F401

pytest.importorskip("sklearn")
pytest.importorskip("skops")

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import tracker
import tracker.models
import tracker.pyfunc
import tracker.sklearn
from tracker.exceptions import InvalidValue, NotFound
from tracker.models import get_model_info, infer_signature

X, Y = iris()
MODEL = LogisticRegression(max_iter=500).fit(X, Y)
EXPECTED = MODEL.predict(X)


def test_every_uri_finds_it() -> None:
    with tracker.start_run() as run:
        info = tracker.sklearn.log_model(MODEL, name="a model/of iris", input_example=X.head(2))
    folder = Path(run.info.artifact_uri, "a model/of iris")
    for uri in (
        info.model_uri,
        f"runs:/{run.info.run_id}/a model/of iris",
        f"runs:/{run.info.run_id}/a%20model/of%20iris",
        str(folder),
        folder,
        folder.resolve().as_uri(),
    ):
        assert (tracker.pyfunc.load_model(uri).predict(X) == EXPECTED).all()
    assert (tracker.sklearn.load_model(info.model_uri).predict_proba(X) == MODEL.predict_proba(X)).all()
    copy = tracker.pyfunc.load_model(info.model_uri, dst_path="copies")
    assert (copy.predict(X) == EXPECTED).all() and Path("copies").is_dir()


def test_registered_names_find_it() -> None:
    with tracker.start_run():
        info = tracker.sklearn.log_model(MODEL, name="model", registered_model_name="iris")
    assert info.registered_model_version == 1
    client = tracker.MlflowClient()
    client.set_registered_model_alias("iris", "best", 1)
    client.transition_model_version_stage("iris", 1, "Production")
    for uri in ("models:/iris/1", "models:/iris@best", "models:/iris/Production", "models:/iris/latest"):
        assert (tracker.pyfunc.load_model(uri).predict(X) == EXPECTED).all()


def test_a_model_logged_again_keeps_the_earlier_ones() -> None:
    other = LogisticRegression(max_iter=500, C=0.001).fit(X, Y)
    with tracker.start_run() as run:
        first = tracker.sklearn.log_model(MODEL, name="model")
        second = tracker.sklearn.log_model(other, name="model")
    assert (tracker.pyfunc.load_model(first.model_uri).predict(X) == EXPECTED).all()
    for uri in (second.model_uri, f"runs:/{run.info.run_id}/model"):
        assert (tracker.pyfunc.load_model(uri).predict(X) == other.predict(X)).all()
    history = json.loads(tracker.get_run(run.info.run_id).data.tags["mlflow.log-model.history"])
    assert [one["model_uuid"] for one in history] == [first.model_id, second.model_id]


def test_what_stands_on_the_run() -> None:
    info = tracker.sklearn.log_model(
        MODEL, name="model", input_example=(X.head(2)), metadata={"by": "me"}, params={"C": 1.0}
    )
    run = tracker.active_run()
    assert run is not None and info.run_id == run.info.run_id
    tracker.end_run()
    names = {Path(one.path).name for one in tracker.artifacts.list_artifacts(run_id=info.run_id, artifact_path="model")}
    assert names == {
        "MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "model.skops", "input_example.json",
        "serving_input_example.json",
    }  # fmt: skip
    assert tracker.get_run(info.run_id).data.params == {"C": "1.0"}
    held = tracker.sql("SELECT count(*) AS n FROM artifacts WHERE path LIKE 'model/%'")
    assert held["n"][0] == len(names)
    told = get_model_info(info.model_uri)
    assert told.metadata == {"by": "me"} and told.signature == infer_signature(X, pd.Series(EXPECTED))
    assert set(told.flavors) == {"python_function", "sklearn"}


def test_requirements_are_found_and_pinned() -> None:
    import sklearn

    tracker.sklearn.save_model(MODEL, "plain", signature=infer_signature(X))
    lines = Path("plain/requirements.txt").read_text().splitlines()
    assert f"scikit-learn=={sklearn.__version__}" in lines and f"pandas=={pd.__version__}" in lines
    assert any(line.startswith("skops==") for line in lines) and not any("cloudpickle" in line for line in lines)
    Path("own.txt").write_text("scikit-learn>=1  # as told\n-c limits.txt\n")
    Path("limits.txt").write_text("numpy<99\n")
    tracker.sklearn.save_model(MODEL, "told", pip_requirements="own.txt", extra_pip_requirements=["requests"])
    assert Path("told/requirements.txt").read_text().splitlines() == [
        "mlflow>=3", "scikit-learn>=1", "requests", "-c constraints.txt",
    ]  # fmt: skip
    assert Path("told/constraints.txt").read_text() == "numpy<99"
    tracker.sklearn.save_model(MODEL, "conda", conda_env={"dependencies": ["python=3.11", {"pip": ["scikit-learn"]}]})
    assert Path("conda/requirements.txt").read_text() == "scikit-learn"
    with pytest.raises(InvalidValue):
        tracker.sklearn.save_model(MODEL, "both", conda_env={}, pip_requirements=[])


@pytest.mark.parametrize(
    "options, error",
    [
        ({"name": "../out"}, InvalidValue),
        ({"name": "/abs"}, InvalidValue),
        ({"name": "a//b"}, InvalidValue),
        ({"name": "a", "artifact_path": "b"}, InvalidValue),
        ({"signature": "a: long"}, InvalidValue),
        ({"serialization_format": "joblib"}, InvalidValue),
        ({"code_paths": ["nowhere.py"]}, InvalidValue),
        ({"colour": "red"}, TypeError),
        ({"input_example": object()}, InvalidValue),
    ],
)
def test_bad_options_leave_nothing(options: dict[str, Any], error: type[Exception]) -> None:
    with tracker.start_run() as run, pytest.raises(error):
        tracker.sklearn.log_model(MODEL, **options)
    root = Path(run.info.artifact_uri)
    assert not root.exists() or not list(root.iterdir())


def test_save_model_refuses_a_full_folder() -> None:
    Path("full").mkdir()
    Path("full/file").touch()
    with pytest.raises(InvalidValue, match="not empty"):
        tracker.sklearn.save_model(MODEL, "full")


def test_a_model_from_the_notebook_is_pickled_and_loads() -> None:
    model = make_pipeline(FunctionTransformer(lambda frame: frame * 2), LogisticRegression(max_iter=500)).fit(X, Y)
    with tracker.start_run():
        info = tracker.sklearn.log_model(model, name="model")
    assert info.flavors["sklearn"]["serialization_format"] == "cloudpickle"
    assert (tracker.sklearn.load_model(info.model_uri).predict(X) == model.predict(X)).all()


def test_predict_proba_as_pyfunc() -> None:
    tracker.sklearn.save_model(MODEL, "proba", pyfunc_predict_fn="predict_proba")
    assert (tracker.pyfunc.load_model("proba").predict(X) == MODEL.predict_proba(X)).all()


# -- plain Python


class Scales(tracker.pyfunc.PythonModel):
    def load_context(self, context: Any) -> None:
        self.by = float(Path(context.artifacts["factor"]).read_text())

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        return model_input * self.by + (params or {}).get("plus", 0)


def test_a_class_with_artifacts_and_params() -> None:
    Path("factor.txt").write_text("3")
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    with tracker.start_run():
        info = tracker.pyfunc.log_model(
            name="scales",
            python_model=Scales(),
            artifacts={"factor": "factor.txt"},
            input_example=(frame, {"plus": 1.0}),
        )
    Path("factor.txt").unlink()
    model = tracker.pyfunc.load_model(info.model_uri)
    assert model.predict(frame)["x"].tolist() == [4.0, 7.0]
    assert model.predict(frame, {"plus": 0})["x"].tolist() == [3.0, 6.0]
    with pytest.raises(InvalidValue, match="'x'"):
        model.predict(pd.DataFrame({"x": ["a"]}))
    assert isinstance(model.unwrap_python_model(), object)


def test_a_function_with_type_hints_has_a_signature() -> None:
    def shout(model_input: list[str]) -> list[str]:
        return [one.upper() for one in model_input]

    info = tracker.pyfunc.log_model(name="shout", python_model=shout)
    tracker.end_run()
    assert repr(info.signature.inputs) == "[string (required)]"
    assert tracker.pyfunc.load_model(info.model_uri).predict(["a"]) == ["A"]


def test_a_script_written_for_mlflow() -> None:
    Path("halves.py").write_text(
        "import mlflow\n\nby = mlflow.models.ModelConfig().get('by')\n\nclass Halves(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input):\n        return model_input / by\n\n"
        "mlflow.models.set_model(Halves())\n"
    )
    tracker.pyfunc.save_model("halves", python_model="halves.py", model_config={"by": 2})
    assert tracker.pyfunc.load_model("halves").predict(pd.DataFrame({"x": [4.0]}))["x"][0] == 2.0
    assert (
        tracker.pyfunc.load_model("halves", model_config={"by": 4}).predict(pd.DataFrame({"x": [4.0]}))["x"][0] == 1.0
    )


def test_a_loader_module_and_its_code() -> None:
    Path("my_loader.py").write_text(
        "class Largest:\n    def predict(self, data):\n        return data.max(axis=1)\n\n"
        "def _load_pyfunc(path):\n    return Largest()\n"
    )
    tracker.pyfunc.save_model("largest", loader_module="my_loader", code_paths=["my_loader.py"])
    Path("my_loader.py").unlink()
    assert tracker.pyfunc.load_model("largest").predict(X).tolist() == X.max(axis=1).tolist()


def test_what_is_no_model() -> None:
    for options in ({}, {"python_model": 3}, {"python_model": Scales}, {"python_model": "none.py"}):
        with pytest.raises(InvalidValue):
            tracker.pyfunc.save_model("none", **options)
        assert not Path("none").exists()


# -- other libraries


def _round_trip(flavor: Any, model: Any, expected: Any, data: Any, **options: Any) -> Any:
    with tracker.start_run():
        info = flavor.log_model(model, name="model", **options)
    predicted = np.asarray(tracker.pyfunc.load_model(info.model_uri).predict(data))
    np.testing.assert_allclose(predicted.reshape(np.shape(expected)), expected, rtol=1e-5)
    return flavor.load_model(info.model_uri)


@pytest.mark.libraries
def test_xgboost() -> None:
    xgboost = pytest.importorskip("xgboost")
    import tracker.xgboost as flavor

    booster = xgboost.train({"objective": "multi:softprob", "num_class": 3}, xgboost.DMatrix(X, Y), 3)
    _round_trip(flavor, booster, booster.predict(xgboost.DMatrix(X)), X, input_example=X.head(2))
    model = xgboost.XGBClassifier(n_estimators=3).fit(X, Y)
    assert isinstance(_round_trip(flavor, model, model.predict(X), X, model_format="json"), xgboost.XGBClassifier)


@pytest.mark.libraries
def test_lightgbm() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    import tracker.lightgbm as flavor

    model = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, Y)
    assert isinstance(_round_trip(flavor, model, model.predict(X), X), lightgbm.LGBMClassifier)
    _round_trip(flavor, model.booster_, model.booster_.predict(X), X, input_example=X.head(2))


@pytest.mark.libraries
def test_statsmodels() -> None:
    pytest.importorskip("statsmodels")
    import statsmodels.api as sm

    import tracker.statsmodels as flavor

    results = sm.OLS(Y, X).fit()
    _round_trip(flavor, results, results.predict(X), X, input_example=X.head(2))


@pytest.mark.libraries
def test_onnx() -> None:
    pytest.importorskip("onnxruntime")
    skl2onnx = pytest.importorskip("skl2onnx")
    import tracker.onnx as flavor

    graph = skl2onnx.to_onnx(MODEL, X.to_numpy("float32")[:1], options={"zipmap": False})
    with tracker.start_run():
        info = flavor.log_model(graph, name="model", input_example=X.head(2))
    assert tracker.pyfunc.load_model(info.model_uri).predict(X)["label"].tolist() == EXPECTED.tolist()
    assert flavor.load_model(info.model_uri) == graph


@pytest.mark.libraries
def test_pytorch() -> None:
    torch = pytest.importorskip("torch")
    import tracker.pytorch as flavor

    rows = X.to_numpy("float32")
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)).eval()
    expected = model(torch.tensor(rows)).detach().numpy()
    _round_trip(flavor, model, expected, rows, input_example=rows[:3])
    _round_trip(flavor, model, expected, rows)
    with tracker.start_run() as run:
        flavor.log_state_dict(model.state_dict(), "weights")
    held = flavor.load_state_dict(f"runs:/{run.info.run_id}/weights")
    assert set(held) == set(model.state_dict())


@pytest.mark.libraries
def test_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    import tracker.keras as flavor

    rows = X.to_numpy("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    _round_trip(flavor, model, model.predict(rows, verbose=0), rows, input_example=rows[:2])


def test_another_flavor_is_named() -> None:
    tracker.sklearn.save_model(MODEL, "plain")
    with pytest.raises(NotFound, match="python_function, sklearn"):
        importlib.import_module("tracker.xgboost").load_model("plain")
