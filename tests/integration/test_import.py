"""Runs of other trackers come in whole: `tests/imports` holds what MLflow 3.17 wrote, and what it reads back from it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import tracker
import tracker.query
from tracker.entities import ViewType
from tracker.exceptions import InvalidState, InvalidValue
from tracker.interop.importing import ELSEWHERE, MARK, import_from
from tracker.store import locks
from tracker.tracking import logged_models, model_records

WRITTEN = Path(__file__).parents[1] / "imports"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN / "mlruns", tmp_path / "elsewhere" / "mlruns"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    connection = sqlite3.connect(path)
    connection.executescript((WRITTEN / "mlflow.sql").read_text())
    connection.close()
    return path


def everything() -> dict[str, Any]:
    """The store as MLflow's client tells it, in the form of the recorded files; our own marks left out."""
    client = tracker.MlflowClient()
    found = {}
    for experiment in client.search_experiments(ViewType.ALL):
        runs = {}
        for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL):
            info, data = run.info, run.data
            history = {
                key: sorted([p.step, p.timestamp, repr(p.value)] for p in client.get_metric_history(info.run_id, key))
                for key in data.metrics
            }
            inputs = [
                [d.name, d.digest, d.source_type, d.source, d.schema, d.profile, {tag.key: tag.value for tag in i.tags}]
                for i in run.inputs.dataset_inputs
                for d in [i.dataset]
            ]
            tags = {key: value for key, value in data.tags.items() if key not in (MARK, ELSEWHERE)}
            runs[info.run_id] = {
                "name": info.run_name, "status": info.status, "start": info.start_time, "end": info.end_time,
                "stage": info.lifecycle_stage, "user": info.user_id, "params": data.params, "tags": tags,
                "history": history, "inputs": inputs,
            }  # fmt: skip
        found[experiment.name] = {"stage": experiment.lifecycle_stage, "tags": experiment.tags, "runs": runs}
    return found


def recorded(file: str) -> dict[str, Any]:
    """What MLflow reads back, with the differences that we mean: a run that never ended is not RUNNING, infinities are
    kept, the user and the name are tags too, and of an experiment's tags none are MLflow's own."""
    told: dict[str, Any] = json.loads((WRITTEN / file).read_text())
    for experiment in told.values():
        experiment["tags"] = {k: v for k, v in experiment["tags"].items() if not k.startswith("mlflow.")}
        for run in experiment["runs"].values():
            if run["status"] == "RUNNING":
                run.update(status="KILLED", end=run["start"])
            run["tags"].setdefault("mlflow.user", run["user"])
            run["tags"].setdefault("mlflow.runName", run["name"])
            for points in run["history"].values():
                for point in points:
                    point[2] = point[2].replace("1.7976931348623157e+308", "inf")
    return told


def without_own_tags(store: dict[str, Any]) -> dict[str, Any]:
    for experiment in store.values():
        experiment["tags"] = {k: v for k, v in experiment["tags"].items() if not k.startswith("mlflow.")}
    return store


def test_a_folder_comes_in_to_the_last_value(folder: Path) -> None:
    report = import_from(folder)
    assert without_own_tags(everything()) == recorded("mlruns.json")
    assert (report.runs, report.never_ended, report.files, report.skipped) == (6, 1, 2, [])
    parent = tracker.search_runs(search_all_experiments=True, filter_string="name = 'parent é'").iloc[0].run_id
    assert tracker.artifacts.load_text(f"runs:/{parent}/dir/with space/a.txt") == "hello"
    assert "6 runs of 4 experiments" in str(report) and "1 runs had never ended" in str(report)


def test_a_database_comes_in_to_the_last_value(database: Path) -> None:
    report = import_from(database)
    assert without_own_tags(everything()) == recorded("database.json")
    assert (report.runs, report.skipped) == (6, [])
    run = next(iter(recorded("database.json")["iris"]["runs"]))
    assert tracker.get_run(run).data.tags[ELSEWHERE].startswith("/home/ada/")


@pytest.mark.parametrize("source", ["folder", "database"])
def test_registered_models_keep_their_numbers(source: str, request: pytest.FixtureRequest) -> None:
    place = request.getfixturevalue(source)
    assert import_from(place).versions == 2
    assert import_from(place).versions == 0
    client = tracker.MlflowClient()
    model = client.get_registered_model("M")
    assert (model.description, model.tags) == ("d", {"k": "v"})
    versions = {v.version: v for v in client.search_model_versions("name = 'M'")}
    assert {number: v.current_stage for number, v in versions.items()} == {1: "None", 3: "Production"}
    first = client.get_model_version_by_alias("M", "champion")
    assert (first.version, first.description, first.tags["t"]) == (1, "first", "1")
    parent = tracker.runs(where="name = 'parent é'").iloc[0].run_id
    assert first.run_id == parent and first.source == f"runs:/{parent}/dir"
    assert client.create_model_version("M", "models:/M/1").version == 4
    assert import_from(place).versions == 0


