"""`tracker gc`: what is deleted goes for good, what is kept stays whole, whatever is killed when and whoever is at it.

`TRACKER_TEST_KILLS` (6) makes it larger.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import tracker
from tracker.query import Reader, garbage
from tracker.store import Store, open_store

KILLS = int(os.environ.get("TRACKER_TEST_KILLS", "6"))
Python = Callable[..., subprocess.CompletedProcess[str]]

# Runs with points, a parameter, a tag and a file, some of them deleted; says which.
MAKE = """
import json, sys, tracker
ids = {}
for name in sys.argv[1].split(","):
    with tracker.start_run(run_name=name) as run:
        tracker.log_metrics({"a": 1.0, "b": 2.0})
        tracker.log_metric("a", 3.0)
        tracker.log_param("lr", 0.1)
        tracker.log_text("text of " + name, "note.txt")
    ids[name] = run.info.run_id
    if name.startswith("dead"):
        tracker.delete_run(run.info.run_id)
print(json.dumps(ids))
"""


def make(folder: Path, *names: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", MAKE, ",".join(names)], cwd=folder, capture_output=True, text=True, check=True
    )
    ids: dict[str, str] = json.loads(done.stdout)
    return ids


def gc(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "gc", *words], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(store: Store, run: str, asked: Reader | None = None) -> dict[str, int]:
    """How much the store shows of a run, everywhere that it could."""
    cursor = (asked or Reader(store)).cursor()
    views = ("runs", "params", "metrics", "latest_metrics", "tags", "artifacts")
    counts = {}
    for view in views:
        row = cursor.execute(f"SELECT count(*) FROM {view} WHERE run_id = $r", {"r": run}).fetchone()
        counts[view] = row[0] if row else 0
    counts["files"] = len(list((store.root / "artifacts" / run).glob("*")))
    return counts


def is_whole(counts: dict[str, int]) -> bool:
    tags = counts.pop("tags")
    return tags > 3 and counts == {
        "runs": 1, "params": 1, "metrics": 3, "latest_metrics": 2, "artifacts": 1, "files": 1
    }  # fmt: skip


def is_gone(counts: dict[str, int]) -> bool:
    return not any(counts.values())


def bytes_with(root: Path, text: str) -> list[Path]:
    """The store's files that hold a text: in journals as it is, in segments by DuckDB."""
    import duckdb

    found = [path for path in root.glob("journal/*") if text in path.read_text()]
    for path in root.glob("segments/*/*.parquet"):
        named = duckdb.execute("FROM read_parquet($f) WHERE r = $r", {"f": str(path), "r": text}).fetchall()
        found += [path] if [row for row in named if row[0] != "purge"] else []
    return found


def test_it_says_first_and_frees_after(tmp_path: Path) -> None:
    ids = make(tmp_path, "kept", "dead")
    store = open_store(tmp_path / ".tracker")
    for words in ((), ("--dry-run",)):
        said = gc(tmp_path, *words)
        assert "1 deleted: dead" in said and "1 · 12 B of these runs" in said and "Nothing was freed." in said
        assert is_whole(rows_of(store, ids["dead"]))
    assert "Freed" in gc(tmp_path, "--yes")
    assert is_gone(rows_of(store, ids["dead"]))
    assert is_whole(rows_of(store, ids["kept"]))
    left = bytes_with(store.root, ids["dead"])
    assert len(left) == 1 and left[0].suffix == ".ndjson" and left[0].read_text().count("\n") == 1  # its purge
    assert "Nothing to free." in gc(tmp_path, "--yes")


@pytest.mark.parametrize("seal", [False, True])
def test_a_purged_run_stays_gone_for_readers_that_follow_and_after_sealing(tmp_path: Path, seal: bool) -> None:
    ids = make(tmp_path, "kept", "dead", "dead2")
    make(tmp_path, "other")
    store = open_store(tmp_path / ".tracker")
    if seal:
        assert store.seal()
    following = Reader(store)
    following.cursor().execute("SELECT run_id FROM runs").fetchall()
    gc(tmp_path, "--yes")
    for _ in range(2):
        shown = {name for (name,) in following.cursor().execute("SELECT name FROM runs").fetchall()}
        assert shown == {"kept", "other"}
        points = following.cursor().execute("SELECT DISTINCT run_id FROM metrics").fetchall()
        assert len(points) == 2
        assert is_gone(rows_of(store, ids["dead"])) and is_gone(rows_of(store, ids["dead2"]))
        assert is_whole(rows_of(store, ids["kept"]))
        store.seal(keep_seconds=0)


def test_a_purged_run_is_not_revived_by_restoring_nor_by_an_older_copy(tmp_path: Path, python: Python) -> None:
    ids = make(tmp_path, "dead", "kept")
    shutil.copytree(tmp_path / ".tracker", tmp_path / "copy")
    store = open_store(tmp_path / ".tracker")
    gc(tmp_path, "--yes")
    with pytest.raises(tracker.exceptions.TrackerError, match="no run"):
        tracker.restore_run(ids["dead"])
    for _ in range(2):
        shutil.copytree(tmp_path / "copy", store.root, dirs_exist_ok=True)
        counts = rows_of(store, ids["dead"])
        counts.pop("files")  # they came back with the copy, as files of no run
        assert is_gone(counts) and is_whole(rows_of(store, ids["kept"]))
        assert "orphaned" in gc(tmp_path, "--yes")
        assert is_gone(rows_of(store, ids["dead"]))
        store.seal(keep_seconds=0)


