"""`evaluate`: a model on data, its metrics and plots kept with the active run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.models.evaluation import importance, metrics, plots
from tracker.models.pyfunc import PyFuncModel, load_pyfunc
from tracker.tracking import artifact_logging, context
from tracker.tracking.datasets import input_of
from tracker.tracking.fluent import start_run
from tracker.tracking.writer import RunWriter
from tracker.types.inference import as_pandas

CLASSIFIER, REGRESSOR = "classifier", "regressor"
_TABLE = "eval_results_table.json"
_MOST_ROWS_KEPT = 10_000


class EvaluationResult:
    """What an evaluation gave: `metrics` by name, `artifacts` (figures and tables) by name, the run that keeps them."""

    def __init__(self, metrics: dict[str, float], artifacts: dict[str, Any], run_id: str | None = None) -> None:
        self.metrics = metrics
        self.artifacts = artifacts
        self.run_id = run_id

    @property
    def tables(self) -> dict[str, Any]:
        """The artifacts that are tables."""
        return {name: one for name, one in self.artifacts.items() if hasattr(one, "to_csv")}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the metrics as `metrics.json`, and the artifacts, into a folder."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "metrics.json").write_text(json.dumps(self.metrics))
        for name, one in self.artifacts.items():
            if hasattr(one, "to_csv"):
                one.to_csv(folder / f"{name}.csv", index=False)
            elif hasattr(one, "savefig"):
                one.savefig(folder / f"{name}.png")

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value:.4g}" for name, value in self.metrics.items())
        return f"<EvaluationResult {told}>"


def evaluate(
    model: Any = None,
    data: Any = None,
    *,
    model_type: str | None = None,
    targets: Any = None,
    predictions: str | None = None,
    dataset_path: str | None = None,
    feature_names: list[str] | None = None,
    evaluators: Any = None,
    evaluator_config: Mapping[str, Any] | None = None,
    extra_metrics: list[Any] | None = None,
    custom_artifacts: list[Callable[..., Any]] | None = None,
    env_manager: str = "local",
    model_config: dict[str, Any] | None = None,
    inference_params: dict[str, Any] | None = None,
    model_id: str | None = None,
    trust: bool = False,
) -> EvaluationResult:
    """The model's quality on `data`, logged with the active run (one is started and ended if there is none).

    `model`: a URI or path, a loaded model, an estimator or a function; None if `data` has the column `predictions`.
    `targets`: the name of a column of `data`, or the values. `model_type`: "classifier" or "regressor".
    `evaluator_config`: log_model_explainability, pos_label, label_list, average, sample_weights, metric_prefix.
    Raises InvalidValue.
    """
    if env_manager not in (None, "local"):
        raise InvalidValue(
            "evaluate runs in this process; predict(env_manager=…) runs a model in an environment of its own."
        )
    if evaluators not in (None, "default", "classifier", "regressor", ["default"]):
        raise InvalidValue(f"evaluators is None or 'default'; got {evaluators!r}.")
    if model_type not in (CLASSIFIER, REGRESSOR):
        raise InvalidValue(f"model_type is 'classifier' or 'regressor'; got {model_type!r}.")
    config = dict(evaluator_config or {})
    config = dict(config.get("default", config))
    case = _Case(_loaded(model, model_config, trust), data, targets, predictions, feature_names, inference_params)
    active = context.active_run()
    if active is not None:
        return _evaluated(case, model_type, config, extra_metrics, custom_artifacts, active.writer)
    with start_run() as run:
        return _evaluated(case, model_type, config, extra_metrics, custom_artifacts, run.writer)


class _Case:
    """A model and data, taken apart: features, targets, predictions."""

    def __init__(
        self, model: Any, data: Any, targets: Any, predictions: str | None, names: list[str] | None, params: Any
    ) -> None:
        import numpy as np
        import pandas as pd

        if data is None:
            raise InvalidValue("evaluate needs data: a DataFrame, or an array with targets.")
        held = as_pandas(data)
        if isinstance(held, (np.ndarray, list)):
            array = np.asarray(held)
            columns = names or [f"feature_{i + 1}" for i in range(array.shape[1] if array.ndim > 1 else 1)]
            held = pd.DataFrame(array, columns=columns) if array.ndim <= 2 else array
        if targets is None:
            raise InvalidValue("evaluate needs targets: the name of a column, or the values.")
        table = isinstance(held, pd.DataFrame)
        self.truth = np.asarray(_column(held, targets, "targets") if isinstance(targets, str) else as_pandas(targets))
        dropped = [one for one in (targets, predictions) if isinstance(one, str) and table and one in held.columns]
        self.features = held.drop(columns=dropped) if dropped else held
        if names and table:
            self.features = self.features[names]
        if len(self.truth) != len(self.features):
            raise InvalidValue(f"There are {len(self.truth)} targets for {len(self.features)} rows of data.")
        self.model, self.params = model, params
        self.raw = _raw(model)
        if model is None and predictions is None:
            raise InvalidValue("evaluate needs a model, or the name of the column with its predictions.")
        self.predicted = np.asarray(
            _column(held, predictions, "predictions") if model is None else self.predict(self.features)
        ).reshape(len(self.truth))

    def predict(self, features: Any) -> Any:
        """Classes or numbers, even where the model's own prediction is a probability."""
        if isinstance(self.model, PyFuncModel) and getattr(self.model, "_predict_fn", "predict") == "predict":
            return self.model.predict(features, self.params)
        if self.raw is not None and hasattr(self.raw, "predict"):
            return self.raw.predict(features)
        return self.model(features) if callable(self.model) else self.model.predict(features)

    def chances(self) -> Any:
        """The probabilities of the classes, or None if the model gives none."""
        import numpy as np

        function = getattr(self.raw, "predict_proba", None)
        return None if function is None else np.asarray(function(self.features))


