"""Saved models in MLflow's format: their description, signature and environment, loading, prediction, evaluation.

`tracker.sklearn`, `tracker.pyfunc`, … save and load models of one kind each; `registry` names versions of them.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "Model": "model", "ModelInfo": "model", "get_model_info": "model", "set_signature": "model",
    "ModelSignature": "signature", "infer_signature": "signature",
    "ModelConfig": "scripts", "set_model": "scripts",
    "convert_input_example_to_serving_input": "examples",
    "predict": "prediction", "validate_serving_input": "prediction",
    "EvaluationResult": "evaluation", "MetricThreshold": "evaluation", "evaluate": "evaluation",
    "make_metric": "evaluation", "validate_evaluation_results": "evaluation",
}  # fmt: skip

__all__ = [*_NAMES]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'tracker.models' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tracker.models.{_NAMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
