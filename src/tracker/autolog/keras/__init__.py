"""Autologging of Keras 3 (`model.fit`, any backend), and `TrackerCallback` for a `fit` of one's own choice."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.models import head, log_model
from tracker.autolog.patching import Patches

NAME = "keras"
_DATA = frozenset(
    {"self", "x", "y", "callbacks", "validation_data", "verbose"}
)  # fmt: skip


def autolog(
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    log_models: bool = True,
    log_model_signatures: bool = True,
    save_exported_model: bool = False,
    log_datasets: bool = True,
    log_input_examples: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    save_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log Keras' fits from now on, or no longer with `disable`.

    The arguments of `fit`, the optimizer's configuration, each epoch's metrics (or each `log_every_n_steps`-th
    step's, with `log_every_epoch=False`), the model's summary, datasets and the model.
    """
    options = {"log_every_n_steps": None if log_every_epoch else log_every_n_steps}
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, registered_model_name, extra_tags, options,
        ),
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "TrackerCallback":
        return importlib.import_module("tracker.autolog.keras.callback").TrackerCallback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the trainer of the backend."""
    name = module.__name__
    if not name.startswith("keras.src.backend.") or not name.endswith(".trainer"):
        return
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == name:
            patches.method(value, "fit", logged(NAME, _fit))


def _fit(call: Call) -> Generator[None, Any, None]:
    from tracker.autolog.keras.callback import TrackerCallback

    given = call.arguments()
    model, x = given["self"], given.get("x")
    params = {name: value for name, value in given.items() if name not in _DATA}
    if params.get("batch_size") is None:
        params["batch_size"] = getattr(x, "batch_size", None) or (32 if hasattr(x, "shape") else None)
    call.params(params)
    call.dataset(x, "train", targets=given.get("y"))
    validation = given.get("validation_data")
    if isinstance(validation, (tuple, list)) and validation:
        call.dataset(validation[0], "eval", targets=validation[1] if len(validation) > 1 else None)
    ours = TrackerCallback(log_every_n_steps=call.settings.option("log_every_n_steps"), writer=call.writer)
    callbacks = given.get("callbacks")
    if callbacks is None or isinstance(callbacks, (list, tuple)):
        call.replace("callbacks", [*(callbacks or ()), ours])
    elif hasattr(callbacks, "on_train_begin") and not hasattr(callbacks, "append"):
        call.replace("callbacks", [callbacks, ours])
    else:
        callbacks.append(ours)
    yield
    log_model(call, NAME, model, head(x), lambda rows: model.predict(rows, verbose=0))
