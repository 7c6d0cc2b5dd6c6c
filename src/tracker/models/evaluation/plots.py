"""The pictures: matplotlib figures made without pyplot, so that nothing is shown and no backend is chosen."""

from __future__ import annotations

from typing import Any

from tracker.models.evaluation.metrics import Labels

_MOST_CLASSES = 10
_MOST_FEATURES = 20


def classifier_plots(truth: Any, predicted: Any, chances: Any, labels: Labels, weights: Any = None) -> dict[str, Any]:
    """Figures by name: confusion matrix, and with probabilities ROC, precision and recall, lift, calibration."""
    figures = {"confusion_matrix": _confusion(truth, predicted, labels, weights)}
    if chances is None:
        return figures
    curves = _one_against_rest(truth, chances, labels)
    if len(labels.classes) <= _MOST_CLASSES and curves:
        figures["roc_curve_plot"] = _roc(curves, weights)
        figures["precision_recall_curve_plot"] = _precision_recall(curves, weights)
        figures["calibration_curve_plot"] = _calibration(curves)
        if labels.is_binary:
            figures["lift_curve_plot"] = _lift(curves)
    return figures


def _axes(title: str, x: str, y: str, figsize: tuple[float, float] = (6.0, 4.0)) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=figsize, dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _one_against_rest(truth: Any, chances: Any, labels: Labels) -> dict[str, tuple[Any, Any]]:
    """For the positive class, or each of several: which examples are of it, and its probability."""
    asked = [labels.positive_index] if labels.is_binary else range(len(labels.classes))
    pairs = {str(labels.classes[i]): (truth == labels.classes[i], chances[:, i]) for i in asked}
    return {name: pair for name, pair in pairs.items() if pair[0].any() and not pair[0].all()}


def _confusion(truth: Any, predicted: Any, labels: Labels, weights: Any) -> Any:
    import warnings

    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    with warnings.catch_warnings():  # a class without examples has no shares
        warnings.simplefilter("ignore")
        shares = confusion_matrix(truth, predicted, labels=labels.classes, normalize="true", sample_weight=weights)
    figure, axes = _axes("Normalized confusion matrix", "", "")
    ConfusionMatrixDisplay(shares, display_labels=labels.classes).plot(cmap="Blues", ax=axes, values_format=".2f")
    return figure


def _roc(curves: dict[str, tuple[Any, Any]], weights: Any) -> Any:
    from sklearn.metrics import auc, roc_curve

    figure, axes = _axes("ROC curve", "False positive rate", "True positive rate")
    for name, (is_it, chance) in curves.items():
        false, true, _ = roc_curve(is_it, chance, sample_weight=weights)
        axes.plot(false, true, label=f"{name}, AUC={auc(false, true):.3f}")
    axes.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    axes.legend()
    return figure


def _precision_recall(curves: dict[str, tuple[Any, Any]], weights: Any) -> Any:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure, axes = _axes("Precision recall curve", "Recall", "Precision")
    for name, (is_it, chance) in curves.items():
        precision, recall, _ = precision_recall_curve(is_it, chance, sample_weight=weights)
        axes.plot(recall, precision, label=f"{name}, AP={average_precision_score(is_it, chance):.3f}")
    axes.legend()
    return figure


def _lift(curves: dict[str, tuple[Any, Any]]) -> Any:
    import numpy as np

    figure, axes = _axes("Lift curve", "Share of the sample, most likely first", "Lift")
    for name, (is_it, chance) in curves.items():
        hits = is_it[np.argsort(chance)[::-1]].cumsum()
        share = np.arange(1, len(hits) + 1) / len(hits)
        axes.plot(share, hits / hits[-1] / share, label=name)
    axes.axhline(1, linestyle="--", color="grey", linewidth=1)
    axes.legend()
    return figure


def _calibration(curves: dict[str, tuple[Any, Any]]) -> Any:
    from sklearn.calibration import calibration_curve

    figure, axes = _axes("Calibration", "Mean predicted probability", "Share of positives")
    for name, (is_it, chance) in curves.items():
        share, mean = calibration_curve(is_it, chance.clip(0, 1), n_bins=10)
        axes.plot(mean, share, "o-", label=name)
    axes.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    axes.legend()
    return figure


def regressor_plots(truth: Any, predicted: Any) -> dict[str, Any]:
    """Figures by name: predictions against targets, and residuals."""
    import numpy as np

    held, told = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    figure, axes = _axes("Predictions", "Target", "Prediction")
    axes.plot(held, told, ".", alpha=0.6)
    axes.axline((float(held.mean()), float(held.mean())), slope=1, linestyle="--", color="grey", linewidth=1)
    rest, below = _axes("Residuals", "Prediction", "Target minus prediction")
    below.plot(told, held - told, ".", alpha=0.6)
    below.axhline(0, linestyle="--", color="grey", linewidth=1)
    return {"predictions_plot": figure, "residuals_plot": rest}


def importance_plot(importances: Any) -> Any:
    """A bar for each feature, the most important first. `importances`: a series by feature."""
    shown = importances.head(_MOST_FEATURES)[::-1]
    figure, axes = _axes("Feature importance", "Importance", "", (6.0, 1.2 + 0.25 * len(shown)))
    axes.barh([str(name) for name in shown.index], shown.to_numpy())
    return figure