def test_numbers_and_truth_values_get_their_types(folder: Path) -> None:
    import_from(folder)
    row = tracker.runs(where="name = 'parent é'").iloc[0]
    assert (row["params.C"], row["params.n"], row["params.text"]) == (1.5, 7, "007")
    assert row["params.flag"] is True or row["params.flag"] == True  # noqa: E712


def test_again_changes_nothing_and_keeps_edits(folder: Path) -> None:
    first = import_from(folder)
    run = tracker.search_runs(search_all_experiments=True, filter_string="name = 'parent é'").iloc[0].run_id
    tracker.MlflowClient().set_tag(run, "mlflow.runName", "mine")
    before = everything()
    again = import_from(folder)
    assert (again.runs, again.points, again.already) == (0, 0, first.runs)
    assert everything() == before
    assert tracker.get_run(run).info.run_name == "mine"


def test_what_was_cut_off_goes_on(folder: Path, tmp_path: Path) -> None:
    """SIGKILL at many instants; each time it goes on, and at the end nothing is lost and nothing doubled."""
    metric = next(folder.glob("*/*/metrics/loss"))
    metric.write_text("".join(f"{1_700_000_000_000 + i} {i / 7} {i}\n" for i in range(20_000)))
    program = "from tracker.interop.importing import import_from; print('go', flush=True); import_from({!r})"
    kills = 0
    for i in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", program.format(str(folder))], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            assert child.stdout is not None and child.stdout.readline()
            time.sleep(0.02 + 0.04 * i)
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                kills += 1
    assert kills
    import_from(folder)
    told = recorded("mlruns.json")
    found = without_own_tags(everything())
    run = metric.parts[-3]
    assert len(found["iris"]["runs"][run]["history"].pop("loss")) == 20_000
    told["iris"]["runs"][run]["history"].pop("loss")
    assert found == told


def test_a_run_of_our_own_is_left_alone(folder: Path) -> None:
    import_from(folder)
    tracker.set_experiment("ours")
    with tracker.start_run() as run:
        tracker.log_metric("m", 1.0)
    own = run.info.run_id
    metric = next(folder.glob("*/*/metrics/loss"))
    metric.parents[1].rename(metric.parents[2] / own)
    report = import_from(folder)
    assert report.points == 0
    assert set(tracker.get_run(own).data.metrics) == {"m"}


def test_half_written_folders_cost_themselves(folder: Path) -> None:
    runs = sorted(path.parents[1] for path in folder.glob("*/*/metrics/*"))
    metric = next(folder.glob("*/*/metrics/loss"))
    metric.write_text(metric.read_text() + "17952\n1795274181059 x 3\n")
    (next(folder.glob("*/*/params/C"))).write_text("")
    torn = next(run for run in runs if run != metric.parents[1])
    (torn / "meta.yaml").write_text("start_time: [")
    lonely = folder / metric.parts[-4] / ("a" * 32)
    lonely.mkdir()
    (metric.parents[1] / "artifacts" / "link").symlink_to("/etc/passwd")
    report = import_from(folder)
    reasons = "\n".join(f"{one.what}: {one.why}" for one in report.skipped)
    assert "line 51: it is no point" in reasons and "line 52: it is no point" in reasons
    assert f"{torn / 'meta.yaml'}: it cannot be read" in reasons
    assert f"{lonely}: its meta.yaml is missing" in reasons
    assert "link" in reasons
    run = tracker.get_run(metric.parents[1].name)
    assert run.data.params["C"] == "" and len(tracker.history(run.info.run_id, keys=["loss"])) == 50
    assert tracker.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="link") == []


def test_values_that_cannot_be_cost_themselves(folder: Path) -> None:
    metric = next(folder.glob("*/*/metrics/loss"))
    metric.write_text(f"1 1.0 {1 << 70}\n{1 << 70} 2.0 1\n1700000000000 3.0 {-(1 << 63)}\n-5 1e999 2\n")
    next(folder.glob("*/*/meta.yaml")).write_text("start_time: [1, 2]\nstatus: {}\nend_time: yes\nrun_name: [x]\n")
    report = import_from(folder)
    assert len([one for one in report.skipped if "64 bits" in one.why]) == 2
    values = tracker.sql("SELECT step, value FROM metrics WHERE key = 'loss' ORDER BY step")
    assert list(values.value) == [3.0, float("inf")]
    assert not tracker.query.reader(tracker.tracking.current_store()).damaged


