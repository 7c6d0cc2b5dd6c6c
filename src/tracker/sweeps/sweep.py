"""A sweep that runs: a thread that asks the strategy, hands trials to joblib's workers, and follows them in the store.

Invariants: nothing is kept here that the store could not tell again but the strategy's own state; the run of the sweep
is this process's, so that it reads KILLED when this process dies; a trial's outcome is its run's, and only a trial that
never had a run is known by what its worker said.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from tracker.exceptions import InvalidValue, TrackerError
from tracker.store import Store
from tracker.store.ids import new_id
from tracker.sweeps import backends, keeper, signals
from tracker.sweeps.children import POINT, PRUNED, TRIAL, Child, children_of, curves_of
from tracker.sweeps.program import shown_values, texts
from tracker.sweeps.pruning import Pruner
from tracker.sweeps.strategies import Strategy
from tracker.sweeps.trials import Plan, Trial
from tracker.tracking.provenance import PARENT
from tracker.tracking.writer import RunWriter

_LOOK_SECONDS: Final = 0.5
_EXIT_SECONDS: Final = 10.0
_MOST_TRIES: Final = 2


class Sweep:
    """A sweep: `wait`, `stop`, `trials`, `best`, `runs()`. It goes on in the background; the kernel stays free."""

    def __init__(
        self, plan: Plan, strategy: Strategy, store: Store, run_id: str, finished: list[Child], writer: RunWriter
    ) -> None:
        self.plan, self.run_id, self.store = plan, run_id, store
        self.status = "RUNNING"
        self.error = ""
        self.notices: list[str] = []
        self.started = time.time()
        self.ended: float | None = None
        self._strategy, self._writer = strategy, writer
        self._owner = new_id()
        self._signals = store.root / "cache" / "sweeps" / run_id
        self._trials: dict[int, Trial] = {}
        self._skip = [child.values for child in finished] if not strategy.adaptive else []
        self._before = len(finished)
        self._next = 1 + max((child.number for child in finished), default=-1)
        for child in finished:
            self._trials[child.number] = Trial(child.number, child.values, told=True)
        self._again: list[Trial] = []
        self._pruner = Pruner(plan.direction) if plan.prune else None
        self._stopping = False
        self._lock = threading.RLock()
        self._done = threading.Event()
        self._looking = threading.Event()
        self._listeners: list[Callable[[Sweep], None]] = []
        self._thread = threading.Thread(target=self._lead, name="tracker-sweep", daemon=True)

    # -- what a person does

    def start(self) -> None:
        """Begin. Raises StoreError if the store cannot be written."""
        signals.lead(self._signals, self._owner)
        _running.add(self)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> Sweep:
        """Wait for the end, at most `timeout` seconds; an interrupt stops the sweep. Raises TrackerError if it failed
        as a whole."""
        try:
            self._done.wait(timeout)
        except KeyboardInterrupt:
            self.stop()
            raise
        if self._done.is_set() and self.error:
            raise TrackerError(self.error)
        return self

    def stop(self, trial: Any = None) -> None:
        """Stop the sweep, or one trial, given by its number or its run. What has finished is kept."""
        if trial is not None:
            signals.stop(self._signals, self._number(trial))
            return
        with self._lock:
            self._stopping = True
        signals.stop(self._signals)

    def _number(self, trial: Any) -> int:
        if isinstance(trial, int) and trial in self._trials:
            return trial
        run = getattr(getattr(trial, "info", None), "run_id", None) or getattr(trial, "run_id", trial)
        for one in self._trials.values():
            if one.run_id is not None and one.run_id == run:
                return one.number
        raise InvalidValue(f"This sweep has no trial {trial!r}; there are {len(self._trials)}, numbered from 0.")

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        return not self._done.is_set()

    @property
    def total(self) -> int:
        """How many trials there are to be."""
        extra = self._before if self._strategy.adaptive else 0
        return max(self._strategy.total + extra, len(self._trials))

    @property
    def trials(self) -> list[Trial]:
        """The trials so far, by number."""
        with self._lock:
            return [self._trials[number] for number in sorted(self._trials)]

    @property
    def best(self) -> Trial | None:
        """The finished trial with the best metric, if one has it."""
        known = [t for t in self.trials if t.status == "FINISHED" and t.value is not None and not math.isnan(t.value)]
        if not known:
            return None
        chosen = max if self.plan.direction == "maximize" else min
        return chosen(known, key=lambda trial: trial.value or 0.0)

    def runs(self) -> Any:
        """The trials' runs as a DataFrame, one row a run."""
        from tracker.frames import runs

        return runs(where=f"tags.`{PARENT}` = '{self.run_id}'")

    def seconds_left(self) -> float | None:
        """About how long it will take still; None where nothing tells yet."""
        new = [trial for trial in self.trials if trial.ended and trial.tries]
        if not new or not self.running:
            return None
        left = self.total - sum(trial.ended for trial in self.trials)
        return (time.time() - self.started) / len(new) * left

    def __repr__(self) -> str:
        ended = [trial.status for trial in self.trials if trial.ended]
        failed = len(ended) - ended.count("FINISHED")
        best = self.best
        parts = [f"{ended.count('FINISHED')} of {self.total} trials finished"]
        parts += [f"{failed} failed"] if failed else []
        parts += [f"best {self.metric} = {best.value:.6g} with {shown_values(best.values)}"] if best else []
        return f"<Sweep {self.plan.name!r}, {self.status}: {', '.join(parts)}>"

    def listen(self, listener: Callable[[Sweep], None]) -> None:
        """Have `listener` called after each look at the trials, and at the end, from another thread."""
        self._listeners.append(listener)

    @property
    def metric(self) -> str | None:
        """The metric that the trials are compared by: the one asked for, else the only one that they have."""
        return self._metric

    _metric: str | None = None

    # -- the thread that leads

    def _lead(self) -> None:
        watcher = threading.Thread(target=self._watch, name="tracker-sweep-watch", daemon=True)
        watcher.start()
        try:
            while self._run_all():
                pass
        except Exception as error:
            self.error = str(error) if isinstance(error, TrackerError) else f"{type(error).__name__}: {error}"
        finally:
            self._looking.set()
            watcher.join()
            self._finish()

    def _run_all(self) -> bool:
        """Have every trial run; whether some are to be run again, since their worker died."""
        joblib = backends.require_joblib()
        plan = self.plan
        try:
            with joblib.parallel_config(backend=plan.backend):
                parallel = joblib.Parallel(n_jobs=plan.jobs, batch_size=1, pre_dispatch="n_jobs")
                for answer in parallel(joblib.delayed(keeper.run_trial)(text) for text in self._asked()):
                    self._take(answer)
            return False
        except Exception as error:
            if not _is_dead_worker(error):
                raise
            return self._repeat(error)

    def _asked(self) -> Iterator[str]:
        while True:
            with self._lock:
                trial = None if self._stopping or self.error else self._next_trial()
                if trial is None:
                    return
                trial.tries += 1
                self._trials[trial.number] = trial
            yield self._question(trial)

    def _next_trial(self) -> Trial | None:
        if self._again:
            return self._again.pop(0)
        if self._strategy.adaptive:
            self._look()
        while True:
            asked = self._strategy.ask()
            if asked is None:
                return None
            key, values = asked
            if values in self._skip:
                self._skip.remove(values)
                continue
            self._next += 1
            return Trial(self._next - 1, values, key=key)

    def _question(self, trial: Trial) -> str:
        plan = self.plan
        tags = {PARENT: self.run_id, TRIAL: str(trial.number), POINT: repr(trial.values), **plan.tags}
        return json.dumps({
            "owner": self._owner, "signals": str(self._signals), "number": trial.number, "timeout": plan.timeout,
            "store": str(self.store.root), "original": plan.program.folder, "written": list(plan.program.written),
            "path": list(plan.program.path), "cells": texts(plan.program.with_values(trial.values)),
            "options": {"experiment": plan.experiment, "name": shown_values(trial.values), "tags": tags},
        })  # fmt: skip

    def _take(self, answer: dict[str, Any]) -> None:
        """What a worker said of a trial: it matters where no run tells it."""
        with self._lock:
            trial = self._trials[answer["number"]]
            failure = answer.get("failure")
            trial.error = trial.error or (failure["tail"] if failure else answer.get("died", ""))
            if answer.get("run_id") is None and not trial.ended and trial.run_id is None:
                trial.status = "KILLED" if "stopped" in answer else "FAILED"

    def _repeat(self, error: Exception) -> bool:
        """Workers died under their trials: those that have not ended are run again, once."""
        self._look()
        with self._lock:
            for trial in self._trials.values():
                if trial.ended and not (trial.status == "KILLED" and trial.tries < _MOST_TRIES and not trial.error):
                    continue
                if trial.tries < _MOST_TRIES:
                    trial.status, trial.run_id = "SCHEDULED", None
                    self._again.append(trial)
                else:
                    trial.status, trial.error = "KILLED", f"Its worker died twice: {type(error).__name__}."
        return True

    # -- following

    def _watch(self) -> None:
        beaten, guarded = 0.0, False
        while not self._looking.wait(_LOOK_SECONDS):
            if time.monotonic() - beaten > signals.BEAT_SECONDS:
                beaten = time.monotonic()
                signals.beat(self._signals)
            try:
                self._look()
            except Exception as error:  # the store cannot be read for a moment: the trials go on
                self.notices = [f"The trials could not be looked at: {error}"]
            if not guarded and any(trial.run_id is not None for trial in self.trials):
                guarded = True
                _at_exit()
            self._tell_listeners()

    def _tell_listeners(self) -> None:
        for listener in list(self._listeners):
            try:
                listener(self)
            except Exception:
                self._listeners.remove(listener)

    def _look(self) -> None:
        """Read what the trials' runs say."""
        found = children_of(self.store, self.run_id)
        with self._lock:
            self._metric = self.plan.metric or _only_metric(found)
            for child in found:
                trial = self._trials.get(child.number)
                if trial is None or (trial.run_id is not None and child.run_id < trial.run_id):
                    continue
                if trial.tries == 2 and trial.run_id is None and child.status == "KILLED":
                    continue  # its first try
                self._update(trial, child)
            if self._pruner is not None and self._metric is not None and self.running:
                self._prune(self._pruner, self._metric)

    def _prune(self, pruner: Pruner, metric: str) -> None:
        """Stop the running trials that are behind the finished ones."""
        trials = [trial for trial in self._trials.values() if trial.run_id is not None and not trial.pruned]
        new = [trial for trial in trials if trial.status == "FINISHED" and not pruner.knows(trial.number)]
        running = [trial for trial in trials if trial.status == "RUNNING"]
        curves = curves_of(self.store, [trial.run_id or "" for trial in (*new, *running)], metric)
        for trial in new:
            pruner.add(trial.number, curves.get(trial.run_id or "", []))
        for trial in running:
            curve = curves.get(trial.run_id or "", [])
            if pruner.is_behind(curve):
                trial.pruned, trial.error = True, f"pruned at step {curve[-1][0]}: behind the median of the others"
                signals.stop(self._signals, trial.number)
                RunWriter(self.store, trial.run_id or "").tags({PRUNED: curve[-1][0]})

    def _update(self, trial: Trial, child: Child) -> None:
        trial.run_id, trial.status = child.run_id, child.status
        trial.value = child.metrics.get(self._metric) if self._metric is not None else None
        if child.started is not None and child.ended is not None:
            trial.seconds = (child.ended - child.started) / 1000
        if child.deleted and child.status == "RUNNING":
            signals.stop(self._signals, trial.number)
        if not trial.ended or trial.told:
            return
        trial.told = True
        self._strategy.tell(trial.key, trial.value if child.status == "FINISHED" else None)
        if child.status == "FINISHED" and self.plan.metric is not None and trial.value is None:
            self._metric_is_missing(sorted(child.metrics))

    def _metric_is_missing(self, logged: list[str]) -> None:
        words = f"No metric {self.plan.metric!r} was logged by a trial; it logged: {', '.join(logged) or 'none'}."
        if self._strategy.adaptive:
            self.error = f"{words} The sweep was stopped."
            self.stop()
        elif words not in self.notices:
            self.notices.append(words)

    # -- the end

    def _finish(self) -> None:
        signals.resign(self._signals)
        keeper.close_all(self._owner)
        try:
            self._look()
            with self._lock:
                for trial in self._trials.values():
                    if not trial.ended:
                        trial.status = "KILLED"
            self.status = self._outcome()
            self._keep()
        except Exception as error:
            self.error = self.error or str(error)
            self.status = "FAILED"
        self.ended = time.time()
        self._done.set()
        _running.discard(self)
        self._tell_listeners()

    def _outcome(self) -> str:
        if self.error:
            return "FAILED"
        if self._stopping:
            return "KILLED"
        finished = any(trial.status == "FINISHED" for trial in self._trials.values())
        return "FINISHED" if finished or not self._trials else "FAILED"

    def _keep(self) -> None:
        """The best on the run of the sweep, and its end."""
        best = self.best
        try:
            if best is not None and self._metric is not None and best.value is not None:
                self._writer.params({f"best_{name}": value for name, value in best.values.items()})
                self._writer.metrics({self._metric: best.value})
                self._writer.tags({"tracker.sweep.best": best.run_id})
        finally:
            self._writer.end(self.status)


_running: set[Sweep] = set()


def _at_exit() -> None:
    """Stop what runs before joblib's own end of the interpreter, which would wait for the trials or trip over them:
    what was registered last is called first, and joblib registers with its first worker."""
    with contextlib.suppress(RuntimeError):  # the interpreter ends already
        getattr(threading, "_register_atexit", atexit.register)(_stop_all)


def _stop_all() -> None:
    leaving = list(_running)
    for sweep in leaving:
        sweep.stop()
    for sweep in leaving:
        sweep._done.wait(_EXIT_SECONDS)


def _only_metric(found: list[Child]) -> str | None:
    every = {key for child in found for key in child.metrics}
    return next(iter(every)) if len(every) == 1 else None


def _is_dead_worker(error: Exception) -> bool:
    """Whether a worker died, rather than what it ran: each backend has a word of its own for it."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"BrokenProcessPool", "TerminatedWorkerError", "KilledWorker", "WorkerCrashedError",
                         "RayActorError", "ActorDiedError", "CancelledError", "FutureCancelledError"})  # fmt: skip
