"""Autologging of Hugging Face's `Trainer`, and `TrackerCallback` to hand to one.

`Trainer(..., callbacks=[TrackerCallback()])` logs that trainer; `tracker.autolog()` every one.
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.patching import Patches

NAME = "transformers"


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = False,
    log_models: bool = False,
    log_datasets: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log the trainings of Hugging Face's `Trainer` from now on, or no longer with `disable`: arguments and metrics."""
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, None, extra_tags,
        ),
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "TrackerCallback":
        return importlib.import_module("tracker.autolog.huggingface.callback").TrackerCallback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the trainer."""
    if module.__name__ == "transformers.trainer":
        patches.method(module.Trainer, "train", logged(NAME, _train))


def _train(call: Call) -> Generator[None, Any, None]:
    from tracker.autolog.huggingface.callback import TrackerCallback

    trainer = call.args[0]
    if any(isinstance(one, TrackerCallback) for one in trainer.callback_handler.callbacks):
        yield
        return
    ours = TrackerCallback(writer=call.writer)
    trainer.add_callback(ours)
    callbacks = trainer.callback_handler.callbacks
    callbacks.insert(0, callbacks.pop())  # before the one that prints, which takes total_flos away
    try:
        yield
    finally:
        trainer.remove_callback(ours)
