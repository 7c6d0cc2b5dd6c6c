"""What is exported comes back: a zip to the last bit, MLflow's folder and CSV as far as their formats go."""

from __future__ import annotations

import math
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracker
from tracker.entities import Metric, ViewType
from tracker.exceptions import AlreadyExists, InvalidValue, NotFound
from tracker.interop.importing import import_from
from tracker.query.connection import Reader
from tracker.store import Store
from tracker.store.registry import registry_of

EVERYTHING = {
    "runs": "SELECT * EXCLUDE (artifact_uri) FROM runs ORDER BY ALL",
    "params": "SELECT run_id, key, type, json::VARCHAR, value FROM params ORDER BY ALL",
    "metrics": "SELECT r, k, s, t, v FROM hot.metrics ORDER BY ALL",
    "latest": "SELECT run_id, key, value, step, time, points FROM latest_metrics ORDER BY ALL",
    "tags": "FROM tags ORDER BY ALL",
    "artifacts": "FROM artifacts ORDER BY ALL",
    "datasets": "SELECT run_id, name, digest, context, source_type, source, schema, profile, tags::VARCHAR FROM datasets ORDER BY ALL",
    "experiments": "FROM experiments WHERE experiment_id IN (SELECT experiment_id FROM runs) ORDER BY experiment_id",
}


EXAMPLES = int(os.environ.get("TRACKER_TEST_EXAMPLES", "4"))


def bits(value: Any) -> Any:
    return struct.pack("<d", value) if isinstance(value, float) else value


def everything(place: Path) -> dict[str, Any]:
    """All that a store tells of its runs, floats by their bits; and its files and models."""
    store = Store(place)
    cursor = Reader(store).cursor()
    told: dict[str, Any] = {
        name: [[bits(value) for value in row.values()] for row in cursor.sql(query).to_arrow_table().to_pylist()]
        for name, query in EVERYTHING.items()
    }
    root = place / "artifacts"
    told["files"] = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    told["models"] = registry_of(store).models()
    return told


def store_at(name: str) -> Path:
    place = Path(tempfile.mkdtemp()) / name / ".tracker"
    tracker.set_tracking_uri(place)
    return place


# -- zips

keys = st.text(st.characters(min_codepoint=32, blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)
numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([5e-324, -0.0, 1.7976931348623157e308])
values = (
    st.none() | st.booleans() | st.integers() | numbers | st.text(max_size=30) | st.lists(st.integers(), max_size=3)
)
points = st.tuples(keys, numbers, st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 4_000_000_000_000))
runs = st.fixed_dictionaries(
    {
        "experiment": st.sampled_from(["a", "ü/b", "c'\"; --"]),
        "params": st.dictionaries(keys, values, max_size=4),
        "tags": st.dictionaries(keys, st.text(max_size=20), max_size=3),
        "points": st.lists(points, max_size=8),
        "files": st.dictionaries(st.sampled_from(["a.txt", "d/ü b.bin", "d/e/f"]), st.binary(max_size=50), max_size=3),
        "end": st.sampled_from(["FINISHED", "FAILED", "KILLED", None]),
        "deleted": st.booleans(),
        "edited": st.booleans(),
    }
)


def write(told: dict[str, Any]) -> None:
    client = tracker.MlflowClient()
    tracker.set_experiment(told["experiment"])
    with tracker.start_run() as run:
        run_id = run.info.run_id
        tracker.log_params(told["params"])
        for key, value, step, time in told["points"]:
            tracker.log_metric(key, value, step=step, timestamp=time)
        for name, data in told["files"].items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            tracker.log_artifact(str(path), path.parent.as_posix() if path.parent.name else None)
        for key, text in told["tags"].items():
            tracker.set_tag(key, text)
        tracker.end_run(told["end"] or "FINISHED")
    if told["edited"]:
        tracker.edit(run_id, name="näme", note="n", star=True)
        client.set_tag(run_id, "again", "1")
        client.set_tag(run_id, "again", "2")
    if told["end"] is None:
        client.create_run(client.get_experiment_by_name(told["experiment"]).experiment_id)
    if told["deleted"]:
        tracker.delete_run(run_id)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(runs, min_size=1, max_size=4))