def _column(held: Any, name: Any, what: str) -> Any:
    if not hasattr(held, "columns") or name not in held.columns:
        raise InvalidValue(f"The data has no column {name!r}, which {what} names.")
    return held[name]


def _loaded(model: Any, config: dict[str, Any] | None, trust: bool) -> Any:
    if not isinstance(model, (str, os.PathLike)):
        return model
    from tracker.models.loading import open_model

    return load_pyfunc(open_model(model, trust=trust), config)


def _raw(model: Any) -> Any:
    """The library's own model, where there is one."""
    if not isinstance(model, PyFuncModel):
        return model if hasattr(model, "predict") else None
    try:
        return model.get_raw_model()
    except InvalidValue:
        return None


def _evaluated(
    case: _Case, kind: str, config: dict[str, Any], extra: Any, custom: Any, writer: RunWriter
) -> EvaluationResult:
    weights = config.get("sample_weights")
    if kind == CLASSIFIER:
        told, artifacts = _classifier(case, config, weights)
    else:
        told = metrics.regressor_metrics(case.truth, case.predicted, weights)
        artifacts = plots.regressor_plots(case.truth, case.predicted)
    score = _score(case, weights)
    if score is not None:
        told = {"score": score} | told
    for one in extra or ():
        told[one.name] = one.value(case.predicted, case.truth, told)
    if config.get("log_model_explainability", True):
        artifacts |= _importance(case, kind == CLASSIFIER)
    prefix = str(config.get("metric_prefix") or "")
    named = {f"{prefix}{name}": float(value) for name, value in told.items()}
    _keep(writer, case, named, artifacts)
    for function in custom or ():
        artifacts |= _custom(writer, function, case, named)
    return EvaluationResult(named, artifacts, writer.run_id)


def _classifier(case: _Case, config: dict[str, Any], weights: Any) -> tuple[dict[str, float], dict[str, Any]]:
    labels = metrics.Labels(case.truth, case.predicted, config.get("label_list"), config.get("pos_label"))
    chances = case.chances()
    if chances is not None and chances.shape[1:] != (len(labels.classes),):
        chances = None  # of other classes than the data has; name them by label_list
    average = str(config.get("average", "weighted"))
    told = metrics.classifier_metrics(case.truth, case.predicted, chances, labels, average, weights)
    artifacts = plots.classifier_plots(case.truth, case.predicted, chances, labels, weights)
    if not labels.is_binary:
        artifacts["per_class_metrics"] = metrics.per_class_metrics(case.truth, case.predicted, chances, labels, weights)
    return told, artifacts


def _score(case: _Case, weights: Any) -> float | None:
    try:
        return float(
            case.raw.score(case.features, case.truth, **({} if weights is None else {"sample_weight": weights}))
        )
    except Exception:  # a score of another kind, as of a clustering
        return None


def _importance(case: _Case, is_classifier: bool) -> dict[str, Any]:
    predict = case.predict if case.model is not None else None
    told = importance.feature_importance(case.raw, predict, case.features, case.truth, is_classifier)
    if told is None:
        return {}
    table = told.rename_axis("feature").reset_index(name="importance")
    return {"feature_importance": table, "feature_importance_plot": plots.importance_plot(told)}


def _keep(writer: RunWriter, case: _Case, told: Mapping[str, float], artifacts: Mapping[str, Any]) -> None:
    import pandas as pd

    writer.metrics(told)
    if isinstance(case.features, pd.DataFrame):
        writer.input(*input_of(case.features, "eval", None))
        table = case.features.head(_MOST_ROWS_KEPT)
        rows = table.assign(target=case.truth[: len(table)], prediction=case.predicted[: len(table)])
        artifact_logging.log_table(writer, rows, _TABLE)
    for name, one in artifacts.items():
        if hasattr(one, "to_csv"):
            artifact_logging.log_text(writer, one.to_csv(index=False), f"{name}.csv")
        else:
            artifact_logging.log_figure(writer, one, f"{name}.png", None)


def _custom(writer: RunWriter, function: Callable[..., Any], case: _Case, told: Mapping[str, float]) -> dict[str, Any]:
    """What a function of the user's makes of the predictions: figures, tables, dicts or files by name."""
    import tempfile

    import pandas as pd

    frame = pd.DataFrame({"prediction": case.predicted, "target": case.truth})
    with tempfile.TemporaryDirectory() as folder:
        made = function(frame, dict(told), folder)
        if not isinstance(made, Mapping):
            raise InvalidValue(f"{function.__name__} gives a {type(made).__name__}; a dict of artifacts is wanted.")
        for name, one in made.items():
            if hasattr(one, "savefig") or hasattr(one, "to_image"):
                artifact_logging.log_figure(writer, one, f"{name}.png", None)
            elif hasattr(one, "to_csv"):
                artifact_logging.log_text(writer, one.to_csv(index=False), f"{name}.csv")
            elif isinstance(one, (str, os.PathLike)) and Path(one).exists():
                artifact_logging.log_artifact(writer, one)
            else:
                artifact_logging.log_dict(writer, one, f"{name}.json")
    return dict(made)
