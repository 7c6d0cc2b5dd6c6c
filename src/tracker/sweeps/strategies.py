"""Which values come next: the whole grid, points at random, or what Optuna suggests from the results so far.

Invariants: `ask` and `tell` are called by one thread at a time; a point that `finished` holds is not asked again.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, Protocol, TypeAlias

from tracker.exceptions import InvalidValue
from tracker.sweeps.space import Choices, Range, Space, Values, grid_of, size_of

Direction: TypeAlias = Literal["maximize", "minimize"]
NAMES: Final = ("grid", "random", "optuna")
DIRECTIONS: Final = ("maximize", "minimize")


class Strategy(Protocol):
    """Asked for the next point (None: there is none), and told each result; `total` is how many points there are."""

    total: int
    adaptive: bool
    """Whether the next point depends on results."""

    def ask(self) -> tuple[Any, Values] | None:
        """A key to `tell` by, and the values."""

    def tell(self, key: Any, value: float | None) -> None:
        """The metric of a point, or None where there is none."""


class Listed:
    """Points that are known beforehand."""

    adaptive = False

    def __init__(self, points: Iterable[Values], total: int) -> None:
        self._points: Iterator[Values] = iter(points)
        self.total = total

    def ask(self) -> tuple[Any, Values] | None:
        point = next(self._points, None)
        return None if point is None else (None, point)

    def tell(self, key: Any, value: float | None) -> None:
        """Nothing depends on it."""


def grid(space: Space, n: int | None) -> Strategy:
    """Every point, or the first `n`."""
    total = size_of(space)
    return Listed(itertools.islice(grid_of(space), n), total if n is None else min(n, total))


def at_random(space: Space, n: int, seed: int) -> Strategy:
    """`n` points at random, the same for the same seed; every seed of the space with each where there are some."""
    generator = random.Random(seed)  # noqa: S311 - hyperparameters are no secret
    return Listed(({name: axis.draw(generator) for name, axis in space.items()} for _ in range(n)), n)


class Optuna:
    """Optuna's study, asked and told; results of an earlier part of the sweep are told first."""

    adaptive = True

    def __init__(
        self, space: Space, n: int, direction: Direction, seed: int, finished: Iterable[tuple[Values, float | None]],
        sampler: Any = None,
    ) -> None:  # fmt: skip
        optuna = require_optuna()
        done = list(finished)
        self._optuna, self._left = optuna, max(0, n - len(done))
        self._space = {name: _distribution(optuna, axis) for name, axis in space.items()}
        self._study = _quiet(
            optuna, lambda: optuna.create_study(direction=direction, sampler=sampler or _sampler(optuna, seed))
        )
        self.total = self._left
        for values, value in done:
            if value is not None and not math.isnan(value):
                self._study.add_trial(optuna.trial.create_trial(
                    params=values, distributions={name: self._space[name] for name in values}, value=value,
                ))  # fmt: skip

    def ask(self) -> tuple[Any, Values] | None:
        if self._left == 0:
            return None
        self._left -= 1
        trial = self._study.ask(self._space)
        return trial, dict(trial.params)

    def tell(self, key: Any, value: float | None) -> None:
        if value is None or math.isnan(value):
            self._study.tell(key, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(key, value)


def require_optuna() -> Any:
    """Optuna. Raises InvalidValue, naming what to install."""
    try:
        import optuna
    except ImportError as error:
        raise InvalidValue(
            'strategy="optuna" needs Optuna, which is not installed: pip install "jupyter-tracker[sweep]"; '
            '"grid" and "random" need nothing more.'
        ) from error
    return optuna


def _sampler(optuna: Any, seed: int) -> Any:
    return optuna.samplers.TPESampler(seed=seed, constant_liar=True)  # several are asked before the first is told


def _quiet(optuna: Any, step: Callable[[], Any]) -> Any:
    """What a step gives, without the lines and warnings that Optuna has for its own users."""
    import warnings

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return step()
    finally:
        optuna.logging.set_verbosity(level)


def _distribution(optuna: Any, axis: Choices | Range) -> Any:
    if isinstance(axis, Choices):
        return optuna.distributions.CategoricalDistribution(axis.values)
    if axis.whole:
        return optuna.distributions.IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return optuna.distributions.FloatDistribution(axis.low, axis.high, log=axis.log)


def strategy_of(
    name: str, space: Space, *, n: int | None, direction: Direction, metric: str | None, seed: int,
    finished: Iterable[tuple[Values, float | None]] = (),
) -> Strategy:  # fmt: skip
    """The strategy of this name. `finished` are points that are done, with their metric. Raises InvalidValue."""
    if name not in NAMES:
        raise InvalidValue(f"There is no strategy {name!r}; there are: {', '.join(NAMES)}.")
    if direction not in DIRECTIONS:
        raise InvalidValue(f"The direction is {' or '.join(map(repr, DIRECTIONS))}; got {direction!r}.")
    if n is not None and (not isinstance(n, int) or isinstance(n, bool) or n < 1):
        raise InvalidValue(f"n is how many trials to run, 1 or more; got {n!r}.")
    if name == "grid":
        return grid(space, n)
    if n is None:
        raise InvalidValue(f'How many trials? strategy="{name}" has no end of its own: give n.')
    if name == "random":
        return at_random(space, n, seed)
    if metric is None:
        raise InvalidValue('strategy="optuna" follows a metric: give its name, as metric="accuracy".')
    return Optuna(space, n, direction, seed, finished)