def test_a_zip_comes_back_to_the_last_bit(told: list[dict[str, Any]]) -> None:
    source = store_at("one")
    for one in told:
        write(one)
    tracker.create_experiment("empty")
    model = tracker.MlflowClient().create_registered_model("M é", tags={"k": "v"}, description="d")
    first = tracker.runs().run_id if len(tracker.runs()) else []
    for run in list(first)[:2]:
        tracker.MlflowClient().create_model_version(model.name, f"runs:/{run}/d", run)
    client = tracker.MlflowClient()
    for run in client.search_runs([e.experiment_id for e in client.search_experiments()]):
        if run.info.status == "RUNNING":
            client.set_terminated(run.info.run_id)  # a run that lives cannot be the same elsewhere
    path = source.parent / "all.zip"
    report = tracker.export(path)
    assert report.skipped == []
    target = store_at("two")
    come = import_from(path)
    assert come.skipped == [] and (come.runs, come.points, come.files) == (report.runs, report.points, report.files)
    assert everything(target) == everything(source)
    assert import_from(path).runs == 0 and everything(target) == everything(source)
    assert import_from(source).runs == 0
    shutil.rmtree(source.parent.parent)
    shutil.rmtree(target.parent.parent)


def test_a_run_whose_process_died_is_the_same(tmp_path: Path, python: Any) -> None:
    python(
        "import tracker, os, signal; tracker.set_experiment('x'); r = tracker.start_run()\n"
        "tracker.log_metric('a', 1.5); tracker.log_param('p', 1); os.kill(os.getpid(), signal.SIGKILL)",
        check=False,
    )
    source = tmp_path / ".tracker"
    tracker.set_tracking_uri(source)
    tracker.export(tmp_path / "a.zip", tracker.runs())
    target = tmp_path / "b" / ".tracker"
    tracker.set_tracking_uri(target)
    import_from(tmp_path / "a.zip")
    assert list(tracker.runs().status) == ["KILLED"]
    assert everything(target) == everything(source)


def test_what_is_here_stays_and_the_rest_comes(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        tracker.set_experiment("x")
        with tracker.start_run(run_name=name):
            tracker.log_metric("m", 1.0)
            tracker.log_text("t", "a.txt")
    tracker.export(tmp_path / "two.zip", ["one", "two"])
    tracker.export(tmp_path / "three.zip")
    tracker.set_tracking_uri(tmp_path / "other" / ".tracker")
    assert import_from(tmp_path / "two.zip").runs == 2
    tracker.edit(tracker.runs(where="name = 'one'"), name="mine")
    report = import_from(tmp_path / "three.zip")
    assert (report.runs, report.already, report.points, report.files) == (1, 2, 1, 1)
    assert set(tracker.runs().name) == {"mine", "two", "three"} and len(tracker.runs("x")) == 3
    assert sum(tracker.sql("SELECT count(*) n FROM metrics").n) == 3


def test_a_zip_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    """SIGKILL at many instants: there is nothing of a run or all of it, and at the end all, once."""
    for i in range(20):
        with tracker.start_run():
            tracker.MlflowClient().log_batch(
                tracker.active_run().info.run_id, [Metric(key, j / 7, j, j) for j in range(500) for key in "ab"]
            )
            tracker.log_text("x" * i * 10_000, "a.txt")
    source = tracker.tracking.current_store().root
    tracker.export(tmp_path / "a.zip")
    program = "from tracker.interop.importing import import_from; print('go', flush=True); import_from({!r})"
    target = tmp_path / "other" / ".tracker"
    kills = 0
    for i in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", program.format(str(tmp_path / "a.zip"))],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "TRACKER_STORE": str(target)},
        ) as child:  # fmt: skip
            assert child.stdout is not None and child.stdout.readline()
            time.sleep(0.1 * i)
            if child.poll() is None:
                child.kill()
                kills += 1
    assert kills
    tracker.set_tracking_uri(target)
    assert len(tracker.sql("SELECT run_id FROM runs")) in (0, 20)
    import_from(tmp_path / "a.zip")
    assert everything(target) == everything(source)
    assert not list(target.rglob(".import-*"))


def test_a_run_that_lives_there_comes_when_it_has_ended(tmp_path: Path) -> None:
    source = tracker.tracking.current_store().root
    run = tracker.start_run()
    tracker.log_metric("m", 1.0)
    report = tracker.export(tmp_path / "a.zip")
    assert report.runs == 1 and "still running" in str(report)
    here = Store(tmp_path / "other")
    assert import_from(source, store=here).runs == 0
    tracker.end_run()
    assert import_from(source, store=here).runs == 1
    assert run.info.run_id in {row[0] for row in Reader(here).cursor().execute("SELECT run_id FROM runs").fetchall()}


