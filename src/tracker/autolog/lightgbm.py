"""Autologging of LightGBM: `lightgbm.train`, and the estimators of its scikit-learn interface."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.boosting import Curves, inside_estimator, log_importance, patch_estimators
from tracker.autolog.calls import Call, logged
from tracker.autolog.models import head, log_model
from tracker.autolog.patching import Patches

NAME = "lightgbm"
_NOT_PARAMS = frozenset(
    {"params", "train_set", "valid_sets", "valid_names", "fobj", "feval", "init_model", "callbacks"}
)  # fmt: skip


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log LightGBM's trainings from now on, or no longer with `disable`.

    Parameters, each iteration's evaluations as curves, the best iteration of an early stop, the features'
    importance by split and by gain, datasets and the model.
    """
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, registered_model_name, extra_tags,
        ),
    )  # fmt: skip


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the training function and the estimators."""
    if module.__name__ == "lightgbm.engine":
        patches.function(module, "train", logged(NAME, _train))
    if module.__name__ == "lightgbm.sklearn":
        patch_estimators(module, patches, NAME, _keep)


def _train(call: Call) -> Generator[None, Any, None]:
    given = call.arguments()
    data = given["train_set"]
    example = head(data.data)
    call.params(given["params"])
    call.params({name: value for name, value in given.items() if name not in _NOT_PARAMS})
    call.dataset(data.data, "train", targets=data.label)
    _note_validation(call, given)
    curves = Curves(call)
    call.replace("callbacks", [*(given.get("callbacks") or ()), _callback(curves)])
    booster = yield
    if booster.best_iteration > 0:
        curves.log_best(booster.best_iteration, len(curves.points))
        curves.repeat(booster.best_iteration - 1)
    for kind in ("split", "gain"):
        scores = booster.feature_importance(importance_type=kind).tolist()
        log_importance(call, kind, dict(zip(booster.feature_name(), scores, strict=True)))
    if not inside_estimator.get():
        _keep(call, booster, example, booster.predict)


def _note_validation(call: Call, given: dict[str, Any]) -> None:
    sets = given.get("valid_sets") or ()
    sets = sets if isinstance(sets, (list, tuple)) else [sets]
    names = given.get("valid_names") or [None] * len(sets)
    names = [names] if isinstance(names, str) else names
    for one, name in zip(sets, names, strict=False):
        call.dataset(one.data, "eval", name, one.label)


def _keep(call: Call, model: Any, example: Any, predict: Any) -> None:
    log_model(call, NAME, model, example, predict)


def _callback(curves: Curves) -> Callable[[Any], None]:
    def record(env: Any) -> None:
        curves.add(env.iteration, [one[:3] for one in env.evaluation_result_list or ()])

    record.order = 15  # type: ignore[attr-defined]  # before early stopping, which raises
    return record
