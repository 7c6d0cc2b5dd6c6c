"""The reader over journals: what holds now, whose runs live, what damage costs, and that reading disturbs nothing."""

from __future__ import annotations

import fcntl
import json
import math
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracker.query import Reader, reader
from tracker.store import Store, open_store

START = 1_767_225_600_000_000  # 2026-01-01, µs


def write(store: Store, journal: str, *events: dict[str, Any] | bytes) -> Path:
    """Append events (or raw bytes) to a journal by hand, as the documented format has them."""
    folder = store.root / "journal"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{journal}.ndjson"
    with open(path, "ab") as file:
        for event in events:
            file.write(event if isinstance(event, bytes) else json.dumps(event, separators=(",", ":")).encode() + b"\n")
    return path


def run(name: str = "r", t: int = START, **more: Any) -> dict[str, Any]:
    return {"e": "run", "r": name, "x": "0", "v": more, "t": t}


def metric(value: Any, step: int = 0, t: int = START, key: str = "m", name: str = "r") -> dict[str, Any]:
    return {"e": "metric", "r": name, "k": key, "v": value, "s": step, "t": t}


def ask(store: Store, query: str) -> list[tuple[Any, ...]]:
    return reader(store).cursor().execute(query).fetchall()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / ".tracker")


@pytest.fixture
def held() -> Iterator[Any]:
    """Holds a journal as its living owner does."""
    files: list[Any] = []

    def hold(path: Path) -> None:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)
        files.append(file)

    def release() -> None:
        while files:
            files.pop().close()

    hold.release = release  # type: ignore[attr-defined]
    yield hold
    release()


VIEWS = ["runs", "params", "metrics", "latest_metrics", "tags", "artifacts", "datasets", "experiments"]


@pytest.mark.parametrize("view", VIEWS)
def test_empty_place_reads_as_an_empty_store_and_stays_untouched(store: Store, view: str) -> None:
    assert ask(store, f"SELECT count(*) FROM {view}") == [(0,)]
    assert not store.root.exists()


def test_latest_event_holds_whatever_journal_it_is_in(store: Store) -> None:
    write(
        store, "b", run(),
        {"e": "param", "r": "r", "k": "p", "v": "late", "t": START + 9},
        {"e": "tag", "r": "r", "k": "gone", "v": "x", "t": START + 1},
        {"e": "tag", "r": "r", "k": "back", "v": None, "t": START + 1},
        {"e": "param", "r": "r", "k": "tie", "v": "b", "t": START + 5},
    )  # fmt: skip
    write(
        store, "a",
        {"e": "param", "r": "r", "k": "p", "v": "early", "t": START + 3},
        {"e": "tag", "r": "r", "k": "gone", "v": None, "t": START + 2},
        {"e": "tag", "r": "r", "k": "back", "v": "y", "t": START + 2},
        {"e": "param", "r": "r", "k": "tie", "v": "a", "t": START + 5},
    )  # fmt: skip
    assert ask(store, "SELECT key, value FROM params ORDER BY key") == [("p", "late"), ("tie", "b")]
    assert ask(store, "SELECT key, value FROM tags") == [("back", "y")]


@pytest.mark.parametrize(
    ("points", "latest"),
    [
        ([(0, 0, 1.0), (1, 0, 2.0), (0, 9, 3.0)], 2.0),
        ([(1, 5, 1.0), (1, 7, 2.0), (1, 6, 3.0)], 2.0),
        ([(1, 5, 1.0), (1, 5, 3.0), (1, 5, 2.0)], 3.0),
        ([(1, 5, "NaN"), (1, 5, -9.0)], -9.0),
        ([(-3, 0, 1.0), (-5, 0, 2.0)], 1.0),
        ([(0, 0, 1.0), (1, 0, "-Infinity")], -math.inf),
    ],
)
def test_latest_metric_is_greatest_by_step_time_value(store: Store, points: list[Any], latest: float) -> None:
    write(store, "a", run(), *(metric(v, s, START + t) for s, t, v in points))
    assert ask(store, "SELECT value, points FROM latest_metrics") == [(latest, len(points))]


def test_not_finite_values_survive(store: Store) -> None:
    write(store, "a", run(), *(metric(v, i) for i, v in enumerate(["NaN", "Infinity", "-Infinity", 1e-300])))
    values = [v for (v,) in ask(store, "SELECT value FROM metrics ORDER BY step")]
    assert math.isnan(values[0]) and values[1:] == [math.inf, -math.inf, 1e-300]


