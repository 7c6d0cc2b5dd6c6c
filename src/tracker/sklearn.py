"""scikit-learn models: any estimator or pipeline, as skops where it can be held so, else as a cloudpickle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack

from tracker.autolog.sklearn import autolog
from tracker.models import skops_format
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Written, log, save
from tracker.models.skops_format import CLOUDPICKLE, PICKLE, SKOPS

__all__ = ["autolog", "load_model", "log_model", "save_model"]

FLAVOR_NAME = "sklearn"
SERIALIZATION_FORMAT_SKOPS = SKOPS
SERIALIZATION_FORMAT_PICKLE = PICKLE
SERIALIZATION_FORMAT_CLOUDPICKLE = CLOUDPICKLE


def save_model(
    sk_model: Any,
    path: str | os.PathLike[str],
    *,
    serialization_format: str | None = None,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: list[str] | None = None,
    **options: Unpack[SaveOptions],
) -> None:
    """Save an estimator into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    save(FLAVOR_NAME, _writer(sk_model, serialization_format, pyfunc_predict_fn, skops_trusted_types), path, options)


def log_model(
    sk_model: Any,
    artifact_path: str | None = None,
    *,
    serialization_format: str | None = None,
    pyfunc_predict_fn: str = "predict",
    skops_trusted_types: list[str] | None = None,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log an estimator with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    return log(
        FLAVOR_NAME,
        _writer(sk_model, serialization_format, pyfunc_predict_fn, skops_trusted_types),
        artifact_path,
        options,
    )


def load_model(
    model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, *, trust: bool = False
) -> Any:
    """The estimator at a URI or path. Raises NotFound, InvalidValue, UntrustedModel (`trust=True` loads it then)."""
    return _load(open_model(model_uri, dst_path, trust))


def _writer(model: Any, asked: str | None, predict_fn: str, trusted: list[str] | None) -> Any:
    def write(folder: Path) -> Written:
        import sklearn

        form, types, modules = skops_format.dump(model, folder, asked, trusted)
        file = skops_format.FILES[form]
        conf = {
            "pickled_model": file,
            "serialization_format": form,
            "sklearn_version": sklearn.__version__,
            "skops_trusted_types": types,
        }
        function = getattr(model, predict_fn, None)
        pyfunc = {"loader_module": "mlflow.sklearn", "model_path": file, "predict_fn": predict_fn}
        modules |= {"sklearn", "scipy", "cloudpickle" if form == CLOUDPICKLE else "sklearn"}
        modules |= {"skops"} if form == SKOPS else set()
        return Written(
            conf,
            pyfunc if function is not None else None,
            modules,
            runs_code=form != SKOPS or types is not None,
            predict=None if function is None else lambda data, params: function(data),
        )

    return write


def _load(saved: Saved) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    saved.library("sklearn", conf, "sklearn_version", "scikit-learn")
    saved.use_code(conf)
    return skops_format.load(saved, conf.get("pickled_model"), conf)


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    return Predictor(_load(saved))
