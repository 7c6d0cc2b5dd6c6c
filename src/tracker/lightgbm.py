"""LightGBM models: a Booster in LightGBM's own text, an estimator as skops where it can be held so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack

from tracker.autolog.lightgbm import autolog
from tracker.exceptions import InvalidValue
from tracker.models import skops_format
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Writer, Written, log, save

__all__ = ["autolog", "load_model", "log_model", "save_model"]

FLAVOR_NAME = "lightgbm"
_BOOSTER = "lightgbm.basic.Booster"


def save_model(
    lgb_model: Any,
    path: str | os.PathLike[str],
    *,
    serialization_format: str | None = None,
    skops_trusted_types: list[str] | None = None,
    **options: Unpack[SaveOptions],
) -> None:
    """Save a Booster or an estimator into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    save(FLAVOR_NAME, _writer(lgb_model, serialization_format, skops_trusted_types), path, options)


def log_model(
    lgb_model: Any,
    artifact_path: str | None = None,
    *,
    serialization_format: str | None = None,
    skops_trusted_types: list[str] | None = None,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log a model with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    return log(FLAVOR_NAME, _writer(lgb_model, serialization_format, skops_trusted_types), artifact_path, options)


def load_model(
    model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, *, trust: bool = False
) -> Any:
    """The model at a URI or path. Raises NotFound, InvalidValue, UntrustedModel (`trust=True` loads it then)."""
    return _load(open_model(model_uri, dst_path, trust))


def _writer(model: Any, asked: str | None, trusted: list[str] | None) -> Writer:
    def write(folder: Path) -> Written:
        import lightgbm

        kind = type(model)
        conf: dict[str, Any] = {"lgb_version": lightgbm.__version__, "data": "model.lgb", "model_class": _BOOSTER}
        modules = {"lightgbm", "scipy"}
        runs_code = False
        if isinstance(model, lightgbm.Booster):
            model.save_model(folder / "model.lgb")
        else:
            form, types, found = skops_format.dump(model, folder, asked, trusted)
            modules |= found | {"sklearn", form if form != skops_format.PICKLE else "sklearn"}
            runs_code = form != skops_format.SKOPS or types is not None
            conf |= {
                "data": skops_format.FILES[form],
                "model_class": f"{kind.__module__}.{kind.__qualname__}",
                "serialization_format": form,
                "skops_trusted_types": types,
            }
        pyfunc = {"loader_module": "mlflow.lightgbm"}
        return Written(conf, pyfunc, modules, runs_code, lambda data, params: model.predict(data))

    return write


def _load(saved: Saved) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    lightgbm = saved.library("lightgbm", conf, "lgb_version")
    saved.use_code(conf)
    if (conf.get("model_class") or _BOOSTER) != _BOOSTER:
        return skops_format.load(saved, conf.get("data"), {"serialization_format": "cloudpickle", **conf})
    try:
        return lightgbm.Booster(model_file=saved.file(conf.get("data")))
    except lightgbm.basic.LightGBMError as error:
        raise InvalidValue(f"The LightGBM model in {saved.folder} is damaged: {error}.") from error


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    return Predictor(_load(saved))
