"""Runs of TensorBoard, W&B, Trackio and Neptune come in: `tests/imports` holds what their own libraries wrote."""

from __future__ import annotations

import importlib.util
import random
import shutil
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tracker
from tracker.exceptions import InvalidValue
from tracker.interop.importing import import_from
from tracker.interop.sources import source_at
from tracker.interop.tensorboard_events import Hyperparameters, take_hyperparameters

WRITTEN = Path(__file__).parents[1] / "imports"


def points(run_id: str, key: str) -> list[tuple[int, float]]:
    rows = tracker.sql(
        "SELECT step, value FROM metrics WHERE run_id = $run AND key = $key ORDER BY step", run=run_id, key=key
    )
    return list(rows.itertuples(index=False, name=None))


def named(experiment: str) -> dict[str, dict[str, Any]]:
    return tracker.runs(experiment).set_index("name").to_dict("index")


def files(run_id: str) -> dict[str, int]:
    return dict(
        tracker.sql("SELECT path, size FROM artifacts WHERE run_id = $run", run=run_id).itertuples(
            index=False, name=None
        )
    )


def reasons(report: Any) -> str:
    return "\n".join(f"{one.what}: {one.why}" for one in report.skipped)


# -- TensorBoard


def test_tensorboardx_writes_runs() -> None:
    report = import_from(WRITTEN / "tensorboard" / "run ü")
    assert (report.runs, report.points, report.files) == (2, 23, 2)
    assert "'h' in" in reasons(report) and "histogram" in reasons(report) and len(report.skipped) == 1
    runs = named("run ü")
    run, trial = runs["run ü"], runs["hp"]
    assert points(run["run_id"], "loss/train") == [(i, pytest.approx(1 / (i + 1), rel=1e-6)) for i in range(20)]
    assert run["metrics.nan"] != run["metrics.nan"] and points(run["run_id"], "inf") == [(-2, float("-inf"))]
    assert tracker.artifacts.load_text(f"runs:/{run['run_id']}/texts/note/text_summary/1.md") == "hello **text**"
    assert files(run["run_id"])["images/img/5.png"] == 69
    assert [trial[f"params.{key}"] for key in ("lr", "bs", "opt", "on")] == [0.1, 16, "adam", True]
    assert trial["metrics.hparam/acc"] == pytest.approx(0.9)
    assert import_from(WRITTEN / "tensorboard" / "run ü").already == 2


def test_torch_writes_tensors() -> None:
    import_from(WRITTEN / "tensorboard" / "torch")
    runs = named("torch")
    assert set(runs) == {"torch", "trial1", "group_a", "group_b"}
    assert points(runs["torch"]["run_id"], "dbl") == [(i, i / 7) for i in range(5)]
    assert points(runs["torch"]["run_id"], "acc") == [(i, pytest.approx(i / 7, rel=1e-6)) for i in range(5)]
    assert (runs["trial1"]["params.lr"], runs["trial1"]["params.n"]) == (0.25, 3)


# -- W&B


def test_wandb_offline_runs(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(WRITTEN / "wandb", tmp_path / "wandb"))
    (folder / "latest-run").symlink_to("offline-run-20261121_165347-def456")
    report = import_from(tmp_path)
    assert report.runs == 2 and "'hist' in offline-run" in reasons(report)
    runs = named("iris ü")
    run, failed = runs["first run"], runs["def456"]
    assert (run["status"], failed["status"]) == ("FINISHED", "FAILED")
    config = {"lr": 0.01, "depth": 3, "opt.name": "adam", "flag": True, "text": "007", "late": 5}
    assert {key: run[f"params.{key}"] for key in config} == config
    assert points(run["run_id"], "loss") == [(i, 1 / (i + 1)) for i in range(20)]
    assert points(run["run_id"], "nested.x")[-1] == (19, 19.0)
    assert points(run["run_id"], "big") == [(30, 1e300)] and points(run["run_id"], "inf") == [(30, float("inf"))]
    assert run["metrics.best"] == 0.95 and run["tags.summary.label"] == "good"
    assert (run["tags.group"], run["tags.tags"], run["note"]) == ("g1", "a, b", "a note")
    assert any(key.startswith("metrics.system/") for key in run) and "metrics.img.width" not in run
    assert tracker.artifacts.load_text(f"runs:/{run['run_id']}/output.log") == "hello from run\n"
    assert any(name.startswith("media/images/img_30") for name in files(run["run_id"]))
    assert import_from(folder).already == 2