def test_age_experiment_and_what_still_runs(tmp_path: Path) -> None:
    tracker.set_experiment("one")
    with tracker.start_run(run_name="in one") as one:
        pass
    tracker.set_experiment("two")
    with tracker.start_run(run_name="in two") as two:
        pass
    running = tracker.start_run(run_name="running")
    for run in (one, two, running):
        tracker.delete_run(run.info.run_id)
    store = tracker.MlflowClient().store
    assert "Nothing to free" in gc(tmp_path, "--older-than", "1h")
    said = gc(tmp_path, "--yes", "--experiment", "one")
    assert "1 deleted: in one" in said and "in two" not in said
    assert is_gone(rows_of(store, one.info.run_id)) and rows_of(store, two.info.run_id)["runs"] == 1
    said = gc(tmp_path, "--yes")
    assert "in two" in said and "running is still being written" in said
    assert rows_of(store, running.info.run_id)["runs"] == 1
    tracker.end_run()
    assert "running" in gc(tmp_path, "--yes", "--older-than", "0s")


def test_a_deleted_experiment_goes_with_its_runs_and_its_name_is_free(tmp_path: Path) -> None:
    old = tracker.set_experiment("study").experiment_id
    with tracker.start_run() as run:
        tracker.log_metric("a", 1)
    tracker.delete_experiment(old)
    assert "1 deleted: study" in gc(tmp_path, "--yes")
    assert is_gone(rows_of(tracker.MlflowClient().store, run.info.run_id))
    with pytest.raises(tracker.exceptions.TrackerError):
        tracker.get_experiment(old)
    new = tracker.create_experiment("study")
    assert new != old and tracker.get_experiment(new).lifecycle_stage == "active"
    assert [e.name for e in tracker.search_experiments(view_type=3) if e.name == "study"] == ["study"]


def test_orphans_go_unless_they_may_belong_to_a_damaged_run(tmp_path: Path) -> None:
    ids = make(tmp_path, "kept")
    artifacts = tmp_path / ".tracker" / "artifacts"
    orphan, stranger, outside = artifacts / ("0" * 32), artifacts / "notes", tmp_path / "outside"
    for folder in (orphan, stranger, outside):
        folder.mkdir()
        (folder / "f").write_text("x")
    (artifacts / ("1" * 32)).symlink_to(outside)
    torn = tmp_path / ".tracker" / "journal" / "torn.ndjson"
    torn.write_text('{"e":"run",\n')
    assert "may belong to runs in damaged files" in gc(tmp_path, "--yes")
    assert orphan.exists()
    torn.unlink()
    assert "Nothing to free" in gc(tmp_path, "--older-than", "1h")
    assert "2 folders of artifacts without a run" in gc(tmp_path, "--yes")
    assert sorted(p.name for p in artifacts.iterdir()) == sorted([ids["kept"], "notes"])
    assert (outside / "f").exists()


def test_a_run_stays_while_a_version_of_a_model_uses_it(tmp_path: Path) -> None:
    ids = make(tmp_path, "dead")
    client = tracker.MlflowClient(str(tmp_path / ".tracker"))
    client.create_registered_model("m")
    client.create_model_version("m", source=f"runs:/{ids['dead']}/note.txt", run_id=ids["dead"])
    assert "dead belongs to a registered model" in gc(tmp_path, "--yes")
    assert is_whole(rows_of(open_store(tmp_path / ".tracker"), ids["dead"]))
    client.delete_model_version("m", "1")
    assert "1 deleted: dead" in gc(tmp_path, "--yes")


@pytest.mark.timeout(300 + 10 * KILLS)
def test_killed_at_any_instant_a_run_is_whole_or_gone(tmp_path: Path) -> None:
    chance = random.Random(5)
    store = open_store(tmp_path / ".tracker")
    ids: dict[str, str] = {}
    for n in range(KILLS):
        ids |= make(tmp_path, f"kept{n}", f"dead{n}")
        if n % 3 == 0:
            store.seal(keep_seconds=0)
        collector = subprocess.Popen([sys.executable, "-m", "tracker", "gc", "--yes"], cwd=tmp_path, stdout=-3)
        time.sleep(0.25 + chance.random() * 0.5)
        collector.send_signal(signal.SIGKILL)
        collector.wait()
        asked = Reader(store)
        for name, run in ids.items():
            counts = rows_of(store, run, asked)
            files = counts["files"]
            if name.startswith("kept") or counts["runs"]:
                assert is_whole(counts), (name, counts)
            else:
                counts.pop("files")  # files of a run that is gone go next time
                assert is_gone(counts) and files in (0, 1), (name, counts)
    gc(tmp_path, "--yes")
    for name, run in ids.items():
        assert (is_whole if name.startswith("kept") else is_gone)(rows_of(store, run)), name
    assert not [p for p in (tmp_path / ".tracker" / "artifacts").iterdir() if p.name.startswith(".")]


def test_writers_and_readers_beside_it_notice_nothing(tmp_path: Path) -> None:
    make(tmp_path, "first")
    store = open_store(tmp_path / ".tracker")
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        following = Reader(store)
        while not done.is_set():
            try:
                cursor = following.cursor()
                rows = cursor.execute(
                    "SELECT run_id, count(*) FROM metrics JOIN runs USING (run_id) GROUP BY 1"
                ).fetchall()
                wrong.extend(row for row in rows if row[1] != 3)
                following.cursor().execute("SELECT key FROM runs JOIN tags USING (run_id)").fetchall()
            except Exception as error:
                wrong.append(error)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for thread in readers:
        thread.start()
    for n in range(4):
        writer = subprocess.Popen([sys.executable, "-c", MAKE, f"kept{n},dead{n}"], cwd=tmp_path, stdout=-3)
        garbage.free(store, garbage.find(store))
        writer.wait()
    done.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    garbage.free(store, garbage.find(store))
    names = {name for (name,) in Reader(store).cursor().execute("SELECT name FROM runs").fetchall()}
    assert names == {"first", *(f"kept{n}" for n in range(4))}
