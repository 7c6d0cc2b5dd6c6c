"""Models that are plain Python: a class with `predict`, or a function; MLflow's classes under MLflow's names."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from tracker.models.signature import ModelSignature
from tracker.types import ColSpec, DataType, Schema
from tracker.types.nested import AnyDataType, AnyType, Array, Map

NAMES = ("PythonModel", "PythonModelContext", "_FunctionPythonModel", "_TypeHints")


class PythonModel:
    """A model of the user's own: subclass it and define `predict(self, [context,] model_input[, params])`."""

    def load_context(self, context: Any) -> None:
        """Called once when the model is loaded; `context.artifacts` are paths of the files saved with it."""

    @property
    def predict_type_hints(self) -> Any:
        """The type hint of `predict`'s input, or None."""
        return input_hint(self.predict)

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """The prediction for an input; to be defined. `context` and `params` may be left out of the signature."""
        raise NotImplementedError(f"{type(self).__name__} defines no predict.")

    def predict_stream(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """The prediction as an iterator of its parts; may be defined."""
        raise NotImplementedError(f"{type(self).__name__} defines no predict_stream.")


class _FunctionPythonModel(PythonModel):
    """A function as a model."""

    def __init__(self, func: Callable[..., Any], signature: ModelSignature | None = None) -> None:
        self.func = func
        self.signature = signature

    @property
    def predict_type_hints(self) -> Any:
        return input_hint(self.func)

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # type: ignore[override]
        takes = inspect.signature(self.func).parameters
        return self.func(model_input, params) if len(takes) > 1 and params else self.func(model_input)


class _TypeHints:
    """The type hints of a `predict`, which MLflow keeps in its models."""

    def __init__(self, input: Any = None, output: Any = None) -> None:  # noqa: A002
        self.input = input
        self.output = output


class PythonModelContext:
    """What a loaded model is given: the paths of its artifacts by name, and its configuration."""

    def __init__(self, artifacts: Mapping[str, str], model_config: Mapping[str, Any] | None = None) -> None:
        self._artifacts = dict(artifacts)
        self._model_config = None if model_config is None else dict(model_config)

    @property
    def artifacts(self) -> dict[str, str]:
        """The path of each artifact."""
        return self._artifacts

    @property
    def model_config(self) -> dict[str, Any] | None:
        """The configuration that the model was saved or loaded with."""
        return self._model_config


class PythonModelRunner:
    """Predicts with a PythonModel, giving it what its `predict` takes."""

    def __init__(self, python_model: Any, context: PythonModelContext | None) -> None:
        self.python_model = python_model
        self.context = context

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The model's prediction."""
        return self._call(self.python_model.predict, data, params)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The model's prediction in parts."""
        return self._call(self.python_model.predict_stream, data, params)

    def _call(self, function: Callable[..., Any], data: Any, params: dict[str, Any] | None) -> Any:
        takes = inspect.signature(function).parameters
        given = {"params": params} if "params" in takes else {}
        hinted = _as_hinted(data, input_hint(getattr(self.python_model, "func", function)))
        return function(self.context, hinted, **given) if _takes_context(takes) else function(hinted, **given)


def _takes_context(parameters: Mapping[str, inspect.Parameter]) -> bool:
    plain = [name for name in parameters if name not in ("self", "params")]
    return "context" in parameters or len(plain) > 1


def input_hint(function: Callable[..., Any]) -> Any:
    """The type hint of the function's input, or None."""
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "context", "params")]
    return _hints(function).get(names[0]) if names else None


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError):
        return {}


def _as_hinted(data: Any, hint: Any) -> Any:
    """A table as the list that the type hint asks for: of the first column's values, or of rows as dicts."""
    if typing.get_origin(hint) is not list or not hasattr(data, "to_dict") or not hasattr(data, "columns"):
        return data
    inner = (typing.get_args(hint) or (None,))[0]
    if inner is dict or typing.get_origin(inner) is dict:
        return data.to_dict(orient="records")
    return data.iloc[:, 0].tolist() if len(data.columns) == 1 else data


def hinted_signature(model: PythonModel) -> ModelSignature | None:
    """The signature that the type hints of a model's `predict` tell, or None."""
    function = getattr(model, "func", model.predict)
    inputs = _schema_of(input_hint(function))
    return None if inputs is None else ModelSignature(inputs, _schema_of(_hints(function).get("return")))


def _schema_of(hint: Any) -> Schema | None:
    if typing.get_origin(hint) is not list or not typing.get_args(hint):
        return None
    kind = _type_of(typing.get_args(hint)[0])
    return None if kind is None else Schema([ColSpec(kind)])


_HINTS = {
    bool: DataType.boolean, int: DataType.long, float: DataType.double, str: DataType.string, bytes: DataType.binary,
}  # fmt: skip


def _type_of(hint: Any) -> AnyDataType | None:
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if hint in _HINTS:
        return _HINTS[hint]
    if hint is Any or origin in (typing.Union, types.UnionType):
        return AnyType()
    inner = _type_of(arguments[-1]) if arguments else None
    if inner is None:
        return None
    return Array(inner) if origin is list else Map(inner) if origin is dict and arguments[0] is str else None
