"""Autologging of Spark ML: `fit` of estimators, pipelines and searches, and what evaluators say of their models.

Nothing is computed for it: a DataFrame's dataset is its schema and plan, not its rows.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, is_inside, logged, silenced
from tracker.autolog.evaluation import evaluating, predicting, remember
from tracker.autolog.patching import Patches
from tracker.autolog.spark import search
from tracker.autolog.spark.stages import Stages, class_tags, is_search, own_params

NAME = "pyspark.ml"
_NO_TRAINING = ("pyspark.ml.feature",)
_SUMMARY = (
    "accuracy", "weightedPrecision", "weightedRecall", "meanAbsoluteError", "meanSquaredError",
    "rootMeanSquaredError", "r2", "areaUnderROC", "trainingCost", "totalIterations",
)  # fmt: skip


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    log_post_training_metrics: bool = True,
    registered_model_name: str | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_model_allowlist: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log Spark ML's fits from now on, or no longer with `disable`.

    The parameters of every stage, the training summary's figures, a search's candidates as child runs, and with
    `log_post_training_metrics` what an evaluator says of a fitted model's predictions.
    """
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, registered_model_name, extra_tags,
            {"log_post_training_metrics": log_post_training_metrics},
        ),
    )  # fmt: skip


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the bases of all estimators, models and evaluators."""
    if module.__name__ == "pyspark.ml.base":
        patches.method(module.Estimator, "fit", _of_estimators)
        patches.method(module.Transformer, "transform", predicting)
    if hasattr(module, "inheritable_thread_target") and module.__name__.startswith("pyspark.ml."):
        patches.attribute(module, "inheritable_thread_target", _carrying)
    if module.__name__ == "pyspark.ml.evaluation":
        patches.method(module.Evaluator, "evaluate", evaluating(_metric))


def _carrying(original: Any) -> Any:
    """What a logged fit has done in Spark's threads is not logged again."""

    @functools.wraps(original)
    def replacement(target: Any) -> Any:  # a task, or the session in which tasks will run
        made = original(target)
        if not is_inside():
            return made
        return silenced(made) if callable(target) else lambda task: silenced(made(task))

    return replacement


def _of_estimators(original: Any) -> Any:
    replacement = logged(NAME, _fit)(original)

    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        is_training = not type(self).__module__.startswith(_NO_TRAINING)
        return (replacement if is_training else original)(self, *args, **kwargs)

    fit.__dict__.update(replacement.__dict__)
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(fit, name, getattr(original, name))
    return fit


def _fit(call: Call) -> Generator[None, Any, None]:
    given = call.arguments()
    estimator, params = given["self"], given.get("params")
    if isinstance(params, dict):
        estimator = estimator.copy(params)
    stages = Stages(estimator)
    call.writer.tags(class_tags(estimator))
    call.params(stages.params())
    described = stages.described()
    if described:
        call.attempt("the stages were", lambda: call.record(described, "estimator_info.json"))
    call.dataset(given["dataset"], "train")
    model = yield
    if isinstance(model, list):  # one for each of several maps of parameters
        return
    remember(model, NAME, call.writer)
    call.attempt("the training's summary was", lambda: call.metrics(_summary(model)))
    if is_search(estimator):
        call.attempt("the search was", lambda: search.log(call, estimator, stages, model))


def _summary(model: Any) -> dict[str, float]:
    if not getattr(model, "hasSummary", False):
        return {}
    found = {}
    for name in _SUMMARY:
        try:
            value = getattr(model.summary, name)
        except Exception:  # noqa: S112 - a figure that this kind of model does not have
            continue
        if isinstance(value, (int, float)):
            found[f"training_{name}"] = float(value)
    return found


def _metric(evaluator: Any, params: Any = None) -> tuple[str, dict[str, Any]]:
    """What an evaluator computes: the metric's name, and how it is found."""
    used = evaluator.copy(params) if params else evaluator
    cls = type(used)
    return used.getMetricName(), {"evaluator_class": f"{cls.__module__}.{cls.__name__}", "params": own_params(used)}
