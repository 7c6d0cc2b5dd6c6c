"""What one fit of an estimator logs: parameters, dataset, training metrics and plots, the model, a search's results."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Generator, Mapping
from typing import Any

from tracker.autolog.calls import Call
from tracker.autolog.evaluation import remember
from tracker.autolog.models import head, log_model
from tracker.autolog.sklearn import search
from tracker.autolog.sklearn.plots import classifier_plots
from tracker.autolog.sklearn.scores import classifier_scores, regressor_scores

PREFIX = "training_"
_HTML = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="UTF-8"></head>\n<body>\n{}\n</body>\n</html>\n'


def fit(call: Call) -> Generator[None, Any, None]:
    """The hook around `fit`, `fit_transform` and `fit_predict`."""
    estimator = call.args[0]
    X, y, weight = _data(call, estimator)
    example = head(X)
    _describe(call, estimator, X, y)
    yield
    remember(estimator, call.library, call.writer)
    call.attempt("the training's metrics were", lambda: _score(call, estimator, X, y, weight))
    call.attempt("the estimator's diagram was", lambda: call.text(_diagram(estimator), "estimator.html"))
    _keep(call, estimator, example)
    if search.is_search(estimator):
        search.log(call, estimator, X, y)


def _describe(call: Call, estimator: Any, X: Any, y: Any) -> None:
    call.params(estimator.get_params(deep=not search.is_search(estimator)))
    call.writer.tags(class_tags(estimator))
    call.dataset(X, "train", targets=y)


def class_tags(estimator: Any) -> dict[str, str]:
    """The tags that name an estimator."""
    cls = type(estimator)
    return {"estimator_name": cls.__name__, "estimator_class": f"{cls.__module__}.{cls.__name__}"}


def _data(call: Call, estimator: Any) -> tuple[Any, Any, Any]:
    """Samples, labels and weights as they are before the fit; copied where it works in place."""
    given = call.arguments()
    names = [name for name in given if name not in ("self", "kwargs", "args")]
    given = {**given, **given.get("kwargs", {})}
    X = given[names[0]] if names else None
    y = given.get(names[1]) if len(names) > 1 and names[1] != "sample_weight" else given.get("y")
    if _works_in_place(estimator):
        X, y = copy.deepcopy(X), copy.deepcopy(y)
    return X, y, given.get("sample_weight")


def _works_in_place(estimator: Any) -> bool:
    params = estimator.get_params(deep=True)
    return any(
        value is False and name.rpartition("__")[2] in ("copy", "copy_X", "copy_x") for name, value in params.items()
    )


# -- after the fit


def _score(call: Call, estimator: Any, X: Any, y: Any, weight: Any) -> None:
    from sklearn.base import is_classifier, is_regressor

    if y is None:
        return
    predicts = hasattr(estimator, "predict")  # a search without refit does not
    if is_classifier(estimator) and predicts:
        scores = classifier_scores(call, estimator, X, y, weight)
        call.metrics(_prefixed(scores))
        plots = call.attempt("the plots were", lambda: classifier_plots(call, estimator, X, y, weight)) or {}
        for name, figure in plots.items():
            call.figure(figure, f"{PREFIX}{name}.png")
    elif is_regressor(estimator) and predicts:
        call.metrics(_prefixed(regressor_scores(call, estimator, X, y, weight)))
    if hasattr(estimator, "score") and (predicts or not search.is_search(estimator)):
        weighs = weight is not None and "sample_weight" in inspect.signature(estimator.score).parameters
        score = estimator.score(X, y, sample_weight=weight) if weighs else estimator.score(X, y)
        call.metrics({f"{PREFIX}score": score})


def _prefixed(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{PREFIX}{name}": value for name, value in scores.items()}


def _diagram(estimator: Any) -> str:
    from sklearn.utils import estimator_html_repr

    return _HTML.format(estimator_html_repr(estimator))


def _keep(call: Call, estimator: Any, example: Any) -> None:
    predict = getattr(estimator, "predict", None) or getattr(estimator, "transform", None)
    chosen = call.settings.option("serialization_format")
    options: dict[str, Any] = {} if chosen is None else {"serialization_format": chosen}
    log_model(call, "sklearn", estimator, example, predict, **options)
    best = getattr(estimator, "best_estimator_", None)
    if search.is_search(estimator) and best is not None:
        log_model(call, "sklearn", best, example, predict, name="best_estimator", **options)