# -- Trackio


def test_a_trackio_project(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "iris.db") as database:
        database.executescript((WRITTEN / "trackio.sql").read_text())
    database.close()
    report = import_from(tmp_path)
    assert (report.runs, report.points) == (2, 23) and "'s' in run" in reasons(report)
    runs = named("iris")
    assert {k: runs["r one"][f"params.{k}"] for k in ("lr", "n", "d.a")} == {"lr": 0.1, "n": 3, "d.a": 1}
    assert points(runs["r one"]["run_id"], "loss") == [(i, 1 / (i + 1)) for i in range(10)]
    assert runs["r one"]["metrics.inf"] == float("inf") and runs["r two"]["metrics.loss"] == 2.0
    assert runs["r one"]["start_time"].year == 2026


def test_trackio_parquet_is_the_same_runs(tmp_path: Path) -> None:
    rows = [
        {"run_name": "a", "timestamp": f"2026-01-01T00:00:0{i}+00:00", "step": i, "loss": i / 3, "s": None}
        for i in range(5)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    configs = [{"run_name": "a", "created_at": "2026-01-01T00:00:00+00:00", "lr": 0.5, "_Username": "ada"}]
    pq.write_table(pa.Table.from_pylist(configs), tmp_path / "p_configs.parquet")
    report = import_from(tmp_path)
    assert (report.runs, report.points, report.skipped) == (1, 5, [])
    run = named("p")["a"]
    assert (run["params.lr"], run["user"]) == (0.5, "ada")
    assert points(run["run_id"], "loss") == [(i, i / 3) for i in range(5)]


# -- Neptune

NEPTUNE = pa.schema(
    [
        ("project_id", pa.string()), ("run_id", pa.string()), ("attribute_path", pa.string()),
        ("attribute_type", pa.string()), ("step", pa.decimal128(18, 6)), ("timestamp", pa.timestamp("ms", tz="UTC")),
        ("int_value", pa.int64()), ("float_value", pa.float64()), ("string_value", pa.string()),
        ("bool_value", pa.bool_()), ("datetime_value", pa.timestamp("ms", tz="UTC")),
        ("string_set_value", pa.list_(pa.string())), ("file_value", pa.struct([("path", pa.string())])),
        ("histogram_value", pa.struct([("type", pa.string()), ("edges", pa.list_(pa.float64())), ("values", pa.list_(pa.float64()))])),
    ]
)  # fmt: skip


def test_a_neptune_export(tmp_path: Path) -> None:
    (tmp_path / "data" / "ws_iris_1a2b").mkdir(parents=True)
    (tmp_path / "files" / "ws_iris_1a2b").mkdir(parents=True)
    (tmp_path / "files" / "ws_iris_1a2b" / "m.bin").write_bytes(b"model")
    when = datetime(2025, 6, 1, 12, tzinfo=UTC)

    def row(path: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"project_id": "ws/iris", "run_id": "RUN-1", "attribute_path": path, "attribute_type": kind, **more}

    rows = [
        row("sys/name", "string", string_value="exp"),
        row("sys/creation_time", "datetime", datetime_value=when),
        row("sys/failed", "bool", bool_value=True),
        row("sys/tags", "string_set", string_set_value=["x", "y"]),
        row("params/lr", "float", float_value=0.1),
        row("params/n", "int", int_value=7),
        row("params/on", "bool", bool_value=True),
        *(
            row("loss", "float_series", step=Decimal(i) / 2, timestamp=when, float_value=v)
            for i, v in enumerate([1.0, float("nan"), float("inf")])
        ),
        row("log", "string_series", step=Decimal(0), timestamp=when, string_value="line é"),
        row("hist", "histogram_series", step=Decimal(1), histogram_value={"type": "COUNTING", "edges": [0.0, 1.0], "values": [3.0]}),
        row("model", "file", file_value={"path": "ws_iris_1a2b/m.bin"}),
        row("evil", "file", file_value={"path": "../../etc/passwd"}),
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, NEPTUNE), tmp_path / "data" / "ws_iris_1a2b" / "RUN-1_part_0.parquet")
    report = import_from(tmp_path)
    assert (report.runs, report.points, report.files) == (1, 3, 3)
    assert "evil" in reasons(report) and "times 10" in reasons(report)
    run = named("ws/iris/exp")["RUN-1"]
    assert (run["status"], run["params.params/lr"], run["params.params/n"]) == ("FAILED", 0.1, 7)
    assert [step for step, _ in points(run["run_id"], "loss")] == [0, 5, 10]
    assert run["tags.neptune.tags"] == "x, y" and run["start_time"] == when
    assert files(run["run_id"]).keys() == {"model.bin", "log.txt", "hist.ndjson"}
    assert import_from(tmp_path / "data").already == 1


