"""MLflow's models here, ours there: fixtures that MLflow wrote, and MLflow itself where TRACKER_MLFLOW_PYTHON names one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from models_place import iris, own_key  # noqa: F401

pytest.importorskip("sklearn")
pytest.importorskip("skops")

import tracker
import tracker.pyfunc
import tracker.sklearn
from tracker.exceptions import UntrustedModel
from tracker.models import ModelSignature, get_model_info

THEIRS = Path(__file__).parent / "models_by_mlflow"
EXPECTED = json.loads((THEIRS / "expected.json").read_text())
ROWS = pd.DataFrame(EXPECTED["input"], columns=["a", "b", "c", "d"])

pytestmark = pytest.mark.filterwarnings("ignore:The model in .* was saved with")


@pytest.fixture(scope="session")
def mlflow_python() -> str:
    """An interpreter with MLflow 3; read before the tests' own environment hides it."""
    if not _MLFLOW:
        pytest.skip("TRACKER_MLFLOW_PYTHON names no interpreter with MLflow")
    return _MLFLOW


_MLFLOW = os.environ.get("TRACKER_MLFLOW_PYTHON", "")


def test_a_skops_model_of_theirs() -> None:
    assert tracker.pyfunc.load_model(THEIRS / "skops").predict(ROWS).tolist() == EXPECTED["predictions"]
    assert tracker.sklearn.load_model(THEIRS / "skops").predict(ROWS).tolist() == EXPECTED["predictions"]
    info = get_model_info(THEIRS / "skops")
    assert isinstance(info.signature, ModelSignature) and info.mlflow_version.startswith("3.")
    example = tracker.models.Model.load(THEIRS / "skops").load_input_example(THEIRS / "skops")
    assert list(example.columns) == ["a", "b", "c", "d"]


def test_a_pickle_of_theirs_is_refused_and_can_be_trusted() -> None:
    with pytest.raises(UntrustedModel, match="trust=True"):
        tracker.pyfunc.load_model(THEIRS / "pickle")
    trusted = tracker.pyfunc.load_model(THEIRS / "pickle", trust=True)
    assert trusted.predict(ROWS).tolist() == EXPECTED["predictions"]


def test_a_script_of_theirs() -> None:
    with pytest.raises(UntrustedModel):
        tracker.pyfunc.load_model(THEIRS / "script")
    model = tracker.pyfunc.load_model(THEIRS / "script", trust=True)
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    assert model.predict(frame, {"by": 5})["x"].tolist() == [5.0, 10.0]
    assert model.predict(frame)["x"].tolist() == [3.0, 6.0]


def test_what_we_write_has_their_fields(tmp_path: Path) -> None:
    import yaml
    from sklearn.linear_model import LogisticRegression

    features, classes = iris()
    tracker.sklearn.save_model(
        LogisticRegression(max_iter=300).fit(features, classes), "ours", input_example=features.head(3)
    )
    ours, theirs = (
        yaml.safe_load((folder / "MLmodel").read_text()) for folder in (tmp_path / "ours", THEIRS / "skops")
    )
    for told in (ours, theirs):
        for gone in ("model_uuid", "utc_time_created", "model_size_bytes"):
            del told[gone]
    for name, value in ours.items():
        if name == "signature":
            assert {k: json.loads(v or "null") for k, v in value.items()} == {
                k: json.loads(v or "null") for k, v in theirs[name].items()
            }
        elif name not in ("flavors", "mlflow_version"):
            assert value == theirs[name], name
    for flavor in ("python_function", "sklearn"):
        assert set(ours["flavors"][flavor]) >= set(theirs["flavors"][flavor]) - {"code"}
    for file in ("input_example.json", "serving_input_example.json"):
        assert json.loads((tmp_path / "ours" / file).read_text()) == json.loads((THEIRS / "skops" / file).read_text())


_THERE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, numpy as np, pandas as pd
rows = pd.read_csv("rows.csv")
for name in sys.argv[1:]:
    model = mlflow.pyfunc.load_model(name)
    np.testing.assert_allclose(np.asarray(model.predict(rows)).ravel(), np.load(name + ".npy").ravel())
    assert mlflow.models.get_model_info(name).signature is not None
print("same")
"""


def test_ours_in_mlflow(mlflow_python: str, tmp_path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    features, classes = iris()
    features.to_csv("rows.csv", index=False)
    models = {
        "plain": LogisticRegression(max_iter=300),
        "forest": RandomForestClassifier(3),
        "pickled": LogisticRegression(max_iter=300),
    }
    for name, model in models.items():
        form = "cloudpickle" if name == "pickled" else None
        model.fit(features, classes)
        tracker.sklearn.save_model(model, name, serialization_format=form, input_example=features.head(2))
        np.save(f"{name}.npy", model.predict(features))

    class Sums(tracker.pyfunc.PythonModel):
        def predict(self, context: object, model_input: pd.DataFrame) -> pd.Series:
            return model_input.sum(axis=1)

    tracker.pyfunc.save_model("sums", python_model=Sums(), input_example=features.head(2))
    np.save("sums.npy", features.sum(axis=1))
    done = subprocess.run(
        [mlflow_python, "-c", _THERE, *models, "sums"], cwd=tmp_path, capture_output=True, text=True, timeout=200,
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"},
    )  # fmt: skip
    assert done.stdout.strip().endswith("same"), done.stderr[-2000:]
