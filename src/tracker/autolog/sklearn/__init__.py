"""Autologging of scikit-learn: `fit`, `fit_transform` and `fit_predict` of estimators, pipelines and searches.

A transformation by itself (preprocessing, imputation, feature extraction and selection, ColumnTransformer) is no
training and is not logged; inside a pipeline it is part of it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Generator, Iterable, Mapping
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from tracker.autolog import settings
from tracker.autolog.calls import Call, is_inside, logged, silenced, unlogged
from tracker.autolog.patching import Patches
from tracker.exceptions import InvalidValue

NAME = "sklearn"
FITS = ("fit", "fit_transform", "fit_predict")
_NO_TRAINING = (
    "sklearn.preprocessing", "sklearn.impute", "sklearn.feature_extraction", "sklearn.feature_selection",
    "sklearn.compose._column_transformer",
)  # fmt: skip
_RESAMPLING = frozenset(
    {
        "cross_validate", "cross_val_predict", "cross_val_score", "learning_curve", "permutation_test_score",
        "validation_curve",
    }
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
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: str | None = None,
    registered_model_name: str | None = None,
    pos_label: Any = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log scikit-learn's fits from now on, or no longer with `disable`.

    A fit is logged into the active run, else into one of its own. `max_tuning_runs`: how many of a search's best
    candidates get a child run, None for all. `pos_label`: the positive class of a binary classifier, whose
    precision, recall and F1 are then its own, not weighted over the classes. `exclusive`: nothing is logged into a
    run that was started by hand. Raises InvalidValue for a negative `max_tuning_runs`.
    """
    if max_tuning_runs is not None and max_tuning_runs < 0:
        raise InvalidValue(f"max_tuning_runs is 0 or more, or None for all; got {max_tuning_runs}.")
    options = {
        "max_tuning_runs": max_tuning_runs,
        "log_post_training_metrics": log_post_training_metrics,
        "serialization_format": serialization_format,
        "pos_label": pos_label,
    }
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, registered_model_name, extra_tags, options,
        ),
    )  # fmt: skip


# -- what is patched


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch what a module of scikit-learn defines."""
    name = module.__name__
    if ".tests" in name or ".externals" in name:
        return
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == name and not name.startswith(_NO_TRAINING):
            for method in FITS:
                patches.method(value, method, _of_estimators)
    if name == "sklearn.model_selection._validation":
        for function in _RESAMPLING:
            patches.function(module, function, silenced)
    if name == "sklearn.utils.parallel":
        patches.method(module.Parallel, "__call__", _sending)
        patches.method(module._FuncWrapper, "__call__", _working)


def _of_estimators(original: Any) -> Any:
    """The replacement of a fit, for estimators whose fit is a training."""
    replacement = logged(NAME, _fit)(original)

    def chosen(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return (replacement if _is_trained(type(self)) else original)(self, *args, **kwargs)

    chosen.__dict__.update(replacement.__dict__)
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(chosen, name, getattr(original, name))
    return chosen


_trained: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def _is_trained(cls: type) -> bool:
    """Whether a class is, or derives from, an estimator of scikit-learn whose fit is a training."""
    known = _trained.get(cls)
    if known is None:
        known = _trained[cls] = _decide(cls)
    return known


def _decide(cls: type) -> bool:
    base = sys.modules["sklearn.base"].BaseEstimator
    theirs = [
        one for one in cls.__mro__
        if one.__module__.startswith("sklearn.") and issubclass(one, base) and one is not base
    ]  # fmt: skip
    return bool(theirs) and not theirs[0].__module__.startswith(_NO_TRAINING)


def _fit(call: Call) -> Generator[None, Any, None]:
    from tracker.autolog.sklearn.training import fit

    return fit(call)


# -- scikit-learn's worker threads do what the thread that sent them does


def _sending(original: Any) -> Any:
    """`Parallel.__call__`: the tasks of a call that is being logged are marked, whichever thread takes them up."""

    @functools.wraps(original)
    def replacement(self: Any, iterable: Iterable[Any]) -> Any:
        return original(self, (_marked(task) for task in iterable) if is_inside() else iterable)

    return replacement


def _marked(task: Any) -> Any:
    task[0]._tracker_inside = True
    return task


def _working(original: Any) -> Any:
    @functools.wraps(original)
    def replacement(self: Any, *args: Any, **kwargs: Any) -> Any:
        with unlogged(is_inside() or getattr(self, "_tracker_inside", False)):
            return original(self, *args, **kwargs)

    return replacement