# -- damage


@pytest.mark.parametrize("what", ["tensorboard/torch", "wandb"])
def test_damage_costs_itself(what: str, tmp_path: Path) -> None:
    """Any byte changed, any cut: what is whole before is read, and nothing but a skipped thing comes of the rest."""
    chance = random.Random(7)
    folder = Path(shutil.copytree(WRITTEN / what, tmp_path / "x"))
    written = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    whole = written.read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        if chance.random() < 0.5:
            del data[chance.randrange(len(data)) :]
        for _ in range(chance.randrange(1, 8)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        written.write_bytes(data)
        try:
            source = source_at(folder)
        except InvalidValue:
            continue
        list(source.experiments())
        for run in source.runs():
            list(run.points())
            assert all(isinstance(name, str) for name, _ in run.files())


def test_numbers_beyond_floats_and_hostile_nesting(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "p.db") as database:
        database.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT, step, metrics TEXT)"
        )
        deep = '{"a":' * 500 + "1" + "}" * 500
        rows = [
            ("2026-01-01", "r", 1, '{"x": 1' + "0" * 400 + "}"),
            ("never", "r", "two", deep),
            (7, "r", 1 << 62, "[1]"),
        ]
        database.executemany("INSERT INTO metrics(timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?)", rows)
    database.close()
    report = import_from(tmp_path)
    assert report.runs == 1 and points(named("p")["r"]["run_id"], "x") == [(1, float("inf"))]
    nested = b"\x2a\x00"
    for _ in range(60):  # google.protobuf.Value { struct { fields { value { … } } } }
        entry = b"\x12" + bytes([len(nested) % 128]) + nested
        nested = b"\x2a" + bytes([(len(entry) + 2) % 128]) + b"\x0a" + bytes([len(entry) % 128]) + entry
    with pytest.raises(ValueError):
        take_hyperparameters(Hyperparameters(), b"\x1a\x7f" + nested)


def test_a_cut_log_keeps_what_was_written(tmp_path: Path) -> None:
    written = next((WRITTEN / "wandb").glob("*/run-abc123.wandb"))
    (tmp_path / "run-abc123.wandb").write_bytes(written.read_bytes()[:6000])
    report = import_from(tmp_path / "run-abc123.wandb")
    run = named("iris ü")["first run"]
    assert report.never_ended == 1 and run["status"] == "KILLED"
    found = points(run["run_id"], "loss")
    assert found == [(i, 1 / (i + 1)) for i in range(len(found))] and len(found) > 5


# -- Aim


def test_without_aim_its_repository_is_told(tmp_path: Path) -> None:
    if importlib.util.find_spec("aim") is None:
        (tmp_path / ".aim").mkdir()
        with pytest.raises(InvalidValue, match="pip install aim"):
            import_from(tmp_path)
