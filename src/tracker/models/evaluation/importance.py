"""How much each feature matters: what the model says of itself, else how much shuffling the feature costs."""

from __future__ import annotations

from typing import Any

_MOST_ROWS = 1_000
_SEED = 0


def feature_importance(model: Any, predict: Any, features: Any, truth: Any, is_classifier: bool) -> Any:
    """A series by feature, the largest first; None for data without columns."""
    import numpy as np
    import pandas as pd

    if not isinstance(features, pd.DataFrame) or not len(features.columns) or predict is None:
        return None
    told = _of_model(model)
    if told is None or len(told) != len(features.columns):
        rows = features.head(_MOST_ROWS)
        told = _by_shuffling(predict, rows, np.asarray(truth)[: len(rows)], is_classifier)
    return pd.Series(np.asarray(told, dtype=float), index=list(features.columns)).sort_values(ascending=False)


def _of_model(model: Any) -> Any:
    import numpy as np

    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if hasattr(model, "steps") and len(model.steps) > 1:
        return None  # what stands before it may have made other features
    told = getattr(last, "feature_importances_", None)
    if told is None and getattr(last, "coef_", None) is not None:
        told = np.abs(np.atleast_2d(last.coef_)).mean(axis=0)
    return told


def _by_shuffling(predict: Any, features: Any, truth: Any, is_classifier: bool) -> list[float]:
    import numpy as np

    def score(frame: Any) -> float:
        told = np.asarray(predict(frame)).reshape(len(frame))
        return float((told == truth).mean() if is_classifier else -((told - truth) ** 2).mean())

    chance = np.random.default_rng(_SEED)
    best = score(features)
    losses = []
    for name in features.columns:
        shuffled = features.copy()
        shuffled[name] = features[name].to_numpy()[chance.permutation(len(features))]
        losses.append(best - score(shuffled))
    return losses
