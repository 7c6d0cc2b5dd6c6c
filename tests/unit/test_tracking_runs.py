"""Runs: how they open and close, what is active where, and the status they end with."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import tracker
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.tracking import MlflowClient, context


def status(run) -> str:
    return tracker.get_run(run.run_id).info.status


def test_a_run_is_running_then_finished():
    with tracker.start_run(run_name="first") as run:
        assert tracker.active_run() is run
        assert status(run) == "RUNNING"
    assert tracker.active_run() is None
    info = tracker.get_run(run.run_id).info
    assert (info.status, info.run_name) == ("FINISHED", "first")
    assert info.end_time >= info.start_time
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize(
    ("error", "ends_as"),
    [
        (ValueError("x"), "FAILED"),
        (SystemExit(1), "FAILED"),
        (SystemExit(0), "FINISHED"),
        (KeyboardInterrupt(), "KILLED"),
        (asyncio.CancelledError(), "KILLED"),
    ],
)
def test_an_exception_ends_the_run_and_goes_on(error, ends_as):
    with pytest.raises(type(error)), tracker.start_run() as run:
        raise error
    assert status(run) == ends_as


def test_end_run_takes_a_status_that_a_run_can_end_with():
    run = tracker.start_run()
    with pytest.raises(InvalidValue, match="FINISHED, FAILED, KILLED"):
        tracker.end_run("DONE")
    tracker.end_run("FAILED")
    tracker.end_run()
    assert status(run) == "FAILED"


def test_starting_twice_is_refused_unless_nested():
    with tracker.start_run() as outer:
        with pytest.raises(InvalidState, match=f"{outer.run_id} is already active.*nested=True"):
            tracker.start_run()
        with tracker.start_run(nested=True) as inner:
            assert tracker.active_run() is inner
        assert tracker.active_run() is outer
    assert tracker.get_parent_run(inner.run_id).info.run_id == outer.run_id
    assert tracker.get_parent_run(outer.run_id) is None


def test_closing_a_run_closes_what_was_left_open_inside():
    with tracker.start_run() as outer:
        inner = tracker.start_run(nested=True)
    assert (status(outer), status(inner)) == ("FINISHED", "FINISHED")
    assert tracker.active_run() is None


def test_resuming_goes_on_where_the_run_was():
    with tracker.start_run(run_name="a") as run:
        tracker.log_metric("loss", 1.0)
        tracker.log_metric("loss", 0.5)
    with tracker.start_run(run_id=run.run_id, tags={"again": True}) as again:
        assert status(again) == "RUNNING"
        tracker.log_metric("loss", 0.25)
    points = MlflowClient().get_metric_history(run.run_id, "loss")
    assert [(p.step, p.value) for p in points] == [(0, 1.0), (1, 0.5), (2, 0.25)]
    assert tracker.get_run(run.run_id).data.tags["again"] == "True"


def test_a_process_that_resumes_a_run_counts_on(python):
    with tracker.start_run() as run:
        tracker.log_metrics({"loss": 1.0, "acc": 0.1})
        tracker.log_metric("loss", 0.5, step=41)
    python(f"import tracker\nwith tracker.start_run(run_id={run.run_id!r}):\n    tracker.log_metric('loss', 0.1)")
    assert [p.step for p in MlflowClient().get_metric_history(run.run_id, "loss")] == [0, 41, 42]
    assert status(run) == "FINISHED"


def test_the_environment_names_the_run(monkeypatch):
    with tracker.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.run_id)
    with tracker.start_run() as again:
        assert again.run_id == run.run_id
    with tracker.start_run() as other:
        assert other.run_id != run.run_id


def test_what_is_not_there_cannot_be_resumed():
    with pytest.raises(NotFound, match="no run 'nothing'"):
        tracker.start_run(run_id="nothing")
    with tracker.start_run() as run:
        pass
    tracker.delete_run(run.run_id)
    with pytest.raises(InvalidState, match="restore_run"):
        tracker.start_run(run_id=run.run_id)
    tracker.restore_run(run.run_id)
    with tracker.start_run(run_id=run.run_id):
        pass


def test_a_parent_can_be_named():
    with tracker.start_run() as parent:
        pass
    with tracker.start_run(parent_run_id=parent.run_id) as child:
        pass
    assert tracker.get_parent_run(child.run_id).info.run_id == parent.run_id
    tracker.delete_run(parent.run_id)
    with pytest.raises(InvalidState, match="deleted"):
        tracker.start_run(parent_run_id=parent.run_id)


def test_a_description_is_the_note():
    with tracker.start_run(description="why") as run:
        pass
    assert tracker.get_run(run.run_id).data.tags["mlflow.note.content"] == "why"
    with pytest.raises(InvalidValue, match="not both"):
        tracker.start_run(description="a", tags={"mlflow.note.content": "b"})


def test_the_last_run_is_remembered():
    with tracker.start_run() as run:
        tracker.log_param("a", 1)
    assert tracker.last_active_run().info.run_id == run.run_id
    assert tracker.last_active_run().data.params == {"a": "1"}


def test_a_termination_by_id_stands():
    with tracker.start_run() as run:
        MlflowClient().set_terminated(run.run_id, "FAILED")
    assert status(run) == "FAILED"


# -- threads, tasks, processes


def test_a_worker_thread_logs_into_the_main_threads_run():
    with tracker.start_run() as run:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: tracker.log_metric("loss", float(i), step=i), range(40)))
        tracker.log_param("a", 1)
    assert len(tracker.search_runs(output_format="list")) == 1
    assert len(MlflowClient().get_metric_history(run.run_id, "loss")) == 40


def test_each_thread_has_a_run_of_its_own():
    barrier = threading.Barrier(4)

    def train(i: int) -> str:
        with tracker.start_run(run_name=f"t{i}") as run:
            barrier.wait(10)
            tracker.log_param("i", i)
            barrier.wait(10)
        return run.run_id

    with tracker.start_run() as main, ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(train, range(4)))
        tracker.end_run()
        assert status(main) == "FINISHED"
    assert [tracker.get_run(i).data.params for i in ids] == [{"i": str(n)} for n in range(4)]


def test_a_worker_thread_cannot_end_the_main_threads_run():
    with tracker.start_run() as run:
        worker = threading.Thread(target=tracker.end_run)
        worker.start()
        worker.join()
        assert status(run) == "RUNNING"


def test_nested_in_a_worker_thread_is_a_child_of_the_main_run():
    def train(i: int) -> str:
        with tracker.start_run(nested=True) as child:
            return child.run_id

    with tracker.start_run() as main, ThreadPoolExecutor(2) as pool:
        children = list(pool.map(train, range(3)))
    assert {tracker.get_parent_run(c).info.run_id for c in children} == {main.run_id}


def test_concurrent_steps_are_counted_once():
    with tracker.start_run() as run, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: tracker.log_metric("x", i), range(500)))
    steps = [p.step for p in MlflowClient().get_metric_history(run.run_id, "x")]
    assert sorted(steps) == list(range(500))


def test_tasks_that_run_at_once_keep_apart():
    async def train(i: int) -> str:
        with tracker.start_run(run_name=f"task {i}") as run:
            for step in range(5):
                await asyncio.sleep(0)
                tracker.log_metric("loss", i, step=step)
        return run.run_id

    async def main() -> list[str]:
        return await asyncio.gather(*(train(i) for i in range(3)))

    ids = asyncio.run(main())
    assert [tracker.get_run(i).data.metrics for i in ids] == [{"loss": float(n)} for n in range(3)]
    assert {tracker.get_run(i).info.status for i in ids} == {"FINISHED"}


def test_a_task_without_a_run_does_not_log_into_its_neighbours():
    async def neighbour(go: asyncio.Event, done: asyncio.Event) -> str:
        with tracker.start_run() as run:
            go.set()
            await done.wait()
        return run.run_id

    async def main() -> tuple[str, object]:
        go, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(neighbour(go, done))
        await go.wait()
        seen = tracker.active_run()
        done.set()
        return await task, seen

    _, seen = asyncio.run(main())
    assert seen is None


def test_a_run_left_open_in_one_context_is_active_in_the_next():
    run = contextvars.copy_context().run(tracker.start_run)
    contextvars.copy_context().run(tracker.log_param, "a", 1)
    contextvars.copy_context().run(tracker.end_run)
    assert tracker.get_run(run.run_id).data.params == {"a": "1"}
    assert status(run) == "FINISHED"


def test_a_forked_child_logs_into_the_run_and_does_not_end_it(python):
    python(
        """
