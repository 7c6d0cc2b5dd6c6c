"""What is logged into a run, and how it reads back."""

from __future__ import annotations

import enum
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tracker
from tracker.entities import Dataset, Metric, Param, RunTag
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.tracking import MlflowClient, RunOperations


@pytest.fixture
def run():
    with tracker.start_run() as active:
        yield active


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (7, "7", "int"),
        (7.0, "7.0", "float"),
        (1e-07, "1e-07", "float"),
        (True, "True", "bool"),
        (None, "None", "null"),
        ("rbf", "rbf", "string"),
        ("", "", "string"),
        ([64, 32], "[64, 32]", "json"),
        ({"a": [1, None]}, "{'a': [1, None]}", "json"),
        ((64, 32), "(64, 32)", "string"),
        ([1, (2, 3)], "[1, (2, 3)]", "string"),
        (math.nan, "nan", "string"),
        (-math.inf, "-inf", "string"),
        (2**70, str(2**70), "string"),
        (np.float64(0.1), "0.1", "float"),
        (np.float32(0.1), "0.1", "float"),
        (np.int64(3), "3", "int"),
        (np.bool_(True), "True", "bool"),
        (np.array([1, 2]), "[1 2]", "string"),
        (Colour.RED, "Colour.RED", "string"),
        (Level.HIGH, "3", "int"),
        (Path("a/b"), "a/b", "string"),
        ("naïve ☃ \ud800", "naïve ☃ \\ud800", "string"),
    ],
)
def test_a_parameter_keeps_its_type_and_reads_as_text(run, value, text, kind):
    assert tracker.log_param("p", value) is value
    assert tracker.get_run(run.run_id).data.params == {"p": text}
    from tracker.query import reader

    assert reader(run.store).cursor().execute("SELECT type FROM params").fetchall() == [(kind,)]


def test_a_parameter_can_be_corrected(run):
    tracker.log_param("lr", 7)
    tracker.log_param("lr", 7.5)
    assert tracker.get_run(run.run_id).data.params == {"lr": "7.5"}


@pytest.mark.parametrize("key", ["f1@10", "a b", "acc(%)", "x=y,z", "ünïcode", "a/b", "[0]", "`'\"", "../up"])
def test_any_printable_key_is_taken(run, key):
    tracker.log_metric(key, 1)
    tracker.log_param(key, 2)
    tracker.set_tag(key, 3)
    data = tracker.get_run(run.run_id).data
    assert (data.metrics[key], data.params[key], data.tags[key]) == (1.0, "2", "3")


@pytest.mark.parametrize("key", ["", "a\nb", "x" * 1001, None, 3])
def test_other_keys_are_refused_in_a_sentence(run, key):
    for log in (tracker.log_metric, tracker.log_param, tracker.set_tag):
        with pytest.raises(InvalidValue, match="The name of a"):
            log(key, 1)
    with pytest.raises(InvalidValue, match="The name of a"):
        tracker.log_metrics({key: 1})


def test_a_long_text_is_cut_with_a_warning(run):
    with pytest.warns(UserWarning, match="cut to 100,000"):
        tracker.log_param("long", "x" * 200_000)
    assert len(tracker.get_run(run.run_id).data.params["long"]) == 100_000


# -- metrics


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (True, 1.0), (np.float32(0.5), 0.5), (np.array(2.0), 2.0), (np.array([3]), 3.0), (math.inf, math.inf)],
)
def test_a_metric_is_a_number(run, value, number):
    tracker.log_metric("m", value)
    assert tracker.get_run(run.run_id).data.metrics == {"m": number}


def test_nan_is_kept(run):
    tracker.log_metric("m", math.nan)
    assert math.isnan(tracker.get_run(run.run_id).data.metrics["m"])


@pytest.mark.parametrize("value", ["0.5", None, [1.0], np.array([1, 2]), 1j, {}, 10**400])
def test_what_is_no_number_is_refused_by_name(run, value):
    with pytest.raises(InvalidValue, match="Metric 'acc' is a number; got " + type(value).__name__) as caught:
        tracker.log_metric("acc", value)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(InvalidValue):
        tracker.log_metrics({"good": 1, "acc": value})
    assert tracker.get_run(run.run_id).data.metrics == {}


