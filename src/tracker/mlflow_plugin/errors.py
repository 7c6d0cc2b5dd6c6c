"""Our errors as MLflow's, and what is refused in its words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2

from tracker.exceptions import TrackerError

C = TypeVar("C", bound=type)
_KNOWN = frozenset(databricks_pb2.ErrorCode.keys())


def translated(call: Callable[..., Any]) -> Callable[..., Any]:
    """The call with our errors raised as MLflow's, of the same code and message."""

    @functools.wraps(call)
    def inner(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except TrackerError as error:
            raise _as_mlflow(error) from error

    return inner


def translates(cls: C) -> C:
    """A class whose public calls, and MLflow's `_search_runs` and the like, raise MLflow's errors."""
    for name, value in list(vars(cls).items()):
        if callable(value) and not name.startswith("__"):
            setattr(cls, name, translated(value))
    return cls


def _as_mlflow(error: TrackerError) -> MlflowException:
    code = error.error_code if error.error_code in _KNOWN else "INTERNAL_ERROR"
    return MlflowException(error.message, error_code=databricks_pb2.ErrorCode.Value(code))


def refuse(message: str, code: int = databricks_pb2.INVALID_PARAMETER_VALUE) -> NoReturn:
    """Raise MLflow's error."""
    raise MlflowException(message, error_code=code)


def unsupported(name: str) -> Callable[..., Any]:
    """A call that says that this store does not keep such a thing."""

    def inner(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        refuse(
            f"{name} is not supported by tracker's store: it keeps experiments, runs, models and the model registry, "
            "no traces, prompts, webhooks or what belongs to these. Use one of MLflow's SQL stores for them.",
            databricks_pb2.NOT_IMPLEMENTED,
        )

    inner.__name__ = name
    return inner
