"""Datasets made by hand, with MLflow's meaning."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tracker
from tracker.exceptions import InvalidValue


def test_datasets_of_a_run(tmp_path: Path) -> None:
    tracker.set_tracking_uri(tmp_path / "store")
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]})
    made = tracker.data.from_pandas(frame, source="https://example.com/a.csv", name="train", targets="y")
    with tracker.start_run() as run:
        tracker.log_input(made, context="training")
        tracker.log_input(tracker.data.from_numpy(np.arange(3), source="in.npy", digest="mine"))
    inputs = {use.dataset.name: use for use in tracker.get_run(run.info.run_id).inputs.dataset_inputs}
    train = inputs["train"].dataset
    assert (train.source_type, json.loads(train.source)) == ("http", {"url": "https://example.com/a.csv"})
    assert train.digest == made.digest and len(train.digest) <= 36
    assert inputs["dataset"].dataset.digest == "mine" and inputs["dataset"].dataset.source_type == "local"
    assert {tag.key: tag.value for tag in inputs["train"].tags} == {"mlflow.data.context": "training"}


def test_targets_count_and_mistakes_are_told() -> None:
    x, y = np.arange(6).reshape(3, 2), np.arange(3)
    digests = {tracker.data.from_numpy(x, targets=t).digest for t in (None, y, y + 1)}
    assert len(digests) == 3
    for call in (lambda: tracker.data.from_pandas(pd.DataFrame({"x": [1]}), targets="z"), lambda: tracker.data.from_numpy([1]),
                 lambda: tracker.data.from_numpy(x, source=3)):  # fmt: skip
        with pytest.raises(InvalidValue):
            call()


def test_schema_and_profile_as_mlflow_tells_them() -> None:
    frame = pd.DataFrame({"x": [1.0, None], "l": [[1, 2], [3]], "o": pd.Series([b"a", b"b"], dtype=object)})
    made = tracker.data.from_pandas(frame)
    assert json.loads(made.schema or "") == {
        "mlflow_colspec": [
            {"type": "double", "name": "x", "required": False},
            {"type": "array", "items": {"type": "long"}, "name": "l", "required": True},
            {"type": "binary", "name": "o", "required": True},
        ]
    }
    assert tracker.data.from_pandas(pd.DataFrame({"d": pd.to_timedelta([1], unit="s")})).schema is None
    parts = {"a": np.zeros((3, 2)), "b": np.zeros(3, "i8")}
    both = tracker.data.from_numpy(parts, targets=np.zeros(3))
    told = json.loads(both.profile or "")
    assert told["features_shape"] == {"a": [3, 2], "b": [3]} and told["targets_nbytes"] == 24
    spec = json.loads(both.schema or "")["mlflow_tensorspec"]
    assert [one["name"] for one in json.loads(spec["features"])] == ["a", "b"] and json.loads(spec["targets"])
    other = tracker.data.from_numpy(parts | {"b": np.ones(3, "i8")}, targets=np.zeros(3))
    assert other.digest != both.digest


def test_a_sample_is_not_compared_with_all_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker.set_tracking_uri(tmp_path / "store")
    frame, runs = pd.DataFrame({"a": np.arange(3_000), "b": np.arange(3_000.0)}), []
    for bound in ("1000", "1000000", "1000000"):
        monkeypatch.setenv("TRACKER_FINGERPRINT_BYTES", bound)
        with tracker.start_run() as run:
            tracker.log_input(frame if len(runs) < 2 else frame.assign(b=1.0))
        runs.append(run.info.run_id)
    (sampled,) = tracker.diff(runs[0], runs[1]).data
    (changed,) = tracker.diff(runs[1], runs[2]).data
    assert sampled.changed == () and changed.changed == ("b",)
    assert "cannot be compared: sampled in a, full in b" in str(tracker.diff(runs[0], runs[1]))
