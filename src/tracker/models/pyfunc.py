"""A loaded model of any flavor, as a function from data to predictions that are checked against its signature."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from tracker.exceptions import InvalidValue, NotFound
from tracker.models.loading import Saved
from tracker.models.model import PYFUNC, Model
from tracker.types.checks import checked_input, checked_parameters

LOADERS = {
    "mlflow.sklearn": "tracker.sklearn",
    "mlflow.xgboost": "tracker.xgboost",
    "mlflow.lightgbm": "tracker.lightgbm",
    "mlflow.pytorch": "tracker.pytorch",
    "mlflow.keras": "tracker.keras",
    "mlflow.tensorflow": "tracker.keras",
    "mlflow.statsmodels": "tracker.statsmodels",
    "mlflow.onnx": "tracker.onnx",
    "mlflow.pyfunc.model": "tracker.pyfunc",
    "mlflow.pyfunc.loaders.code_model": "tracker.pyfunc",
}


class PyFuncModel:
    """A loaded model: `predict(data, params)` checks the data, then asks the model."""

    def __init__(self, model_meta: Model, model_impl: Any, predict_fn: str = "predict") -> None:
        self._model_meta = model_meta
        self._model_impl = model_impl
        self._predict_fn = predict_fn
        self.input_example: Any = None

    @property
    def metadata(self) -> Model:
        """What the model's `MLmodel` says."""
        return self._model_meta

    @property
    def model_id(self) -> str | None:
        """The id that it was logged under."""
        return self._model_meta.model_id

    @property
    def loader_module(self) -> str:
        """The module that its flavor names for loading it."""
        return str(self._model_meta.flavors[PYFUNC]["loader_module"])

    def unwrap_python_model(self) -> Any:
        """The PythonModel inside. Raises InvalidValue for another kind of model."""
        inner = getattr(self._model_impl, "python_model", None)
        if inner is None:
            raise InvalidValue(f"This is no PythonModel but a model of {self.loader_module}; see get_raw_model().")
        return inner

    def get_raw_model(self) -> Any:
        """The model of the flavor's own library."""
        get = getattr(self._model_impl, "get_raw_model", None)
        return self.unwrap_python_model() if get is None else get()

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The prediction. Raises InvalidValue for data that the signature does not allow, naming the column."""
        checked, given = self.checked(data, params)
        return self._ask(self._predict_fn, checked, given)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The prediction in parts, of a model that gives it so."""
        checked, given = self.checked(data, params)
        return self._ask("predict_stream", checked, given)

    def checked(self, data: Any, params: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any] | None]:
        """Data and parameters as the model takes them. Raises InvalidValue."""
        signature = self._model_meta.signature
        inputs = signature.inputs if signature is not None else None
        known = signature.params if signature is not None else None
        data = data if inputs is None else checked_input(data, inputs)
        return data, checked_parameters(params, known) if params or known else None

    def _ask(self, name: str, data: Any, params: dict[str, Any] | None) -> Any:
        function = getattr(self._model_impl, name, None)
        if function is None:
            raise InvalidValue(f"This model has no {name!r}.")
        return function(data, params) if params is not None else function(data)

    def __repr__(self) -> str:
        return f"<PyFuncModel {self.model_id or ''}: {self.loader_module}>"


def load_pyfunc(saved: Saved, model_config: dict[str, Any] | None = None) -> PyFuncModel:
    """A model of any flavor as a PyFuncModel. Raises NotFound, InvalidValue, UntrustedModel."""
    conf = saved.conf(PYFUNC)
    name = conf.get("loader_module")
    if not isinstance(name, str):
        raise InvalidValue(f"The model in {saved.folder} names no loader_module; its description is damaged.")
    _warn_of_python(saved, conf)
    config = {**(conf.get("config") or {}), **(model_config or {})} or None
    if name in LOADERS:
        implementation = importlib.import_module(LOADERS[name])._load_pyfunc(saved, config)
    elif name.partition(".")[0] in ("mlflow", "tracker"):
        known = ", ".join(sorted(one.removeprefix("mlflow.") for one in LOADERS))
        raise NotFound(
            f"The model in {saved.folder} is of the flavor {name}, which tracker does not read; it reads {known}."
        )
    else:
        implementation = _own_loader(saved, conf, name, config)
    model = PyFuncModel(saved.model, implementation, str(conf.get("predict_fn") or "predict"))
    return model


def _own_loader(saved: Saved, conf: dict[str, Any], name: str, config: dict[str, Any] | None) -> Any:
    """A loader module of the user's."""
    saved.may_run_code(f"it is loaded by a module of its own, {name}")
    saved.use_code(conf)
    data = saved.file(conf["data"]) if conf.get("data") else saved.folder
    try:
        load = importlib.import_module(name)._load_pyfunc
    except (ImportError, AttributeError) as error:
        raise InvalidValue(
            f"The module {name}, which is to load the model in {saved.folder}, cannot: {error}."
        ) from error
    return load(str(data), config) if config else load(str(data))


def _warn_of_python(saved: Saved, conf: dict[str, Any]) -> None:
    """One warning where another Python wrote code objects, which do not carry over."""
    import warnings

    told = str(conf.get("python_version") or "")
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if told and not told.startswith(f"{here}.") and (conf.get("python_model") or told.partition(".")[0] != "3"):
        warnings.warn(
            f"The model in {saved.folder} was saved with Python {told}; this is {sys.version.split()[0]}.",
            UserWarning,
            stacklevel=4,
        )