def test_a_zip_unpacked_is_a_store(tmp_path: Path) -> None:
    with tracker.start_run(run_name="r"):
        tracker.log_metric("m", 2.0)
    tracker.export(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        file.extractall(tmp_path / "b")
    tracker.set_tracking_uri(tmp_path / "b")
    assert list(tracker.runs()["metrics.m"]) == [2.0]
    tracker.set_tracking_uri(tmp_path / "c")
    assert import_from(tmp_path / "b", artifacts="link").runs == 1


def test_hostile_zips(tmp_path: Path) -> None:
    def zipped(entries: dict[str, bytes]) -> Path:
        path = tmp_path / f"{random.random()}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in {"store.json": b'{"format":1,"id":"x"}', **entries}.items():
                file.writestr(name, data)
        return path

    line = '{"e":"run","r":"%s","x":"0","v":{},"t":1}\n'
    for name in ("journal/../../../evil", "artifacts/../../evil", "models/..\\..\\evil"):
        with pytest.raises(InvalidValue, match="was not imported"):
            import_from(zipped({name: b"x"}))
    odd = zipped({"/etc/evil": b"x", "evil.sh": b"x", "journal/a.ndjson": (line % ("a" * 32)).encode()})
    assert len(import_from(odd).skipped) == 2
    ids = ["../../evil", "/etc/passwd", "x" * 300, "ü\\u0000"]
    report = import_from(zipped({"journal/a.ndjson": "".join(line % one for one in ids).encode() + b"\x00{]\n"}))
    assert report.runs <= 3 and "1 damaged line" in str(report) and not list(tmp_path.rglob("evil*"))
    bomb = zipped({"journal/a.ndjson": b"x"})
    data = bytearray(bomb.read_bytes())
    at = data.rfind(b"PK\x01\x02")  # the claim of the last entry
    data[at + 24 : at + 28] = (3 << 30).to_bytes(4, "little")
    bomb.write_bytes(data)
    with pytest.raises(InvalidValue, match="no zip can"):
        import_from(bomb)
    cut = zipped({"journal/a.ndjson": (line % ("b" * 32)).encode() * 1000})
    data = bytearray(cut.read_bytes())
    data[200:230] = bytes(30)
    cut.write_bytes(data)
    with pytest.raises(InvalidValue):
        import_from(cut)
    place = tracker.tracking.current_store().root
    assert not [name for name in os.listdir(place) if name.startswith(".import")]


# -- other formats


def some_runs() -> dict[str, Any]:
    tracker.set_experiment("iris ü")
    with tracker.start_run(run_name="a é", tags={"t/x": "1"}) as run:
        tracker.log_params({"C": 1.5, "kernel": "rbf", "flag": True, "007": "007"})
        for i in range(5):
            tracker.log_metric("loss/train", 1 / (i + 1), step=i, timestamp=1_700_000_000_000 + i)
        tracker.log_metric("nan", math.nan, step=-2)
        tracker.log_metric("inf", -math.inf, step=3)
        tracker.log_text("hello", "d/ü.txt")
    with tracker.start_run(run_name="b") as other:
        tracker.log_metric("m", 2.0)
    tracker.delete_run(other.info.run_id)
    tracker.MlflowClient().create_registered_model("M")
    tracker.MlflowClient().create_model_version("M", f"runs:/{run.info.run_id}/d", run.info.run_id)
    tracker.MlflowClient().set_registered_model_alias("M", "best", 1)
    return told()


def told() -> dict[str, Any]:
    """The runs as MLflow's words tell them."""
    client, found = tracker.MlflowClient(), {}
    for experiment in client.search_experiments(ViewType.ALL):
        for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL):
            history = {
                key: [(p.step, p.timestamp, repr(p.value)) for p in client.get_metric_history(run.info.run_id, key)]
                for key in run.data.metrics
            }
            info = run.info
            tags = {k: v for k, v in run.data.tags.items() if not k.startswith("tracker.")}
            found[info.run_id] = (
                experiment.name, info.run_name, info.status, info.lifecycle_stage, info.start_time, info.end_time,
                run.data.params, tags, history,
            )  # fmt: skip
    return found


def test_an_mlflow_folder_comes_back(tmp_path: Path) -> None:
    before = some_runs()
    report = tracker.export(tmp_path / "mlruns")
    assert (report.runs, report.versions, report.files) == (2, 1, 1) and not report.skipped
    tracker.set_tracking_uri(tmp_path / "other")
    come = import_from(tmp_path / "mlruns")
    assert (come.runs, come.skipped) == (2, [])
    assert told() == before
    assert tracker.MlflowClient().get_model_version_by_alias("M", "best").version == 1
    run = next(run for run, facts in before.items() if facts[1] == "a é")
    assert tracker.artifacts.load_text(f"runs:/{run}/d/ü.txt") == "hello"


