"""TensorFlow's Keras models, under the name that MLflow's users know; see `tracker.keras`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker import keras
from tracker.keras import load_model, log_model, save_model

__all__ = ["autolog", "load_model", "log_model", "save_model"]


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: Mapping[str, Any] | None = None,
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    **checkpoints: Any,
) -> None:
    """Log Keras' fits from now on, or no longer with `disable`; MLflow's options of checkpoints have no effect."""
    keras.autolog(
        log_every_epoch=log_every_epoch, log_every_n_steps=log_every_n_steps, log_models=log_models,
        log_model_signatures=log_model_signatures, log_datasets=log_datasets, log_input_examples=log_input_examples,
        disable=disable, exclusive=exclusive, disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent, registered_model_name=registered_model_name, save_model_kwargs=keras_model_kwargs,
        extra_tags=extra_tags,
    )  # fmt: skip
