"""A run as a process follows it is the run that the query engine tells of, whoever wrote what in which order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.store import Store, events
from tracker.store.ids import new_id
from tracker.tracking import following, reading
from tracker.tracking.following import Follower, milliseconds
from tracker.tracking.values import shown
from tracker.tracking.writer import RunWriter

KEYS = st.sampled_from(["a", "b/c", "ü"])
STEPS = st.one_of(
    st.tuples(st.just("param"), KEYS, st.sampled_from([1, 0.5, True, "x", "0.50"])),
    st.tuples(st.just("tag"), KEYS, st.sampled_from(["1", "two", None])),
    st.tuples(st.just("metric"), KEYS, st.sampled_from([1.0, -2.5, float("nan"), float("inf")])),
    st.tuples(st.just("end"), st.just(""), st.sampled_from(["FINISHED", "FAILED"])),
    st.tuples(st.just("resume"), st.just(""), st.none()),
    st.tuples(st.just("state"), st.just(""), st.sampled_from(["deleted", "active"])),
)


class Elsewhere:
    """Another process's journal, written by hand."""

    def __init__(self, store: Store) -> None:
        store.ensure()
        self.store, self.path = store, store.root / "journal" / f"{new_id()}.ndjson"

    def append(self, lines: bytes) -> None:
        with open(self.path, "ab") as file:
            file.write(lines)


def _line(run_id: str, step: tuple[str, str, Any], number: int) -> bytes:
    kind, key, value = step
    if kind == "metric":
        return events.metric_line(events.metric_prefix(run_id, key), value, number % 3, 1_000_300 * (number % 5))
    if kind == "resume":
        return events.event(kind, t=1_000_000 + number, r=run_id)
    told = {"status": value} if kind == "end" else value
    return events.event(kind, t=1_000_000 + number, r=run_id, k=key, v=told)


def _told(follower: Follower, run_id: str) -> Any:
    follower.catch_up()
    state = follower.known(run_id)
    assert state is not None
    live = state.writer is not None and follower.is_live(state.writer)
    status = state.status if state.writer is None else "RUNNING" if live else "KILLED"
    metrics = {key: (step, milliseconds(t), repr(value)) for key, (step, t, value) in sorted(state.metrics.items())}
    return (
        {k: shown(v) for k, v in sorted(state.params.items())},
        dict(sorted(state.tags.items())),
        metrics,
        status,
        state.state,
    )


def _read(store: Store, run_id: str) -> Any:
    run = reading.get_run(store, run_id)
    metrics = {m.key: (m.step, m.timestamp, repr(m.value)) for m in sorted(run.data._points, key=lambda m: m.key)}
    return (
        dict(sorted(run.data.params.items())), dict(sorted(run.data.tags.items())), metrics,
        run.info.status, run.info.lifecycle_stage,
    )  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEPS, st.booleans(), st.booleans()), max_size=12))
def test_it_is_what_the_query_engine_says(tmp_path: Path, steps: list[tuple[Any, bool, bool]]) -> None:
    store = Store(tmp_path / new_id())
    follower, other, run_id = Follower(store), Elsewhere(store), new_id()
    follower.catch_up()
    store.append(events.event("run", t=1_000_000, r=run_id, x="0", v={}))
    follower.catch_up()
    for number, (step, elsewhere, look) in enumerate(steps, 1):
        (other if elsewhere else store).append(_line(run_id, step, number))
        if look:
            follower.catch_up()
    assert _told(follower, run_id) == _read(store, run_id)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".tracker")


def _started(store: Store, **params: Any) -> str:
    run_id = new_id()
    writer = RunWriter(store, run_id)
    writer.start("0", {"mlflow.runName": "r"})
    writer.params(params)
    return run_id