def test_equal_points_are_one_for_mlflow(tmp_path: Path) -> None:
    with tracker.start_run():
        for value in (1.0, 1.0, math.nan, math.nan, 2.0):
            tracker.log_metric("m", value, step=1, timestamp=1_700_000_000_000)
    report = tracker.export(tmp_path / "mlruns")
    assert report.points == 3 and "2 points of run" in str(report)


def test_names_that_are_no_paths_are_told(tmp_path: Path) -> None:
    with tracker.start_run():
        tracker.log_metric("a", 1.0)
        tracker.log_metric("a/b", 1.0)
        tracker.log_param("../../evil", 1)
        tracker.log_metric("x" * 300, 1.0)
    report = tracker.export(tmp_path / "mlruns")
    assert len(report.skipped) == 3 and not list(tmp_path.rglob("evil"))


def test_mlflow_reads_its_database(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    before = some_runs()
    tracker.export(tmp_path / "mlflow.db")
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    for run_id, (_, name, status, stage, start, end, params, _, history) in before.items():
        run = client.get_run(run_id)
        info = run.info
        assert (info.run_name, info.status, info.lifecycle_stage) == (name, status, stage)
        assert (info.start_time, info.end_time, run.data.params) == (start, end, params)
        loss = [(p.step, p.timestamp, repr(p.value)) for p in client.get_metric_history(run_id, "loss/train")]
        assert loss == history.get("loss/train", [])


def test_parquet_has_the_documented_columns(tmp_path: Path) -> None:
    some_runs()
    report = tracker.export(tmp_path / "out", to="parquet")
    from tracker.interop import tables_export

    for name in tables_export.TABLES:
        table = pq.read_table(tmp_path / "out" / f"{name}.parquet")
        described = str(tables_export.__doc__).split(f"{name}.parquet")[1].split(".parquet")[0]
        assert all(column in described for column in table.column_names), (name, table.column_names)
    metrics = pq.read_table(tmp_path / "out" / "metrics.parquet").to_pylist()
    assert len(metrics) == report.points == 8
    assert [m["value"] for m in metrics if m["key"] == "loss/train"] == [1 / (i + 1) for i in range(5)]
    assert {r["lifecycle_stage"] for r in pq.read_table(tmp_path / "out" / "runs.parquet").to_pylist()} == {
        "active", "deleted",
    }  # fmt: skip
    assert next((tmp_path / "out" / "artifacts").rglob("ü.txt")).read_text() == "hello"


def test_csv_comes_back(tmp_path: Path) -> None:
    some_runs()
    before = tracker.runs().iloc[0]
    tracker.export(tmp_path / "runs.csv", tracker.runs())
    tracker.set_tracking_uri(tmp_path / "other")
    report = import_from(tmp_path / "runs.csv")
    after = tracker.runs().iloc[0]
    for column in ("run_id", "name", "status", "params.C", "params.kernel", "metrics.loss/train", "metrics.inf"):
        assert after[column] == before[column], column
    assert abs((after.start_time - before.start_time).total_seconds()) < 0.001 and report.runs == 1


def test_mistakes_are_told(tmp_path: Path) -> None:
    some_runs()
    with pytest.raises(AlreadyExists, match="something at"):
        tracker.export(tmp_path, to="zip")
    with pytest.raises(InvalidValue, match="does not say in which format"):
        tracker.export(tmp_path / "x")
    with pytest.raises(NotFound, match="no run 'nope'"):
        tracker.export(tmp_path / "x.zip", "nope")
    with pytest.raises(InvalidValue, match="zip, mlflow, parquet, csv"):
        tracker.export(tmp_path / "x", to="xml")  # type: ignore[arg-type]


def test_on_the_command_line(tmp_path: Path) -> None:
    some_runs()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tracker", *arguments], capture_output=True, text=True, env=os.environ.copy()
        )

    done = run("export", "a é", "--to", "zip", "-o", "a.zip")
    assert done.returncode == 0 and "1 runs, 7 points, 1 artifacts" in done.stdout
    done = run("--store", "other", "import", "a.zip")
    assert done.returncode == 0 and "1 runs of 1 experiments imported" in done.stdout
    done = run("export", "-o", "a.zip")
    assert done.returncode == 1 and "something at" in done.stderr
