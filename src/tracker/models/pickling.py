"""Cloudpickle, for models that nothing else can hold.

`tracker.pyfunc.PythonModel` is written as MLflow's class of that name, and read back as ours: a model that one wrote
the other loads, without being installed beside it.
"""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.models.model import missing_library

_THEIRS = "mlflow.pyfunc.model"


def cloudpickle_version() -> str:
    """The version of cloudpickle. Raises InvalidValue if there is none."""
    return str(_cloudpickle().__version__)


def _cloudpickle() -> Any:
    try:
        import cloudpickle
    except ImportError:
        raise missing_library("cloudpickle", "models") from None
    return cloudpickle


def dump(value: Any, file: Path) -> None:
    """Write a value as a pickle. Raises InvalidValue for one that cannot be."""
    from tracker.models import python_model

    ours = {getattr(python_model, name): name for name in python_model.NAMES}

    class Pickler(_cloudpickle().Pickler):  # type: ignore[misc,name-defined,unused-ignore]
        def reducer_override(self, obj: Any) -> Any:
            name = ours.get(obj) if isinstance(obj, type) else None
            if name is not None:
                return pkgutil.resolve_name, (f"{_THEIRS}:{name}",)
            return super().reducer_override(obj)

    try:
        with open(file, "wb") as stream:
            Pickler(stream, protocol=pickle.DEFAULT_PROTOCOL).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError, NotImplementedError) as error:
        raise InvalidValue(f"The model cannot be pickled: {error}") from error


def load(file: Path) -> Any:
    """The value in a pickle, which runs what it holds: ask for trust before. Raises InvalidValue."""
    try:
        with open(file, "rb") as stream:
            return _Unpickler(stream).load()
    except ModuleNotFoundError as error:
        raise InvalidValue(
            f"The model in {file.parent} needs the module {error.name!r}, which is not installed here. "
            "What it was saved with stands in its requirements.txt."
        ) from error
    except (pickle.UnpicklingError, EOFError) as error:
        raise InvalidValue(f"{file} is damaged: {error}.") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module == "pkgutil" and name == "resolve_name":
            return _resolved
        if module == _THEIRS or module.startswith("mlflow."):
            return _named(module, name)
        return super().find_class(module, name)


def _resolved(name: str) -> Any:
    module, _, inside = name.partition(":")
    return _named(module, inside) if module == _THEIRS else pkgutil.resolve_name(name)


def _named(module: str, name: str) -> Any:
    from tracker.models import python_model

    if name in python_model.NAMES:
        return getattr(python_model, name)
    target: Any = importlib.import_module(module)
    for part in name.split("."):
        target = getattr(target, part)
    return target