def test_a_run_from_before_is_learnt_and_then_followed(store: Store) -> None:
    run_id, follower = _started(store, a=1), Follower(store)
    follower.catch_up()
    assert follower.known(run_id) is None
    state = follower.learn(following.RunState(run_id, "0", params={"a": 1}))
    RunWriter(store, run_id).params({"b": 2})
    follower.catch_up()
    assert state.params == {"a": 1, "b": 2} and follower.learn(following.RunState(run_id)) is state


def test_lines_of_others_and_damaged_ones_are_passed_over(store: Store) -> None:
    follower, other = Follower(store), Elsewhere(store)
    follower.catch_up()
    run_id = _started(store)
    follower.catch_up()
    other.append(b'{"e":"metric","r":"someone","k":"m","v":1.0,"s":0,"t":5}\n{"e":\n[]\n{"e":"tag","r":5}\nnot json\n')
    other.append(events.event("tag", t=1 << 50, r=run_id, k="torn", v="1")[:-4])
    follower.catch_up()
    state = follower.known(run_id)
    assert state is not None and "torn" not in state.tags and follower.known("someone") is None
    other.append(events.event("tag", t=1 << 50, r=run_id, k="torn", v="1")[-4:])
    follower.catch_up()
    assert state.tags["torn"] == "1"


def test_a_journal_that_went_with_something_unseen_makes_it_forget(store: Store) -> None:
    follower, other = Follower(store), Elsewhere(store)
    follower.catch_up()
    run_id = _started(store)
    follower.catch_up()
    other.append(events.event("tag", t=5, r=run_id, k="k", v="1"))
    follower.catch_up()
    assert follower.known(run_id) is not None
    other.path.unlink()
    follower.catch_up()
    assert follower.known(run_id) is None


def test_a_run_whose_first_event_came_late_is_not_half_known(store: Store) -> None:
    follower, other, run_id = Follower(store), Elsewhere(store), new_id()
    follower.catch_up()
    other.append(_line(run_id, ("tag", "k", "1"), 5) + _line(run_id, ("metric", "m", 1.0), 6))
    follower.catch_up()
    RunWriter(store, run_id).start("0", {})
    follower.catch_up()
    assert follower.known(run_id) is None


def test_what_was_sealed_whole_is_not_forgotten(store: Store) -> None:
    follower, other = Follower(store), Elsewhere(store)
    follower.catch_up()
    run_id = _started(store)
    follower.catch_up()
    other.append(events.event("tag", t=5, r=run_id, k="k", v="1"))
    follower.catch_up()
    assert store.seal(keep_seconds=0) is not None and not other.path.exists()
    follower.catch_up()
    state = follower.known(run_id)
    assert state is not None and state.tags["k"] == "1"


def test_the_first_value_of_a_parameter_is_told(store: Store) -> None:
    follower, other = Follower(store), Elsewhere(store)
    follower.catch_up()
    run_id = _started(store)
    follower.catch_up()
    other.append(_line(run_id, ("param", "k", "theirs"), 1) + _line(run_id, ("param", "k", "again"), 9))
    RunWriter(store, run_id).params({"k": "ours"})
    follower.catch_up()
    state = follower.known(run_id)
    assert state is not None and state.params["k"] == "ours" and state.firsts["k"][1] == "theirs"


def test_few_runs_are_held(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_RUNS", 3)
    follower = Follower(store)
    follower.catch_up()
    runs = [_started(store) for _ in range(5)]
    follower.catch_up()
    assert [follower.known(run) is not None for run in runs] == [False, False, True, True, True]


def test_a_purged_run_is_gone(store: Store) -> None:
    follower = Follower(store)
    follower.catch_up()
    run_id = _started(store)
    follower.catch_up()
    store.append(events.event("purge", t=store.clock(), r=run_id))
    follower.catch_up()
    assert follower.known(run_id) is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_begins_anew(store: Store) -> None:
    follower = following.follower(store)
    follower.catch_up()
    run_id = _started(store)
    follower.catch_up()
    child = os.fork()
    if child == 0:
        os._exit(0 if following.follower(store).known(run_id) is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