import os, tracker
with tracker.start_run() as run:
    pid = os.fork()
    if pid == 0:
        tracker.log_metric("from_child", 1)
        tracker.end_run()
        raise SystemExit(0)
    os.waitpid(pid, 0)
    assert tracker.get_run(run.run_id).info.status == "RUNNING"
    tracker.log_metric("from_parent", 2)
"""
    )
    (run,) = tracker.search_runs(output_format="list")
    assert run.data.metrics == {"from_child": 1.0, "from_parent": 2.0}
    assert run.info.status == "FINISHED"


# -- at exit


@pytest.mark.parametrize(
    ("end", "ends_as"), [("", "FINISHED"), ("1 / 0", "FAILED"), ("raise KeyboardInterrupt", "KILLED")]
)
def test_a_script_that_ends_with_an_open_run(python, end, ends_as):
    python(f"import tracker\ntracker.start_run()\ntracker.log_param('a', 1)\n{end}", check=not end)
    (run,) = tracker.search_runs(output_format="list")
    assert run.info.status == ends_as


def test_a_killed_process_leaves_a_killed_run(python):
    python("import os, signal, tracker\ntracker.start_run()\nos.kill(os.getpid(), signal.SIGKILL)", check=False)
    (run,) = tracker.search_runs(output_format="list")
    assert run.info.status == "KILLED"


# -- notebook cells


def cells(python, *sources: str) -> None:
    """Execute the cells in one IPython shell; any error is the test's."""
    lines = ["from IPython.core.interactiveshell import InteractiveShell", "shell = InteractiveShell.instance()"]
    lines += [f"shell.run_cell({source!r}, store_history=True).raise_error()" for source in sources]
    python("\n".join(lines))


