"""PyTorch models: as an exported graph where there is an example to trace it with, else as a pickle; and state dicts.

A graph is loaded from anywhere if none of its records is a pickle of more than tensors; a state dict is always read by
PyTorch's restricted reader.
"""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any, Unpack

from tracker.autolog.lightning import autolog
from tracker.exceptions import InvalidValue
from tracker.models import pickling
from tracker.models.examples import split_params
from tracker.models.loading import Saved, open_model
from tracker.models.model import ModelInfo, missing_library
from tracker.models.predictors import Predictor
from tracker.models.saving import LogOptions, SaveOptions, Writer, Written, log, save
from tracker.models.uris import local_path

__all__ = ["autolog", "load_model", "load_state_dict", "log_model", "log_state_dict", "save_model", "save_state_dict"]

FLAVOR_NAME = "pytorch"
PT2, PICKLE = "pt2", "pickle"
_GRAPH, _PICKLED, _STATE = "model.pt2", "model.pth", "state_dict.pth"
_TEXTS = ("version", "archive_format", "archive_version", "byteorder", "serialization_id")


def save_model(
    pytorch_model: Any,
    path: str | os.PathLike[str],
    *,
    serialization_format: str | None = None,
    **options: Unpack[SaveOptions],
) -> None:
    """Save a module into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    save(FLAVOR_NAME, _writer(pytorch_model, serialization_format, options.get("input_example")), path, options)


def log_model(
    pytorch_model: Any,
    artifact_path: str | None = None,
    *,
    serialization_format: str | None = None,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log a module with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    writer = _writer(pytorch_model, serialization_format, options.get("input_example"))
    return log(FLAVOR_NAME, writer, artifact_path, options)


def load_model(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    trust: bool = False,
) -> Any:
    """The module at a URI or path. Raises NotFound, InvalidValue, UntrustedModel (`trust=True` loads it then)."""
    return _load(open_model(model_uri, dst_path, trust), device)


# -- writing


def _writer(model: Any, asked: str | None, example: Any) -> Writer:
    if asked not in (None, PT2, PICKLE):
        raise InvalidValue(f"serialization_format is {PT2!r} or {PICKLE!r}; got {asked!r}.")

    def write(folder: Path) -> Written:
        import torch

        if not isinstance(model, torch.nn.Module):
            raise InvalidValue(f"tracker.pytorch takes a torch.nn.Module; got {type(model).__name__}.")
        (folder / "data").mkdir()
        inputs = _traced_inputs(example)
        runs_code = False
        if asked == PT2 or (asked is None and inputs is not None and not isinstance(model, torch.jit.ScriptModule)):
            if inputs is None:
                raise InvalidValue("serialization_format='pt2' needs an input_example that is an array or a tensor.")
            _export(model, inputs, folder / "data" / _GRAPH)
            runs_code = not _is_plain(folder / "data" / _GRAPH)
            modules = {"torch"}
        else:
            modules = _pickle(model, folder / "data") | {"torch", "cloudpickle"}
            runs_code = True
        conf = {"model_data": "data", "pytorch_version": str(torch.__version__)}
        pyfunc = {
            "loader_module": "mlflow.pytorch",
            "data": "data",
            "pickle_module_name": "mlflow.pytorch.pickle_module",
        }
        return Written(conf, pyfunc, modules, runs_code, lambda data, params: _predict(model, data, "cpu"))

    return write


def _traced_inputs(example: Any) -> tuple[Any, ...] | None:
    import numpy as np
    import torch

    data, _ = split_params(example)
    many = data if isinstance(data, (list, tuple)) else (data,)
    if not many or not all(isinstance(one, (np.ndarray, torch.Tensor)) for one in many):
        return None
    return tuple(
        torch.as_tensor(np.require(one, requirements="W") if isinstance(one, np.ndarray) else one) for one in many
    )


def _export(model: Any, inputs: tuple[Any, ...], file: Path) -> None:
    import torch

    free = tuple({0: torch.export.Dim.AUTO} if one.ndim else None for one in inputs)
    graph = torch.export.export(model, inputs, dynamic_shapes={"args": free} if _takes_args(model) else free)
    torch.export.save(graph, file)


def _takes_args(model: Any) -> bool:
    import inspect

    kinds = [one.kind for one in inspect.signature(model.forward).parameters.values()]
    return bool(kinds) and kinds[0] is inspect.Parameter.VAR_POSITIONAL


def _pickle(model: Any, data: Path) -> set[str]:
    import torch

    file = data / _PICKLED
    if isinstance(model, torch.jit.ScriptModule):
        model.save(str(file))
        modules: set[str] = set()
    else:
        buffer = io.BytesIO()
        torch.save(model, buffer, pickle_module=_cloudpickle())
        file.write_bytes(buffer.getvalue())
        modules = {type(one).__module__ for one in model.modules()}
    (data / "pickle_module_info.txt").write_text("mlflow.pytorch.pickle_module")
    return modules - {"__main__"}


def _cloudpickle() -> Any:
    pickling.cloudpickle_version()
    import cloudpickle

    return cloudpickle


# -- loading


def _load(saved: Saved, device: str | None = None) -> Any:
    conf = saved.conf(FLAVOR_NAME)
    torch = saved.library("torch", conf, "pytorch_version")
    saved.use_code(conf)
    data = saved.file(conf.get("model_data") or "data")
    try:
        if (data / _GRAPH).is_file():
            if not _is_plain(data / _GRAPH):
                saved.may_run_code(f"{_GRAPH} holds pickles")
            return torch.export.load(data / _GRAPH).module()
        file = saved.file(f"{data.relative_to(saved.folder).as_posix()}/{_PICKLED}")
        saved.may_run_code(f"{_PICKLED} is a pickle")
        return torch.load(file, map_location=device or "cpu", weights_only=False)
    except (RuntimeError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError) as error:
        raise InvalidValue(f"PyTorch cannot load the model in {saved.folder}: {error}") from error


def _is_plain(file: Path) -> bool:
    """Whether no record of an exported graph is a pickle of more than tensors and containers of them."""
    import json

    import torch

    if torch.serialization.get_safe_globals() or tuple(map(int, torch.__version__.split(".")[:2])) < (2, 10):
        return False
    with zipfile.ZipFile(file) as archive:
        names = [one for one in archive.namelist() if not one.endswith("/")]
        raw = _raw_tensors(archive, names)
        for name in names:
            last = name.rpartition("/")[2]
            if name in raw:
                continue
            content = archive.read(name)
            if last in _TEXTS and len(content) < 100 and content.strip().isalnum():
                continue
            try:
                if last.endswith(".json"):
                    json.loads(content)
                else:
                    torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
            except Exception:  # any refusal means: not plain
                return False
    return True


def _raw_tensors(archive: zipfile.ZipFile, names: list[str]) -> set[str]:
    """The records that the graph's own lists name as bytes of a tensor, and none of them as a pickle."""
    import json

    raw: set[str] = set()
    pickled: set[str] = set()
    for name in names:
        folder, _, last = name.rpartition("/")
        if not last.endswith("_config.json") or not folder.endswith(("data/weights", "data/constants")):
            continue
        for one in json.loads(archive.read(name)).get("config", {}).values():
            path = str(one.get("path_name"))
            plain = one.get("use_pickle") is False and path.startswith(("weight_", "tensor_"))
            (raw if plain else pickled).add(f"{folder}/{path}")
    return raw - pickled


