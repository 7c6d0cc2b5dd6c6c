"""A search over hyperparameters: its best candidate on the run, its candidates as child runs, all as a table."""

from __future__ import annotations

import functools
import numbers
from typing import Any

from tracker.autolog.calls import Call
from tracker.autolog.candidates import candidate_tags, log_candidate
from tracker.autolog.evaluation import remember
from tracker.autolog.tables import noted
from tracker.tracking.datasets import input_of

_SPLITS = ("param", "split")


def is_search(estimator: Any) -> bool:
    """Whether an estimator tries candidates: GridSearchCV, RandomizedSearchCV, the halving ones."""
    from sklearn.model_selection._search import BaseSearchCV

    return isinstance(estimator, BaseSearchCV)


def log(call: Call, search: Any, X: Any, y: Any) -> None:
    """Log what a fitted search found."""
    best = getattr(search, "best_estimator_", None)
    if best is not None:
        remember(best, call.library, call.writer)
    if hasattr(search, "best_score_"):
        call.metrics({"best_cv_score": search.best_score_})
    if hasattr(search, "best_params_"):
        call.params({f"best_{name}": value for name, value in search.best_params_.items()})
    if hasattr(search, "cv_results_"):
        call.attempt("the candidates were", lambda: _log_candidates(call, search, X, y))
        call.attempt("the table of candidates was", lambda: call.text(_table(search), "cv_results.csv"))


def _table(search: Any) -> str:
    import pandas as pd

    return str(pd.DataFrame(search.cv_results_).to_csv(index=False))


def _log_candidates(call: Call, search: Any, X: Any, y: Any) -> None:
    """A child run for each of the best candidates."""
    from tracker.autolog.sklearn.training import class_tags

    results = search.cv_results_
    chosen = _best(results, call.settings.option("max_tuning_runs", 5))
    common = candidate_tags(call, class_tags(search.estimator))
    params = search.estimator.get_params(deep=not is_search(search.estimator))
    dataset = _dataset(call, X, y)
    for row in chosen:
        metrics = {
            name: float(values[row]) for name, values in results.items()
            if not name.startswith(_SPLITS) and isinstance(values[row], numbers.Number)
        }  # fmt: skip
        step = functools.partial(log_candidate, call, common, params | results["params"][row], metrics, dataset)
        call.attempt("a candidate was", step)


def _best(results: dict[str, Any], at_most: int | None) -> list[int]:
    """The rows of the best candidates, the best first; by the first score if there are several."""
    rows = list(range(len(results["params"])))
    if at_most is None:
        return rows
    ranks = results.get("rank_test_score")
    if ranks is None:
        ranks = next((values for name, values in results.items() if name.startswith("rank_test_")), rows)
    return sorted(rows, key=lambda row: int(ranks[row]))[:at_most]


def _dataset(call: Call, X: Any, y: Any) -> tuple[str, dict[str, Any]] | None:
    """What is noted of the data, found once for all candidates."""
    table = noted(X, y) if call.settings.log_datasets else None
    if table is None:
        return None
    found: tuple[str, dict[str, Any]] | None = call.attempt("a dataset was", lambda: input_of(table, "train", None))
    return found
