"""A search of Spark ML: its candidates as child runs and as a table, its best one on the run."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from tracker.autolog.calls import Call
from tracker.autolog.candidates import candidate_tags, log_candidate
from tracker.autolog.spark.stages import Stages, class_tags


def log(call: Call, search: Any, stages: Stages, model: Any) -> None:
    """Log what a fitted CrossValidator or TrainValidationSplit found."""
    scores = _scores(search, model)
    candidates = stages.candidates(search)
    main = next(iter(scores.values()))
    best = main.index((max if search.getEvaluator().isLargerBetter() else min)(main))
    call.metrics({"best_cv_score": main[best]})
    call.params({f"best_{name}": value for name, value in candidates[best].items()})
    call.record(candidates[best], "best_parameters.json")
    call.attempt("the table of candidates was", lambda: call.text(_table(candidates, scores), "search_results.csv"))
    for row, chosen in enumerate(search.getEstimatorParamMaps()):
        estimator = search.getEstimator().copy(chosen)
        metrics = {name: values[row] for name, values in scores.items()}
        tags = candidate_tags(call, class_tags(estimator))
        call.attempt("a candidate was", functools.partial(log_candidate, call, tags, stages.params(estimator), metrics))


def _scores(search: Any, model: Any) -> dict[str, list[float]]:
    """Each candidate's figures by name, the one that decides first."""
    metric = search.getEvaluator().getMetricName()
    if not hasattr(model, "avgMetrics"):
        return {metric: list(model.validationMetrics)}
    scores = {f"avg_{metric}": list(model.avgMetrics)}
    return scores | ({f"std_{metric}": list(model.stdMetrics)} if getattr(model, "stdMetrics", None) else {})


def _table(candidates: list[dict[str, Any]], scores: Mapping[str, list[float]]) -> str:
    import pandas as pd

    rows = [
        {"params": json.dumps(chosen, default=str)}
        | {name: values[row] for name, values in scores.items()}
        | {f"param.{name}": value for name, value in chosen.items()}
        for row, chosen in enumerate(candidates)
    ]
    return str(pd.DataFrame(rows).to_csv(index=False))
