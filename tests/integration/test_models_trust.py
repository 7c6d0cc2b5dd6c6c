"""A model that would run code is loaded where this user wrote it, and nowhere else; damaged models say what is wrong."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from models_place import iris, own_key  # noqa: F401

pytest.importorskip("sklearn")
pytest.importorskip("skops")

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

import tracker
import tracker.artifacts
import tracker.models
import tracker.pyfunc
import tracker.sklearn
from tracker.exceptions import InvalidValue, NotFound, TrackerError, UntrustedModel
from tracker.models import get_model_info

X, Y = iris()


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("exploded"),))


def _bomb(folder: str = "bomb", flavor: str = "sklearn") -> Path:
    model = LogisticRegression(max_iter=500).fit(X, Y)
    tracker.sklearn.save_model(model, folder, serialization_format="pickle", input_example=X.head(2))
    Path(folder, "model.pkl").write_bytes(pickle.dumps(Bomb()))
    return Path(folder)


def test_a_hostile_pickle_is_never_opened() -> None:
    folder = _bomb()
    for look in (
        lambda: get_model_info(folder),
        lambda: get_model_info(folder).signature,
        lambda: tracker.models.Model.load(folder).load_input_example(folder),
        lambda: tracker.artifacts.list_artifacts(str(folder)),
        lambda: tracker.artifacts.load_text(str(folder / "MLmodel")),
        lambda: tracker.models.set_signature(folder, tracker.infer_signature(X)),
    ):
        look()
    for load in (tracker.sklearn.load_model, tracker.pyfunc.load_model, tracker.models.get_model_info):
        try:
            load(folder)
        except UntrustedModel as error:
            assert "trust=True" in str(error) and "model.pkl" in str(error)
    with tracker.start_run() as run:
        tracker.log_artifacts(str(folder), "model")
    with pytest.raises(UntrustedModel):
        tracker.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    tracker.register_model(f"runs:/{run.info.run_id}/model", "bomb")
    with pytest.raises(UntrustedModel):
        tracker.pyfunc.load_model("models:/bomb/1")
    with pytest.raises(UntrustedModel):
        tracker.models.validate_serving_input(folder, '{"dataframe_split": {"columns": ["a"], "data": [[1]]}}')
    with pytest.raises(UntrustedModel):
        tracker.evaluate(str(folder), X.assign(y=Y), targets="y", model_type="classifier")
    assert not Path("exploded").exists()
    tracker.sklearn.load_model(folder, trust=True)
    assert Path("exploded").exists()


def test_what_this_user_wrote_loads_and_what_was_changed_does_not() -> None:
    model = LogisticRegression(max_iter=500).fit(X, Y)
    with tracker.start_run() as run:
        info = tracker.sklearn.log_model(model, name="model", serialization_format="cloudpickle")
    assert (tracker.sklearn.load_model(info.model_uri).predict(X) == model.predict(X)).all()
    folder = Path(run.info.artifact_uri, "model")
    shutil.copytree(folder, "copy")
    tracker.sklearn.load_model("copy")
    for name in ("model.pkl", "MLmodel", "requirements.txt"):
        shutil.copytree("copy", name)
        file = Path(name, name)
        file.write_bytes(file.read_bytes() + b"\n")
        with pytest.raises(UntrustedModel):
            tracker.sklearn.load_model(name)
    Path("copy/more.py").touch()
    with pytest.raises(UntrustedModel):
        tracker.sklearn.load_model("copy")


def test_a_store_from_elsewhere_vouches_for_nothing(own_key: Path, python: Callable[..., Any]) -> None:  # noqa: F811
    script = """