def test_parameters_keep_their_types(store: Store) -> None:
    values = {"int": 7, "float": 7.0, "text": "7", "bool": True, "none": None, "list": [1, "a"], "big": 2**63 + 1}
    write(store, "a", run(), *({"e": "param", "r": "r", "k": k, "v": v, "t": START} for k, v in values.items()))
    assert ask(store, "SELECT key, type, value, number, json FROM params ORDER BY key") == [
        ("big", "float", "9223372036854775809", 2.0**63, "9223372036854775809"),
        ("bool", "bool", "true", None, "true"),
        ("float", "float", "7.0", 7.0, "7.0"),
        ("int", "int", "7", 7.0, "7"),
        ("list", "json", '[1,"a"]', None, '[1,"a"]'),
        ("none", "null", None, None, "null"),
        ("text", "string", "7", 7.0, '"7"'),
    ]


# -- runs


RUN = "SELECT status, epoch_us(start_time), epoch_us(end_time), duration FROM runs"


def test_ended_run(store: Store) -> None:
    write(store, "a", run(), {"e": "end", "r": "r", "v": {"status": "FAILED"}, "t": START + 1_500_000})
    assert ask(store, RUN) == [("FAILED", START, START + 1_500_000, 1.5)]


def test_start_and_end_as_told_by_the_caller(store: Store) -> None:
    write(
        store, "a", run(start=1_000), {"e": "end", "r": "r", "v": {"status": "FINISHED", "end": 3_250}, "t": START + 1}
    )
    assert ask(store, RUN) == [("FINISHED", 1_000_000, 3_250_000, 2.25)]


def test_run_is_running_while_its_owner_lives_and_killed_at_its_last_event_after(store: Store, held: Any) -> None:
    held(write(store, "a", run(), metric(1.0, t=START + 2_000_000)))
    write(store, "b", {"e": "tag", "r": "r", "k": "seen", "v": "later", "t": START + 60_000_000})
    assert ask(store, RUN) == [("RUNNING", START, None, None)]
    held.release()
    assert ask(store, RUN) == [("KILLED", START, START + 2_000_000, 2.0)]


def test_resumed_run_lives_in_the_journal_that_resumed_it(store: Store, held: Any) -> None:
    write(store, "a", run(), {"e": "end", "r": "r", "v": {"status": "FINISHED"}, "t": START + 1})
    held(write(store, "b", {"e": "resume", "r": "r", "t": START + 5_000_000}))
    assert ask(store, RUN) == [("RUNNING", START, None, None)]
    held.release()
    assert ask(store, RUN) == [("KILLED", START, START + 5_000_000, 5.0)]
    write(store, "c", {"e": "end", "r": "r", "v": {"status": "FINISHED"}, "t": START + 9_000_000})
    assert ask(store, RUN) == [("FINISHED", START, START + 9_000_000, 9.0)]


def test_names_note_parent_user_and_star_come_from_tags(store: Store) -> None:
    tags = {
        "mlflow.runName": "owl", "mlflow.note.content": "n", "mlflow.parentRunId": "p", "mlflow.user": "ada", "tracker.star": "true",
    }  # fmt: skip
    write(store, "a", run(), *({"e": "tag", "r": "r", "k": k, "v": v, "t": START + 1} for k, v in tags.items()))
    assert ask(store, 'SELECT name, note, parent_run_id, "user", star FROM runs') == [("owl", "n", "p", "ada", True)]


def test_deleted_run_and_run_of_a_deleted_experiment(store: Store) -> None:
    write(
        store, "a", run("mine"), {**run("theirs"), "x": "77"}, run("kept"),
        {"e": "experiment", "x": "77", "v": {"name": "theirs"}, "t": START},
        {"e": "state", "r": "mine", "v": "deleted", "t": START + 1},
        {"e": "experiment.state", "x": "77", "v": "deleted", "t": START + 1},
    )  # fmt: skip
    query = "SELECT run_id, experiment, lifecycle_stage FROM runs ORDER BY run_id"
    assert ask(store, query) == [
        ("kept", "Default", "active"),
        ("mine", "Default", "deleted"),
        ("theirs", "theirs", "deleted"),
    ]
    write(store, "b", {"e": "state", "r": "mine", "v": "active", "t": START + 2})
    assert ask(store, "SELECT lifecycle_stage FROM runs WHERE run_id = 'mine'") == [("active",)]


def test_experiment_renamed_is_renamed_in_its_runs(store: Store) -> None:
    write(store, "a", {"e": "experiment", "x": "0", "v": {"name": "Default"}, "t": START}, run())
    assert ask(store, "SELECT experiment FROM runs") == [("Default",)]
    write(store, "a", {"e": "experiment.name", "x": "0", "v": "iris", "t": START + 1})
    write(store, "a", {"e": "experiment.tag", "x": "0", "k": "team", "v": "blue", "t": START + 1})
    assert ask(store, "SELECT experiment FROM runs") == [("iris",)]
    assert ask(store, "SELECT name, tags['team'] FROM experiments") == [("iris", "blue")]


