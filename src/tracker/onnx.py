"""ONNX models, predicted with by ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Unpack

from tracker.exceptions import InvalidValue
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Writer, Written, log, save

__all__ = ["load_model", "log_model", "save_model"]

FLAVOR_NAME = "onnx"
_FILE = "model.onnx"
_PROVIDERS = ["CUDAExecutionProvider", "CPUExecutionProvider"]


def save_model(
    onnx_model: Any,
    path: str | os.PathLike[str],
    *,
    onnx_execution_providers: list[Any] | None = None,
    onnx_session_options: dict[str, Any] | None = None,
    save_as_external_data: bool = True,
    **options: Unpack[SaveOptions],
) -> None:
    """Save a ModelProto into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    writer = _writer(onnx_model, onnx_execution_providers, onnx_session_options, save_as_external_data)
    save(FLAVOR_NAME, writer, path, options)


def log_model(
    onnx_model: Any,
    artifact_path: str | None = None,
    *,
    onnx_execution_providers: list[Any] | None = None,
    onnx_session_options: dict[str, Any] | None = None,
    save_as_external_data: bool = True,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log a ModelProto with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    writer = _writer(onnx_model, onnx_execution_providers, onnx_session_options, save_as_external_data)
    return log(FLAVOR_NAME, writer, artifact_path, options)


def load_model(
    model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, *, trust: bool = False
) -> Any:
    """The ModelProto at a URI or path. Raises NotFound, InvalidValue."""
    return _load(open_model(model_uri, dst_path, trust))


def _writer(model: Any, providers: list[Any] | None, options: dict[str, Any] | None, external: bool) -> Writer:
    def write(folder: Path) -> Written:
        import onnx

        onnx.save_model(model, str(folder / _FILE), save_as_external_data=external)
        conf = {
            "data": _FILE,
            "onnx_session_options": options,
            "onnx_version": onnx.__version__,
            "providers": providers or _PROVIDERS,
        }
        pyfunc = {"loader_module": "mlflow.onnx", "data": _FILE}

        def predict(data: Any, params: dict[str, Any] | None) -> Any:
            return _predict(_session(folder / _FILE, conf), data)

        return Written(conf, pyfunc, {"onnx", "onnxruntime"}, predict=predict)

    return write


def _load(saved: Saved) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    onnx = saved.library("onnx", conf, "onnx_version")
    saved.use_code(conf)
    file = saved.file(conf.get("data"))
    try:
        model = onnx.load(str(file))
        onnx.checker.check_model(str(file))
    except Exception as error:  # protobuf's and ONNX's kinds
        raise InvalidValue(f"The ONNX model in {saved.folder} is damaged: {error}.") from error
    return model


def _session(file: Path, conf: dict[str, Any]) -> Any:
    import onnxruntime

    told = conf.get("providers") or _PROVIDERS
    asked = [tuple(one) if isinstance(one, list) else one for one in ([told] if isinstance(told, str) else told)]
    usable = [
        one for one in asked if (one[0] if isinstance(one, tuple) else one) in onnxruntime.get_available_providers()
    ]
    options = onnxruntime.SessionOptions()
    for name in ("inter_op_num_threads", "intra_op_num_threads"):
        if (conf.get("onnx_session_options") or {}).get(name):
            setattr(options, name, int(conf["onnx_session_options"][name]))
    return onnxruntime.InferenceSession(str(file), options, providers=usable or ["CPUExecutionProvider"])


def _predict(session: Any, data: Any) -> Any:
    import numpy as np
    import pandas as pd

    wanted = {one.name: one.type for one in session.get_inputs()}
    if isinstance(data, dict):
        feeds = {name: np.asarray(value) for name, value in data.items()}
    elif len(wanted) == 1:
        feeds = {next(iter(wanted)): np.asarray(data)}
    elif isinstance(data, pd.DataFrame):
        feeds = {name: np.asarray(data[name].tolist()).reshape(len(data), -1) for name in data.columns}
    else:
        raise InvalidValue(f"The model has the inputs {list(wanted)}; give a dict of arrays or a DataFrame.")
    for name, value in feeds.items():
        if wanted.get(name) == "tensor(float)" and value.dtype == np.float64:
            feeds[name] = value.astype(np.float32)
    outputs = session.run(None, feeds)
    named = dict(zip([one.name for one in session.get_outputs()], outputs, strict=True))
    if not isinstance(data, pd.DataFrame):
        return named
    return pd.DataFrame.from_dict({name: _flat(value) for name, value in named.items()})


def _flat(output: Any) -> list[Any]:
    if hasattr(output, "tolist"):
        rows = output.reshape(-1).tolist() if output.ndim <= 1 or output.size == len(output) else output.tolist()
        return list(rows)
    return list(output)


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    conf = saved.conf(FLAVOR_NAME)
    saved.library("onnxruntime", conf)
    saved.use_code(conf)
    try:
        session = _session(saved.file(conf.get("data")), conf)
    except Exception as error:  # ONNX Runtime's kinds
        raise InvalidValue(f"The ONNX model in {saved.folder} cannot be run: {error}.") from error
    return Predictor(session, lambda data, params: _predict(session, data))
