"""What a Lightning trainer tells while it fits. One class for both names of the package, made when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracker.autolog.calls import Call
from tracker.autolog.lightning.checkpoints import Checkpoints


def make_callback(base: type, call: Call) -> Any:
    """A callback of the package that `base` is of; a fault in it is told, never raised."""

    class Recorder(base):
        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            recording.guarded(trainer, lambda: recording.describe(trainer))

        def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
            recording.guarded(trainer, lambda: recording.log_step(trainer))

        def on_train_epoch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
            recording.guarded(trainer, lambda: recording.log_epoch(trainer))

    recording = _Recording(call)
    return Recorder()


class _Recording:
    def __init__(self, call: Call) -> None:
        self._call = call
        option = call.settings.option
        self._steps: int | None = option("log_every_n_step")
        self._epochs: int = option("log_every_n_epoch", 1)
        self._of_steps: set[str] = set()
        self._of_epochs: set[str] = set()
        self._checkpoints = Checkpoints(call)

    def guarded(self, trainer: Any, step: Callable[[], None]) -> None:
        """Do a step in the process that speaks for all, once the trainer's own trial run is over."""
        if trainer.is_global_zero and not trainer.sanity_checking:
            self._call.attempt("the training was", step)

    def describe(self, trainer: Any) -> None:
        """The optimizer and the number of epochs."""
        self._call.writer.tags({"Mode": "training"})
        self._call.params({"epochs": trainer.max_epochs})
        if trainer.optimizers:
            optimizer = getattr(trainer.optimizers[0], "optimizer", trainer.optimizers[0])
            self._call.params({"optimizer_name": type(optimizer).__name__, **getattr(optimizer, "defaults", {})})

    def log_step(self, trainer: Any) -> None:
        """What was logged for each step; what also has a value for the epoch keeps that for the epoch."""
        self._call.attempt("the checkpoint was", lambda: self._checkpoints.after_step(trainer))
        if not self._steps:
            return
        step, values = trainer.global_step, trainer.callback_metrics
        told = {
            name: value
            for name, value in values.items()
            if f"{name}_step" not in values and name not in self._of_epochs
        }
        self._of_steps |= set(told)
        if step % self._steps == 0:
            self._call.metrics(_numbers(told), step)

    def log_epoch(self, trainer: Any) -> None:
        """What the epoch came to, validation included."""
        epoch = trainer.current_epoch
        values = {name: value for name, value in trainer.callback_metrics.items() if name not in self._of_steps}
        self._of_epochs |= set(values)
        if (epoch + 1) % self._epochs == 0:
            self._call.metrics(_numbers(values), epoch)
        self._call.attempt("the checkpoint was", lambda: self._checkpoints.after_epoch(trainer))


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}
