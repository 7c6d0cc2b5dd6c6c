"""What a Hugging Face `Trainer` tells while it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from transformers import TrainerCallback

from tracker.autolog.reports import report
from tracker.tracking import RunWriter, active_run, context, start_run


class TrackerCallback(TrainerCallback):
    """Logs the training's arguments, the model's configuration and every metric, at the trainer's global step.

    Without `writer` they go to the active run; if there is none, to a new one that ends with the training. A fault
    is told, never raised.
    """

    def __init__(self, writer: RunWriter | None = None) -> None:
        self._writer = writer
        self._opened: context.ActiveRun | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._guarded(state, lambda: self._describe(args, kwargs.get("model")))

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
        numbers = {name: value for name, value in (logs or {}).items() if isinstance(value, (int, float))}
        if numbers:
            self._guarded(state, lambda: self._run().metrics(numbers, state.global_step))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._guarded(state, self._close)

    def _describe(self, args: Any, model: Any) -> None:
        values: dict[str, Any] = getattr(getattr(model, "config", None), "to_dict", dict)()
        self._run().params({**values, **args.to_sanitized_dict()})

    def _run(self) -> RunWriter:
        if self._writer is None:
            run = active_run()
            if run is None:
                run = self._opened = start_run()
            self._writer = run.writer
        return self._writer

    def _close(self) -> None:
        if self._opened is not None:
            context.close_run(self._opened)
            self._opened = self._writer = None

    def _guarded(self, state: Any, step: Callable[[], None]) -> None:
        if not state.is_world_process_zero:
            return
        try:
            step()
        except Exception as error:
            report("transformers", "the training was not logged", error)