def test_artifacts_and_datasets(store: Store) -> None:
    dataset = {"digest": "d1", "source_type": "local", "source": "s", "tags": {"mlflow.data.context": "train"}}
    write(
        store, "a", run(),
        {"e": "artifact", "r": "r", "k": "model/weights.bin", "v": {"size": 10}, "t": START},
        {"e": "artifact", "r": "r", "k": "model/weights.bin", "v": {"size": 12}, "t": START + 1},
        {"e": "input", "r": "r", "k": "iris", "v": dataset, "t": START},
        {"e": "input", "r": "r", "k": "iris", "v": dataset | {"tags": {"mlflow.data.context": "test"}}, "t": START},
    )  # fmt: skip
    assert ask(store, "SELECT artifact_uri FROM runs") == [(store.artifact_root("r").as_uri(),)]
    assert ask(store, "SELECT path, size FROM artifacts") == [("model/weights.bin", 12)]
    assert ask(store, "SELECT name, digest, context FROM datasets ORDER BY context") == [
        ("iris", "d1", "test"),
        ("iris", "d1", "train"),
    ]


# -- following


def test_each_cursor_sees_what_was_written_before_it(store: Store, held: Any) -> None:
    held(write(store, "live", run()))
    for step in range(3):
        write(store, "live", metric(float(step), step))
        write(store, f"other{step}", run(f"o{step}"))
        assert ask(store, "SELECT count(*) FROM metrics") == [(step + 1,)]
        assert ask(store, "SELECT count(*) FROM runs") == [(step + 2,)]
    held.release()
    assert ask(store, "SELECT count(*), max(value) FROM metrics") == [(3, 2.0)]


def test_old_cursor_goes_on_working_while_the_store_grows(store: Store) -> None:
    write(store, "a", run())
    old = reader(store).cursor()
    write(store, "b", run("s"))
    assert ask(store, "SELECT count(*) FROM runs") == [(2,)]
    assert old.execute("SELECT count(*) FROM runs").fetchall() == [(2,)]


def test_journal_that_vanishes_takes_its_runs_along(store: Store) -> None:
    write(store, "a", run("a"), metric(1.0, name="a"))
    path = write(store, "b", run("b"), metric(2.0, name="b"))
    assert ask(store, "SELECT count(*) FROM runs") == [(2,)]
    path.unlink()
    assert ask(store, "SELECT run_id FROM runs") == [("a",)]
    assert ask(store, "SELECT value FROM latest_metrics") == [(1.0,)]


