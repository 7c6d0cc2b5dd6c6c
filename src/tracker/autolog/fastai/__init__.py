"""Autologging of fastai (`Learner.fit` and all that call it), and `TrackerCallback` to hand to a learner."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.patching import Patches

NAME = "fastai"


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log fastai's fits from now on, or no longer with `disable`: arguments, each epoch's losses and metrics."""
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_models=log_models, log_datasets=log_datasets, exclusive=exclusive,
            disable_for_unsupported_versions=disable_for_unsupported_versions, silent=silent,
            registered_model_name=registered_model_name, extra_tags=extra_tags,
        ),
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "TrackerCallback":
        return importlib.import_module("tracker.autolog.fastai.callback").TrackerCallback
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the learner."""
    if module.__name__ == "fastai.learner":
        patches.method(module.Learner, "fit", logged(NAME, _fit))


def _fit(call: Call) -> Generator[None, Any, None]:
    from tracker.autolog.fastai.callback import TrackerCallback

    given = call.arguments()
    learner = given["self"]
    ours = TrackerCallback(writer=call.writer)
    call.params({"epochs": given["n_epoch"], "lr": given.get("lr") or learner.lr, "wd": given.get("wd") or learner.wd})
    learner.add_cb(ours)
    try:
        yield
    finally:
        learner.remove_cb(ours)
