"""Every scikit-learn estimator that can be made without arguments is logged and loaded, prediction for prediction."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from models_place import own_key  # noqa: F401

pytest.importorskip("sklearn")
pytest.importorskip("skops")

from sklearn.base import clone, is_classifier

import tracker
import tracker.pyfunc
import tracker.sklearn

_ROWS = 40
_SMALL = {"n_estimators": 3, "max_iter": 20}  # the form of a model counts, not its size
_TWO_TARGETS = {
    "CCA",
    "PLSCanonical",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "ClassifierChain",
    "RegressorChain",
}
_TWO_CLASSES = {"FixedThresholdClassifier", "TunedThresholdClassifierCV", "ClassifierChain", "MultiOutputClassifier"}


def _kinds() -> list[Any]:
    from sklearn.utils import all_estimators

    return [kind for _, kind in all_estimators(type_filter=["classifier", "regressor"])]


def _made(kind: Any) -> Any:
    """An estimator with its defaults, where it is large a small one, and one inside where it wants some."""
    from sklearn.base import ClassifierMixin
    from sklearn.linear_model import LogisticRegression, Ridge

    inner = LogisticRegression() if issubclass(kind, ClassifierMixin) else Ridge()
    takes = inspect.signature(kind).parameters
    given = {
        name: value for name, value in _SMALL.items() if isinstance(getattr(takes.get(name), "default", None), int)
    }
    for name, parameter in takes.items():
        if parameter.default is parameter.empty or (name == "estimator" and kind.__name__ == "SelfTrainingClassifier"):
            given[name] = [("one", inner), ("two", clone(inner))] if name == "estimators" else inner
    return kind(**given)


def _data(model: Any) -> tuple[np.ndarray, np.ndarray]:
    name = type(model).__name__
    chance = np.random.default_rng(0)
    features = np.abs(chance.normal(size=(_ROWS, 3))) + 0.1
    classes = np.arange(_ROWS) % (2 if name in _TWO_CLASSES else 3)
    targets = classes if is_classifier(model) else features.sum(axis=1) + 1
    if name in _TWO_TARGETS or name.startswith("MultiTask"):
        targets = np.column_stack([targets, targets[::-1]])
    return features[:, :1] if name == "IsotonicRegression" else features, targets


def test_there_are_as_many_as_scikit_learn_has() -> None:
    assert len(_kinds()) >= 95


@pytest.mark.parametrize("kind", _kinds(), ids=lambda kind: kind.__name__)
def test_it_is_logged_and_loaded(kind: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few rows, few iterations
        model = _made(kind)
        features, targets = _data(model)
        model.fit(features, targets)
        expected = model.predict(features)
        with tracker.start_run():
            info = tracker.sklearn.log_model(model, name="model")
        loaded = tracker.sklearn.load_model(info.model_uri)
        np.testing.assert_array_equal(loaded.predict(features), expected)
        np.testing.assert_array_equal(tracker.pyfunc.load_model(info.model_uri).predict(features), expected)
    assert type(loaded) is kind
