"""Metrics of the user's own, and thresholds that a model must pass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue, TrackerError

if TYPE_CHECKING:
    from tracker.models.evaluation.evaluate import EvaluationResult


class ModelValidationFailed(TrackerError):
    """A model that missed a threshold."""

    error_code = "BAD_REQUEST"


@dataclass(frozen=True)
class EvaluationMetric:
    """A metric of the user's own: its function takes (predictions, targets), or (eval_df, builtin_metrics)."""

    eval_fn: Callable[..., Any]
    name: str
    greater_is_better: bool = True

    def value(self, predictions: Any, targets: Any, builtin: Mapping[str, float]) -> float:
        """The metric's value. Raises InvalidValue if the function gives no number."""
        import pandas as pd

        names = list(inspect.signature(self.eval_fn).parameters)
        if names and names[0] in ("eval_df", "_eval_df"):
            frame = pd.DataFrame({"prediction": predictions, "target": targets})
            told = self.eval_fn(frame, dict(builtin)) if len(names) > 1 else self.eval_fn(frame)
        else:
            series = pd.Series(predictions), pd.Series(targets), dict(builtin)
            told = self.eval_fn(*series[: max(len(names), 1)])
        held = getattr(told, "aggregate_results", told)
        held = next(iter(held.values())) if isinstance(held, Mapping) and held else held
        try:
            return float(held)
        except (TypeError, ValueError):
            raise InvalidValue(f"The metric {self.name!r} gives {type(told).__name__}; a number is wanted.") from None


def make_metric(
    *, eval_fn: Callable[..., Any], greater_is_better: bool = True, name: str | None = None, **others: Any
) -> EvaluationMetric:
    """A metric of the user's own, for `extra_metrics`."""
    told = name or getattr(eval_fn, "__name__", "")
    if not told or told == "<lambda>":
        raise InvalidValue("The metric needs a name: make_metric(eval_fn=…, greater_is_better=…, name='…').")
    return EvaluationMetric(eval_fn, told, greater_is_better)


@dataclass(frozen=True, kw_only=True)
class MetricThreshold:
    """What a metric must reach, and by how much it must be better than a baseline's."""

    threshold: float | None = None
    min_absolute_change: float | None = None
    min_relative_change: float | None = None
    greater_is_better: bool

    def missed(self, name: str, value: float | None, baseline: float | None) -> str | None:
        """Why the value is not good enough, or None."""
        if value is None:
            return f"{name} was not computed"
        sign = 1 if self.greater_is_better else -1
        if self.threshold is not None and sign * (value - self.threshold) < 0:
            return f"{name} is {value:.6g}, past the threshold {self.threshold:.6g}"
        if baseline is None:
            return None
        gain = sign * (value - baseline)
        relative = gain / (abs(baseline) or 1e-10)
        for least, told in ((self.min_absolute_change, gain), (self.min_relative_change, relative)):
            if least is not None and told < least:
                than = f"by {told:.6g} better than the baseline's {baseline:.6g}"
                return f"{name} is {value:.6g}, {than}; {least:.6g} is wanted"
        return None


def validate_evaluation_results(
    validation_thresholds: Mapping[str, MetricThreshold],
    candidate_result: EvaluationResult,
    baseline_result: EvaluationResult | None = None,
) -> None:
    """Raises ModelValidationFailed, naming every metric that missed its threshold."""
    before = baseline_result.metrics if baseline_result is not None else {}
    reasons = [
        one.missed(name, candidate_result.metrics.get(name), before.get(name))
        for name, one in validation_thresholds.items()
    ]
    missed = [reason for reason in reasons if reason is not None]
    if missed:
        raise ModelValidationFailed(f"The model is not good enough: {'; '.join(missed)}.")
