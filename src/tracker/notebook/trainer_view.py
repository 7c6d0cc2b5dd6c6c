"""`tracker.trainer(X, y)`: pick an estimator, edit the grid as a form, train, rank, deploy the best, ask it.

The page sends texts; they go through the calls that Python uses, each of which `code` writes down. What is saved shows
the ranking, what was predicted, and the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from tracker.exceptions import InvalidState, InvalidValue
from tracker.notebook import static_models, static_sweep
from tracker.notebook.bundle import LIMIT, MIME, PROTOCOL
from tracker.notebook.display import Display
from tracker.notebook.playground_view import Playground, playground
from tracker.notebook.sweep_view import ShownSweep
from tracker.sweeps.space import listed
from tracker.tracking.provenance import current_shell
from tracker.training.data import data_of
from tracker.training.estimators import SCORING, estimator, estimators, first_grid, kind_of, parameters_of, scorings
from tracker.training.gridsearch import Training

if TYPE_CHECKING:
    import pandas as pd

    from tracker.models.serving.handle import ModelServer

_FIRST = {"classifier": "LogisticRegression", "regressor": "LinearRegression"}


class Trainer(Display):
    """The panel: `train`, then `training`, `deploy`, `predict`; `code` is what was done, as Python."""

    def __init__(self, X: Any, y: Any, name: str | None, experiment: str | None) -> None:
        self._data = data_of(X, y)
        self._experiment = experiment
        self.training: Training | None = None
        self._playground: Playground | None = None
        chosen = name or _FIRST[self._data.kind]
        made = estimator(chosen)
        self._chosen: dict[str, Any] = {
            "estimator": chosen,
            "grid": first_grid(chosen),
            "scoring": SCORING[kind_of(made)],
            "cv": 5,
        }
        words = [_name_of(X, "X"), repr(y) if isinstance(y, str) else _name_of(y, "y")]
        words += [f"experiment={experiment!r}"] if experiment else []
        self._lines = ["import tracker", "", f"trainer = tracker.trainer({', '.join(words)})"]

    # -- what is done

    def train(
        self, name: str, grid: Mapping[str, Any], *, scoring: str | None = None, cv: int = 5, jobs: int | None = None,
        backend: str = "loky",
    ) -> Training:  # fmt: skip
        """Start a grid search of a scikit-learn estimator, each candidate a tracked run; goes on in the background.

        `grid`: lists of values by hyperparameter; `scoring` is scikit-learn's, `cv` the folds; `jobs` and `backend` as
        in `tracker.sweep`. Raises InvalidValue, naming what exists.
        """
        if self.training is not None and self.training.running:
            raise InvalidState("A training runs: wait for it, or stop it.")
        self.training = Training(self._data, name, grid, scoring, cv, self._experiment, jobs, backend, ShownSweep)
        training = self.training
        self._chosen = {"estimator": name, "grid": training.grid, "scoring": training.scoring, "cv": cv}
        self._playground = None
        self._note(f"trainer.train({name!r}, {training.grid!r}, scoring={training.scoring!r}, cv={cv}).wait()")
        training.listen(self._refresh)
        return training

    def deploy(self) -> ModelServer:
        """Serve the best model beside this notebook. Raises InvalidState before there is one."""
        server = self._trained().deploy()
        self._note("server = trainer.deploy()")
        return server

    def predict(self, rows: Any) -> pd.DataFrame:
        """The rows (dicts, or a DataFrame) with what the best model predicts for each. Raises InvalidValue."""
        told = rows.to_dict(orient="records") if hasattr(rows, "to_dict") else list(rows)
        table = self.playground.predict(told)
        if len(told) <= 3:
            self._note(f"trainer.predict({told!r})")
        return table

    def keep(self) -> str:
        """Keep the last predictions with the best model's run; its id."""
        run = self.playground.keep()
        self._note("trainer.keep()")
        return run

    @property
    def playground(self) -> Playground:
        """The form of the best model. Raises InvalidState before there is one."""
        if self._playground is None:
            uri = self._trained().model_uri
            assert uri is not None
            self._playground = playground(uri)
        return self._playground

    def _trained(self) -> Training:
        if self.training is None or self.training.model_uri is None:
            raise InvalidState("There is no trained model yet: train, and wait for its end.")
        return self.training

    @property
    def code(self) -> str:
        """All that was done here, as Python."""
        return "\n".join(self._lines)

    def _note(self, line: str) -> None:
        if line not in self._lines[-1:]:
            self._lines.append(line)
        self._refresh()

    # -- the page

    def answers(self, question: Any) -> tuple[dict[str, Any], list[Any]]:
        """What the page asked for. Raises TrackerError with a sentence for people."""
        try:
            return self._answered(question), []
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidValue(f"This page's question was not understood: {error!r}.") from error

    def _answered(self, question: Any) -> dict[str, Any]:
        kind = question["do"]
        if kind == "estimator":
            name = str(question["name"])
            return {"grid": _texts(first_grid(name)), "parameters": _parameters(name)}
        if kind == "train":
            grid = {str(row["name"]).strip(): listed(str(row["values"])) for row in question["grid"]}
            self.train(str(question["estimator"]), grid, scoring=str(question["scoring"]), cv=int(question["cv"]))
        elif kind == "stop" and self.training is not None:
            self.training.sweep.stop(question.get("trial"))
        elif kind == "deploy":
            return {"url": f"{self.deploy().url}/invocations"}
        elif kind == "undeploy" and self.training is not None and self.training.server is not None:
            self.training.server.stop()
            self._note("server.stop()")
        elif kind == "predict":
            told = self.playground.answers(question)[0]
            self._note(f"trainer.predict({[dict(row) for row in question['rows']][:3]!r})")
            return told
        elif kind == "keep":
            told = self.playground.answers(question)[0]
            self._note("trainer.keep()")
            return told
        else:
            raise InvalidValue("This page asks for something that this version of tracker does not know.")
        return {}

    def _panel(self) -> dict[str, Any]:
        """The `TrainerView` of js/core/trainer.ts."""
        chosen, training = self._chosen, self.training
        names = [*estimators("classifier"), *estimators("regressor")]
        if self._data.kind == "regressor":
            names = [*estimators("regressor"), *estimators("classifier")]
        server = training.server if training is not None else None
        rows, columns = self._data.X.shape
        return {
            "title": f"{rows:,} rows, {columns:,} columns, target {self._data.y.name}",
            "estimators": names, "scorings": scorings(), "estimator": chosen["estimator"], "scoring": chosen["scoring"],
            "cv": chosen["cv"], "grid": _texts(chosen["grid"]), "parameters": _parameters(str(chosen["estimator"])),
            "running": training is not None and training.running,
            "model": (training.model_uri or "") if training is not None else "",
            "url": f"{server.url}/invocations" if server is not None and server.running else "",
            "error": training.error if training is not None else "", "code": self.code,
        }  # fmt: skip

    def _sweep(self) -> dict[str, Any]:
        sweep = self.training.sweep if self.training is not None else None
        return sweep.state() if isinstance(sweep, ShownSweep) else {}

    def _form(self) -> dict[str, Any]:
        if self.training is None or self.training.model_uri is None:
            return {}
        return self.playground.form()

    def _refresh(self) -> None:
        if self._made is not None:
            with self._made.hold_sync():
                self._made.sweep = self._sweep()
                self._made.panel = self._panel()
                if not self._made.form or self._playground is None:
                    self._made.form = self._form()

    def _make(self) -> Any:
        from tracker.notebook.widgets import TrainerWidget

        widget = TrainerWidget(panel=self._panel(), sweep=self._sweep(), form=self._form())
        widget.answers = self.answers
        return widget

    def _saved(self) -> dict[str, Any]:
        panel = {**self._panel(), "estimators": [], "scorings": []}
        form = self._form()
        for rows in (30, 8, 2):
            sweep = self.training.sweep.state(rows) if self._sweep() and self.training is not None else {}  # type: ignore[attr-defined]
            kept = {**form, "rows": form["rows"][:rows], "predicted": form["predicted"][:rows]} if form else {}
            bundle = {
                MIME: {"protocol": PROTOCOL, "view": "trainer", "panel": panel, "sweep": sweep, "form": kept},
                "text/html": static_sweep.trainer_html(panel, sweep)
                + (static_models.playground_html(kept) if kept.get("predicted") else ""),
                "text/plain": f"{self!r}\n{self.code}",
            }  # fmt: skip
            if len(orjson.dumps(bundle)) <= LIMIT:
                break
        return bundle

    def __repr__(self) -> str:
        return f"<Trainer of {len(self._data.X):,} rows: {self.training or 'nothing trained yet'}>"


def trainer(X: Any, y: Any, estimator: str | None = None, *, experiment: str | None = None) -> Trainer:
    """A panel that trains a scikit-learn estimator on data in hand: a grid search of tracked runs, their ranking, the
    best model served and asked.

    `X`: a DataFrame or array; `y`: a Series or array, or the name of a column of `X`. `estimator`: which to begin with,
    as "LogisticRegression". Raises InvalidValue, saying what does not fit.
    """
    return Trainer(X, y, estimator, experiment)


def _name_of(value: Any, otherwise: str) -> str:
    """The name that the session has for a value."""
    shell = current_shell()
    names = shell.user_ns.items() if shell is not None else ()
    return next((name for name, held in names if held is value and not name.startswith("_")), otherwise)


def _texts(grid: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": name, "values": ", ".join(_text(value) for value in values)} for name, values in grid.items()]


def _text(value: Any) -> str:
    plain = isinstance(value, str) and value.isidentifier() and value.lower() not in ("true", "false", "none")
    return str(value) if plain else repr(value)


def _parameters(name: str) -> list[dict[str, str]]:
    return [{"name": key, "default": str(value)[:60]} for key, value in parameters_of(estimator(name)).items()]
