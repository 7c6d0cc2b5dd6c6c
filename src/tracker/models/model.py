"""The description of a saved model, its file `MLmodel` in MLflow's format, and what `log_model` gives back.

Reading it opens nothing but that file, as plain YAML, bounded in size: no model is loaded by looking at it.
"""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tracker.exceptions import InvalidValue
from tracker.models.signature import ModelSignature
from tracker.yaml_files import read_yaml, yaml_text

MODEL_FILE = "MLmodel"
MAX_MODEL_FILE_BYTES = 16 << 20
FORMAT_VERSION = "3.17.2"  # the MLflow whose format is written

PYFUNC = "python_function"


class Model:
    """What `MLmodel` says: the flavors that a model can be loaded as, its signature, where it comes from."""

    _known: ClassVar[tuple[str, ...]] = (
        "artifact_path", "flavors", "metadata", "mlflow_version", "model_id", "model_size_bytes", "model_uuid",
        "run_id", "saved_input_example_info", "signature", "utc_time_created",
    )  # fmt: skip

    def __init__(
        self,
        artifact_path: str | None = None,
        run_id: str | None = None,
        utc_time_created: str | None = None,
        flavors: dict[str, dict[str, Any]] | None = None,
        signature: ModelSignature | None = None,
        saved_input_example_info: dict[str, Any] | None = None,
        model_uuid: str | None = None,
        mlflow_version: str | None = FORMAT_VERSION,
        metadata: dict[str, Any] | None = None,
        model_size_bytes: int | None = None,
        model_id: str | None = None,
        **others: Any,
    ) -> None:
        self.artifact_path = artifact_path
        self.run_id = run_id
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.utc_time_created = str(utc_time_created or now)
        self.flavors = flavors or {}
        self.signature = signature
        self.saved_input_example_info = saved_input_example_info
        self.model_id = model_id
        self.model_uuid = model_uuid or model_id or uuid.uuid4().hex
        self.mlflow_version = mlflow_version
        self.metadata = metadata
        self.model_size_bytes = model_size_bytes
        self.others = others

    def add_flavor(self, name: str, **params: Any) -> Model:
        """Say that it can be loaded as this flavor."""
        self.flavors[name] = params
        return self

    def get_input_schema(self) -> Any:
        """The schema of its inputs, or None."""
        return self.signature.inputs if self.signature is not None else None

    def get_output_schema(self) -> Any:
        """The schema of its outputs, or None."""
        return self.signature.outputs if self.signature is not None else None

    def get_params_schema(self) -> Any:
        """The schema of its parameters, or None."""
        return self.signature.params if self.signature is not None else None

    def load_input_example(self, path: str | os.PathLike[str]) -> Any:
        """The input example that was saved in the model's folder `path`, or None."""
        from tracker.models.examples import read_example

        return read_example(self, Path(path))

    def get_serving_input(self, path: str | os.PathLike[str]) -> str | None:
        """The example as a request to a scoring server, or None."""
        from tracker.models.examples import read_serving_example

        return read_serving_example(self, Path(path))

    # -- as a file

    def to_dict(self) -> dict[str, Any]:
        """As in `MLmodel`; what is not there is left out."""
        told = {name: getattr(self, name) for name in self._known if name != "signature"}
        told = {name: value for name, value in told.items() if value is not None} | self.others
        if self.signature is not None:
            told["signature"] = self.signature.to_dict()
        return told

    def to_yaml(self) -> str:
        """The text of `MLmodel`."""
        return yaml_text(self.to_dict())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `MLmodel`."""
        Path(path).write_text(self.to_yaml(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """What `MLmodel` in a folder, or at this path or URI, says. Raises NotFound, InvalidValue for a torn file."""
        from tracker.models.uris import local_path

        place = Path(path) if Path(path).exists() else local_path(path)
        file = place / MODEL_FILE if place.is_dir() else place
        told = read_yaml(file, MAX_MODEL_FILE_BYTES)
        if not isinstance(told, dict):
            raise InvalidValue(
                f"{file} is not the description of a model: it holds {type(told).__name__}, not a mapping."
            )
        return cls.from_dict(told, str(file))

    @classmethod
    def from_dict(cls, model_dict: Mapping[str, Any], where: str = MODEL_FILE) -> Model:
        """The model that `to_dict` gave. Raises InvalidValue."""
        told = {str(key): value for key, value in model_dict.items()}
        flavors = told.get("flavors")
        if not isinstance(flavors, dict) or not all(isinstance(one, dict) for one in flavors.values()):
            raise InvalidValue(f"{where} names no flavors; it is damaged or not a model's description.")
        signature = told.pop("signature", None)
        if signature is not None:
            told["signature"] = ModelSignature.from_dict(signature) if isinstance(signature, dict) else None
        told.setdefault("mlflow_version", None)
        return cls(**told)

    def get_model_info(self, model_uri: str | None = None) -> ModelInfo:
        """What `log_model` gives back."""
        return ModelInfo(self, model_uri)

    def __repr__(self) -> str:
        return f"<Model {self.model_id or self.model_uuid}: {', '.join(self.flavors)}>"


class ModelInfo:
    """A logged or saved model: where it is and what it says of itself."""

    def __init__(self, model: Model, model_uri: str | None = None, name: str | None = None) -> None:
        self.model = model
        self.name = name or model.artifact_path
        self.model_uri = model_uri or (f"models:/{model.model_id}" if model.model_id else "")
        self.registered_model_version: int | None = None

    def __getattr__(self, name: str) -> Any:
        if name in (*Model._known, "env_vars", "prompts"):
            return getattr(self.model, name, self.model.others.get(name))
        raise AttributeError(f"ModelInfo has no {name!r}.")

    @property
    def signature_dict(self) -> dict[str, Any] | None:
        """The signature as it is in `MLmodel`, or None."""
        return self.model.signature.to_dict() if self.model.signature is not None else None

    def __repr__(self) -> str:
        return f"<ModelInfo {self.model_uri}: {', '.join(self.model.flavors)}>"


def get_model_info(model_uri: str | os.PathLike[str]) -> ModelInfo:
    """What the model at a URI or path says of itself; nothing of it is loaded. Raises NotFound, InvalidValue."""
    model = Model.load(model_uri)
    return model.get_model_info(os.fspath(model_uri))


def set_signature(model_uri: str | os.PathLike[str], signature: ModelSignature) -> None:
    """Give a saved model a signature, or another one. Raises NotFound, InvalidValue."""
    from tracker.models import trust
    from tracker.models.uris import local_path
    from tracker.tracking.location import current_store

    if not isinstance(signature, ModelSignature):
        raise InvalidValue(f"signature is a ModelSignature; got {type(signature).__name__}.")
    folder = local_path(model_uri)
    model = Model.load(folder)
    was_ours = trust.is_vouched_for(current_store(), folder)
    model.signature = signature
    model.save(folder / MODEL_FILE)
    if was_ours:
        trust.vouch_for(current_store(), folder)


# -- YAML


def missing_library(distribution: str, extra: str | None = None) -> InvalidValue:
    """The error for a library that is not installed; says how to get it."""
    command = f"pip install 'jupyter-tracker[{extra}]'" if extra else f"pip install {distribution.split(' ')[0]}"
    return InvalidValue(f"This model needs {distribution}, which is not installed: {command}.", "MISSING_LIBRARY")
