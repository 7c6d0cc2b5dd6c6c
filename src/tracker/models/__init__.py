"""Saved models in MLflow's format: their description, signature and environment, loading, prediction, evaluation.

`tracker.sklearn`, `tracker.pyfunc`, … save and load models of one kind each; `registry` names versions of them.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "Model": "model", "ModelInfo": "model", "ModelSignature": "signature", "infer_signature": "signature",
    "convert_input_example_to_serving_input": "examples",
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
