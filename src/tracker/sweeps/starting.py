"""Beginning a sweep, or going on with one that was cut off."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping
from typing import Final, TypeVar

from tracker.capture.magics import plain_tree
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.store import Store
from tracker.store.ids import new_id
from tracker.sweeps import backends
from tracker.sweeps.children import SWEEP, Child, children_of, sweeps_of
from tracker.sweeps.program import Program
from tracker.sweeps.space import Space
from tracker.sweeps.strategies import Direction, Strategy, strategy_of
from tracker.sweeps.sweep import Sweep
from tracker.sweeps.trials import Plan
from tracker.tracking.experiments import active_experiment_id
from tracker.tracking.location import current_store
from tracker.tracking.provenance import RUN_NAME, automatic_tags
from tracker.tracking.writer import RunWriter, shared_writer

S = TypeVar("S", bound=Sweep)

_LOWER: Final = re.compile(
    r"(loss(es)?|err(ors?)?|mse|rmse|mae|mape|smape|rmsle|msle|nll|perplexity|ppl|wer|cer|fid|brier|deviance|regret|"
    r"logloss|aic|bic|inertia|latency|runtime|seconds|duration|residuals?|cost)"
)


def direction_of(metric: str | None) -> Direction:
    """Whether more or less of a metric is better, by the words in its name, as the run table has it."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"([a-z\d])([A-Z])", r"\1 \2", metric or "").lower())
    return "minimize" if any(_LOWER.fullmatch(word) for word in words) else "maximize"


def begin(
    program: Program,
    space: Space,
    *,
    strategy: str = "grid",
    n: int | None = None,
    metric: str | None = None,
    direction: Direction | None = None,
    backend: str = "loky",
    jobs: int | None = None,
    seed: int = 0,
    timeout: float | None = None,
    prune: bool = False,
    resume: bool | str = False,
    experiment: str | None = None,
    name: str | None = None,
    tags: Mapping[str, str] | None = None,
    kind: type[S] = Sweep,  # type: ignore[assignment]
) -> S:
    """Start a sweep of a program, as a `kind`; everything is checked before the first trial. See `tracker.sweep`."""
    program.check(space)
    if timeout is not None and not timeout > 0:
        raise InvalidValue(f"timeout is the seconds that a trial may take; got {timeout!r}.")
    if prune and metric is None:
        raise InvalidValue('Pruning follows the curve of a metric: give its name, as metric="loss".')
    if not isinstance(resume, bool | str):
        raise InvalidValue(f"resume is True, or the id of a sweep's run; got {resume!r}.")
    chosen: Direction = direction or direction_of(metric)
    strategy_of(strategy, space, n=n, direction=chosen, metric=metric, seed=seed)  # a mistake is told now
    backends.prepare(backend)
    store = current_store()
    experiment_id = store.ensure_experiment(experiment) if experiment else active_experiment_id(store)
    known = store.experiments().get(experiment_id)
    key = _key(program, space, strategy, seed)
    run_id = _to_resume(store, experiment_id, key, resume) if resume else None
    finished = [child for child in children_of(store, run_id) if _counts(child)] if run_id is not None else []
    told = [(child.values, child.metrics.get(metric or "")) for child in finished]
    asked = strategy_of(strategy, space, n=n, direction=chosen, metric=metric, seed=seed, finished=told)
    plan = Plan(
        program, known.name if known else "Default", experiment_id, metric, chosen, strategy, backend,
        backends.jobs_of(backend, jobs), timeout, prune, name or f"{strategy} sweep", dict(tags or {}),
    )  # fmt: skip
    return _started(plan, asked, store, run_id, finished, key, space, kind)


def _started(
    plan: Plan, strategy: Strategy, store: Store, run_id: str | None, finished: list[Child], key: str, space: Space,
    kind: type[S],
) -> S:  # fmt: skip
    again = run_id is not None
    run_id = run_id or new_id()
    writer = shared_writer(store, run_id, lambda: RunWriter(store, run_id))
    if again:
        writer.resume()
    else:
        writer.start(plan.experiment_id, automatic_tags() | plan.tags | {
            RUN_NAME: plan.name, SWEEP: key, "tracker.sweep.strategy": plan.strategy_name,
            "tracker.sweep.backend": plan.backend, "tracker.sweep.direction": plan.direction,
            **({"tracker.sweep.metric": plan.metric} if plan.metric else {}),
        })  # fmt: skip
        writer.artifact_text("code/sweep.py", plan.program.source)
        writer.artifact_text("sweep.txt", "\n".join(f"{name}: {axis}" for name, axis in space.items()))
    sweep = kind(plan, strategy, store, run_id, finished, writer)
    sweep.start()
    return sweep


def _counts(child: Child) -> bool:
    return child.status == "FINISHED" and not child.deleted


def _key(program: Program, space: Space, strategy: str, seed: int) -> str:
    """What makes two sweeps the same: the code, the space and the strategy."""
    cells = [_canonical(cell.source) for cell in program.cells]
    told = "\0".join([*filter(None, cells), repr(sorted(space.items())), strategy, str(seed)])
    return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _canonical(source: str) -> str:
    """A cell's text without what does not matter to Python: blank lines, comments."""
    tree = plain_tree(source)
    return source if tree is None else ast.unparse(tree)


def _to_resume(store: Store, experiment_id: str, key: str, resume: bool | str) -> str | None:
    """The run to go on with; None where there is none. Raises NotFound, InvalidState."""
    found = sweeps_of(store, experiment_id, key)
    if isinstance(resume, str):
        found = [(run, status) for run, status in found if run.startswith(resume)] if len(resume) >= 6 else []
        if not found:
            raise NotFound(
                f"No sweep {resume!r} of this program over this space in this experiment; resume=True takes the "
                "latest, and begins a new one where there is none."
            )
    if not found:
        return None
    run, status = found[0]
    if status == "RUNNING":
        raise InvalidState(f"The sweep {run} still runs: stop it first, or wait for it.")
    return run