def test_an_older_schema_is_read(database: Path) -> None:
    connection = sqlite3.connect(database)
    for table in ("inputs", "input_tags", "datasets", "experiment_tags"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("CREATE TABLE old AS SELECT key, value, timestamp, run_uuid FROM metrics")
    connection.execute("DROP TABLE metrics")
    connection.execute("ALTER TABLE old RENAME TO metrics")
    connection.commit()
    connection.close()
    report = import_from(database)
    assert (report.runs, report.skipped) == (6, [])
    assert len(tracker.history(tracker.runs(where="name = 'parent é'").run_id, keys=["loss"])) == 50


def test_moved_artifacts_leave_the_folder(folder: Path) -> None:
    import_from(folder, artifacts="move")
    assert not list(folder.glob("**/artifacts/**/*.txt"))
    run = tracker.runs(where="name = 'parent é'").iloc[0].run_id
    assert tracker.artifacts.load_text(f"runs:/{run}/dir/with space/a.txt") == "hello"


def test_linked_artifacts_take_no_space(folder: Path) -> None:
    assert import_from(folder, artifacts="link").files == 2
    text = next(folder.glob("**/artifacts/**/a.txt"))
    run = tracker.runs(where="name = 'parent é'").iloc[0].run_id
    here = tracker.tracking.current_store().artifact_root(run) / "dir" / "with space" / "a.txt"
    assert here.samefile(text)
    shutil.rmtree(folder)
    assert tracker.artifacts.load_text(f"runs:/{run}/dir/with space/a.txt") == "hello"


def test_one_import_at_a_time(folder: Path) -> None:
    import_from(folder)
    with locks.exclusive(tracker.tracking.current_store().root / "import.lock") as alone:
        assert alone
        with pytest.raises(InvalidState, match="under way"):
            import_from(folder)


def test_what_cannot_be_imported_is_told(tmp_path: Path) -> None:
    for place, said in ((tmp_path / "no", "There is nothing at"), (tmp_path, "nothing that can be imported")):
        with pytest.raises(InvalidValue, match=said):
            import_from(place)
    with pytest.raises(InvalidValue, match="copy, move, link, reference"):
        import_from(tmp_path, artifacts="steal")  # type: ignore[arg-type]


def test_a_csv_table_of_runs(tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Name", "State", "lr", "depth", "accuracy", "tags.team", "metrics.loss"])
        table.writerow(["a", "finished", "0.001", "3", "0.91", "x", "0.5"])
        table.writerow(["b", "crashed", "0.01", "4", "0.87", "", "nan"])
    report = import_from(path)
    assert (report.runs, report.skipped) == (2, [])
    runs = tracker.runs("sweep").set_index("name")
    assert list(runs.loc[["a", "b"], "status"]) == ["FINISHED", "FAILED"]
    assert list(runs.loc[["a", "b"], "params.depth"]) == [3, 4]
    assert list(runs.loc[["a", "b"], "metrics.accuracy"]) == [0.91, 0.87]
    assert runs.loc["a", "tags.team"] == "x" and runs.loc["b", "metrics.loss"] != runs.loc["b", "metrics.loss"]
    assert import_from(path).already == 2


def test_from_the_command_line(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "import", str(folder)], capture_output=True, text=True, env=os.environ.copy()
    )
    assert done.returncode == 0 and "6 runs of 4 experiments imported" in done.stdout
    assert len(tracker.runs()) == 4
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "import", "/nowhere"], capture_output=True, text=True, env=os.environ.copy()
    )
    assert done.returncode == 1 and done.stderr.startswith("tracker: There is nothing at /nowhere")


# -- MLflow 3's logged models


@pytest.mark.parametrize("kind", ["folder", "database"])
def test_logged_models_come_in(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    if kind == "folder":
        shutil.copytree(WRITTEN / "logged_models", place)
    else:
        with sqlite3.connect(place) as connection:
            connection.executescript((WRITTEN / "logged_models.sql").read_text())
        connection.close()
    report = import_from(place)
    assert (report.runs, report.versions, report.skipped) == (1, 1, [])
    store = tracker.tracking.current_store()
    models = {model.name: model for model in model_records.every(store)}
    assert set(models) == {"clf", "ext"}
    model, run = models["clf"], tracker.runs("lm").iloc[0]
    assert (model.run_id, model.status, model.model_type, model.params) == (run.run_id, "READY", "sk", {"C": "1.5"})
    assert model.tags["k"] == "ü" and model.created > 1_700_000_000_000
    assert [(p["value"], p["step"], p["run_id"]) for p in model.metrics] == [
        (0.5, 1, run.run_id),
        (0.75, 2, run.run_id),
    ]
    assert tracker.get_run(run.run_id).data.tags[f"tracker.mlflow.made.{model.id}"] == "2"
    version = tracker.MlflowClient().get_model_version("Reg", 1)
    assert version.model_id == model.id
    if kind == "database":  # its files are not on this machine: it says where they are
        assert model.location == version.source and version.source.startswith("/home/ada/")
    if kind == "folder":
        assert report.files == 3
        assert tracker.artifacts.load_text(f"runs:/{run.run_id}/clf/w.bin") == "weights"
        folder = logged_models.folder_of(store, model.id)
        assert folder is not None and (folder / "w.bin").read_text() == "weights"
    before = everything()
    again = import_from(place)
    assert (again.runs, again.files, again.versions) == (0, 0, 0) and everything() == before
    assert len(model_records.every(store)) == 2 and len(model_records.get(store, model.id).metrics) == 2


def test_a_version_whose_model_is_nowhere_costs_itself(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "lost.db") as connection:
        connection.executescript((WRITTEN / "logged_models.sql").read_text())
        connection.execute("DELETE FROM logged_models")
    connection.close()
    report = import_from(tmp_path / "lost.db")
    assert (report.runs, report.versions) == (1, 0)
    assert [one.what for one in report.skipped] == ["model 'Reg', version 1"]
