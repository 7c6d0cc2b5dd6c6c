"""`evaluate`: numbers against scikit-learn's, artifacts on the run, thresholds, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from models_place import iris, own_key  # noqa: F401

pytest.importorskip("sklearn")
pytest.importorskip("skops")
pytest.importorskip("matplotlib")

from sklearn import metrics as sk
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression

import tracker
import tracker.sklearn
from tracker.exceptions import InvalidValue, TrackerError
from tracker.models import MetricThreshold, evaluate, make_metric, validate_evaluation_results

X, Y = iris()
BINARY = (Y == 2).map({False: "no", True: "yes"})


def _files(run_id: str) -> set[str]:
    return {one.path for one in tracker.artifacts.list_artifacts(run_id=run_id)}


def test_a_binary_classifier() -> None:
    model = LogisticRegression(max_iter=500).fit(X, BINARY)
    with tracker.start_run() as run:
        info = tracker.sklearn.log_model(model, name="model", input_example=X.head(2))
        result = evaluate(info.model_uri, X.assign(kind=BINARY), targets="kind", model_type="classifier")
    predicted, chance = model.predict(X), model.predict_proba(X)[:, 1]
    counts = sk.confusion_matrix(BINARY, predicted, labels=["no", "yes"]).ravel()
    expected = {
        "accuracy_score": sk.accuracy_score(BINARY, predicted),
        "f1_score": sk.f1_score(BINARY, predicted, pos_label="yes"),
        "roc_auc": sk.roc_auc_score(BINARY == "yes", chance),
        "precision_recall_auc": sk.average_precision_score(BINARY == "yes", chance),
        "log_loss": sk.log_loss(BINARY, model.predict_proba(X)),
        "true_negatives": counts[0], "true_positives": counts[3],
        "example_count": len(X), "score": model.score(X, BINARY),
    }  # fmt: skip
    for name, value in expected.items():
        assert result.metrics[name] == pytest.approx(value), name
    assert tracker.get_run(run.info.run_id).data.metrics == pytest.approx(result.metrics)
    assert _files(run.info.run_id) >= {
        "confusion_matrix.png", "roc_curve_plot.png", "precision_recall_curve_plot.png", "lift_curve_plot.png",
        "calibration_curve_plot.png", "feature_importance_plot.png", "feature_importance.csv", "eval_results_table.json",
    }  # fmt: skip


def test_several_classes_and_a_positive_label() -> None:
    model = LogisticRegression(max_iter=500).fit(X, Y)
    result = evaluate(model, X.assign(kind=Y), targets="kind", model_type="classifier")
    assert result.metrics["roc_auc"] == pytest.approx(
        sk.roc_auc_score(Y, model.predict_proba(X), multi_class="ovr", average="weighted")
    )
    table = result.tables["per_class_metrics"]
    assert table["positive_class"].tolist() == [0, 1, 2] and "lift_curve_plot" not in result.artifacts
    assert tracker.active_run() is None and result.run_id is not None

    binary = LogisticRegression(max_iter=500).fit(X, BINARY)
    config = {"pos_label": "no", "log_model_explainability": False, "metric_prefix": "val_"}
    told = evaluate(binary, X, targets=BINARY, model_type="classifier", evaluator_config=config)
    assert told.metrics["val_f1_score"] == pytest.approx(sk.f1_score(BINARY, binary.predict(X), pos_label="no"))
    assert "feature_importance" not in told.artifacts


def test_a_regressor_with_metrics_of_ones_own(tmp_path: Path) -> None:
    features, targets = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(features, targets)
    within = make_metric(
        eval_fn=lambda predictions, targets: float((abs(predictions - targets) < 50).mean()), name="within_50"
    )

    def worst(frame: pd.DataFrame, metrics: dict[str, float], folder: str) -> dict[str, Any]:
        return {"worst": frame.assign(miss=(frame["prediction"] - frame["target"]).abs()).nlargest(3, "miss")}

    data = features.assign(y=targets)
    result = evaluate(
        model, data, targets="y", model_type="regressor", extra_metrics=[within], custom_artifacts=[worst]
    )
    predicted = model.predict(features)
    assert result.metrics["root_mean_squared_error"] == pytest.approx(
        np.sqrt(sk.mean_squared_error(targets, predicted))
    )
    assert result.metrics["within_50"] == pytest.approx((abs(predicted - targets) < 50).mean())
    assert "worst.csv" in _files(result.run_id or "")
    result.save("kept")
    assert (tmp_path / "kept" / "metrics.json").exists() and (tmp_path / "kept" / "residuals_plot.png").exists()

    limit = {"r2_score": MetricThreshold(threshold=0.9, greater_is_better=True)}
    with pytest.raises(TrackerError, match="r2_score"):
        validate_evaluation_results(limit, result)
    validate_evaluation_results({"max_error": MetricThreshold(threshold=1e9, greater_is_better=False)}, result)


def test_predictions_that_stand_in_the_data() -> None:
    frame = pd.DataFrame({"truth": [0, 1, 1, 0], "told": [0, 1, 0, 0]})
    result = evaluate(data=frame, targets="truth", predictions="told", model_type="classifier")
    assert result.metrics["accuracy_score"] == 0.75


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"model_type": "clusterer"}, "model_type"),
        ({"targets": "nope"}, "'nope'"),
        ({"targets": None}, "targets"),
        ({"data": None}, "data"),
        ({"targets": [1, 2]}, "2 targets"),
        ({"env_manager": "conda"}, "env_manager"),
        ({"evaluator_config": {"pos_label": "maybe", "label_list": ["no", "yes"]}}, "pos_label"),
    ],
)
def test_bad_input(options: dict[str, Any], reason: str) -> None:
    model = LogisticRegression(max_iter=500).fit(X, BINARY)
    asked = {"model": model, "data": X, "targets": BINARY, "model_type": "classifier"} | options
    with pytest.raises(InvalidValue, match=reason):
        evaluate(**asked)


def test_one_class_only() -> None:
    model = LogisticRegression(max_iter=500).fit(X, Y)
    with pytest.raises(InvalidValue, match="label_list"):
        evaluate(model, X.head(10), targets=Y.head(10), model_type="classifier")
    config = {"label_list": [0, 1, 2]}
    told = evaluate(model, X.head(10), targets=Y.head(10), model_type="classifier", evaluator_config=config)
    assert told.metrics["accuracy_score"] == 1.0
