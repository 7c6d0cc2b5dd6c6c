"""Saving and logging a model of any flavor: everything but the model's own file, which the flavor writes.

A flavor gives `write(folder) -> Written`. The folder is made whole beside its place and moved there with one rename.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from tracker import secrets
from tracker.exceptions import InvalidValue, StoreError
from tracker.models import requirements, trust
from tracker.models.examples import Example
from tracker.models.model import MODEL_FILE, PYFUNC, Model, ModelInfo
from tracker.models.signature import ModelSignature, infer_params
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking import context, logged_models
from tracker.tracking.client import existing_writer
from tracker.tracking.writer import RunWriter
from tracker.types.inference import infer_schema

HISTORY = "mlflow.log-model.history"
CODE = "code"


class SaveOptions(TypedDict, total=False):
    """What every flavor's `save_model` takes beside the model, in MLflow's words."""

    signature: ModelSignature | bool | None
    input_example: Any
    conda_env: Mapping[str, Any] | str | os.PathLike[str] | None
    pip_requirements: list[str] | str | None
    extra_pip_requirements: list[str] | str | None
    code_paths: list[str] | None
    metadata: Mapping[str, Any] | None
    extra_files: list[str] | None
    mlflow_model: Model | None


class LogOptions(SaveOptions, total=False):
    """What every flavor's `log_model` takes beside that."""

    name: str | None
    registered_model_name: str | None
    await_registration_for: int | None
    params: Mapping[str, Any] | None
    tags: Mapping[str, Any] | None
    model_type: str | None
    step: int
    model_id: str | None
    run_id: str | None


@dataclass
class Written:
    """What a flavor wrote: its entry in `MLmodel`, that of `python_function` if it can predict, and what it needs."""

    flavor: dict[str, Any] | None
    pyfunc: dict[str, Any] | None = None
    modules: set[str] = field(default_factory=set)
    runs_code: bool = False
    predict: Callable[[Any, dict[str, Any] | None], Any] | None = None
    signature: ModelSignature | None = None


Writer = Callable[[Path], Written]