def test_journal_that_vanishes_between_listing_and_reading(tmp_path: Path) -> None:
    class Vanishing(Store):
        def is_live(self, writer: str) -> bool:  # asked after listing, before reading
            (self.root / "journal" / "gone.ndjson").unlink(missing_ok=True)
            return super().is_live(writer)

    store = Vanishing(tmp_path / ".tracker")
    write(store, "kept", run("kept"))
    write(store, "gone", run("gone"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Reader(store).cursor().execute("SELECT run_id FROM runs").fetchall() == [("kept",)]


def test_threads_share_one_reader(store: Store) -> None:
    shared, wrong, done = reader(store), [], threading.Event()
    write(store, "w", run("w0"))

    def look() -> None:
        while not done.is_set():
            cursor = shared.cursor()
            runs, params = cursor.execute(
                "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM params)"
            ).fetchall()[0]
            if runs != params + 1:
                wrong.append((runs, params))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(1, 30):
        param = {"e": "param", "r": f"w{n}", "k": "p", "v": n, "t": START}
        write(store, f"w{n}", json.dumps(run(f"w{n}")).encode() + b"\n" + json.dumps(param).encode() + b"\n")
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == [] and ask(store, "SELECT count(*) FROM runs") == [(30,)]


def test_child_of_a_fork_reads_too(tmp_path: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from tracker.query import reader
from tracker.store import events, open_store
store = open_store(Path({str(tmp_path)!r}) / ".tracker")
store.append(events.event("run", r="r", x="0", v={{}}, t=1))
kept = reader(store)
count = lambda: kept.cursor().execute("SELECT count(*) FROM runs").fetchone()[0]
assert count() == 1
child = os.fork()
if child == 0:
    assert count() == 1
    sys.exit(11)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    finished = subprocess.run([sys.executable, "-c", script], timeout=60, check=False)
    assert finished.returncode == 11


# -- damage and hostility


def test_torn_last_line_is_silent_and_is_read_once_whole(store: Store, recwarn: Any) -> None:
    whole = json.dumps(run("late")).encode() + b"\n"
    write(store, "a", run("r"), whole[:20])
    assert ask(store, "SELECT run_id FROM runs") == [("r",)]
    write(store, "a", whole[20:])
    assert ask(store, "SELECT run_id FROM runs ORDER BY 1") == [("late",), ("r",)]
    assert not recwarn.list


def test_damage_costs_its_lines_and_one_warning(store: Store) -> None:
    write(store, "bad", run("a"), b"{nonsense\n", b"\x00\xff\xfe\n", b"[1]\n", run("b"), b'{"e":"torn')
    write(store, "good", run("c"))
    with pytest.warns(UserWarning, match=r"bad\.ndjson has 3 damaged lines") as told:
        assert ask(store, "SELECT run_id FROM runs ORDER BY 1") == [("a",), ("b",), ("c",)]
    assert len(told) == 1
    write(store, "more", run("d"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask(store, "SELECT count(*) FROM runs") == [(4,)]


def test_line_beyond_all_bounds_costs_itself(store: Store) -> None:
    write(store, "bad", run("a"), b'{"e":"tag","r":"a","k":"huge","v":"' + b"x" * 40_000_000 + b'"}\n', run("b"))
    write(store, "good", run("c"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [r for (r,) in ask(store, "SELECT run_id FROM runs ORDER BY 1")]
    assert "c" in found


def test_events_of_wrong_types_are_passed_over(store: Store) -> None:
    strange = [
        {"e": "metric", "r": "r", "k": "m", "v": "high", "s": 0, "t": START},
        {"e": "metric", "r": "r", "k": "m", "v": [1], "s": 0, "t": START},
        {"e": "metric", "r": "r", "v": 1.0, "t": START},
        {"e": "metric", "r": "r", "k": "far", "v": 1.0, "s": 2**70, "t": 2**70},
        {"e": "run", "r": "far", "x": "0", "v": {"start": 9 * 10**18}, "t": -(9 * 10**18)},
        {"e": "end", "r": "far", "v": {"status": ["?"], "end": "soon"}, "t": 9 * 10**18},
        {"e": "run", "v": {}, "t": START},
        {"e": "param", "r": "r", "v": 1, "t": START},
        {"e": "param", "r": "nobody", "k": "p", "v": 1, "t": START},
        {"e": "artifact", "r": "r", "k": "f", "v": {"size": "big"}, "t": START},
        {"e": "input", "r": "r", "k": "d", "v": "text", "t": START},
        {"e": "tag", "r": "r", "k": "t", "v": {"a": 1}, "t": "yesterday"},
        {"e": "from the future", "r": "r", "t": START},
        {"e": "state", "r": "r", "v": 5, "t": START},
        {"e": "experiment", "x": "9", "v": {"name": 5, "artifact_location": 7}, "t": 2**90},
    ]
    write(store, "a", run(), *strange)
    assert ask(store, "SELECT run_id, status FROM runs ORDER BY 1") == [("far", "KILLED"), ("r", "KILLED")]
    assert ask(store, "SELECT key, value FROM latest_metrics") == [("far", 1.0)]
    assert ask(store, "SELECT year(start_time), year(end_time) FROM runs WHERE run_id = 'far'") == [(9999, 9999)]


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_no_plain_file_is_not_followed(store: Store, tmp_path: Path, kind: str) -> None:
    write(store, "a", run())
    path = store.root / "journal" / "x.ndjson"
    if kind == "link":
        (tmp_path / "secret").write_text(json.dumps(run("secret")) + "\n")
        path.symlink_to(tmp_path / "secret")
    else:
        path.mkdir()
    with pytest.warns(UserWarning, match=r"x\.ndjson is damaged and is left out: it is no plain file"):
        assert ask(store, "SELECT run_id FROM runs") == [("r",)]


@pytest.mark.parametrize("folder", ["a [b]*?", "it's", 'say "hi"', "ünï{}$"])
def test_any_folder_name_works(tmp_path: Path, folder: str) -> None:
    store = open_store(tmp_path / folder / ".tracker")
    write(store, "a [x]", run())
    assert ask(store, "SELECT run_id FROM runs") == [("r",)]


def test_read_only_store(store: Store) -> None:
    path = write(store, "a", run())
    for place, mode in ((path, 0o400), (path.parent, 0o500), (store.root, 0o500)):
        place.chmod(mode)
    try:
        before = sorted(p.name for p in store.root.rglob("*"))
        assert ask(store, "SELECT run_id, status FROM runs") == [("r", "KILLED")]
        assert sorted(p.name for p in store.root.rglob("*")) == before
    finally:
        path.parent.chmod(0o700)
        store.root.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_journal_costs_itself_and_one_warning(store: Store) -> None:
    write(store, "bad", run("bad")).chmod(0)
    write(store, "good", run("good"))
    with pytest.warns(UserWarning, match=r"bad\.ndjson cannot be read"):
        assert ask(store, "SELECT run_id FROM runs") == [("good",)]