def test_steps_are_counted_and_can_be_set(run):
    for step in (None, None, 10, None, np.int64(3), None, 5.0, -2):
        tracker.log_metric("m", 0.0, step=step)
    tracker.log_metrics({"m": 1.0, "other": 2.0})
    steps = [p.step for p in sorted(MlflowClient().get_metric_history(run.run_id, "m"), key=lambda p: p.timestamp)]
    assert sorted(steps) == [-2, -1, 0, 1, 3, 4, 5, 10, 11]
    assert MlflowClient().get_metric_history(run.run_id, "other")[0].step == 0


@pytest.mark.parametrize("step", [1.5, "1", 2**63, math.nan])
def test_a_step_is_a_whole_number(run, step):
    with pytest.raises(InvalidValue, match="The step of metric 'm'"):
        tracker.log_metric("m", 0.0, step=step)


def test_the_greatest_step_is_still_counted_from(run):
    tracker.log_metric("m", 0.0, step=2**63 - 1)
    tracker.log_metric("m", 1.0)
    assert [p.step for p in MlflowClient().get_metric_history(run.run_id, "m")] == [2**63 - 1] * 2


def test_a_points_time_can_be_given(run):
    tracker.log_metric("m", 1.0, timestamp=0)
    tracker.log_metrics({"m": 2.0}, step=5, timestamp=1_700_000_000_123)
    points = MlflowClient().get_metric_history(run.run_id, "m")
    assert [(p.timestamp, p.step) for p in points] == [(0, 0), (1_700_000_000_123, 5)]
    with pytest.raises(InvalidValue, match="timestamp"):
        tracker.log_metric("m", 1.0, timestamp="today")


def test_the_latest_value_is_that_of_the_greatest_step(run):
    tracker.log_metric("m", 1.0, step=5)
    tracker.log_metric("m", 9.0, step=2)
    assert tracker.get_run(run.run_id).data.metrics == {"m": 1.0}


def test_an_asynchronous_call_gives_a_receipt(run):
    for receipt in (
        tracker.log_metric("a", 1, synchronous=False),
        tracker.log_metrics({"a": 1}, synchronous=False),
        tracker.log_param("b", 1, synchronous=False),
        tracker.log_params({"b": 1}, synchronous=False),
        tracker.set_tag("c", 1, synchronous=False),
        tracker.set_tags({"c": 1}, synchronous=False),
    ):
        assert isinstance(receipt, RunOperations)
        receipt.wait()
    assert tracker.log_metric("a", 1) is None


def test_a_call_can_name_its_run():
    with tracker.start_run() as first:
        pass
    with tracker.start_run() as second:
        tracker.log_metric("m", 1, run_id=first.run_id)
        tracker.log_params({"p": 1}, run_id=first.run_id)
        tracker.log_text("x", "a.txt", run_id=first.run_id)
    assert tracker.get_run(first.run_id).data.metrics == {"m": 1.0}
    assert tracker.get_run(second.run_id).data.metrics == {}


# -- tags


def test_tags_are_text_and_can_be_removed(run):
    tracker.set_tags({"a": 1, "b": None})
    tracker.delete_tag("a")
    tags = tracker.get_run(run.run_id).data.tags
    assert tags["b"] == "None" and "a" not in tags
    with pytest.raises(NotFound, match="'a'"):
        tracker.delete_tag("a")


def test_every_run_says_who_and_what_made_it(python):
    python("import tracker\nwith tracker.start_run(): pass", LOGNAME="ada")
    (run,) = tracker.search_runs(output_format="list")
    assert run.data.tags["mlflow.user"] == run.info.user_id == "ada"
    assert run.data.tags["mlflow.source.type"] == "LOCAL"
    assert run.data.tags["mlflow.source.name"] == "-c"
    adjective, noun, number = run.info.run_name.split("-")
    assert adjective.isalpha() and noun.isalpha() and number.isdecimal()


