"""Files that runs keep."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tracker
from tracker.exceptions import InvalidValue, NotFound
from tracker.tracking import MlflowClient


@pytest.fixture
def run():
    with tracker.start_run() as active:
        yield active


def files(run, path=None) -> dict[str, int | None]:
    return {info.path: info.file_size for info in MlflowClient().list_artifacts(run.run_id, path)}


def test_text_dict_stream_and_files(run, tmp_path):
    folder = tmp_path / "out" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (tmp_path / "out" / "b.bin").write_bytes(b"\0\1")
    tracker.log_text("grüße", "notes/hello.txt")
    tracker.log_dict({"a": np.float64(0.5), "b": [1, None]}, "config.json")
    tracker.log_dict({"a": 1, "ü": "x"}, "config.yaml")
    tracker.log_stream(io.BytesIO(b"x" * 3_000_000), "big.bin")
    tracker.log_artifact(folder / "a.txt", "copied")
    tracker.log_artifacts(tmp_path / "out", "all")
    assert files(run)["big.bin"] == 3_000_000
    assert files(run)["notes"] is None
    assert files(run, "all") == {"all/b.bin": 2, "all/deep": None}
    base = run.info.artifact_uri
    assert tracker.artifacts.load_text(f"{base}/notes/hello.txt") == "grüße"
    assert tracker.artifacts.load_text(f"runs:/{run.run_id}/copied/a.txt") == "a"
    assert tracker.artifacts.load_dict(f"{base}/config.json") == {"a": 0.5, "b": [1, None]}
    assert tracker.get_artifact_uri("all/deep/a.txt") == f"{base}/all/deep/a.txt"
    assert [f.path for f in tracker.artifacts.list_artifacts(run_id=run.run_id, artifact_path="all/deep")] == [
        "all/deep/a.txt"
    ]
    from tracker.query import reader

    sizes = dict(reader(run.store).cursor().execute("SELECT path, size FROM artifacts").fetchall())
    assert sizes["all/deep/a.txt"] == 1 and sizes["notes/hello.txt"] == len("grüße".encode())


def test_downloading(run, tmp_path):
    tracker.log_text("x", "d/a.txt")
    kept = tracker.artifacts.download_artifacts(run_id=run.run_id, artifact_path="d/a.txt")
    assert Path(kept).read_text() == "x"
    copy = tracker.artifacts.download_artifacts(f"runs:/{run.run_id}/d", dst_path=tmp_path / "to")
    assert (tmp_path / "to" / "d" / "a.txt").read_text() == "x" and copy == str(tmp_path / "to" / "d")
    with pytest.raises(NotFound, match="no artifact 'nope'"):
        MlflowClient().download_artifacts(run.run_id, "nope")
    with pytest.raises(InvalidValue, match="not both"):
        tracker.artifacts.download_artifacts()


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "", ".", "a\0b"])
def test_a_name_cannot_leave_the_run(run, path):
    with pytest.raises(InvalidValue):
        tracker.log_text("x", path)
    assert files(run) == {}


def test_what_is_not_there_cannot_be_logged(run):
    with pytest.raises(InvalidValue, match="cannot be read"):
        tracker.log_artifact("nowhere.txt")
    with pytest.raises(InvalidValue, match="is no folder"):
        tracker.log_artifacts("nowhere")


def test_figures(run):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2, 3])
    tracker.log_figure(figure, "plots/curve.png", save_kwargs={"dpi": 40})
    tracker.log_figure(figure, "plots/curve.svg")
    image = tracker.artifacts.load_image(f"{run.info.artifact_uri}/plots/curve.png")
    assert image.size == (256, 192)
    assert "<svg" in tracker.artifacts.load_text(f"{run.info.artifact_uri}/plots/curve.svg")
    with pytest.raises(InvalidValue, match="matplotlib or plotly"):
        tracker.log_figure(object(), "x.png")


def test_plotly_figures(run):
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(y=[1, 2]))
    tracker.log_figure(figure, "curve.html", save_kwargs={"include_plotlyjs": False})
    tracker.log_figure(figure, "curve.json")
    assert tracker.artifacts.load_dict(f"{run.info.artifact_uri}/curve.json")["data"][0]["y"] == [1, 2]
    assert "<div" in tracker.artifacts.load_text(f"{run.info.artifact_uri}/curve.html")
    with pytest.raises(InvalidValue, match=r"\.txt"):
        tracker.log_figure(figure, "curve.txt")


@pytest.mark.parametrize(
    "array", [np.zeros((4, 6, 3), np.uint8), np.ones((4, 6)), np.ones((4, 6, 1), bool), np.full((4, 6, 4), 255)]
)
def test_images(run, array):
    tracker.log_image(array, "a.png")
    assert tracker.artifacts.load_image(f"{run.info.artifact_uri}/a.png").size == (6, 4)


def test_a_series_of_images(run):
    for step in range(2):
        tracker.log_image(np.zeros((300, 600, 3), np.uint8), key="out/x", step=step, timestamp=5)
    names = sorted(files(run, "images"))
    assert len(names) == 4
    assert names[0].startswith("images/out~x+step+0+timestamp+5+")
    assert tracker.get_run(run.run_id).data.tags["mlflow.loggedImages"] == "True"
    with pytest.raises(InvalidValue, match="key of an image"):
        tracker.log_image(np.zeros((2, 2)), key="a%b")
    with pytest.raises(TypeError, match="either artifact_file, or key"):
        tracker.log_image(np.zeros((2, 2)))


@pytest.mark.parametrize("array", [np.full((2, 2), 2.0), np.full((2, 2), 256), np.zeros((2, 2, 2)), np.zeros(4)])
def test_what_is_no_image_is_refused(run, array):
    with pytest.raises(InvalidValue, match="image"):
        tracker.log_image(array, "a.png")


@pytest.mark.parametrize("ending", ["json", "parquet"])
def test_tables_grow(run, ending):
    name = f"tables/answers.{ending}"
    tracker.log_table({"q": ["a", "b"], "score": [0.5, 1.0]}, name)
    tracker.log_table(pd.DataFrame({"q": ["c"], "score": [0.0]}), name)
    tracker.log_table({"q": "d", "score": 0.25}, name)
    table = tracker.load_table(name, extra_columns=["run_id"])
    assert list(table["q"]) == ["a", "b", "c", "d"]
    assert list(table["score"]) == [0.5, 1.0, 0.0, 0.25]
    assert set(table["run_id"]) == {run.run_id}
    told = json.loads(tracker.get_run(run.run_id).data.tags["mlflow.loggedArtifacts"])
    assert told == [{"path": name, "type": "table"}]
    assert len(tracker.load_table(name, run_ids=[run.run_id])) == 4
    with pytest.raises(NotFound, match="has a table"):
        tracker.load_table("other.json")
    with pytest.raises(InvalidValue, match=r"\.json or \.parquet"):
        tracker.log_table({"a": [1]}, "a.csv")
    with pytest.raises(InvalidValue, match="do not make a table"):
        tracker.log_table({"a": [1], "b": [1, 2]}, name)
