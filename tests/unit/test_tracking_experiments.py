"""Experiments, where the store is, and searching."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import tracker
from tracker.entities import ViewType
from tracker.exceptions import AlreadyExists, FilterError, InvalidState, InvalidValue, NotFound, TrackerError
from tracker.tracking import MlflowClient

# -- experiments


def test_default_is_there_before_anything_was_written(tmp_path):
    assert tracker.get_experiment("0").name == "Default"
    assert [e.name for e in tracker.search_experiments()] == ["Default"]
    assert tracker.get_experiment_by_name("Default").experiment_id == "0"
    assert not (tmp_path / ".tracker").exists()
    with tracker.start_run() as run:
        assert run.info.experiment_id == "0"


def test_set_experiment_makes_it_once():
    first = tracker.set_experiment("iris")
    assert tracker.set_experiment("iris").experiment_id == first.experiment_id
    with tracker.start_run() as run:
        pass
    assert run.info.experiment_id == first.experiment_id
    assert tracker.set_experiment(experiment_id=first.experiment_id).name == "iris"
    with pytest.raises(InvalidValue, match="either the name or the id"):
        tracker.set_experiment()
    with pytest.raises(NotFound):
        tracker.set_experiment(experiment_id="12345")


@pytest.mark.parametrize("name", ["", "  ", None, 7, "a\x00b", "a\nb", "x" * 501])
def test_bad_names_are_refused_in_one_sentence(name):
    with pytest.raises(InvalidValue, match="The name of an experiment"):
        tracker.create_experiment(name)
    if name is not None:
        with pytest.raises(InvalidValue, match="The name of an experiment"):
            tracker.set_experiment(name)


def test_a_name_belongs_to_one_active_experiment():
    first = tracker.create_experiment("a", tags={"team": "x"})
    with pytest.raises(AlreadyExists, match="exists already") as caught:
        tracker.create_experiment("a")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    with pytest.raises(AlreadyExists):
        tracker.create_experiment("Default")
    assert tracker.get_experiment(first).tags == {"team": "x"}


def test_a_deleted_name_is_free_again():
    first = tracker.create_experiment("a")
    tracker.delete_experiment(first)
    assert tracker.get_experiment(first).lifecycle_stage == "deleted"
    second = tracker.set_experiment("a").experiment_id
    assert second != first
    assert tracker.get_experiment_by_name("a").experiment_id == second
    with pytest.raises(AlreadyExists, match=r"cannot be restored.*rename_experiment"):
        tracker.restore_experiment(first)
    tracker.rename_experiment(second, "b")
    tracker.restore_experiment(first)
    assert {e.name for e in tracker.search_experiments()} == {"Default", "a", "b"}


def test_no_run_starts_in_a_deleted_experiment():
    experiment = tracker.set_experiment("a").experiment_id
    tracker.delete_experiment(experiment)
    with pytest.raises(InvalidState, match="restore_experiment"):
        tracker.start_run()
    with pytest.raises(InvalidState):
        MlflowClient().create_run(experiment)
    assert tracker.set_experiment("a").experiment_id != experiment
    with pytest.raises(InvalidState, match="already"):
        tracker.delete_experiment(experiment)


def test_deleting_an_experiment_takes_its_runs_along():
    experiment = tracker.set_experiment("a").experiment_id
    with tracker.start_run() as run:
        pass
    tracker.delete_experiment(experiment)
    assert tracker.get_run(run.run_id).info.lifecycle_stage == "deleted"
    tracker.restore_experiment(experiment)
    assert tracker.get_run(run.run_id).info.lifecycle_stage == "active"


def test_a_store_that_was_removed_begins_anew(tmp_path):
    for _ in range(2):
        tracker.set_experiment("iris")
        with tracker.start_run():
            pass
        assert tracker.runs().experiment.tolist() == ["iris"]
        shutil.rmtree(tmp_path / ".tracker")


def test_renaming():
    first, _ = tracker.create_experiment("a"), tracker.create_experiment("b")
    with pytest.raises(AlreadyExists, match="choose another"):
        tracker.rename_experiment(first, "b")
    with pytest.raises(InvalidValue):
        tracker.rename_experiment(first, "")
    tracker.rename_experiment(first, "c")
    assert tracker.get_experiment(first).name == "c"
    assert tracker.get_experiment_by_name("a") is None


def test_experiment_tags():
    tracker.set_experiment("a")
    tracker.set_experiment_tags({"k": 1, "l": "x"})
    tracker.set_experiment_tag("k", 2)
    tracker.delete_experiment_tag("l")
    assert tracker.get_experiment_by_name("a").tags == {"k": "2"}
    with pytest.raises(NotFound, match="no tag 'l'"):
        tracker.delete_experiment_tag("l")


def test_an_artifact_location_is_noted_with_a_warning():
    with pytest.warns(UserWarning, match="keeps artifacts in the store"):
        experiment = tracker.create_experiment("a", artifact_location="/elsewhere")
    assert tracker.get_experiment(experiment).artifact_location == "/elsewhere"


@pytest.mark.parametrize("variable", ["TRACKER_EXPERIMENT", "MLFLOW_EXPERIMENT_NAME"])
def test_the_environment_names_the_experiment(monkeypatch, variable):
    monkeypatch.setenv(variable, "from outside")
    with tracker.start_run() as run:
        pass
    assert tracker.get_experiment(run.info.experiment_id).name == "from outside"
    monkeypatch.delenv(variable)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", run.info.experiment_id)
    with tracker.start_run() as again:
        assert again.info.experiment_id == run.info.experiment_id


def test_searching_experiments():
    for name in ("iris/svm", "iris/tree", "wine"):
        tracker.create_experiment(name, tags={"set": name.split("/")[0]})
    dropped = tracker.create_experiment("old")
    tracker.delete_experiment(dropped)

    def names(
        where: str | None = None, order_by: list[str] | None = None, view: int = ViewType.ACTIVE_ONLY
    ) -> list[str]:
        return [e.name for e in tracker.search_experiments(view, filter_string=where, order_by=order_by)]

    assert names(order_by=["name ASC"]) == ["Default", "iris/svm", "iris/tree", "wine"]
    assert names("name LIKE 'iris%'", ["name DESC"]) == ["iris/tree", "iris/svm"]
    assert names("attribute.name = 'wine' OR tags.set = 'iris'", ["name"]) == ["iris/svm", "iris/tree", "wine"]
    assert names("tags.set != 'iris'") == ["wine"]
    assert names("tags.set IS NULL") == ["Default"]
    assert names("NOT tags.set = 'iris'") == ["wine"]
    assert names("creation_time > 0 AND last_update_time >= 0", ["creation_time ASC", "name"]) == [
        "iris/svm",
        "iris/tree",
        "wine",
    ]
    assert names(view=ViewType.DELETED_ONLY) == ["old"]
    assert len(names(view=ViewType.ALL)) == 5
    with pytest.raises(FilterError):
        names("metrics.x > 1")
    with pytest.raises(FilterError):
        names("name == ")
    page = MlflowClient().search_experiments(max_results=3)
    rest = MlflowClient().search_experiments(max_results=3, page_token=page.token)
    assert (len(page), len(rest), rest.token) == (3, 1, None)


# -- searching runs


@pytest.fixture
def five_runs() -> list[str]:
    tracker.set_experiment("search")
    ids = []
    for i in range(5):
        with tracker.start_run(run_name=f"run {i}", tags={"parity": "odd" if i % 2 else "even"}) as run:
            tracker.log_params({"C": 10**i / 100, "kernel": "rbf" if i < 3 else "linear"})
            tracker.log_metric("acc", i / 10)
            if i == 4:
                tracker.log_metric("extra", math.nan)
        ids.append(run.run_id)
    return ids


def test_a_search_gives_mlflows_columns(five_runs):
    frame = tracker.search_runs(order_by=["metrics.acc ASC"])
    assert list(frame.columns[:6]) == ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]
    assert list(frame["run_id"]) == five_runs
    assert list(frame["params.C"]) == ["0.01", "0.1", "1.0", "10.0", "100.0"]
    assert frame["metrics.acc"].dtype == float
    assert str(frame["start_time"].dtype).endswith("UTC]")
    order = [column.split(".")[0] for column in frame.columns[6:]]
    assert order == sorted(order, key=["metrics", "params", "tags"].index)
    assert set(frame["tags.parity"]) == {"odd", "even"}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("metrics.acc > 0.15", [2, 3, 4]),
        ("metrics.acc > 0.15 and params.kernel = 'rbf'", [2]),
        ("params.C = '1.0'", [2]),
        ("params.C >= 1", [2, 3, 4]),
        ("tags.parity = 'odd' OR metrics.acc = 0", [0, 1, 3]),
        ("attributes.run_name LIKE 'run%' AND tags.`mlflow.runName` != 'run 0'", [1, 2, 3, 4]),
        ("status = 'RUNNING'", []),
    ],
)
def test_filters(five_runs, where, found):
    ids = [
        run.info.run_id
        for run in tracker.search_runs(filter_string=where, order_by=["metrics.acc"], output_format="list")
    ]
    assert ids == [five_runs[i] for i in found]


def test_the_newest_run_comes_first(five_runs):
    assert list(tracker.search_runs()["run_id"]) == five_runs[::-1]
    assert list(tracker.search_runs(max_results=2)["run_id"]) == five_runs[:2:-1]


def test_where_to_search(five_runs):
    other = tracker.set_experiment("other").experiment_id
    with tracker.start_run():
        pass
    assert len(tracker.search_runs()) == 1
    assert len(tracker.search_runs(experiment_names=["search"])) == 5
    assert len(tracker.search_runs([other])) == 1
    assert len(tracker.search_runs(search_all_experiments=True)) == 6
    with pytest.warns(UserWarning, match="no experiment 'nope'"):
        assert tracker.search_runs(experiment_names=["nope"]).empty
    with pytest.raises(InvalidValue, match="not both"):
        tracker.search_runs([other], experiment_names=["other"])
    with pytest.raises(InvalidValue, match="output_format"):
        tracker.search_runs(output_format="json")
    with pytest.raises(FilterError):
        tracker.search_runs(filter_string="metrics.acc >")


def test_pages_and_views(five_runs):
    client = MlflowClient()
    experiment = tracker.get_experiment_by_name("search").experiment_id
    seen, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=2, order_by=["metrics.acc ASC"], page_token=token)
        seen += [run.info.run_id for run in page]
        token = page.token
        if token is None:
            break
    assert seen == five_runs
    client.delete_run(five_runs[0])
    assert len(client.search_runs([experiment])) == 4
    assert [r.info.run_id for r in client.search_runs([experiment], "", ViewType.DELETED_ONLY)] == five_runs[:1]
    assert len(client.search_runs([experiment], "", ViewType.ALL)) == 5
    for bad in ("x", "e30=", "!"):
        with pytest.raises(InvalidValue, match="no page token"):
            client.search_runs([experiment], page_token=bad)
    with pytest.raises(InvalidValue, match="max_results"):
        client.search_runs([experiment], max_results=0)
    with pytest.raises(InvalidValue, match="ViewType"):
        client.search_runs([experiment], "", 9)


# -- where the store is


@pytest.fixture
def uri_reset():
    yield
    tracker.set_tracking_uri(None)


@pytest.mark.usefixtures("uri_reset")
@pytest.mark.parametrize("form", ["{0}", "file:{0}", "file://{0}", "tracker:{0}"])
def test_a_folder_by_path_or_uri(tmp_path, form):
    folder = tmp_path / "my runs"
    tracker.set_tracking_uri(form.format(folder))
    assert tracker.is_tracking_uri_set()
    with tracker.start_run() as run:
        pass
    assert list((folder / "journal").iterdir())
    uri = tracker.get_tracking_uri()
    tracker.set_tracking_uri("")
    assert not tracker.is_tracking_uri_set()
    assert MlflowClient(tracking_uri=uri).get_run(run.run_id).info.status == "FINISHED"
    with pytest.raises(NotFound):
        tracker.get_run(run.run_id)


@pytest.mark.usefixtures("uri_reset")
@pytest.mark.parametrize("uri", ["http://127.0.0.1:8080", "https://x", "sqlite:///mlflow.db", "databricks"])
def test_a_servers_uri_is_answered_with_the_folder(tmp_path, uri):
    with pytest.warns(UserWarning, match="runs are kept in") as caught:
        tracker.set_tracking_uri(uri)
    assert len(caught) == 1 and str(tmp_path / ".tracker") in str(caught[0].message)
    with tracker.start_run():
        pass
    assert (tmp_path / ".tracker" / "store.json").exists()


@pytest.mark.usefixtures("uri_reset")
def test_a_file_is_no_store(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TrackerError, match="is a file"):
        tracker.set_tracking_uri(tmp_path / "file")


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracker.get_tracking_uri() == (tmp_path / ".tracker").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "a").as_uri())
    assert tracker.get_tracking_uri() == (tmp_path / "a").as_uri()
    monkeypatch.setenv("TRACKER_STORE", str(tmp_path / "b"))
    assert tracker.get_tracking_uri() == (tmp_path / "b").as_uri()


@pytest.mark.usefixtures("uri_reset")
def test_an_open_run_stays_in_its_store(tmp_path: Path):
    with tracker.start_run() as run:
        tracker.set_tracking_uri(tmp_path / "other")
        tracker.log_param("a", 1)
    tracker.set_tracking_uri(None)
    assert tracker.get_run(run.run_id).data.params == {"a": "1"}
