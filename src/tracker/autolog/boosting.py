"""What the gradient boosting libraries share: curves of their evaluations, and how much each feature counts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from tracker.autolog.calls import Call, logged, unlogged
from tracker.autolog.evaluation import patch_predictions, remember
from tracker.autolog.models import head
from tracker.autolog.patching import Patches

MAX_BARS = 300
Keep = Callable[[Call, Any, Any, Callable[[Any], Any]], None]

inside_estimator: ContextVar[bool] = ContextVar("tracker_autolog_estimator", default=False)
"""Whether `train` is called by an estimator's `fit`, which keeps the model itself."""


class Curves:
    """The evaluations of each iteration, logged as they come. A fault is told once and does not stop the training."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.points: list[dict[str, float]] = []

    def add(self, iteration: int, values: Iterable[tuple[str, str, Any]]) -> None:
        """Take the values `(data, metric, value)` of one iteration."""
        self._call.attempt("an evaluation was", lambda: self._add(iteration, values))

    def _add(self, iteration: int, values: Iterable[tuple[str, str, Any]]) -> None:
        point = {f"{data}-{metric}".replace("@", "_at_"): float(value) for data, metric, value in values}
        self.points.append(point)
        if point:
            self._call.writer.metrics(point, iteration)

    def log_best(self, best: int, stopped: int) -> None:
        """After an early stop: the iterations, and as each metric's last point its value at the best one."""
        self._call.metrics({"best_iteration": best, "stopped_iteration": stopped})

    def repeat(self, index: int) -> None:
        """Log the point of the best iteration once more, as the last."""
        if 0 <= index < len(self.points) and self.points[index]:
            self._call.metrics(self.points[index], len(self.points))


def patch_estimators(module: ModuleType, patches: Patches, library: str, keep: Keep) -> None:
    """Patch `fit` of the library's own estimators; `keep` logs the model, its example and its prediction function."""

    def fit(call: Call) -> Generator[None, Any, None]:
        """The hook around an estimator's `fit`, in which `train` logs all but the model."""
        model = call.args[0]
        if inside_estimator.get():  # a derived estimator's fit calls its base's
            yield
            return
        example = head(call.arguments().get("X"))
        token = inside_estimator.set(True)
        try:
            yield
        finally:
            inside_estimator.reset(token)
        remember(model, library, call.writer)
        with unlogged():  # the prediction for the signature is not the user's
            keep(call, model, example, model.predict)

    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            patches.method(value, "fit", logged(library, fit, shields=False))
            patch_predictions(value, patches)


def log_importance(call: Call, kind: str, scores: Mapping[str, Any]) -> None:
    """Keep how much each feature counts, as JSON and as a plot; where no tree splits there is nothing to draw."""
    name = f"feature_importance_{kind}"
    call.record(dict(scores), f"{name}.json")
    figure = call.attempt("the features' plot was", lambda: _plot(scores, kind)) if scores else None
    if figure is not None:
        call.figure(figure, f"{name}.png")


def _plot(scores: Mapping[str, Any], kind: str) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    import numpy as np

    values = {str(name): float(np.abs(np.ravel(value)).sum()) for name, value in scores.items()}
    ranked = sorted(values, key=lambda name: values[name])
    ranked = ranked[-MAX_BARS:]
    height = 4.8 + 0.1 * max(0, len(ranked) - 10)
    figure = Figure(figsize=(6.4, height))
    axes = figure.subplots()
    figure.subplots_adjust(left=min(0.5, 0.08 + 0.015 * max(map(len, ranked), default=0)), right=0.97)
    figure.subplots_adjust(bottom=0.6 / height, top=1 - 0.4 / height)
    axes.barh(ranked, [values[name] for name in ranked], height=0.5)
    axes.set(title=f"Feature Importance ({kind})", xlabel="Importance")
    return figure
