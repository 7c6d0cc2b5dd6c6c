"""Models that are a script: it is run, and says which object the model is with `set_model`."""

from __future__ import annotations

import runpy
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue

_model: ContextVar[list[Any] | None] = ContextVar("tracker_script_model", default=None)
_config: ContextVar[dict[str, Any] | None] = ContextVar("tracker_script_config", default=None)


def set_model(model: Any) -> None:
    """Called by a script that is logged as a model: this object, or function, is the model."""
    held = _model.get()
    if held is not None:
        held.append(model)


class ModelConfig:
    """The configuration that the running model script was saved or loaded with."""

    def __init__(self, *, development_config: dict[str, Any] | str | None = None) -> None:
        told: Any = _config.get() if _config.get() is not None else development_config
        if isinstance(told, str):
            from tracker.models.model import read_yaml

            told = read_yaml(Path(told))
        self._told: dict[str, Any] = told or {}

    def get(self, key: str) -> Any:
        """The value of a key. Raises KeyError."""
        return self._told[key]

    def to_dict(self) -> dict[str, Any]:
        """All of it."""
        return dict(self._told)


def run_script(script: Path, config: dict[str, Any] | None) -> Any:
    """The model that a script sets: ask for trust before. Raises InvalidValue if it sets none."""
    held: list[Any] = []
    tokens = _model.set(held), _config.set(config)
    stand_in = _stand_in()
    try:
        runpy.run_path(str(script), run_name=script.stem)
    finally:
        _model.reset(tokens[0])
        _config.reset(tokens[1])
        for name in stand_in:
            sys.modules.pop(name, None)
    if not held:
        raise InvalidValue(f"The script {script.name} sets no model; end it with tracker.models.set_model(model).")
    return held[-1]


def _stand_in() -> list[str]:
    """Let a script written for MLflow run where MLflow is not installed: its `mlflow` is tracker."""
    import importlib.util

    if "mlflow" in sys.modules or importlib.util.find_spec("mlflow") is not None:
        return []
    homes = {"mlflow": "tracker", "mlflow.models": "tracker.models", "mlflow.pyfunc": "tracker.pyfunc"}
    sys.modules.update({name: importlib.import_module(home) for name, home in homes.items()})
    return list(homes)