def test_running_a_cell_again_makes_a_new_run(python):
    again = "run = tracker.start_run()\ntracker.log_param('a', 1)"
    cells(python, "import tracker", again, "tracker.log_metric('b', 2)", again, again)
    runs = tracker.search_runs(output_format="list", order_by=["start_time ASC"])
    assert [run.info.status for run in runs] == ["FINISHED"] * 3
    assert [run.data.metrics for run in runs] == [{"b": 2.0}, {}, {}]


def test_starting_twice_in_one_cell_is_refused(python):
    twice = "try:\n    tracker.start_run(); tracker.start_run()\nexcept tracker.TrackerError as e:\n    assert 'nested' in str(e)\nelse:\n    raise AssertionError"
    cells(python, "import tracker", twice)


def test_a_later_cell_can_nest_in_an_earlier_ones_run(python):
    cells(python, "import tracker", "tracker.start_run(run_name='outer')", "with tracker.start_run(nested=True): pass")
    inner, outer = tracker.search_runs(output_format="list")
    assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id


def test_inside_an_implicit_run_a_run_is_a_child():
    implicit = context.open_run("0", "cell", implicit=True)
    with tracker.start_run() as child:
        pass
    context.close_run(implicit)
    assert tracker.get_parent_run(child.run_id).info.run_id == implicit.run_id