import tracker, tracker.sklearn
from sklearn.linear_model import LogisticRegression
model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
tracker.sklearn.log_model(model, name="model", serialization_format="cloudpickle")
tracker.set_tag("id", tracker.active_run().info.run_id)
open("id", "w").write(tracker.active_run().info.run_id)
"""
    python(script, TRACKER_STORE="theirs", TRACKER_CONFIG_DIR=str(own_key / "of somebody else"))
    tracker.set_tracking_uri("theirs")
    try:
        run_id = Path("id").read_text()
        with pytest.raises(UntrustedModel):
            tracker.sklearn.load_model(f"runs:/{run_id}/model")
        tracker.sklearn.load_model(f"runs:/{run_id}/model", trust=True)
    finally:
        tracker.set_tracking_uri(None)


def test_types_that_skops_does_not_know_need_trust_elsewhere(own_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    plain = LogisticRegression(max_iter=500).fit(X, Y)
    tracker.sklearn.save_model(forest, "forest")
    tracker.sklearn.save_model(plain, "plain")
    assert (tracker.sklearn.load_model("forest").predict(X) == forest.predict(X)).all()
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(own_key / "of somebody else"))
    tracker.sklearn.load_model("plain")
    with pytest.raises(UntrustedModel, match=r"sklearn\.tree\._tree\.Tree"):
        tracker.sklearn.load_model("forest")
    assert (tracker.sklearn.load_model("forest", trust=True).predict(X) == forest.predict(X)).all()


def test_code_that_a_model_brings_needs_trust(own_key: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    Path("loads_it.py").write_text(
        "from pathlib import Path\nPath('exploded').touch()\ndef _load_pyfunc(path): return None\n"
    )
    Path("script.py").write_text("from pathlib import Path\nimport tracker.models\n\nclass M:\n    def predict(self, x): return x\n\n"
                                 "if Path('armed').exists(): Path('exploded').touch()\ntracker.models.set_model(M())\n")  # fmt: skip
    tracker.pyfunc.save_model("loader", loader_module="loads_it", code_paths=["loads_it.py"])
    tracker.pyfunc.save_model("script", python_model="script.py")
    tracker.sklearn.save_model(LogisticRegression(max_iter=500).fit(X, Y), "code", code_paths=["loads_it.py"])
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(own_key / "of somebody else"))
    Path("armed").touch()
    for folder in ("loader", "script", "code"):
        with pytest.raises(UntrustedModel):
            tracker.pyfunc.load_model(folder)
    assert not Path("exploded").exists()


# -- damage


def _edit(folder: str, old: str, new: str) -> None:
    file = Path(folder, "MLmodel")
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "old, new, error",
    [
        ("flavors:", "flavors: [", InvalidValue),
        ("flavors:", "tastes:", InvalidValue),
        ("pickled_model: model.skops", "pickled_model: ../../secret", InvalidValue),
        ("pickled_model: model.skops", "pickled_model: /etc/passwd", InvalidValue),
        ("pickled_model: model.skops", "pickled_model: gone.skops", NotFound),
        ("pickled_model: model.skops", "pickled_model: [1]", InvalidValue),
        ("serialization_format: skops", "serialization_format: joblib", InvalidValue),
        ("loader_module: mlflow.sklearn", "loader_module: mlflow.spark", NotFound),
        ("loader_module: mlflow.sklearn", "loader_module: os", UntrustedModel),
        ("loader_module: mlflow.sklearn", "loader_module: 3", InvalidValue),
    ],
)
def test_a_damaged_description_says_what_is_wrong(old: str, new: str, error: type[TrackerError]) -> None:
    tracker.sklearn.save_model(LogisticRegression(max_iter=500).fit(X, Y), "model")
    _edit("model", old, new)
    with pytest.raises(error) as told:
        tracker.pyfunc.load_model("model")
    assert "model" in str(told.value)


def test_torn_and_missing_files() -> None:
    tracker.sklearn.save_model(LogisticRegression(max_iter=500).fit(X, Y), "model", input_example=X.head(2))
    Path("model/model.skops").write_bytes(Path("model/model.skops").read_bytes()[:100])
    with pytest.raises(InvalidValue, match="damaged"):
        tracker.sklearn.load_model("model")
    Path("model/input_example.json").write_text('{"data"')
    with pytest.raises(InvalidValue, match="JSON"):
        tracker.models.Model.load("model").load_input_example("model")
    Path("model/MLmodel").unlink()
    with pytest.raises(NotFound, match="MLmodel"):
        tracker.sklearn.load_model("model")


@pytest.mark.parametrize(
    "uri",
    [
        "runs:/", "runs:/x", "runs:/../../etc", "runs:/nope/model", "models:/m-" + "0" * 32, "models:/none/1", "s3://bucket/model",
        "nowhere", "file:///nowhere", "models:/m-" + "0" * 32 + "/../../..",
    ],
)  # fmt: skip
def test_a_uri_of_nothing(uri: str) -> None:
    with pytest.raises((NotFound, InvalidValue)):
        tracker.pyfunc.load_model(uri)


def test_another_version_of_the_library_is_one_warning() -> None:
    import sklearn

    tracker.sklearn.save_model(LogisticRegression(max_iter=500).fit(X, Y), "model")
    _edit("model", f"sklearn_version: {sklearn.__version__}", "sklearn_version: 0.24.1")
    with pytest.warns(UserWarning) as told:
        tracker.sklearn.load_model("model")
    assert len(told) == 1 and "0.24.1" in str(told[0].message) and sklearn.__version__ in str(told[0].message)


def test_a_library_that_is_not_installed(python: Callable[..., Any]) -> None:
    tracker.sklearn.save_model(LogisticRegression(max_iter=500).fit(X, Y), "model")
    script = """
import sys
sys.modules["sklearn"] = None
import tracker.pyfunc
from tracker.exceptions import InvalidValue
try:
    tracker.pyfunc.load_model("model")
except InvalidValue as error:
    assert "pip install scikit-learn" in str(error), error
else:
    raise SystemExit("it loaded")
"""
    python(script)
