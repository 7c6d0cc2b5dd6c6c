"""Autologging of PyTorch Lightning (`Trainer.fit`), and `TrackerLogger`, a logger to hand to a `Trainer`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Generator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.evaluation import log_evaluation, remember
from tracker.autolog.lightning.signature import FirstPass
from tracker.autolog.models import log_model
from tracker.autolog.patching import Patches
from tracker.tracking.writer import RunWriter

NAME = "pytorch"


def autolog(
    log_every_n_epoch: int = 1,
    log_every_n_step: int | None = None,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
    log_model_signatures: bool = True,
) -> None:
    """Log Lightning's fits from now on, or no longer with `disable`.

    Hyperparameters of module and optimizer, each epoch's metrics (and each `log_every_n_step`-th step's), early
    stopping, the model's summary, the best checkpoint and the model. A plain PyTorch loop needs no call: a tracked
    cell's loops are followed by themselves. `checkpoint`: keep the trainer's checkpoint where `checkpoint_monitor`
    is best in the sense of `checkpoint_mode`, or each with `checkpoint_save_best_only=False`.
    """
    options = {
        "log_every_n_epoch": log_every_n_epoch, "log_every_n_step": log_every_n_step, "checkpoint": checkpoint,
        "checkpoint_monitor": checkpoint_monitor, "checkpoint_mode": checkpoint_mode,
        "checkpoint_save_best_only": checkpoint_save_best_only,
        "checkpoint_save_weights_only": checkpoint_save_weights_only, "checkpoint_save_freq": checkpoint_save_freq,
    }  # fmt: skip
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_models=log_models, log_datasets=log_datasets, log_model_signatures=log_model_signatures,
            exclusive=exclusive, disable_for_unsupported_versions=disable_for_unsupported_versions, silent=silent,
            registered_model_name=registered_model_name, extra_tags=extra_tags, options=options,
        ),
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "TrackerLogger":
        return importlib.import_module("tracker.autolog.lightning.logger").TrackerLogger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the trainer of `lightning.pytorch` or of `pytorch_lightning`."""
    if module.__name__ in ("lightning.pytorch.trainer.trainer", "pytorch_lightning.trainer.trainer"):
        patches.method(module.Trainer, "fit", logged(NAME, _fit))
        patches.method(module.Trainer, "test", _testing)


def _testing(original: Any) -> Any:
    """`Trainer.test`: what it finds of a model that was fitted goes to the run of the fit."""

    @functools.wraps(original)
    def replacement(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        result = original(self, *args, **kwargs)
        log_evaluation(self.lightning_module, lambda writer: _log_test(writer, self))
        return result

    return replacement


def _log_test(writer: RunWriter, trainer: Any) -> None:
    writer.tags({"Mode": "testing"})
    writer.metrics({name: float(value) for name, value in trainer.callback_metrics.items()})


def _fit(call: Call) -> Generator[None, Any, None]:
    from tracker.autolog.lightning.callback import make_callback

    given = call.arguments()
    trainer, model = given["self"], given["model"]
    package = type(trainer).__module__.partition(".trainer.")[0]
    hyperparameters = getattr(model, "hparams", None)
    if hyperparameters:
        call.params(dict(hyperparameters))
    stopping = next(
        (one for one in trainer.callbacks if hasattr(one, "stopped_epoch") and hasattr(one, "patience")), None
    )
    if stopping is not None:
        call.params({name: getattr(stopping, name) for name in ("monitor", "mode", "patience", "min_delta")})
        call.params({"stopped_epoch": stopping.stopped_epoch})
    ours = make_callback(importlib.import_module(package).Callback, call)
    trainer.callbacks.append(ours)
    passed = FirstPass(model)
    try:
        yield
    finally:
        trainer.callbacks.remove(ours)
        passed.end()
    remember(model, NAME, call.writer)
    call.attempt("the early stop was", lambda: _log_stop(call, stopping))
    call.attempt("the model's summary was", lambda: _log_summary(call, package, model))
    wanted = call.settings.log_models and call.settings.log_model_signatures
    signature = call.attempt("the model's signature was", passed.signature) if wanted else None
    log_model(call, NAME, model, None, lambda rows: rows, **({} if signature is None else {"signature": signature}))
    if stopping is not None and call.settings.log_models:
        call.attempt("the restored checkpoint was", lambda: _keep_best(call, trainer))


def _log_stop(call: Call, stopping: Any) -> None:
    if stopping is None or not stopping.stopped_epoch:
        return
    restored = stopping.stopped_epoch - max(1, stopping.patience)
    call.metrics({"stopped_epoch": stopping.stopped_epoch, "restored_epoch": restored})
    call.metrics({"best_score": float(stopping.best_score), "wait_count": stopping.wait_count})


def _keep_best(call: Call, trainer: Any) -> None:
    best = getattr(trainer.checkpoint_callback, "best_model_path", None)
    if best:
        call.writer.artifact_file(Path(best), f"restored_model_checkpoint/{Path(best).name}")


def _log_summary(call: Call, package: str, model: Any) -> None:
    summary = importlib.import_module(f"{package}.utilities.model_summary").ModelSummary
    call.text(str(summary(model, max_depth=-1)), "model_summary.txt")
