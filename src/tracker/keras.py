"""Keras models, in Keras's own format, read with its safe mode: layers that hold code need trust."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any, Unpack

from tracker.autolog.keras import autolog
from tracker.exceptions import InvalidValue
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Writer, Written, log, save

__all__ = ["autolog", "load_model", "log_model", "save_model"]

FLAVOR_NAME = "keras"
_FILE = "data/model.keras"


def save_model(
    model: Any,
    path: str | os.PathLike[str],
    *,
    save_model_kwargs: dict[str, Any] | None = None,
    **options: Unpack[SaveOptions],
) -> None:
    """Save a Keras model into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    save(FLAVOR_NAME, _writer(model, save_model_kwargs), path, options)


def log_model(
    model: Any,
    artifact_path: str | None = None,
    *,
    save_model_kwargs: dict[str, Any] | None = None,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log a Keras model with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    return log(FLAVOR_NAME, _writer(model, save_model_kwargs), artifact_path, options)


def load_model(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    custom_objects: dict[str, Any] | None = None,
    load_model_kwargs: dict[str, Any] | None = None,
    *,
    trust: bool = False,
) -> Any:
    """The model at a URI or path. Raises NotFound, InvalidValue, UntrustedModel (`trust=True` loads it then)."""
    return _load(
        open_model(model_uri, dst_path, trust), {"custom_objects": custom_objects, **(load_model_kwargs or {})}
    )


def _writer(model: Any, save_options: dict[str, Any] | None) -> Writer:
    def write(folder: Path) -> Written:
        import keras

        (folder / "data").mkdir()
        model.save(folder / _FILE, **(save_options or {}))
        (folder / "data" / "keras_module.txt").write_text("keras")
        backend = keras.backend.backend()
        conf = {
            "data": "data",
            "keras_version": keras.__version__,
            "keras_backend": backend,
            "save_exported_model": False,
        }
        pyfunc = {"loader_module": "mlflow.keras"}
        return Written(
            conf, pyfunc, {"keras", backend}, _holds_code(folder / _FILE), lambda data, params: _predict(model, data)
        )

    return write


def _holds_code(file: Path) -> bool:
    """Whether a layer is made of Python code, which Keras runs only where its safe mode is off."""
    try:
        with zipfile.ZipFile(file) as archive:
            return b'"__lambda__"' in archive.read("config.json")
    except (zipfile.BadZipFile, KeyError) as error:
        raise InvalidValue(f"{file} is no Keras model, or damaged: {error}.") from error


def _load(saved: Saved, options: dict[str, Any] | None = None) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    keras = saved.library("keras", conf, "keras_version")
    saved.use_code(conf)
    if conf.get("save_exported_model"):
        raise InvalidValue(f"The model in {saved.folder} is an exported TensorFlow graph, which tracker does not load.")
    file = saved.file(f"{conf.get('data') or 'data'}/model.keras")
    with_code = _holds_code(file)
    if with_code:
        saved.may_run_code("a layer of it is made of Python code")
    try:
        return keras.saving.load_model(file, **{"safe_mode": not with_code, **(options or {})})
    except (ValueError, TypeError, OSError) as error:
        raise InvalidValue(f"Keras cannot load the model in {saved.folder}: {error}") from error


def _predict(model: Any, data: Any) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return pd.DataFrame(model.predict(data.to_numpy(), verbose=0), index=data.index)
    return np.asarray(model.predict(data, verbose=0))


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    model = _load(saved)
    return Predictor(model, lambda data, params: _predict(model, data))
