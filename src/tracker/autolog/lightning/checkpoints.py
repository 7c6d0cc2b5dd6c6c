"""The checkpoints of a Lightning training, beside the metrics that it had: where MLflow keeps them, under its names."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tracker.autolog.calls import Call

FOLDER = "checkpoints"
LATEST = "mlflow.latest_checkpoint_artifact"


class Checkpoints:
    """Keeps the trainer's checkpoint after each epoch or some steps: each one, or only the best as the latest."""

    def __init__(self, call: Call) -> None:
        option = call.settings.option
        self._call = call
        self._wanted: bool = option("checkpoint", True)
        self._every: str | int = option("checkpoint_save_freq", "epoch")
        self._monitor: str = option("checkpoint_monitor", "val_loss")
        self._sign = -1.0 if option("checkpoint_mode", "min") == "max" else 1.0
        self._best_only: bool = option("checkpoint_save_best_only", True)
        self._weights_only: bool = option("checkpoint_save_weights_only", False)
        self._best: float | None = None

    def after_epoch(self, trainer: Any) -> None:
        """Keep a checkpoint if one is due at an epoch's end."""
        if self._every == "epoch":
            self._keep(trainer, f"epoch_{trainer.current_epoch}")

    def after_step(self, trainer: Any) -> None:
        """Keep a checkpoint if one is due after a step."""
        step = trainer.global_step
        if isinstance(self._every, int) and step and step % self._every == 0:
            self._keep(trainer, f"global_step_{step}")

    def _keep(self, trainer: Any, moment: str) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if not self._wanted or (self._best_only and not self._improves(metrics)):
            return
        start = f"{FOLDER}/latest_" if self._best_only else f"{FOLDER}/{moment}/"
        target = f"{start}checkpoint{'.weights' if self._weights_only else ''}.pth"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "checkpoint.pth")
            trainer.save_checkpoint(path, weights_only=self._weights_only)
            self._call.writer.artifact_file(path, target)
        told = {**metrics, "epoch": trainer.current_epoch, "global_step": trainer.global_step}
        self._call.record(told, f"{start}checkpoint_metrics.json")
        self._call.writer.tags({LATEST: target})

    def _improves(self, metrics: dict[str, float]) -> bool:
        if self._monitor not in metrics:
            return False
        value = self._sign * metrics[self._monitor]
        if self._best is not None and value >= self._best:
            return False
        self._best = value
        return True
