"""Models of any flavor as a function, and models that are plain Python: a PythonModel, a function, a loader module,
or a script that says `tracker.models.set_model(...)`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from tracker.exceptions import InvalidValue
from tracker.models import pickling
from tracker.models.loading import Saved, open_model
from tracker.models.model import PYFUNC, ModelInfo
from tracker.models.pyfunc import PyFuncModel, load_pyfunc
from tracker.models.python_model import (
    PythonModel,
    PythonModelContext,
    PythonModelRunner,
    _FunctionPythonModel,
    hinted_signature,
)
from tracker.models.saving import LogOptions, SaveOptions, Written, log, save
from tracker.models.scripts import run_script
from tracker.yaml_files import read_yaml

__all__ = ["PyFuncModel", "PythonModel", "PythonModelContext", "load_model", "log_model", "save_model"]

FLAVOR_NAME = PYFUNC
_PICKLE = "python_model.pkl"


def save_model(
    path: str | os.PathLike[str],
    *,
    python_model: PythonModel | Callable[..., Any] | str | os.PathLike[str] | None = None,
    artifacts: Mapping[str, str] | None = None,
    loader_module: str | None = None,
    data_path: str | os.PathLike[str] | None = None,
    model_config: Mapping[str, Any] | str | None = None,
    **options: Unpack[SaveOptions],
) -> None:
    """Save a model into the new folder `path`; the options are MLflow's. Raises InvalidValue."""
    save(FLAVOR_NAME, _writer(python_model, artifacts, loader_module, data_path, model_config), path, options)


def log_model(
    artifact_path: str | None = None,
    *,
    python_model: PythonModel | Callable[..., Any] | str | os.PathLike[str] | None = None,
    artifacts: Mapping[str, str] | None = None,
    loader_module: str | None = None,
    data_path: str | os.PathLike[str] | None = None,
    model_config: Mapping[str, Any] | str | None = None,
    **options: Unpack[LogOptions],
) -> ModelInfo:
    """Log a model with the active run as the folder `name`; the options are MLflow's. Raises InvalidValue."""
    return log(
        FLAVOR_NAME, _writer(python_model, artifacts, loader_module, data_path, model_config), artifact_path, options
    )


def load_model(
    model_uri: str | os.PathLike[str],
    suppress_warnings: bool = False,
    dst_path: str | os.PathLike[str] | None = None,
    model_config: Mapping[str, Any] | str | None = None,
    *,
    trust: bool = False,
) -> PyFuncModel:
    """The model at a URI or path, of any flavor. Raises NotFound, InvalidValue, UntrustedModel."""
    import warnings

    with warnings.catch_warnings():
        if suppress_warnings:
            warnings.simplefilter("ignore")
        return load_pyfunc(open_model(model_uri, dst_path, trust), _config(model_config))


def _config(told: Mapping[str, Any] | str | os.PathLike[str] | None) -> dict[str, Any] | None:
    value = read_yaml(Path(told)) if isinstance(told, (str, os.PathLike)) else told
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidValue(f"model_config is a dict or the path of a YAML file; got {type(value).__name__}.")
    return dict(value)


# -- writing


def _writer(model: Any, artifacts: Mapping[str, str] | None, loader: str | None, data: Any, config: Any) -> Any:
    if (model is None) == (loader is None):
        raise InvalidValue("Give either python_model (a PythonModel, a function or a script's path) or loader_module.")
    if loader is not None:
        if artifacts:
            raise InvalidValue("artifacts go with python_model; a loader_module has data_path.")
        return lambda folder: _write_loader(folder, loader, data, config)
    if data is not None:
        raise InvalidValue("data_path goes with loader_module; a python_model has artifacts.")
    return lambda folder: _write_model(folder, model, artifacts, config)


def _write_loader(folder: Path, loader: str, data: Any, config: Any) -> Written:
    conf: dict[str, Any] = {"loader_module": loader}
    if data is not None:
        source = Path(data)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / "data")
        conf["data"] = "data"
    if config is not None:
        conf["config"] = _config(config)
    return Written(None, conf, {loader.partition(".")[0]}, runs_code=True)


