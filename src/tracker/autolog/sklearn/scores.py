"""The metrics of a fit on its own training data, with MLflow's choices of averaging."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracker.autolog.calls import Call


def classifier_scores(call: Call, estimator: Any, X: Any, y: Any, weight: Any) -> dict[str, Any]:
    """Precision, recall and F1 (weighted, or of `pos_label` alone), accuracy; with probabilities log loss, ROC AUC."""
    from sklearn import metrics

    positive = call.settings.option("pos_label")
    predicted = estimator.predict(X)
    choice: dict[str, Any] = {"average": "weighted"} if positive is None else {"pos_label": positive}
    choice |= {"sample_weight": weight, "zero_division": 0}
    steps: dict[str, Callable[[], Any]] = {
        "precision_score": lambda: metrics.precision_score(y, predicted, **choice),
        "recall_score": lambda: metrics.recall_score(y, predicted, **choice),
        "f1_score": lambda: metrics.f1_score(y, predicted, **choice),
        "accuracy_score": lambda: metrics.accuracy_score(y, predicted, sample_weight=weight),
    }
    chances = estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else None
    if chances is not None and not isinstance(chances, list):  # a list: one array for each of several targets
        scores = chances[:, 1] if getattr(chances, "shape", (0, 0))[1] == 2 else chances
        steps |= {
            "log_loss": lambda: metrics.log_loss(y, chances, sample_weight=weight),
            "roc_auc": lambda: metrics.roc_auc_score(
                y, scores, average="weighted", sample_weight=weight, multi_class="ovo"
            ),
        }
    return _computed(call, steps)


def regressor_scores(call: Call, estimator: Any, X: Any, y: Any, weight: Any) -> dict[str, Any]:
    """Mean squared error, its root, mean absolute error, R²."""
    from sklearn import metrics

    predicted = estimator.predict(X)
    scores = _computed(
        call,
        {
            "mean_squared_error": lambda: metrics.mean_squared_error(y, predicted, sample_weight=weight),
            "mean_absolute_error": lambda: metrics.mean_absolute_error(y, predicted, sample_weight=weight),
            "r2_score": lambda: metrics.r2_score(y, predicted, sample_weight=weight),
        },
    )
    if "mean_squared_error" in scores:
        scores["root_mean_squared_error"] = float(scores["mean_squared_error"]) ** 0.5
    return scores


def _computed(call: Call, steps: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    values = {name: call.attempt(f"the metric {name!r} was", step) for name, step in steps.items()}
    return {name: value for name, value in values.items() if value is not None}
