"""scikit-learn's trainings log themselves, and are what they would be without us."""

from __future__ import annotations

import json
import pickle
import subprocess
import threading
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tracker

pytest.importorskip("sklearn")

from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


@pytest.fixture(autouse=True)
def autolog() -> Iterator[None]:
    tracker.autolog(log_models=False)
    yield
    tracker.autolog(disable=True)


@pytest.fixture(scope="module")
def iris() -> Any:
    return load_iris(return_X_y=True)


def runs() -> list[Any]:
    experiments = [experiment.experiment_id for experiment in tracker.search_experiments()]
    return tracker.search_runs(experiments, output_format="list") if experiments else []


def only_run() -> Any:
    (run,) = runs()
    return run


# -- what is kept


def test_numbers_are_the_right_ones(iris: Any) -> None:
    X, y = iris
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    predicted, chances = model.predict(X), model.predict_proba(X)
    run = only_run()
    assert run.info.status == "FINISHED"
    told = run.data.metrics
    assert told["training_score"] == told["training_accuracy_score"] == metrics.accuracy_score(y, predicted)
    assert told["training_f1_score"] == metrics.f1_score(y, predicted, average="weighted")
    assert told["training_log_loss"] == metrics.log_loss(y, chances)
    assert told["training_roc_auc"] == metrics.roc_auc_score(y, chances, average="weighted", multi_class="ovo")
    assert run.data.params == {name: str(value) for name, value in model.get_params().items()}
    assert run.data.tags["estimator_name"] == "DecisionTreeClassifier"
    assert run.data.tags["estimator_class"] == "sklearn.tree._classes.DecisionTreeClassifier"
    assert run.data.tags["mlflow.autologging"] == "sklearn"


def test_weights_count(iris: Any) -> None:
    X, y = iris
    weight = np.where(y == 0, 10.0, 1.0)
    model = Ridge().fit(X, y, sample_weight=weight)
    told = only_run().data.metrics
    assert told["training_mean_squared_error"] == metrics.mean_squared_error(y, model.predict(X), sample_weight=weight)
    assert told["training_score"] == model.score(X, y, weight)


def test_keyword_arguments(iris: Any) -> None:
    X, y = iris
    LinearRegression().fit(X=X, y=y)
    assert "training_r2_score" in only_run().data.metrics


def test_a_score_without_predictions(iris: Any) -> None:
    X, y = iris
    model = PCA(n_components=2).fit(X, y)
    assert only_run().data.metrics == {"training_score": model.score(X)}


def test_pos_label() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    labels = np.where(y == 1, "good", "bad")
    tracker.autolog.sklearn.autolog(pos_label="bad")
    model = DecisionTreeClassifier(max_depth=1).fit(X, labels)
    expected = metrics.precision_score(labels, model.predict(X), pos_label="bad")
    assert only_run().data.metrics["training_precision_score"] == expected


def test_training_in_place_is_scored_on_the_data_as_it_was(iris: Any) -> None:
    X, y = iris[0].copy(), iris[1]
    model = Ridge(copy_X=False).fit(X, y)
    assert only_run().data.metrics["training_score"] == pytest.approx(model.score(iris[0], y))


def test_what_a_score_draws_is_not_missing_from_the_programs_draws(iris: Any) -> None:
    X, y = iris
    drawn = []
    for disable in (True, False):
        tracker.autolog(disable=disable, log_models=False)
        np.random.seed(0)
        model = DummyClassifier(strategy="stratified").fit(X, y)
        drawn.append((np.random.random(), model.predict(X).tolist()))
    assert drawn[0] == drawn[1]
    assert "training_accuracy_score" in only_run().data.metrics


