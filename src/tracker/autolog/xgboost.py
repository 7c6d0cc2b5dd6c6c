"""Autologging of XGBoost: `xgboost.train`, and the estimators of its scikit-learn interface."""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping, Sequence
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.boosting import Curves, inside_estimator, log_importance, patch_estimators
from tracker.autolog.calls import Call, logged
from tracker.autolog.models import EXAMPLE_ROWS, log_model
from tracker.autolog.patching import Patches

NAME = "xgboost"
_NOT_PARAMS = frozenset({"params", "dtrain", "evals", "obj", "feval", "evals_result", "xgb_model", "callbacks"})


def autolog(
    importance_types: Sequence[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    model_format: str = "ubj",
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log XGBoost's trainings from now on, or no longer with `disable`.

    Parameters, each iteration's evaluations as curves, the best iteration of an early stop, the features'
    importance (of `importance_types`, "weight" unless told), datasets and the model in `model_format`.
    """
    options = {"importance_types": list(importance_types or ["weight"]), "model_format": model_format}
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, registered_model_name, extra_tags, options,
        ),
    )  # fmt: skip


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the training function and the estimators."""
    if module.__name__ == "xgboost.training":
        patches.function(module, "train", logged(NAME, _train))
    if module.__name__ == "xgboost.sklearn":
        patch_estimators(module, patches, NAME, _keep)


def _train(call: Call) -> Generator[None, Any, None]:
    given = call.arguments()
    data = given["dtrain"]
    call.params(dict(given["params"]))
    call.params({name: value for name, value in given.items() if name not in _NOT_PARAMS})
    call.dataset(data.get_data, "train")
    for other, name in given.get("evals") or ():
        call.dataset(other.get_data, "eval", name)
    curves = Curves(call)
    call.replace("callbacks", [_callback(curves), *(given.get("callbacks") or ())])
    booster = yield
    call.attempt("the best iteration was", lambda: _log_best(booster, curves))
    for kind in call.settings.option("importance_types", ["weight"]):
        call.attempt("the features' importance was", functools.partial(_log_importance, call, booster, kind))
    if not inside_estimator.get():
        example = None if not call.settings.log_models else call.attempt("an example was", lambda: _example(data))
        _keep(call, booster, example, lambda rows: booster.predict(type(data)(rows)))


def _callback(curves: Curves) -> Any:
    """First in the list: XGBoost asks no further callback once one has stopped the training."""
    from xgboost.callback import TrainingCallback

    class Recorder(TrainingCallback):
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            curves.add(
                epoch,
                [
                    (data, metric, values[-1])
                    for data, metrics in evals_log.items()
                    for metric, values in metrics.items()
                ],
            )
            return False

    return Recorder()


def _log_best(booster: Any, curves: Curves) -> None:
    try:
        best = int(booster.best_iteration)
    except AttributeError:  # the training had no early stopping
        return
    curves.log_best(best, len(curves.points) - 1)
    curves.repeat(best)


def _log_importance(call: Call, booster: Any, kind: str) -> None:
    log_importance(call, kind, booster.get_score(importance_type=kind))


def _example(data: Any) -> Any:
    """Rows as they were before the matrix narrowed them to float32: of double, so that wider data is no mismatch."""
    import pandas as pd

    first = data.slice(list(range(min(EXAMPLE_ROWS, data.num_row()))))
    rows = first.get_data().toarray().astype("float64")
    return rows if data.feature_names is None else pd.DataFrame(rows, columns=data.feature_names)


def _keep(call: Call, model: Any, example: Any, predict: Any) -> None:
    log_model(call, NAME, model, example, predict, model_format=call.settings.option("model_format", "ubj"))
