"""One training: a tracked grid search in worker processes, then the best candidate fitted on all of the data."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tracker.exceptions import InvalidState, InvalidValue, TrackerError
from tracker.projects.slices import SlicedCell
from tracker.sweeps import starting
from tracker.sweeps.program import Program
from tracker.sweeps.space import space_of
from tracker.sweeps.sweep import Sweep
from tracker.tracking import context, fluent
from tracker.training import data as handed
from tracker.training.data import Data
from tracker.training.estimators import SCORING, estimator, kind_of, parameters_of, scorings

if TYPE_CHECKING:
    from tracker.models.serving.handle import ModelServer

_SEED: Final = "random_state"


class Training:
    """A grid search: `sweep` runs the candidates, `model_uri` is the best one's model once `wait` has returned."""

    def __init__(
        self, data: Data, name: str, grid: Mapping[str, Any], scoring: str | None = None, cv: int = 5,
        experiment: str | None = None, jobs: int | None = None, backend: str = "loky", kind: type[Sweep] = Sweep,
    ) -> None:  # fmt: skip
        made = estimator(name)
        self.estimator, self._made, self._data = name, made, data
        self.scoring = _scoring(scoring, made)
        self.cv = _folds(cv, len(data.X))
        self.grid = _grid(made, grid)
        self.experiment = experiment
        self.model_uri: str | None = None
        self.error = ""
        self.server: ModelServer | None = None
        self._ready = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        store = context.current_store()
        store.ensure()
        self.sweep = starting.begin(
            self._program(), space_of(self.grid), metric=self.scoring, direction="maximize", experiment=experiment,
            name=f"{name} grid search", jobs=jobs, backend=backend, tags={"estimator_name": name}, kind=kind,
        )  # fmt: skip
        threading.Thread(target=self._fit_the_best, name="tracker-trainer", daemon=True).start()

    def _program(self) -> Program:
        module, store = self._made.__module__.rpartition("._")[0] or self._made.__module__, context.current_store()
        path = handed.kept(self._data, store)
        reading = handed.reading(path, str(self._data.y.name))
        arguments = ", ".join([*(f"{name}={name}" for name in self.grid), *self._fixed()])
        first = (
            f"import pandas as pd\nfrom {module} import {self.estimator}\n"
            f"from sklearn.model_selection import cross_validate\n{reading}"
        )
        last = (
            f"%%track\nmodel = {self.estimator}({arguments})\n"
            f"_scores = cross_validate(model, X, y, cv={self.cv}, scoring={self.scoring!r}, error_score='raise')\n"
            f"{self.scoring} = _scores['test_score'].mean()\n{self.scoring}_sd = _scores['test_score'].std()"
        )
        return Program((SlicedCell(1, first), SlicedCell(2, last)), str(store.root))

    def _fixed(self) -> list[str]:
        """What is the same in every candidate: a seed, so that a candidate gives the same score again."""
        return [f"{_SEED}=0"] if _SEED in parameters_of(self._made) and _SEED not in self.grid else []

    def _fit_the_best(self) -> None:
        try:
            best = self.sweep.wait().best
            if best is None:
                failed = next((trial.error for trial in self.sweep.trials if trial.error), "none was scored")
                raise InvalidState(f"No candidate could be scored: {failed.strip().splitlines()[-1]}")
            self.model_uri = self._logged(best.values, best.value)
        except Exception as error:
            self.error = str(error) if isinstance(error, TrackerError) else f"{type(error).__name__}: {error}"
        finally:
            self._ready.set()
            for listener in self._listeners:
                listener()

    def _logged(self, values: dict[str, Any], score: float | None) -> str:
        import tracker.sklearn as flavor

        seed = {_SEED: 0} if self._fixed() else {}
        model = self._made(**values, **seed).fit(self._data.X, self._data.y)
        run = fluent.start_run(
            experiment_id=self.sweep.plan.experiment_id, run_name=f"{self.estimator} (best)", nested=True,
            parent_run_id=self.sweep.run_id,
        )  # fmt: skip
        with run:
            run.writer.params(values)
            run.writer.metrics({self.scoring: score} if score is not None else {})
            info = flavor.log_model(model, name="model", input_example=self._data.X.head(3))
        return str(info.model_uri)

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called as the candidates get on and when the model is there, from another thread."""
        self._listeners.append(listener)
        self.sweep.listen(lambda _sweep: listener())
        if not self.running:
            listener()

    # -- what a person does

    def wait(self, timeout: float | None = None) -> Training:
        """Wait until the best candidate's model is there. Raises InvalidState if nothing could be trained."""
        self._ready.wait(timeout)
        if self.error:
            raise InvalidState(self.error)
        return self

    @property
    def running(self) -> bool:
        """Whether candidates are still tried, or the best one is fitted."""
        return not self._ready.is_set()

    @property
    def best(self) -> dict[str, Any] | None:
        """The best candidate's hyperparameters so far."""
        return dict(self.sweep.best.values) if self.sweep.best is not None else None

    def ranking(self) -> Any:
        """The candidates as a DataFrame, the best first."""
        import pandas as pd

        rows = [{**trial.values, self.scoring: trial.value, "status": trial.status} for trial in self.sweep.trials]
        return pd.DataFrame(rows).sort_values(self.scoring, ascending=False, kind="stable", ignore_index=True)

    def deploy(self, port: int = 0) -> ModelServer:
        """Serve the best model in a background process, until `server.stop()`. Raises InvalidState without one."""
        from tracker.models.serving.handle import serve

        if self.model_uri is None:
            raise InvalidState(self.error or "The training has not ended: there is no model to serve yet.")
        if self.server is None or not self.server.running:
            self.server = serve(self.model_uri, port)
        return self.server

    def __repr__(self) -> str:
        return f"<Training of {self.estimator}: {self.sweep!r}>"


def _scoring(scoring: str | None, made: type) -> str:
    chosen = scoring or SCORING[kind_of(made)]
    if chosen not in scorings():
        raise InvalidValue(f"There is no scoring {chosen!r}; there are: {', '.join(scorings())}.")
    return chosen


def _folds(cv: Any, rows: int) -> int:
    if not isinstance(cv, int) or isinstance(cv, bool) or not 2 <= cv <= rows:
        raise InvalidValue(f"cv is the number of folds, 2 to the {rows} rows; got {cv!r}.")
    return cv


def _grid(made: type, grid: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not isinstance(grid, Mapping) or not grid:
        raise InvalidValue('A grid is a dict of lists, as {"C": [0.1, 1, 10]}.')
    known = parameters_of(made)
    for name in grid:
        if name not in known:
            raise InvalidValue(f"{made.__name__} has no parameter {name!r}; it has: {', '.join(known)}.")
    return {name: list(values) if isinstance(values, list | tuple) else [values] for name, values in grid.items()}
