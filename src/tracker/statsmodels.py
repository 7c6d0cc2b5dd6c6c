"""statsmodels results. Their own format is a pickle, and nothing else holds them: it loads where it may run code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack

from tracker.autolog.statsmodels import autolog
from tracker.exceptions import InvalidValue
from tracker.models import pickling
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Writer, Written, log, save

__all__ = ["autolog", "load_model", "log_model", "save_model"]

FLAVOR_NAME = "statsmodels"
_FILE = "model.statsmodels"


def save_model(
    statsmodels_model: Any, path: str | os.PathLike[str], *, remove_data: bool = False, **options: Unpack[SaveOptions]
) -> None:
    """Save the results of a fit into the new folder `path`; `remove_data` leaves the training data out."""
    save(FLAVOR_NAME, _writer(statsmodels_model, remove_data), path, options)


def log_model(
    statsmodels_model: Any,
    artifact_path: str | None = None,
    *,
    remove_data: bool = False,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log the results of a fit with the active run as the folder `name`; the options are MLflow's."""
    return log(FLAVOR_NAME, _writer(statsmodels_model, remove_data), artifact_path, options)


def load_model(
    model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, *, trust: bool = False
) -> Any:
    """The results at a URI or path. Raises NotFound, InvalidValue, UntrustedModel (`trust=True` loads them then)."""
    return _load(open_model(model_uri, dst_path, trust))


def _writer(results: Any, remove_data: bool) -> Writer:
    def write(folder: Path) -> Written:
        import statsmodels

        results.save(str(folder / _FILE), remove_data)
        conf = {"data": _FILE, "serialization_format": "pickle", "statsmodels_version": statsmodels.__version__}
        pyfunc = {"loader_module": "mlflow.statsmodels", "data": _FILE}
        return Written(conf, pyfunc, {"statsmodels", "scipy"}, True, lambda data, params: _predict(results, data))

    return write


def _load(saved: Saved) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    saved.library("statsmodels", conf, "statsmodels_version")
    saved.use_code(conf)
    file = saved.file(conf.get("data"))
    saved.may_run_code(f"{file.name} is a pickle, as all statsmodels results are")
    return pickling.load(file)


def _predict(results: Any, data: Any) -> Any:
    from statsmodels.tsa.base.tsa_model import TimeSeriesModel

    if not isinstance(results.model, TimeSeriesModel):
        return results.predict(data)
    if len(data) != 1 or not {"start", "end"} <= set(data.columns):
        raise InvalidValue("A time series model predicts for one row with the columns 'start' and 'end'.")
    return results.predict(start=data["start"].iloc[0], end=data["end"].iloc[0])


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    results = _load(saved)
    return Predictor(results, lambda data, params: _predict(results, data))
