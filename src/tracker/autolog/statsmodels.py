"""Autologging of statsmodels: `fit` of its models. A result's statistics are the run's metrics."""

from __future__ import annotations

import numbers
import re
import sys
from collections.abc import Generator, Mapping
from types import ModuleType
from typing import Any

from tracker.autolog import settings
from tracker.autolog.calls import Call, logged
from tracker.autolog.models import head, log_model
from tracker.autolog.patching import Patches

NAME = "statsmodels"
STATISTICS = (
    "aic", "bic", "centered_tss", "condition_number", "df_model", "df_resid", "ess", "f_pvalue", "fvalue", "hqic",
    "llf", "mse_model", "mse_resid", "mse_total", "prsquared", "rsquared", "rsquared_adj", "scale", "ssr",
    "uncentered_tss",
)  # fmt: skip


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Log statsmodels' fits from now on, or no longer with `disable`: arguments, statistics, summary, data, model."""
    settings.switch(
        NAME,
        disable,
        settings.Settings(
            log_models=log_models, log_datasets=log_datasets, exclusive=exclusive,
            disable_for_unsupported_versions=disable_for_unsupported_versions, silent=silent,
            registered_model_name=registered_model_name, extra_tags=extra_tags,
        ),
    )  # fmt: skip


def patch(module: ModuleType, patches: Patches) -> None:
    """Patch `fit` of the models that a module defines."""
    base = getattr(sys.modules.get("statsmodels.base.model"), "Model", None)
    if base is None:
        return
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__ and issubclass(value, base):
            patches.method(value, "fit", logged(NAME, _fit))


def _fit(call: Call) -> Generator[None, Any, None]:
    model = call.args[0]
    given = call.arguments()
    call.params({name: value for name, value in {**given, **given.pop("kwargs", {})}.items() if name != "self"})
    call.dataset(getattr(model, "exog", None), "train")
    result = yield
    call.metrics(_statistics(result))
    if hasattr(result, "summary"):
        call.attempt("the summary was", lambda: _log_summary(call, result))
    log_model(
        call, NAME, result, call.attempt("an example was", lambda: _example(model)), getattr(result, "predict", None)
    )


def _log_summary(call: Call, result: Any) -> None:
    try:
        summary = result.summary()
    except NotImplementedError:  # not every kind of result has one
        return
    call.text(summary.as_text() if hasattr(summary, "as_text") else str(summary), "model_summary.txt")


def _example(model: Any) -> Any:
    """Rows to predict from: of the user's table where the model has a formula; a time series is predicted from none."""
    if type(model).__module__.startswith("statsmodels.tsa."):
        return None
    data = getattr(model, "data", None)
    formula, frame = getattr(model, "formula", None), getattr(data, "frame", None)
    if not isinstance(formula, str) or frame is None:
        return head(getattr(data, "orig_exog", None))
    read = set(re.findall(r"\w+", formula.partition("~")[2]))
    return head(frame[[name for name in frame.columns if name in read]])


def _statistics(result: Any) -> dict[str, float]:
    found = {}
    for name in STATISTICS:
        try:
            value = getattr(result, name, None)
        except Exception:  # noqa: S112 - a statistic that this result does not have
            continue
        if isinstance(value, numbers.Real):
            found[name] = float(value)
    return found
