"""Autologging of Spark ML: `fit` of estimators and pipelines."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.patching import Patches

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
    """Log Spark ML's fits from now on, or no longer with `disable`: parameters, the training summary's figures."""
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, registered_model_name, extra_tags,
        ),
    )  # fmt: skip


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch the base of all estimators."""
    if module.__name__ == "pyspark.ml.base":
        patches.method(module.Estimator, "fit", _of_estimators)


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
    estimator = given["self"]
    cls = type(estimator)
    call.writer.tags({"estimator_name": cls.__name__, "estimator_class": f"{cls.__module__}.{cls.__name__}"})
    call.params(_params(estimator, given.get("params")))
    model = yield
    call.attempt("the training's summary was", lambda: call.metrics(_summary(model)))
    if hasattr(model, "avgMetrics"):
        call.attempt("the search was", lambda: _log_search(call, estimator, model))


def _params(estimator: Any, extra: Any) -> dict[str, Any]:
    """Parameters by name, those of a pipeline's stages and of a search's estimator by the stage's class too."""
    chosen = estimator.extractParamMap(extra if isinstance(extra, dict) else None)
    found = {param.name: value for param, value in chosen.items()}
    for inner in [*found.pop("stages", []), found.pop("estimator", None)]:
        if hasattr(inner, "extractParamMap"):
            found |= {f"{type(inner).__name__}.{name}": value for name, value in _params(inner, None).items()}
    return {name: _shown(value) for name, value in found.items() if name != "estimatorParamMaps"}


def _shown(value: Any) -> Any:
    return type(value).__name__ if type(value).__module__.startswith("pyspark.") else value


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


def _log_search(call: Call, search: Any, model: Any) -> None:
    """The best candidate of a cross-validation, by the direction of its evaluator."""
    larger = search.getEvaluator().isLargerBetter()
    scores = list(model.avgMetrics)
    best = scores.index(max(scores) if larger else min(scores))
    call.metrics({"best_cv_score": scores[best]})
    call.params({f"best_{param.name}": value for param, value in search.getEstimatorParamMaps()[best].items()})
