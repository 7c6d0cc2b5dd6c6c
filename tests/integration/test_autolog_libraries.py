"""Autologging beside the real libraries: what MLflow's keys do not tell."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracker

os.environ.setdefault("KERAS_BACKEND", "torch")
sys.path.insert(0, str(Path(__file__).parent))

pytestmark = [
    pytest.mark.libraries,
    pytest.mark.filterwarnings("ignore"),
]  # warnings of the libraries about one another


@pytest.fixture(autouse=True)
def autolog() -> Iterator[None]:
    tracker.autolog()
    yield
    tracker.autolog(disable=True)


def runs() -> list[Any]:
    """Every run, the first first."""
    experiments = [experiment.experiment_id for experiment in tracker.search_experiments()]
    found = tracker.search_runs(experiments, output_format="list") if experiments else []
    return sorted(found, key=lambda run: run.info.run_id)


def only_run() -> Any:
    (run,) = runs()
    return run


def curve(run: Any, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in tracker.MlflowClient().get_metric_history(run.info.run_id, key)]


def files(run: Any) -> set[str]:
    return {file.path for file in tracker.MlflowClient().list_artifacts(run.info.run_id)}


def table() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    X = random.normal(size=(120, 3))
    return X, (X.sum(axis=1) > 0).astype(int)


# -- boosting


def test_xgboost_curves_are_what_it_evaluated() -> None:
    xgboost = pytest.importorskip("xgboost")
    X, y = table()
    data = xgboost.DMatrix(X, y)
    told: dict[str, Any] = {}
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 2}, data, 6, evals=[(data, "train")], evals_result=told,
        verbose_eval=False,
    )  # fmt: skip
    run = only_run()
    assert curve(run, "train-logloss") == list(enumerate(told["train"]["logloss"]))
    assert run.data.params["max_depth"] == "2"
    assert run.data.params["num_boost_round"] == "6"
    importance = json.loads(tracker.artifacts.load_text(f"runs:/{run.info.run_id}/feature_importance_weight.json"))
    assert importance == booster.get_score(importance_type="weight")
    signature = tracker.models.get_model_info(f"runs:/{run.info.run_id}/model").signature
    assert signature.inputs.input_types() == [X.dtype]  # not narrowed to float32, as XGBoost keeps it


def test_trees_without_a_split_have_an_importance_but_no_plot() -> None:
    xgboost = pytest.importorskip("xgboost")
    xgboost.train({}, xgboost.DMatrix([[1.0], [1.0]], [0.0, 0.0]), 1)
    run = only_run()
    assert json.loads(tracker.artifacts.load_text(f"runs:/{run.info.run_id}/feature_importance_weight.json")) == {}
    assert "feature_importance_weight.png" not in [
        f.path for f in tracker.MlflowClient().list_artifacts(run.info.run_id)
    ]


def test_xgboost_callbacks_of_the_user_stay_and_see_what_they_would() -> None:
    xgboost = pytest.importorskip("xgboost")
    X, y = table()
    seen = []

    class Mine(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            seen.append(epoch)
            return epoch == 2

    mine = [Mine()]
    data = xgboost.DMatrix(X, y)
    xgboost.train({}, data, 10, evals=[(data, "train")], callbacks=mine, verbose_eval=False)
    assert len(mine) == 1
    assert seen == [0, 1, 2]
    assert [step for step, _ in curve(only_run(), "train-rmse")] == [0, 1, 2]


def test_a_failed_fit_leaves_nothing_behind() -> None:
    xgboost = pytest.importorskip("xgboost")
    X, y = table()
    try:
        xgboost.XGBClassifier().fit(X, y[:-3])
    except ValueError as error:
        kept = error  # as a notebook keeps the last traceback
    assert only_run().info.status == "FAILED"
    xgboost.train({}, xgboost.DMatrix(X, y), 1)
    assert kept is not None
    from tracker.autolog.boosting import inside_estimator

    assert not inside_estimator.get()


def test_the_prediction_for_a_signature_is_no_evaluation() -> None:
    xgboost = pytest.importorskip("xgboost")
    X, y = table()
    model = xgboost.XGBClassifier(n_estimators=1)
    model.fit(X, y)
    model.fit(X, y)
    assert [[tag.value for one in run.inputs.dataset_inputs for tag in one.tags] for run in runs()] == [["train"]] * 2


def test_a_search_over_boosters_is_one_run_and_its_candidates() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    from sklearn.model_selection import GridSearchCV

    X, y = table()
    GridSearchCV(lightgbm.LGBMClassifier(n_estimators=2, verbose=-1), {"num_leaves": [2, 4]}, cv=2).fit(X, y)
    assert sorted(run.data.tags.get("mlflow.parentRunId", "") != "" for run in runs()) == [False, True, True]


def test_lightgbm_curves_are_what_it_evaluated() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    X, y = table()
    data = lightgbm.Dataset(X, y)
    told: dict[str, Any] = {}
    lightgbm.train(
        {"objective": "binary", "metric": "binary_logloss", "verbose": -1}, data, 5, valid_sets=[data],
        valid_names=["train"], callbacks=[lightgbm.record_evaluation(told)],
    )  # fmt: skip
    assert curve(only_run(), "train-binary_logloss") == list(enumerate(told["train"]["binary_logloss"]))


def test_functions_imported_before_are_logged_and_given_back() -> None:
    lightgbm, xgboost = pytest.importorskip("lightgbm"), pytest.importorskip("xgboost")
    tracker.autolog(disable=True)
    before = (lightgbm.train, lightgbm.sklearn.train, lightgbm.engine.train, xgboost.train, xgboost.XGBModel.fit)
    tracker.lightgbm.autolog()
    assert lightgbm.train is lightgbm.engine.train is lightgbm.sklearn.train is not before[0]
    tracker.lightgbm.autolog(disable=True)
    after = (lightgbm.train, lightgbm.sklearn.train, lightgbm.engine.train, xgboost.train, xgboost.XGBModel.fit)
    assert after == before


# -- statistics


def test_statsmodels_statistics() -> None:
    sm = pytest.importorskip("statsmodels.api")
    X, y = table()
    result = sm.OLS(y, sm.add_constant(X)).fit(cov_type="HC1")
    run = only_run()
    assert run.data.metrics["rsquared"] == result.rsquared
    assert run.data.metrics["aic"] == result.aic
    assert run.data.params["cov_type"] == "HC1"
    assert "OLS Regression Results" in tracker.artifacts.load_text(f"runs:/{run.info.run_id}/model_summary.txt")


def test_statsmodels_formula_is_signed_by_the_users_columns(caplog: pytest.LogCaptureFixture) -> None:
    smf = pytest.importorskip("statsmodels.formula.api")
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"x": np.arange(20.0), "kind": list("ab") * 10, "other": 1})
    smf.ols("y ~ np.log1p(x) + C(kind)", data=frame.assign(y=frame.x * 2)).fit()
    info = tracker.models.get_model_info(f"runs:/{only_run().info.run_id}/model")
    assert info.signature.inputs.input_names() == ["x", "kind"]
    assert caplog.messages == []


# -- neural networks


def lightning_trainer(pl: Any, **options: Any) -> Any:
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(accelerator="cpu", **{"logger": False, "max_epochs": 2} | quiet | options)


def test_lightning() -> None:
    pl = pytest.importorskip("lightning.pytorch")
    from autolog_cases import loaders, module_of

    train, valid = loaders()
    trainer = lightning_trainer(pl)
    callbacks = list(trainer.callbacks)
    trainer.fit(module_of(pl), train, valid)
    run = only_run()
    assert [step for step, _ in curve(run, "val_loss")] == [0, 1]
    assert run.data.params["width"] == "3"
    assert run.data.params["optimizer_name"] == "Adam"
    assert trainer.callbacks == callbacks


def test_lightning_each_step() -> None:
    pl = pytest.importorskip("lightning.pytorch")
    from autolog_cases import loaders, module_of

    tracker.pytorch.autolog(log_every_n_step=2)
    train, valid = loaders()
    lightning_trainer(pl).fit(module_of(pl), train, valid)
    run = only_run()
    assert [step for step, _ in curve(run, "train_loss_step")] == [2, 4, 6, 8]
    assert [step for step, _ in curve(run, "train_loss_epoch")] == [0, 1]
    assert [step for step, _ in curve(run, "val_loss")] == [0, 1]


def test_lightning_logger() -> None:
    pl = pytest.importorskip("lightning.pytorch")
    from autolog_cases import loaders, module_of

    tracker.autolog(disable=True)
    train, valid = loaders()
    logger = tracker.autolog.lightning.TrackerLogger(experiment_name="nets", run_name="linear")
    lightning_trainer(pl, logger=logger, log_every_n_steps=1).fit(module_of(pl), train, valid)
    run = only_run()
    assert run.info.run_id == logger.version
    assert (run.info.run_name, run.info.status) == ("linear", "FINISHED")
    assert run.data.params == {"lr": "0.05", "width": "3"}
    assert len(curve(run, "train_loss_step")) == 8


def keras_model() -> tuple[Any, Any, Any]:
    keras = pytest.importorskip("keras")
    X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model, X, X.sum(axis=1, keepdims=True)


def test_keras_curves_are_its_history() -> None:
    pytest.importorskip("torch")
    model, X, y = keras_model()
    history = model.fit(X, y, epochs=3, validation_split=0.25, verbose=0).history
    run = only_run()
    assert curve(run, "loss") == list(enumerate(history["loss"]))
    assert curve(run, "val_loss") == list(enumerate(history["val_loss"]))
    assert run.data.params["epochs"] == "3"
    assert run.data.params["optimizer_name"] == "adam"
    assert "model_summary.txt" in files(run)


def test_keras_callback() -> None:
    pytest.importorskip("torch")
    model, X, y = keras_model()
    tracker.autolog(disable=True)
    with tracker.start_run():
        model.fit(X, y, epochs=2, verbose=0, callbacks=[tracker.autolog.keras.TrackerCallback()])
    assert len(curve(only_run(), "loss")) == 2


def hugging_face(folder: Path, **options: Any) -> Any:
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    pytest.importorskip("accelerate")
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_labels=2
    )
    rows = [{"input_ids": torch.tensor([i % 20, 3, 4]), "labels": torch.tensor(i % 2)} for i in range(16)]
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), num_train_epochs=2, per_device_train_batch_size=8, logging_steps=1, report_to=[],
        save_strategy="no", eval_strategy="epoch", use_cpu=True, disable_tqdm=True, learning_rate=0.01,
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    return transformers.Trainer(model, arguments, train_dataset=rows, eval_dataset=rows, **options)


def test_hugging_face_trainer(tmp_path: Path) -> None:
    trainer = hugging_face(tmp_path / "out")
    trainer.train()
    run = only_run()
    assert run.info.status == "FINISHED"
    assert run.data.params["learning_rate"] == "0.01"
    assert run.data.params["hidden_size"] == "8"
    told = [(one["step"], one["loss"]) for one in trainer.state.log_history if "loss" in one]
    assert curve(run, "loss") == told
    assert len(curve(run, "eval_loss")) == 2
    assert set(run.data.metrics) == set().union(*trainer.state.log_history) - {"step"}
    assert run.data.tags["mlflow.autologging"] == "transformers"


def test_hugging_face_callback(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    tracker.autolog(disable=True)
    hugging_face(tmp_path / "out", callbacks=[tracker.autolog.huggingface.TrackerCallback()]).train()
    assert only_run().info.status == "FINISHED"
    assert len(curve(only_run(), "loss")) == 4
    assert tracker.active_run() is None


def test_fastai() -> None:
    learner_module = pytest.importorskip("fastai.learner")
    pytest.importorskip("fastai.callback.all")
    import torch
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader

    X = torch.randn(64, 3)
    rows = list(zip(X, X.sum(dim=1, keepdim=True), strict=True))
    loaders = DataLoaders(DataLoader(rows, bs=16), DataLoader(rows, bs=16))
    learner = learner_module.Learner(loaders, torch.nn.Linear(3, 1), loss_func=torch.nn.MSELoss())
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(2, 0.01)
    run = only_run()
    assert run.data.params["epochs"] == "2"
    assert run.data.params["opt_func"] == "Adam"
    assert curve(run, "valid_loss") == list(enumerate(float(row[1]) for row in learner.recorder.values))


# -- studies


def test_optuna_trials_are_child_runs_that_hold_their_fits() -> None:
    optuna = pytest.importorskip("optuna")
    from sklearn.tree import DecisionTreeClassifier

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    X, y = table()

    def objective(trial: Any) -> float:
        depth = trial.suggest_int("depth", 1, 3)
        if trial.number == 1:
            raise optuna.TrialPruned
        return float(DecisionTreeClassifier(max_depth=depth).fit(X, y).score(X, y))

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=4)
    parent, *trials = runs()
    assert len(trials) == 4
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {parent.info.run_id}
    assert [run.data.params["depth"] for run in trials] == [str(one.params["depth"]) for one in study.trials]
    assert trials[1].data.tags["optuna.state"] == "PRUNED"
    assert trials[0].data.metrics["value"] == study.trials[0].value == trials[0].data.metrics["training_score"]
    assert parent.data.metrics["best_value"] == study.best_value


def test_optuna_in_threads() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=8, n_jobs=3)
    parent, *trials = runs()
    told = {int(run.data.tags["optuna.trial"]): run.data.metrics["value"] for run in trials}
    assert told == {trial.number: trial.value for trial in study.trials}
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {parent.info.run_id}


def test_optuna_callback() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    tracker.autolog(disable=True)

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", -1, 1)
        for step in range(3):
            trial.report(x * step, step)
        return float(x**2)

    with tracker.start_run() as parent:
        logs = tracker.autolog.optuna.TrackerCallback("loss")
        study = optuna.create_study()
        study.optimize(objective, n_trials=3, callbacks=[logs])
    first, *trials = runs()
    assert first.info.run_id == parent.info.run_id
    assert [run.data.metrics["loss"] for run in trials] == [trial.value for trial in study.trials]
    assert len(curve(trials[0], "intermediate")) == 3
    assert trials[0].info.start_time == int(study.trials[0].datetime_start.timestamp() * 1000)


# -- Spark


def test_spark_ml(tmp_path: Path) -> None:
    import shutil

    pyspark = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.evaluation import BinaryClassificationEvaluator
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

    session = (
        pyspark.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(tmp_path / "warehouse"))
        .getOrCreate()
    )
    try:
        X, y = table()
        rows = session.createDataFrame(
            [(*map(float, x), int(label)) for x, label in zip(X, y, strict=True)], list("abcy")
        )
        ready = VectorAssembler(inputCols=["a", "b", "c"], outputCol="x").transform(rows)
        model = LogisticRegression(featuresCol="x", labelCol="y", maxIter=3).fit(ready)
        predicted = model.transform(ready)
        score = BinaryClassificationEvaluator(labelCol="y", metricName="areaUnderROC").evaluate(predicted)
        inner = LogisticRegression(featuresCol="x", labelCol="y", maxIter=2)
        Pipeline(stages=[inner]).fit(ready)
        grid = ParamGridBuilder().addGrid(inner.regParam, [0.1, 0.2]).build()
        CrossValidator(
            estimator=inner, estimatorParamMaps=grid, evaluator=BinaryClassificationEvaluator(labelCol="y"), numFolds=2
        ).fit(ready)
        alone, pipeline, search, *children = runs()
        assert alone.data.params["maxIter"] == "3"
        assert alone.data.metrics["training_accuracy"] == model.summary.accuracy
        assert alone.data.tags["estimator_name"] == "LogisticRegression"
        assert alone.data.metrics["areaUnderROC_ready"] == score
        assert {tag.value for one in alone.inputs.dataset_inputs for tag in one.tags} >= {"train", "eval"}
        assert pipeline.data.params["LogisticRegression.maxIter"] == "2"
        assert search.data.params["best_LogisticRegression.regParam"] in ("0.1", "0.2")
        files = {file.path for file in tracker.MlflowClient().list_artifacts(search.info.run_id)}
        assert files == {"estimator_info.json", "best_parameters.json", "search_results.csv"}
        assert [child.data.params["regParam"] for child in children] == ["0.1", "0.2"]
        assert all({"avg_areaUnderROC", "std_areaUnderROC"} <= set(child.data.metrics) for child in children)
    finally:
        session.stop()