def save(flavor: str, write: Writer, path: str | os.PathLike[str], options: SaveOptions) -> Model:
    """Save a model into the folder `path`, which is new or empty. Raises InvalidValue."""
    _check(options, SaveOptions, "save_model")
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValue(f"{folder} exists and is not empty; give the path of a new folder for the model.")
    folder.mkdir(parents=True, exist_ok=True)
    model = options.get("mlflow_model") or Model()
    try:
        runs_code = _fill(folder, flavor, write, model, options)
        if runs_code:
            trust.vouch_for(context.current_store(), folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return model


def log(flavor: str, write: Writer, artifact_path: str | None, options: LogOptions) -> ModelInfo:
    """Log a model as an artifact folder of the active run (one is started if there is none). Raises InvalidValue."""
    _check(options, LogOptions, "log_model")
    name = _name_of(options.get("name"), artifact_path)
    writer = _writer(options.get("run_id"))
    model_id = options.get("model_id") or logged_models.new_model_id()
    model = Model(name, writer.run_id, metadata=_plain_dict(options.get("metadata")), model_id=model_id)
    _place(writer, flavor, write, model, options)
    if options.get("params"):
        writer.params(options["params"] or {})
    _tell(writer, model)
    info = ModelInfo(model)
    registered = options.get("registered_model_name")
    if registered:
        from tracker.models.registry import register_model

        version = register_model(f"runs:/{writer.run_id}/{name}", registered, tags=options.get("tags"))
        info.registered_model_version = version.version
    return info


def _place(writer: RunWriter, flavor: str, write: Writer, model: Model, options: LogOptions) -> None:
    store, name = writer.store, str(model.artifact_path)
    root = store.artifact_root(writer.run_id)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=root, prefix=".tracker-"))
    except OSError as error:
        raise StoreError(f"The model cannot be written below {root}: {error.strerror}.") from error
    try:
        if _fill(folder, flavor, write, model, options):
            trust.vouch_for(store, folder)
        sizes = {file.relative_to(folder).as_posix(): file.stat().st_size for file in _files(folder)}
        logged_models.record(store, str(model.model_id), writer.run_id, name)
        logged_models.place(store, writer.run_id, folder, name)
    except OSError as error:
        raise StoreError(f"The model {name!r} cannot be written below {store.root}: {error.strerror}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines = [writer.event("artifact", k=f"{name}/{inside}", v={"size": size}) for inside, size in sizes.items()]
    store.append(b"".join(lines))


def _fill(folder: Path, flavor: str, write: Writer, model: Model, options: Mapping[str, Any]) -> bool:
    """Write all files of the model; whether loading it runs code."""
    code = _copied_code(folder, options.get("code_paths"))
    example = None if options.get("input_example") is None else Example(options["input_example"])
    if example is not None:
        example.save(folder)
        model.saved_input_example_info = example.info
    written = write(folder)
    _copy_extra(folder, options.get("extra_files"), written)
    model.signature = _signature(options.get("signature"), example, written)
    if options.get("metadata") is not None:
        model.metadata = _plain_dict(options["metadata"])
    if written.pyfunc is not None:
        env = {"conda": requirements.CONDA, "virtualenv": requirements.PYTHON_ENV}
        version = ".".join(map(str, sys.version_info[:3]))
        model.add_flavor(PYFUNC, **{"env": env, "python_version": version, "code": code, **written.pyfunc})
    if written.flavor is not None:
        model.add_flavor(flavor, **{"code": code, **written.flavor})
    modules = written.modules | (requirements.imports_below(folder / CODE) if code else set())
    modules |= {"numpy"} | ({"pandas"} if _is_table(model, example) else set())
    given = {name: options.get(name) for name in ("conda_env", "pip_requirements", "extra_pip_requirements")}
    requirements.write_environment(folder, requirements.modules_of_own(modules), **given)
    model.model_size_bytes = sum(file.stat().st_size for file in _files(folder))
    model.save(folder / MODEL_FILE)
    return written.runs_code or code is not None


def _is_table(model: Model, example: Example | None) -> bool:
    schema = model.get_input_schema()
    return schema is None or not schema.is_tensor_spec() or (example is not None and "pandas_orient" in example.info)


def _signature(told: Any, example: Example | None, written: Written) -> ModelSignature | None:
    if isinstance(told, ModelSignature):
        return told
    if told is False:
        return None
    if told is not None:
        raise InvalidValue(f"signature is a ModelSignature, or False for none; got {type(told).__name__}.")
    if written.signature is not None or example is None:
        return written.signature
    outputs = None
    if written.predict is not None:
        try:
            outputs = infer_schema(_as_column(example.data, written.predict(example.data, example.params)))
        except Exception as error:  # the model's own code, on an example that may be wrong
            warnings.warn(
                "The model fails on its input example, so that its signature has no outputs: "
                f"{type(error).__name__}: {error}",
                UserWarning,
                stacklevel=6,
            )
    return ModelSignature(infer_schema(example.data), outputs, infer_params(example.params) if example.params else None)


def _as_column(data: Any, predicted: Any) -> Any:
    """Of a table one number a row is a column, as MLflow has it."""
    import pandas as pd

    of_rows = isinstance(data, pd.DataFrame) and getattr(predicted, "ndim", 0) == 1 and not hasattr(predicted, "index")
    return pd.Series(predicted) if of_rows else predicted


# -- files beside the model


def _copied_code(folder: Path, paths: list[str] | None) -> str | None:
    if not paths:
        return None
    if isinstance(paths, (str, os.PathLike)):
        raise InvalidValue(f"code_paths is a list of paths; got {paths!r}.")
    (folder / CODE).mkdir()
    for path in map(Path, paths):
        target = folder / CODE / path.resolve().name
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__", ".git", ".tracker"))
        elif path.is_file():
            shutil.copyfile(path, target)
        else:
            raise InvalidValue(f"There is no file or folder {path}, which code_paths names.")
    return CODE


def _copy_extra(folder: Path, paths: list[str] | None, written: Written) -> None:
    if not paths:
        return
    from tracker.models.uris import local_path

    (folder / "extra_files").mkdir()
    entries = []
    for path in paths:
        name = Path(path).name
        shutil.copyfile(local_path(path), folder / "extra_files" / name)
        entries.append({"path": f"extra_files/{name}"})
    if written.flavor is not None:
        written.flavor["extra_files"] = entries


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# -- the run


def _check(options: Mapping[str, Any], known: type, call: str) -> None:
    unknown = sorted(set(options) - set(known.__annotations__) - set(SaveOptions.__annotations__))
    if unknown:
        raise TypeError(f"{call}() got unexpected keyword arguments: {', '.join(unknown)}.")


def _name_of(given: str | None, artifact_path: str | None) -> str:
    if given and artifact_path:
        raise InvalidValue(
            "Give the model's name either as `name` or as `artifact_path`, which is the older word for it."
        )
    name = given or artifact_path or "model"
    if not isinstance(name, str) or name.strip("/") != name or not all(name.split("/")):
        raise InvalidValue(f"The name of a model is a relative path, as 'model'; got {name!r}.")
    resolve_inside(Path.cwd(), name)
    return name


def _writer(run_id: str | None) -> RunWriter:
    from tracker.tracking.fluent import start_run

    if run_id is not None:
        return existing_writer(context.current_store(), run_id)
    run = context.active_run() or start_run()
    return run.writer


def _plain_dict(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a user gave, as YAML can hold it, credentials masked."""
    if value is None:
        return None
    told: dict[str, Any] = secrets.masked_value("", json.loads(json.dumps(dict(value), default=str)))[0]
    return told


_histories: dict[tuple[Path, str], list[dict[str, Any]]] = {}


def _tell(writer: RunWriter, model: Model) -> None:
    """Set the run's tag that lists its models."""
    key = (writer.store.root, writer.run_id)
    history = _histories.get(key)
    if history is None:
        history = _histories[key] = _told_before(writer.store, writer.run_id)
    told = model.to_dict()
    history.append(
        {name: told[name] for name in ("run_id", "artifact_path", "utc_time_created", "model_uuid", "flavors")}
    )
    writer.tags({HISTORY: json.dumps(history)})


def _told_before(store: Store, run_id: str) -> list[dict[str, Any]]:
    """The models that the run has by what it wrote before, in another process or before it was resumed."""
    if len(list(store.artifact_root(run_id).glob("**/MLmodel"))) <= 1:
        return []
    from tracker.tracking.reading import get_run

    try:
        told = json.loads(get_run(store, run_id).data.tags.get(HISTORY, "[]"))
    except ValueError:
        return []
    return told if isinstance(told, list) else []