def test_a_dataset_stands_for_samples_and_labels(iris: Any) -> None:
    X, y = iris
    GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1]}, cv=2).fit(X, y)
    for labels in (y[::-1].tolist(), y == 1, y.astype(str).astype(object)):
        DecisionTreeClassifier(max_depth=1).fit(X, labels)
    noted = [one.dataset for run in runs() for one in run.inputs.dataset_inputs]
    both = tracker.data.from_numpy(X, targets=y)
    assert [dataset.digest for dataset in noted].count(both.digest) == 2
    assert {json.loads(dataset.schema)["mlflow_tensorspec"]["targets"] is None for dataset in noted} == {True, False}
    assert len(noted) == 5


def test_a_search_and_its_best_candidates(iris: Any) -> None:
    X, y = iris
    tracker.autolog.sklearn.autolog(max_tuning_runs=2)
    tree = DecisionTreeClassifier(random_state=0)
    search = GridSearchCV(tree, {"max_depth": [1, 2, 3, 4]}, cv=3).fit(X, y)
    (parent,) = [run for run in runs() if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs() if "mlflow.parentRunId" in run.data.tags]
    assert parent.data.metrics["best_cv_score"] == search.best_score_
    own = {name: str(value) for name, value in search.get_params(deep=False).items()}
    assert parent.data.params == own | {"best_max_depth": str(search.best_params_["max_depth"])}
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    ranked = sorted(search.cv_results_["mean_test_score"], reverse=True)
    assert sorted((run.data.metrics["mean_test_score"] for run in children), reverse=True) == ranked[:2]
    table = tracker.artifacts.load_text(f"runs:/{parent.info.run_id}/cv_results.csv")
    assert len(table.splitlines()) == 5
    assert all(run.info.status == "FINISHED" for run in children)


def test_all_candidates(iris: Any) -> None:
    tracker.autolog.sklearn.autolog(max_tuning_runs=None)
    GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2, 3, 4, 5, 6, 7]}, cv=2).fit(*iris)
    assert len(runs()) == 8


def test_texts_sparse_matrices_and_several_targets(iris: Any, caplog: pytest.LogCaptureFixture) -> None:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    texts = ["good day", "bad day", "good night", "bad night"]
    make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0])
    LogisticRegression(max_iter=500).fit(csr_matrix(iris[0]), iris[1])
    LinearRegression().fit(iris[0], np.column_stack([iris[1], iris[1]]))
    assert caplog.messages == []
    data = [[one.tags[0].value for one in run.inputs.dataset_inputs] for run in runs()]
    assert sorted(data) == [[], ["train"], ["train"]]
    assert all("training_score" in run.data.metrics for run in runs())


def test_what_an_estimator_does_not_do_is_not_missed(iris: Any, caplog: pytest.LogCaptureFixture) -> None:
    X, y = iris
    DecisionTreeClassifier(max_depth=2).fit(X, np.column_stack([y == 1, y == 2]))
    GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2, refit=False).fit(X, y)
    tracker.sklearn.autolog()
    DBSCAN().fit(X)
    assert caplog.messages == []


def test_a_label_that_is_no_class(iris: Any) -> None:
    y = iris[1].copy()
    y[::5] = -1
    SelfTrainingClassifier(LogisticRegression(max_iter=500)).fit(iris[0], y)
    files = {file.path for file in tracker.MlflowClient().list_artifacts(only_run().info.run_id)}
    assert files == {"estimator.html", "training_confusion_matrix.png"}


# -- the model


def test_the_model_with_signature_and_example(iris: Any) -> None:
    X, y = iris
    tracker.sklearn.autolog(log_input_examples=True)
    model = DecisionTreeClassifier(max_depth=2).fit(X, y)
    uri = f"runs:/{only_run().info.run_id}/model"
    assert (tracker.sklearn.load_model(uri).predict(X) == model.predict(X)).all()
    info = tracker.models.get_model_info(uri)
    assert info.signature.inputs.input_types() == [X.dtype]
    assert info.saved_input_example_info is not None


