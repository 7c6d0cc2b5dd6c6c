"""A classifier's plots, drawn without pyplot: the notebook's figures and backend are not touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.autolog.calls import Call


def classifier_plots(call: Call, estimator: Any, X: Any, y: Any, weight: Any) -> dict[str, Any]:
    """Figures by name: the confusion matrix; of two classes ROC and precision-recall curve.

    Without matplotlib none, and of several targets none.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return {}
    from sklearn.utils.multiclass import type_of_target

    kind = type_of_target(y)
    if kind not in ("binary", "multiclass"):
        return {}
    classes = getattr(estimator, "classes_", None)
    confusion = call.attempt("the confusion matrix was", lambda: _confusion(estimator, X, y, weight, classes))
    figures = {} if confusion is None else {"confusion_matrix": confusion}
    scores = _scores(estimator, X) if kind == "binary" and classes is not None and len(classes) == 2 else None
    if classes is not None and scores is not None:
        figures |= call.attempt("the curves were", lambda: _curves(y, scores, weight, classes[1])) or {}
    return figures


def _scores(estimator: Any, X: Any) -> Any:
    """How much each sample looks like the second class."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)[:, 1]
    return estimator.decision_function(X) if hasattr(estimator, "decision_function") else None


def _confusion(estimator: Any, X: Any, y: Any, weight: Any, classes: Sequence[Any] | None) -> Any:
    import numpy as np
    from sklearn.metrics import confusion_matrix
    from sklearn.utils.multiclass import unique_labels

    predicted = estimator.predict(X)
    labels = unique_labels(y, predicted) if classes is None else unique_labels(classes, y)
    matrix = confusion_matrix(y, predicted, labels=labels, sample_weight=weight, normalize="true")
    longest = max(len(str(label)) for label in labels)
    figure, axes = _sheet(
        "Normalized confusion matrix", "Predicted label", "True label", min(0.4, 0.1 + 0.012 * longest)
    )
    shown = axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(shown, ax=axes)
    size = min(8.0, 50.0 / len(labels))
    axes.set_xticks(range(len(labels)), [str(label) for label in labels], fontsize=size)
    axes.set_yticks(range(len(labels)), [str(label) for label in labels], fontsize=size)
    if len(labels) <= 30:
        for row, column in np.ndindex(matrix.shape):
            share = matrix[row, column]
            axes.text(column, row, f"{share:.2g}", ha="center", va="center", fontsize=size,
                      color="white" if share > 0.5 else "black")  # fmt: skip
    return figure


def _curves(y: Any, scores: Any, weight: Any, positive: Any) -> dict[str, Any]:
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

    false, true, _ = roc_curve(y, scores, pos_label=positive, sample_weight=weight)
    roc, axes = _sheet("ROC curve", "False positive rate", "True positive rate")
    axes.plot(false, true, label=f"AUC = {auc(false, true):.2f}")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.legend(loc="lower right")
    precision, recall, _ = precision_recall_curve(y, scores, pos_label=positive, sample_weight=weight)
    average = average_precision_score(y, scores, pos_label=positive, sample_weight=weight)
    curve, axes = _sheet("Precision recall curve", "Recall", "Precision")
    axes.step(recall, precision, where="post", label=f"AP = {average:.2f}")
    axes.set_ylim(0, 1.05)
    axes.legend(loc="lower left")
    return {"roc_curve": roc, "precision_recall_curve": curve}


def _sheet(title: str, x: str, y: str, left: float = 0.12) -> tuple[Any, Any]:
    """An empty plot. Its margins are set, not found: finding them draws everything twice."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.0), dpi=120)
    axes = figure.subplots()
    figure.subplots_adjust(left=left, right=0.97, bottom=0.13, top=0.92)
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes
