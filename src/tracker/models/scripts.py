"""Models that are a script: it is run, and says which object the model is with `set_model`."""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
            from tracker.yaml_files import read_yaml

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
    try:
        with _as_mlflow(script):
            runpy.run_path(str(script), run_name=script.stem)
    finally:
        _model.reset(tokens[0])
        _config.reset(tokens[1])
    if not held:
        raise InvalidValue(f"The script {script.name} sets no model; end it with tracker.models.set_model(model).")
    return held[-1]


@contextmanager
def _as_mlflow(script: Path) -> Iterator[None]:
    """Let a script written for MLflow set its model here: where MLflow is not installed, its `mlflow` is tracker."""
    if b"mlflow" not in script.read_bytes():
        yield
    elif "mlflow" in sys.modules or importlib.util.find_spec("mlflow") is not None:
        with _lent_to_mlflow():
            yield
    else:
        homes = {"mlflow": "tracker", "mlflow.models": "tracker.models", "mlflow.pyfunc": "tracker.pyfunc"}
        sys.modules.update({name: importlib.import_module(home) for name, home in homes.items()})
        try:
            yield
        finally:
            for name in homes:
                sys.modules.pop(name, None)


@contextmanager
def _lent_to_mlflow() -> Iterator[None]:
    """MLflow itself, with those of its names that a model's script is written with being ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of itself
        import mlflow.models
        import mlflow.pyfunc

    from tracker.models.python_model import PythonModel

    lent: list[tuple[Any, str, Any]] = [
        (mlflow.models, "set_model", set_model),
        (mlflow.models, "ModelConfig", ModelConfig),
        (mlflow.pyfunc, "PythonModel", PythonModel),
    ]
    own = [(module, name, getattr(module, name)) for module, name, _ in lent]
    try:
        for module, name, ours in lent:
            setattr(module, name, ours)
        yield
    finally:
        for module, name, theirs in own:
            setattr(module, name, theirs)