def test_the_model_registered(iris: Any) -> None:
    tracker.sklearn.autolog(registered_model_name="trees")
    DecisionTreeClassifier(max_depth=2).fit(*iris)
    (version,) = tracker.MlflowClient().search_model_versions("name = 'trees'")
    assert version.run_id == only_run().info.run_id


def test_no_model_on_request(iris: Any) -> None:
    DecisionTreeClassifier(max_depth=2).fit(*iris)
    assert "model" not in {file.path for file in tracker.MlflowClient().list_artifacts(only_run().info.run_id)}


# -- after the fit


def test_scores_by_the_variable_that_was_predicted_from(iris: Any) -> None:
    X_train, X_test, y_train, y_test = train_test_split(*iris, random_state=0)
    model = LogisticRegression(max_iter=500).fit(X_train, y_train)
    predicted = model.predict(X_test)
    accuracy_score(y_test, predicted)
    metrics.accuracy_score(y_train, model.predict(X_train))
    model.score(X_test, y_test)
    get_scorer("f1_macro")(model, X_test, y_test)
    run = only_run()
    told = {key: value for key, value in run.data.metrics.items() if not key.startswith("training_")}
    assert set(told) == {
        "accuracy_score_X_test", "accuracy_score-2_X_train", "LogisticRegression_score_X_test", "f1_score_X_test",
    }  # fmt: skip
    calls = json.loads(tracker.artifacts.load_text(f"runs:/{run.info.run_id}/metric_info.json"))
    assert calls["accuracy_score_X_test"] == "accuracy_score(y_true=y_test, y_pred=predicted)"
    assert calls["LogisticRegression_score_X_test"] == "LogisticRegression.score(X=X_test, y=y_test)"


def test_a_column_of_a_prediction_is_known_too() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    model = DecisionTreeClassifier(max_depth=2).fit(X, y)
    area = roc_auc_score(y, model.predict_proba(X)[:, 1])
    assert only_run().data.metrics["roc_auc_score_X"] == area


def test_each_model_scores_into_its_own_run(iris: Any) -> None:
    X, y = iris
    first, second = DecisionTreeClassifier(max_depth=1).fit(X, y), DecisionTreeClassifier(max_depth=2).fit(X, y)
    second.score(X, y)
    first.score(X, y)
    told = {run.data.params["max_depth"]: run.data.metrics["DecisionTreeClassifier_score_X"] for run in runs()}
    assert told == {"1": metrics.accuracy_score(y, first.predict(X)), "2": metrics.accuracy_score(y, second.predict(X))}


def test_a_score_of_what_was_not_logged_is_nobodys(iris: Any) -> None:
    X, y = iris
    tracker.autolog(disable=True)
    model = DecisionTreeClassifier().fit(X, y)
    tracker.autolog()
    model.score(X, y)
    accuracy_score(y, model.predict(X))
    assert not runs()


def test_no_scores_on_request(iris: Any) -> None:
    X, y = iris
    tracker.autolog.sklearn.autolog(log_post_training_metrics=False)
    DecisionTreeClassifier().fit(X, y).score(X, y)
    assert not [key for key in only_run().data.metrics if not key.startswith("training_")]


# -- which run


def test_into_the_active_run(iris: Any) -> None:
    with tracker.start_run() as run:
        LinearRegression().fit(*iris)
        assert tracker.active_run() is run
    assert only_run().info.run_id == run.info.run_id
    assert "training_score" in only_run().data.metrics


def test_exclusive_leaves_runs_by_hand_alone(iris: Any) -> None:
    tracker.autolog.sklearn.autolog(exclusive=True)
    with tracker.start_run():
        LinearRegression().fit(*iris)
    assert not only_run().data.metrics
    LinearRegression().fit(*iris)
    assert len(runs()) == 2


def test_extra_tags(iris: Any) -> None:
    tracker.autolog(extra_tags={"team": "blue"})
    LinearRegression().fit(*iris)
    assert only_run().data.tags["team"] == "blue"


