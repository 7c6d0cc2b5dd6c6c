"""Evaluation of classifiers and regressors: MLflow's metrics under MLflow's names, plots and tables as artifacts."""

from tracker.models.evaluation.evaluate import EvaluationResult, evaluate
from tracker.models.evaluation.validation import MetricThreshold, make_metric, validate_evaluation_results

__all__ = ["EvaluationResult", "MetricThreshold", "evaluate", "make_metric", "validate_evaluation_results"]
