"""Edits of many runs at once, sealed and live, from several processes; undo."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

import tracker
from tracker.exceptions import InvalidState, InvalidValue, NotFound

Python = Callable[..., subprocess.CompletedProcess[str]]
DELETED_ONLY = 2


def make(*names: str) -> list[str]:
    ids = []
    for name in names:
        with tracker.start_run(run_name=name, tags={"team": "a"}) as run:
            tracker.log_metric("m", 1)
        ids.append(run.info.run_id)
    return ids


def shown() -> dict[str, tuple[object, object, object]]:
    table = tracker.runs(order_by="name")
    return {row["name"]: (row["tags.team"], row["note"], row["star"]) for _, row in table.iterrows()}


def lines_written() -> int:
    return sum(path.read_bytes().count(b"\n") for path in tracker.MlflowClient().store.journals())


def test_one_edit_of_many_runs_and_its_undo() -> None:
    a, b, _ = make("a", "b", "c")
    before = shown()
    assert tracker.edit([a, b], note="look", star=True, tags={"team": "x"}) == 2
    assert shown() == {"a": ("x", "look", True), "b": ("x", "look", True), "c": before["c"]}
    assert tracker.undo() == "Note, star, tag 'team' of 'a', 'b' as before."
    assert shown() == before


def test_a_process_that_made_no_edit_has_none_to_undo(python: Python) -> None:
    (a,) = make("a")
    tracker.delete_runs(a)
    said = python("import tracker\ntry: tracker.undo()\nexcept tracker.TrackerError as error: print(error)").stdout
    assert said.startswith("There is no edit to undo")
    assert python(f"import tracker; print(tracker.restore_runs({a!r}))").stdout == "1\n"


def test_what_does_not_change_is_not_written() -> None:
    (a,) = make("a")
    before = lines_written()
    assert tracker.edit(a, tags={"team": "a", "absent": None}, name="a", star=False) == 0
    assert tracker.restore_runs(a) == 0
    assert lines_written() == before


def test_runs_are_taken_as_they_come() -> None:
    a, b = make("a", "b")
    table = tracker.runs()
    assert tracker.edit(table, star=True) == 2
    assert tracker.edit(tracker.get_run(a), star=False) == 1
    assert tracker.edit([tracker.get_run(a), b], name="same") == 2
    assert set(tracker.runs()["name"]) == {"same"}


def test_a_mistake_in_one_run_changes_none() -> None:
    a, b = make("a", "b")
    with pytest.raises(NotFound, match="Nothing was changed"):
        tracker.edit([a, "nope"], star=True)
    tracker.delete_runs(b)
    with pytest.raises(InvalidState, match="The run b is deleted"):
        tracker.edit([a, b], star=True)
    for mistake in ({"name": " "}, {"state": "gone"}, {"tags": {"": "x"}}, {"tags": {"k" * 10_000: "x"}}):
        with pytest.raises(InvalidValue):
            tracker.edit([a], **mistake)  # type: ignore[arg-type]
    assert not tracker.runs()["star"].any()


def test_deleted_runs_come_back_by_undo_and_by_restoring() -> None:
    a, b, c = make("a", "b", "c")
    tracker.delete_run(a)
    assert tracker.delete_runs([a, b]) == 1
    assert list(tracker.runs()["name"]) == ["c"]
    assert tracker.undo() == "Restored 'b'."
    assert tracker.undo() == "Restored 'a'."
    tracker.delete_runs([a, b, c])
    deleted = tracker.search_runs(run_view_type=DELETED_ONLY)
    assert tracker.restore_runs(deleted) == 3
    assert len(tracker.runs()) == 3
    assert tracker.undo() == "Deleted again 'c', 'b', 'a'."


def test_sealed_and_live_runs_of_other_processes(python: Python) -> None:
    sealed = python("import tracker\nwith tracker.start_run(run_name='old') as r: print(r.info.run_id)").stdout.strip()
    store = tracker.MlflowClient().store
    assert store.seal() and not store.journals()
    with tracker.start_run(run_name="live") as live:
        edit = f"import tracker; tracker.edit({[sealed, live.info.run_id]!r}, name='new', tags={{'by': 'other'}})"
        python(edit)
        assert set(tracker.runs()["name"]) == {"new"} and set(tracker.runs()["tags.by"]) == {"other"}
        assert tracker.get_run(live.info.run_id).info.status == "RUNNING"
        store.seal(keep_seconds=0)
        tracker.edit([sealed], tags={"by": "me"})
        store.seal(keep_seconds=0)
        by = tracker.runs().set_index("run_id")["tags.by"]
        assert by[sealed] == "me" and by[live.info.run_id] == "other"
    python(f"import tracker; tracker.delete_runs({[sealed]!r})")
    assert set(tracker.runs()["run_id"]) == {live.info.run_id}


def test_undo_leaves_what_another_process_changed_since(python: Python) -> None:
    a, b = make("a", "b")
    tracker.edit([a, b], tags={"team": "mine"})
    python(f"import tracker; tracker.edit({a!r}, tags={{'team': 'theirs'}})")
    assert tracker.undo() == "Tag 'team' of 'b' as before; 1 changed since and left as it is."
    assert {name: row[0] for name, row in shown().items()} == {"a": "theirs", "b": "a"}
    tracker.delete_runs([a])
    python(f"import tracker; tracker.restore_runs({a!r})")
    assert tracker.undo() == "Nothing was left to undo; 1 changed since and left as it is."


def test_the_latest_of_many_processes_wins(python: Python) -> None:
    (a,) = make("a")
    for name in ("one", "two", "three"):
        python(f"import tracker; tracker.edit({a!r}, name={name!r})")
        assert tracker.get_run(a).info.run_name == name
    tracker.edit(a, name="four")
    assert python(f"import tracker; print(tracker.get_run({a!r}).info.run_name)").stdout.strip() == "four"


def test_an_edit_wins_over_one_of_a_machine_whose_clock_is_ahead(python: Python) -> None:
    (a,) = make("a")
    ahead = "import time; now = time.time_ns; time.time_ns = lambda: now() + 3600 * 10**9\nimport tracker\n"
    python(f"{ahead}tracker.edit({a!r}, note='theirs'); tracker.delete_runs({a!r})")
    tracker.restore_runs(a)
    tracker.edit(a, note="ours")
    assert shown()["a"][1] == "ours"
    assert tracker.undo() == "Note of 'a' as before."
    assert shown()["a"][1] == "theirs"