def test_a_run_knows_its_commit(tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/topic/a\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/topic/a\n")
    from tracker.tracking.provenance import git_tags

    expected = {"mlflow.source.git.commit": commit, "mlflow.source.git.branch": "topic/a"}
    assert git_tags(tmp_path) == expected
    (git / "HEAD").write_text(commit)
    assert git_tags(tmp_path) == {"mlflow.source.git.commit": commit}
    (git / "HEAD").write_text("ref: ../../outside")
    assert git_tags(tmp_path) == {}


# -- the client


def test_the_client_does_everything_by_id():
    client = MlflowClient()
    experiment = client.create_experiment("by id", tags={"team": "x"})
    made = client.create_run(experiment, start_time=1_700_000_000_000, tags={"k": 1}, run_name="named")
    run_id = made.info.run_id
    assert (made.info.status, made.info.start_time, made.info.run_name) == ("RUNNING", 1_700_000_000_000, "named")
    client.log_param(run_id, "p", 1)
    client.log_metric(run_id, "m", 1.0)
    client.log_metric(run_id, "m", 2.0)
    client.log_batch(run_id, [Metric("b", 3.0, 1_700_000_000_500, 7)], [Param("q", "x")], [RunTag("t", "y")])
    client.set_tag(run_id, "k", 2)
    client.delete_tag(run_id, "t")
    client.update_run(run_id, name="renamed")
    client.set_terminated(run_id, "FAILED", end_time=1_700_000_009_000)
    run = client.get_run(run_id)
    assert (run.info.status, run.info.end_time, run.info.run_name) == ("FAILED", 1_700_000_009_000, "renamed")
    assert run.data.params == {"p": "1", "q": "x"}
    assert run.data.metrics == {"m": 2.0, "b": 3.0}
    assert run.data.tags["k"] == "2" and "t" not in run.data.tags
    assert [(p.step, p.timestamp) for p in client.get_metric_history(run_id, "b")] == [(7, 1_700_000_000_500)]
    client.update_run(run_id, status="RUNNING")
    assert client.get_run(run_id).info.status == "RUNNING"
    client.set_terminated(run_id)
    assert client.get_run(run_id).info.status == "FINISHED"
    assert tracker.active_run() is None


def test_a_deleted_run_is_not_written_to():
    client = MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(InvalidState, match="restore_run"):
        client.log_param(run_id, "a", 1)
    client.restore_run(run_id)
    client.log_param(run_id, "a", 1)
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def test_unknown_runs_are_named():
    client = MlflowClient()
    for call in (
        lambda: client.get_run("x"),
        lambda: client.log_metric("x", "m", 1),
        lambda: client.set_terminated("x"),
        lambda: client.delete_run("../../x"),
        lambda: client.list_artifacts("x"),
        lambda: client.get_metric_history("x", "m"),
    ):
        with pytest.raises(NotFound, match="There is no run"):
            call()


# -- nothing heavy on the way


def test_logging_imports_no_heavy_library(python):
    python(
        """
import sys, tracker.tracking, tracker
with tracker.start_run():
    tracker.log_params({"a": 1, "b": [1]})
    for i in range(3):
        tracker.log_metric("m", i)
    tracker.set_tag("t", 1)
    tracker.log_text("x", "a.txt")
    tracker.log_dict({"a": 1}, "a.json")
heavy = {"duckdb", "pyarrow", "pandas", "numpy", "plotly", "IPython", "asyncio", "matplotlib"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    )


# -- datasets


def test_a_run_notes_the_data_it_reads(run):
    frame = pd.DataFrame({"x": [1.0, 2.0], "n": [1, 2], "label": ["a", "b"], "parts": [[1], [2]]})
    tracker.log_input(frame, context="training", tags={"split": 1})
    tracker.log_input(np.zeros((4, 3)))
    tracker.log_input(Dataset("mine", "d1", "local", "{}"))
    with pytest.raises(InvalidValue, match="DataFrame"):
        tracker.log_input([1, 2])
    inputs = tracker.get_run(run.run_id).inputs.dataset_inputs
    assert sorted(use.dataset.name for use in inputs) == ["dataset", "dataset", "mine"]
    (of_frame,) = (use for use in inputs if use.tags)
    assert {tag.key: tag.value for tag in of_frame.tags} == {"mlflow.data.context": "training", "split": "1"}
    profile = json.loads(of_frame.dataset.profile)
    columns = profile.pop("fingerprint")["columns"]
    assert profile == {"num_rows": 2, "num_elements": 8}
    assert [(name, dtype) for name, dtype, _ in columns] == [(name, str(dtype)) for name, dtype in frame.dtypes.items()]
    kinds = [column["type"] for column in json.loads(of_frame.dataset.schema)["mlflow_colspec"]]
    assert kinds == ["double", "long", "string", "array"]
    assert len(tracker.search_runs(filter_string="datasets.context = 'training'")) == 1


def test_another_value_is_another_digest():
    from tracker.tracking.datasets import input_of

    frame = pd.DataFrame({"x": [1.0, 2.0], "label": ["a", "b"]})
    changed = [frame.replace(2.0, 2.5), frame.rename(columns={"x": "y"}), frame.astype({"x": int}), frame[::-1]]
    digests = {input_of(one, None, None)[1]["digest"] for one in [frame, *changed]}
    assert len(digests) == 5
    assert input_of(frame.copy(), None, None)[1]["digest"] in digests
