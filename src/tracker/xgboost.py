"""XGBoost models, in XGBoost's own formats."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any, Unpack

from tracker.autolog.xgboost import autolog
from tracker.exceptions import InvalidValue
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Writer, Written, log, save

__all__ = ["autolog", "load_model", "log_model", "save_model"]

FLAVOR_NAME = "xgboost"
_BOOSTER = "xgboost.core.Booster"
_FORMATS = ("ubj", "json", "deprecated", "xgb")


def save_model(
    xgb_model: Any, path: str | os.PathLike[str], *, model_format: str = "ubj", **options: Unpack[SaveOptions]
) -> None:
    """Save a Booster or an estimator into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    save(FLAVOR_NAME, _writer(xgb_model, model_format), path, options)


def log_model(
    xgb_model: Any, artifact_path: str | None = None, *, model_format: str = "ubj", **options: Unpack[LogOptions]
) -> ModelInfo:
    """Log a model with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    return log(FLAVOR_NAME, _writer(xgb_model, model_format), artifact_path, options)


def load_model(
    model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, *, trust: bool = False
) -> Any:
    """The model at a URI or path. Raises NotFound, InvalidValue."""
    return _load(open_model(model_uri, dst_path, trust))


def _writer(model: Any, form: str) -> Writer:
    if form not in _FORMATS:
        raise InvalidValue(f"model_format is one of {', '.join(_FORMATS)}; got {form!r}.")

    def write(folder: Path) -> Written:
        import xgboost

        name = f"model.{form}"
        model.save_model(folder / name)
        kind = type(model)
        conf = {
            "data": name,
            "model_class": _BOOSTER if isinstance(model, xgboost.Booster) else f"{kind.__module__}.{kind.__qualname__}",
            "model_format": form,
            "xgb_version": xgboost.__version__,
        }
        modules = {"xgboost", "scipy"} | (set() if isinstance(model, xgboost.Booster) else {"sklearn"})
        return Written(conf, {"loader_module": "mlflow.xgboost"}, modules, predict=_predict(model))

    return write


def _load(saved: Saved) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    xgboost = saved.library("xgboost", conf, "xgb_version")
    saved.use_code(conf)
    told = str(conf.get("model_class") or _BOOSTER)
    module, _, name = told.rpartition(".")
    if module.partition(".")[0] != "xgboost" or not hasattr(xgboost, name):
        raise InvalidValue(
            f"The model in {saved.folder} is of the class {told}, which XGBoost {xgboost.__version__} lacks."
        )
    model = getattr(xgboost, name)()
    try:
        model.load_model(saved.file(conf.get("data")))
    except xgboost.core.XGBoostError as error:
        raise InvalidValue(f"The XGBoost model in {saved.folder} is damaged: {str(error).splitlines()[0]}") from error
    return model


def _predict(model: Any) -> Any:
    def predict(data: Any, params: dict[str, Any] | None) -> Any:
        import xgboost

        known = inspect.signature(model.predict).parameters
        given = {name: value for name, value in (params or {}).items() if name in known}
        if isinstance(model, xgboost.Booster):
            return model.predict(data if isinstance(data, xgboost.DMatrix) else xgboost.DMatrix(data), **given)
        return model.predict(data, **given)

    return predict


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    model = _load(saved)
    return Predictor(model, _predict(model))