def test_one_training_is_one_run(iris: Any) -> None:
    X, y = iris
    make_pipeline(StandardScaler(), VotingClassifier([("a", SVC()), ("b", DecisionTreeClassifier())])).fit(X, y)
    VotingClassifier([("a", SVC()), ("b", SVC(C=2))], n_jobs=2).fit(X, y)
    assert len(runs()) == 2


def test_worker_threads_of_a_fit_log_nothing_by_themselves(iris: Any) -> None:
    import joblib

    X, y = iris
    with joblib.parallel_backend("threading"):
        VotingClassifier([(str(C), SVC(C=C)) for C in range(1, 6)], n_jobs=2).fit(X, y)
        cross_val_score(SVC(), X, y, n_jobs=2)
    assert len(runs()) == 1


def test_fits_in_threads_of_the_user_are_runs_each(iris: Any) -> None:
    depths = list(range(1, 9))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda depth: DecisionTreeClassifier(max_depth=depth).fit(*iris), depths))
    assert sorted(int(run.data.params["max_depth"]) for run in runs()) == depths
    assert {run.data.tags["estimator_name"] for run in runs()} == {"DecisionTreeClassifier"}


def test_fits_in_threads_beside_a_run_of_the_main_thread_are_its_children(iris: Any) -> None:
    with tracker.start_run() as parent, ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda depth: DecisionTreeClassifier(max_depth=depth).fit(*iris), (1, 2, 3)))
    children = [run for run in runs() if run.info.run_id != parent.info.run_id]
    assert sorted(run.data.params["max_depth"] for run in children) == ["1", "2", "3"]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}


def test_preparing_data_is_no_training(iris: Any) -> None:
    X, y = iris
    StandardScaler().fit_transform(X)
    StandardScaler().fit(X, y)
    cross_val_score(SVC(), X, y)
    assert not runs()


# -- never in the way


class Odd(ClassifierMixin, BaseEstimator):
    """A user's own estimator, which is no business of ours."""

    def fit(self, X: Any, y: Any) -> Odd:
        self.classes_ = np.unique(y)
        return self


class Careless(LogisticRegression):
    """Everything that we ask after its fit goes wrong."""

    def predict(self, X: Any) -> Any:
        raise RuntimeError("no predictions today")

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        raise RuntimeError("no score")


class Shy(LogisticRegression):
    """Its parameters cannot be read."""

    def get_params(self, deep: bool = True) -> Any:
        if deep:
            raise RuntimeError("none of your business")
        return super().get_params(deep=False)


def test_a_fault_of_ours_is_one_line(iris: Any, caplog: pytest.LogCaptureFixture) -> None:
    model = Careless(max_iter=500)
    assert model.fit(*iris) is model
    assert only_run().info.status == "FINISHED"
    assert only_run().data.params["max_iter"] == "500"
    (line,) = caplog.messages
    assert "no predictions today" in line


