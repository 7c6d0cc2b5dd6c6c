"""Autologging of Optuna: a study is a run, each of its trials a child run in which the objective's fits are logged.

`TrackerCallback` logs the trials of one `study.optimize(objective, callbacks=[TrackerCallback()])` after the fact.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.patching import Patches
from tracker.autolog.reports import report
from tracker.store import Store
from tracker.store.ids import new_id
from tracker.tracking import RunWriter, active_run, context, current_store
from tracker.tracking.experiments import active_experiment_id
from tracker.tracking.provenance import PARENT, RUN_NAME, automatic_tags
from tracker.tracking.writer import shared_writer

NAME = "optuna"


def autolog(
    disable: bool = False,
    exclusive: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log Optuna's studies from now on, or no longer with `disable`."""
    settings.switch(NAME, disable, settings.Settings(exclusive=exclusive, silent=silent, extra_tags=extra_tags))


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the study."""
    if module.__name__ == "optuna.study.study":
        patches.method(module.Study, "optimize", logged(NAME, _optimize, shields=False))


def _optimize(call: Call) -> Generator[None, Any, None]:
    given = call.arguments()
    study = given["self"]
    call.writer.tags({"optuna.study": study.study_name, "optuna.direction": _directions(study)})
    call.replace("func", _in_a_run(given["func"], call))
    yield
    call.attempt("the best trial was", lambda: _log_best(call, study))


def _log_best(call: Call, study: Any) -> None:
    if len(study.directions) == 1 and any(trial.state.name == "COMPLETE" for trial in study.trials):
        call.params({f"best_{name}": value for name, value in study.best_params.items()})
        call.metrics({"best_value": study.best_value})
        call.writer.tags({"optuna.best_trial": study.best_trial.number})


def _directions(study: Any) -> str:
    return ",".join(direction.name for direction in study.directions)


# -- a trial as a child run, while it runs


def _in_a_run(objective: Callable[[Any], Any], call: Call) -> Callable[[Any], Any]:
    @functools.wraps(objective)
    def observed(trial: Any) -> Any:
        __tracebackhide__ = True
        run = call.attempt("a trial is", lambda: _opened(call, trial))
        try:
            value = objective(trial)
        except BaseException as error:
            pruned = type(error).__name__ == "TrialPruned"
            status = "FINISHED" if pruned else context.status_after(error)
            if run is not None:
                state = "PRUNED" if pruned else "FAIL"
                call.attempt("a trial was", lambda: _closed(run, trial, None, state, status))
            raise
        if run is not None:
            call.attempt("a trial was", lambda: _closed(run, trial, value, "COMPLETE", "FINISHED"))
        return value

    return observed


def _opened(call: Call, trial: Any) -> context.ActiveRun:
    parent = call.run
    tags = {"mlflow.autologging": NAME, "optuna.trial": trial.number}
    return context.open_run(parent.info.experiment_id, f"trial {trial.number}", tags, parent.run_id, store=parent.store)


def _closed(run: context.ActiveRun, trial: Any, value: Any, state: str, status: str) -> None:
    try:
        run.writer.params(trial.params)
        run.writer.metrics(_values(value))
        run.writer.tags({"optuna.state": state, **trial.user_attrs})
    finally:
        context.close_run(run, status)


def _values(value: Any) -> dict[str, float]:
    """The metrics of an objective's value, or of its several values."""
    if value is None:
        return {}
    if isinstance(value, (list, tuple)):
        return {f"value_{index}": float(one) for index, one in enumerate(value)}
    return {"value": float(value)}


# -- a callback of one's own choice


class TrackerCallback:
    """Logs each finished trial as a run, a child of the run that was active when the callback was made.

    `metric_name` is the objective's name, or one for each objective. A trial's intermediate values are the curve
    `intermediate`. A fault is told, never raised.
    """

    def __init__(
        self, metric_name: str | list[str] = "value", experiment: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._names = [metric_name] if isinstance(metric_name, str) else list(metric_name)
        self._tags = dict(tags or {})
        parent = active_run()
        self._store: Store = parent.store if parent is not None else current_store()
        self._parent = None if parent is None else parent.run_id
        if experiment is not None:
            self._experiment = self._store.ensure_experiment(experiment)
        elif parent is not None:
            self._experiment = parent.info.experiment_id
        else:
            self._experiment = active_experiment_id(self._store)

    def __call__(self, study: Any, trial: Any) -> None:
        """Called by Optuna with each trial that has ended."""
        try:
            self._log(study, trial)
        except Exception as error:
            report(NAME, "a trial was not logged", error)

    def _log(self, study: Any, trial: Any) -> None:
        store, run_id = self._store, new_id()
        writer = shared_writer(store, run_id, lambda: RunWriter(store, run_id))
        writer.start(self._experiment, self._described(study, trial), _milliseconds(trial.datetime_start))
        writer.params(trial.params)
        for step, value in sorted(trial.intermediate_values.items()):
            writer.metric("intermediate", value, step)
        values = trial.values or []
        names = (
            self._names if len(self._names) == len(values) else [f"{self._names[0]}_{i}" for i in range(len(values))]
        )
        writer.metrics(dict(zip(names, values, strict=True)))
        failed = trial.state.name == "FAIL"
        writer.end("FAILED" if failed else "FINISHED", _milliseconds(trial.datetime_complete))

    def _described(self, study: Any, trial: Any) -> dict[str, Any]:
        tags = {
            RUN_NAME: f"trial {trial.number}", "optuna.study": study.study_name, "optuna.trial": trial.number,
            "optuna.state": trial.state.name, "optuna.direction": _directions(study),
        }  # fmt: skip
        parent = {} if self._parent is None else {PARENT: self._parent}
        return {**automatic_tags(), **tags, **trial.user_attrs, **self._tags, **parent}


def _milliseconds(moment: Any) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
