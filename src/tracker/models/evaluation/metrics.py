"""The numbers: what MLflow's default evaluator computes, by scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

from tracker.exceptions import InvalidValue


class Labels:
    """The classes of a classification: sorted, and which of two is the positive one."""

    def __init__(self, truth: Any, predicted: Any, told: Any = None, positive: Any = None) -> None:
        import numpy as np

        self.classes = np.unique(np.concatenate([np.asarray(truth), np.asarray(predicted)]) if told is None else told)
        if len(self.classes) < 2:
            raise InvalidValue(
                f"A classifier is evaluated on at least two classes; the data has {list(self.classes)}. "
                "Name them all: evaluator_config={'label_list': [0, 1]}."
            )
        if positive is not None and positive not in self.classes:
            raise InvalidValue(f"pos_label is one of the classes {self.classes.tolist()}; got {positive!r}.")
        self.is_binary = len(self.classes) == 2
        self.positive = (self.classes[-1] if positive is None else positive) if self.is_binary else None
        self.positive_index = int(np.flatnonzero(self.classes == self.positive)[0]) if self.is_binary else -1

    @property
    def negative_first(self) -> Any:
        """The two classes, the positive one last."""
        return [*(one for one in self.classes if one != self.positive), self.positive]


def classifier_metrics(
    truth: Any, predicted: Any, chances: Any, labels: Labels, average: str = "weighted", weights: Any = None
) -> dict[str, float]:
    """The metrics of a classifier. `chances`: (n, classes) in the order of `labels.classes`, or None."""
    from sklearn import metrics as sk

    told: dict[str, Any] = {}
    if labels.is_binary:
        average = "binary"
        counts = sk.confusion_matrix(truth, predicted, labels=labels.negative_first).ravel()
        told |= dict(
            zip(("true_negatives", "false_positives", "false_negatives", "true_positives"), counts, strict=True)
        )
    told |= {"example_count": len(truth), "accuracy_score": sk.accuracy_score(truth, predicted, sample_weight=weights)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("recall_score", "precision_score", "f1_score"):
            told[name] = getattr(sk, name)(
                truth, predicted, average=average, pos_label=labels.positive, sample_weight=weights
            )
        if chances is not None:
            told |= _of_chances(truth, chances, labels, average, weights)
    return {name: value.item() if hasattr(value, "item") else value for name, value in told.items()}


def _of_chances(truth: Any, chances: Any, labels: Labels, average: str, weights: Any) -> dict[str, float]:
    """Metrics that need probabilities; those that the data does not allow, as of one class only, are left out."""
    from sklearn import metrics as sk

    told = {}
    try:
        told["log_loss"] = sk.log_loss(truth, chances, labels=labels.classes, sample_weight=weights)
        if labels.is_binary:
            is_positive = truth == labels.positive
            chance = chances[:, labels.positive_index]
            told["roc_auc"] = sk.roc_auc_score(is_positive, chance, sample_weight=weights)
            told["precision_recall_auc"] = sk.average_precision_score(is_positive, chance, sample_weight=weights)
        elif average in ("macro", "weighted"):
            told["roc_auc"] = sk.roc_auc_score(
                truth, chances, labels=labels.classes, sample_weight=weights, average=average, multi_class="ovr"
            )
    except ValueError:
        pass
    return told


def per_class_metrics(truth: Any, predicted: Any, chances: Any, labels: Labels, weights: Any = None) -> Any:
    """A table with each class against the rest, one row a class."""
    import numpy as np
    import pandas as pd

    rows = []
    for index, one in enumerate(labels.classes):
        against = None if chances is None else np.column_stack([1 - chances[:, index], chances[:, index]])
        pair = Labels([0, 1], [0, 1])
        told = classifier_metrics(
            np.where(truth == one, 1, 0), np.where(predicted == one, 1, 0), against, pair, weights=weights
        )
        rows.append({"positive_class": one} | told)
    return pd.DataFrame(rows)


def regressor_metrics(truth: Any, predicted: Any, weights: Any = None) -> dict[str, float]:
    """The metrics of a regressor."""
    import numpy as np
    from sklearn import metrics as sk

    held = np.asarray(truth, dtype=float)
    total = float((held * np.asarray(weights)).sum() if weights is not None else held.sum())
    squared = sk.mean_squared_error(truth, predicted, sample_weight=weights)
    return {
        "example_count": len(held),
        "mean_absolute_error": float(sk.mean_absolute_error(truth, predicted, sample_weight=weights)),
        "mean_squared_error": float(squared),
        "root_mean_squared_error": float(np.sqrt(squared)),
        "sum_on_target": total,
        "mean_on_target": total / len(held),
        "r2_score": float(sk.r2_score(truth, predicted, sample_weight=weights)),
        "max_error": float(sk.max_error(truth, predicted)),
        "mean_absolute_percentage_error": float(
            sk.mean_absolute_percentage_error(truth, predicted, sample_weight=weights)
        ),
    }