def test_a_fault_before_the_fit_leaves_it_alone(iris: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert Shy(max_iter=500).fit(*iris).classes_.tolist() == [0, 1, 2]
    assert len(caplog.messages) == 1


def test_a_fault_of_the_users_is_the_users(iris: Any) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        SVC().fit(iris[0], iris[1][:-1])
    assert only_run().info.status == "FAILED"
    assert only_run().data.params["kernel"] == "rbf"
    assert tracker.active_run() is None


def test_a_store_that_cannot_be_written(iris: Any, caplog: pytest.LogCaptureFixture, tmp_path: Any) -> None:
    tracker.set_tracking_uri(str(tmp_path / "store"))
    (tmp_path / "store").write_text("no folder")
    try:
        assert LinearRegression().fit(*iris).coef_.shape == (4,)
    finally:
        tracker.set_tracking_uri(None)
    assert len(caplog.messages) == 1


def test_the_same_result_as_without(iris: Any) -> None:
    X, y = iris

    def trained() -> Any:
        np.random.seed(0)
        forest = BaggingClassifier(DecisionTreeClassifier(), n_estimators=3).fit(X, y)
        return forest.predict_proba(X), np.random.random()

    with_us = trained()
    tracker.autolog(disable=True)
    without = trained()
    assert (with_us[0] == without[0]).all()
    assert with_us[1] == without[1]


def test_users_own_estimators_are_left_alone(iris: Any) -> None:
    Odd().fit(*iris)
    assert not runs()


def test_models_pickle_and_clone_as_ever(iris: Any) -> None:
    model = SVC().fit(*iris)
    again = pickle.loads(pickle.dumps(model))
    assert vars(again).keys() == vars(model).keys()
    assert not [name for name in vars(model) if "tracker" in name or "mlflow" in name]
    assert clone(model).get_params() == model.get_params()
    assert pickle.loads(pickle.dumps(accuracy_score)) is accuracy_score


def test_everything_is_as_before_when_switched_off(iris: Any) -> None:
    tracker.autolog(disable=True)
    before = _surface()
    tracker.autolog()
    assert _surface() != before
    SVC().fit(*iris)
    tracker.autolog(disable=True)
    after = _surface()
    assert {name: after.get(name) for name in before} == before
    SVC().fit(*iris)
    assert len(runs()) == 1


def _surface() -> dict[str, int]:
    """Every function, class and method of scikit-learn that is loaded, and what its functions hold, by identity."""
    import sys

    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "sklearn":
            continue
        for key, value in list(vars(module).items()):
            if isinstance(value, (type, types.FunctionType)):
                found[f"{name}.{key}"] = id(value)
            if isinstance(value, type):
                for attribute, one in list(vars(value).items()):
                    if callable(getattr(one, "fn", one)):
                        found[f"{name}.{key}.{attribute}"] = id(getattr(one, "fn", one))
            for cell in (value.__closure__ or ()) if isinstance(value, types.FunctionType) else ():
                found[f"{name}.{key}()"] = found.get(f"{name}.{key}()", 0) ^ id(cell.cell_contents)
    return found


def test_switching_in_one_thread_while_another_fits(iris: Any) -> None:
    X, y = iris
    faults: list[BaseException] = []
    stop = threading.Event()

    def fit() -> None:
        try:
            while not stop.is_set():
                DecisionTreeClassifier(max_depth=1).fit(X, y).predict(X)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=fit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        tracker.autolog(disable=True)
        tracker.autolog()
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert {run.info.status for run in runs()} <= {"FINISHED"}


# -- fresh processes


def test_switching_on_imports_no_library(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    python(
        "import sys, tracker\n"
        "tracker.autolog()\n"
        "heavy = {'sklearn', 'numpy', 'pandas', 'duckdb', 'pyarrow', 'xgboost', 'torch', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )


@pytest.mark.parametrize("first", ["import", "autolog"])
def test_imported_before_or_after(python: Callable[..., subprocess.CompletedProcess[str]], first: str) -> None:
    imports = (
        "from sklearn.datasets import load_iris\n"
        "from sklearn.metrics import accuracy_score\n"
        "from sklearn.svm import SVC\n"
        "from sklearn.model_selection import cross_val_score\n"
    )
    switch = "import tracker\ntracker.autolog(log_models=False)\n"
    start = imports + switch if first == "import" else switch + imports
    done = python(
        start + "X, y = load_iris(return_X_y=True)\n"
        "accuracy_score(y, SVC().fit(X, y).predict(X)); cross_val_score(SVC(), X, y)\n"
        "(run,) = tracker.search_runs(output_format='list')\n"
        "assert 'accuracy_score_X' in run.data.metrics, run.data.metrics\n"
        "import importlib.util, inspect, sklearn.svm._classes as c\n"
        "assert inspect.getsource(c.SVC).startswith('class SVC')\n"
        "assert type(c.__loader__).__name__ == 'SourceFileLoader' and not vars(c.__loader__).get('exec_module')\n"
    )
    assert "Error" not in done.stderr
