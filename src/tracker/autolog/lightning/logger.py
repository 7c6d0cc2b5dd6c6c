"""A logger for a Lightning `Trainer`: `Trainer(logger=TrackerLogger(experiment_name="digits"))`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lightning_utilities.core.rank_zero import rank_zero_only

from tracker.tracking import MlflowClient, RunWriter, active_run, current_store
from tracker.tracking.client import existing_writer
from tracker.tracking.experiments import active_experiment_id

if TYPE_CHECKING:
    from lightning.pytorch.loggers.logger import Logger
else:
    try:
        from lightning.pytorch.loggers.logger import Logger
    except ModuleNotFoundError:  # the package under its older name
        from pytorch_lightning.loggers.logger import Logger


class TrackerLogger(Logger):
    """Logs into one run: that of `run_id`, else the active one, else a new one, which ends with the training."""

    def __init__(
        self,
        experiment_name: str | None = None,
        run_name: str | None = None,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        prefix: str = "",
    ) -> None:
        super().__init__()
        self._experiment_name = experiment_name
        self._run_name = run_name
        self._run_id = run_id
        self._tags = dict(tags or {})
        self._prefix = f"{prefix}-" if prefix else ""
        self._ends = False

    @property
    def name(self) -> str | None:
        """The experiment's name, if one was given."""
        return self._experiment_name

    @property
    def version(self) -> str | None:
        """The run's id."""
        return self._run_id

    @property
    def experiment(self) -> RunWriter:
        """What writes into the run."""
        if self._run_id is None:
            self._run_id = self._found_run()
        return existing_writer(current_store(), self._run_id)

    @rank_zero_only
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        """Log the module's hyperparameters."""
        values = vars(params) if isinstance(params, argparse.Namespace) else params
        self.experiment.params({str(name): value for name, value in dict(values or {}).items()})

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log one point of each metric."""
        self.experiment.metrics({f"{self._prefix}{name}": float(value) for name, value in metrics.items()}, step)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run, if it was made for this logger."""
        if self._ends and self._run_id is not None:
            self._ends = False
            self.experiment.end("FINISHED" if status in ("success", "finished") else "FAILED")

    def _found_run(self) -> str:
        run = active_run()
        if run is not None and self._experiment_name is None:
            run.writer.tags(self._tags)
            return run.run_id
        store = current_store()
        experiment = (
            active_experiment_id(store)
            if self._experiment_name is None
            else store.ensure_experiment(self._experiment_name)
        )
        self._ends = True
        made = MlflowClient().create_run(experiment, tags=self._tags, run_name=self._run_name)
        return str(made.info.run_id)
