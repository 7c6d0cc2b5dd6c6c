"""What Keras tells while it fits: `model.fit(..., callbacks=[TrackerCallback()])`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from tracker.autolog.reports import report
from tracker.tracking import RunWriter, active_run, artifact_logging, start_run


class TrackerCallback(keras.callbacks.Callback):
    """Logs the optimizer, the model's summary and metrics: of each epoch, or of each `log_every_n_steps`-th step.

    Without `writer` they go to the active run, which is started if there is none. A fault is told, never raised.
    """

    def __init__(self, log_every_n_steps: int | None = None, writer: RunWriter | None = None) -> None:
        super().__init__()
        self._every = log_every_n_steps
        self._writer = writer
        self._step = 0
        self._training = False

    def on_train_begin(self, logs: Any = None) -> None:
        self._training = True
        self._guarded(self._describe)

    def on_train_end(self, logs: Any = None) -> None:
        self._training = False

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._every is None and logs:
            self._guarded(lambda: self._write(logs, epoch))

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._step += 1
        if self._every and logs and self._step % self._every == 0:
            self._guarded(lambda: self._write(logs, self._step))

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if logs:
            named = {f"validation_{name}": value for name, value in logs.items()}
            self._guarded(lambda: self._write(named, None))

    def _write(self, values: Mapping[str, Any], step: int | None) -> None:
        self._run().metrics({name: float(value) for name, value in values.items()}, step)

    def _describe(self) -> None:
        config: dict[str, Any] = getattr(self.model.optimizer, "get_config", dict)()
        self._run().params({f"optimizer_{name}": value for name, value in config.items()})
        lines: list[str] = []
        self.model.summary(print_fn=lambda line, *_, **__: lines.append(line))
        artifact_logging.log_text(self._run(), "\n".join(lines), "model_summary.txt")

    def _run(self) -> RunWriter:
        if self._writer is None:
            self._writer = (active_run() or start_run()).writer
        return self._writer

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            report("keras", "the training was not logged", error)