def _predict(model: Any, data: Any, device: str) -> Any:
    import numpy as np
    import pandas as pd
    import torch

    table = isinstance(data, pd.DataFrame)
    array = data.to_numpy(dtype=np.float32) if table else np.asarray(data)
    with torch.no_grad():
        told = model(torch.from_numpy(np.require(array, requirements="W")).to(device))
    if not isinstance(told, torch.Tensor):
        raise InvalidValue(f"The model gives a {type(told).__name__}; predict is for models that give one tensor.")
    held = told.cpu().numpy()
    return pd.DataFrame(held, index=data.index) if table else held


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> Predictor:
    device = str((config or {}).get("device") or "cpu")
    model = _load(saved, device)
    if not (saved.folder / "data" / _GRAPH).is_file():
        model.eval()
    return Predictor(model, lambda data, params: _predict(model, data, device))


# -- state dicts


def save_state_dict(state_dict: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Save a state dict into the folder `path`. Raises InvalidValue for what is no dict."""
    import torch

    if not isinstance(state_dict, dict):
        raise InvalidValue(f"A state dict is a dict; got {type(state_dict).__name__}.")
    Path(path).mkdir(parents=True, exist_ok=True)
    torch.save(state_dict, Path(path, _STATE))


def log_state_dict(state_dict: dict[str, Any], artifact_path: str) -> None:
    """Keep a state dict with the active run, in the folder `artifact_path`."""
    import tempfile

    from tracker.tracking import log_artifacts

    with tempfile.TemporaryDirectory() as folder:
        save_state_dict(state_dict, folder)
        log_artifacts(folder, artifact_path)


def load_state_dict(state_dict_uri: str | os.PathLike[str]) -> dict[str, Any]:
    """The state dict at a URI or path; only tensors and plain values are read. Raises NotFound, InvalidValue."""
    try:
        import torch
    except ImportError:
        raise missing_library("torch") from None
    file = local_path(state_dict_uri) / _STATE
    try:
        told: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise InvalidValue(f"{file} is no state dict that can be read safely: {error}") from error
    return told
