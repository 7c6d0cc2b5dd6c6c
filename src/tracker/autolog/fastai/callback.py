"""What a fastai learner tells while it fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastai.callback.core import Callback

from tracker.autolog.reports import report
from tracker.tracking import RunWriter, active_run, start_run


class TrackerCallback(Callback):
    """Logs the learner's make-up, and of each epoch the losses and metrics that the learner's recorder shows.

    Without `writer` they go to the active run, which is started if there is none. A fault is told, never raised.
    """

    order = 60  # after the recorder, whose values it reads

    def __init__(self, writer: RunWriter | None = None) -> None:
        self._writer = writer

    def before_fit(self) -> None:
        self._guarded(self._describe)

    def after_epoch(self) -> None:
        self._guarded(self._write)

    def _describe(self) -> None:
        learner = self.learn
        chosen = {"opt_func": learner.opt_func, "loss_func": learner.loss_func, "model": learner.model}
        params: dict[str, Any] = {name: getattr(one, "__name__", type(one).__name__) for name, one in chosen.items()}
        self._run().params(params | {"batch_size": getattr(learner.dls.train, "bs", None)})

    def _write(self) -> None:
        recorder = self.learn.recorder
        names = [name for name in recorder.metric_names if name not in ("epoch", "time")]
        told = zip(names, recorder.log[1:], strict=False)
        self._run().metrics({name: float(value) for name, value in told if value is not None}, self.learn.epoch)

    def _run(self) -> RunWriter:
        if self._writer is None:
            self._writer = (active_run() or start_run()).writer
        return self._writer

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            report("fastai", "the training was not logged", error)