def _write_model(folder: Path, model: Any, artifacts: Mapping[str, str] | None, config: Any) -> Written:
    conf: dict[str, Any] = {"artifacts": _copied(folder, artifacts)} if artifacts else {}
    if config is not None:
        conf["config"] = _config(config)
    if isinstance(model, (str, os.PathLike)):
        conf |= {"loader_module": "mlflow.pyfunc.loaders.code_model", "model_code_path": _copied_script(folder, model)}
        script = folder / conf["model_code_path"]
        python_model, modules = as_model(run_script(script, conf.get("config"))), _imports_of(script)
    else:
        python_model = as_model(model)
        pickling.dump(python_model, folder / _PICKLE)
        conf |= {
            "loader_module": "mlflow.pyfunc.model",
            "python_model": _PICKLE,
            "cloudpickle_version": pickling.cloudpickle_version(),
        }
        modules = _modules_of(folder / _PICKLE) | {"cloudpickle"}
    context = _context(folder, conf)
    return Written(
        None,
        conf,
        modules,
        runs_code=True,
        predict=lambda data, params: _ready(python_model, context).predict(data, params),
        signature=hinted_signature(python_model),
    )


def as_model(told: Any) -> PythonModel:
    """A function as a PythonModel, which is what anything else must be. Raises InvalidValue."""
    if isinstance(told, type):
        raise InvalidValue(
            f"python_model is an instance, a function or a script's path; got the class {told.__name__}."
        )
    if isinstance(told, PythonModel) or callable(getattr(told, "predict", None)):
        return told  # type: ignore[no-any-return]
    if callable(told):
        return _FunctionPythonModel(told)
    raise InvalidValue(f"python_model is a PythonModel, a function or a script's path; got {type(told).__name__}.")


def _modules_of(file: Path) -> set[str]:
    from tracker.models.requirements import modules_in_pickle

    return modules_in_pickle(file)


def _imports_of(script: Path) -> set[str]:
    from tracker.models.requirements import distribution_of, imports_in

    return {name for name in imports_in(script.read_text(encoding="utf-8")) if distribution_of(name) is not None}


def _copied(folder: Path, artifacts: Mapping[str, str]) -> dict[str, Any]:
    from tracker.models.uris import local_path

    (folder / "artifacts").mkdir()
    told: dict[str, Any] = {}
    for name, uri in artifacts.items():
        source = local_path(uri)
        inside = source.name
        if (folder / "artifacts" / inside).exists():
            inside = f"{len(told)}-{inside}"
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / "artifacts" / inside)
        told[str(name)] = {"path": f"artifacts/{inside}", "uri": str(uri)}
    return told


def _copied_script(folder: Path, path: str | os.PathLike[str]) -> str:
    source = Path(path)
    if source.suffix != ".py" or not source.is_file():
        raise InvalidValue(f"python_model as a path names a Python script that exists; got {os.fspath(path)!r}.")
    shutil.copyfile(source, folder / source.name)
    return source.name


# -- loading


def _load_pyfunc(saved: Saved, config: dict[str, Any] | None) -> PythonModelRunner:
    conf = saved.conf(FLAVOR_NAME)
    if conf.get("model_code_path"):
        script = saved.file(Path(str(conf["model_code_path"])).name)
        saved.may_run_code(f"it is the script {script.name}")
        saved.use_code(conf)
        model = as_model(run_script(script, config))
    else:
        file = saved.file(conf.get("python_model"))
        saved.may_run_code(f"{file.name} is a pickle")
        saved.use_code(conf)
        saved.library("cloudpickle", conf)
        model = pickling.load(file)
    return _ready(model, _context(saved.folder, conf, config, saved))


def _context(
    folder: Path, conf: dict[str, Any], config: dict[str, Any] | None = None, saved: Saved | None = None
) -> PythonModelContext:
    told = {name: one["path"] for name, one in (conf.get("artifacts") or {}).items()}
    paths = {name: str(saved.file(path) if saved is not None else folder / path) for name, path in told.items()}
    return PythonModelContext(paths, config if config is not None else conf.get("config"))


def _ready(model: Any, context: PythonModelContext) -> PythonModelRunner:
    load = getattr(model, "load_context", None)
    if load is not None:
        load(context)
    return PythonModelRunner(model, context)
