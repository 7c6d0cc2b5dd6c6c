"""Which run is active where, and how runs open and close.

Each thread and each asyncio task has its own stack of runs (a context variable). Where that is empty:
  * a run that this thread left open in another context counts, unless that context is another task that still
    runs: a kernel gives each cell a context of its own;
  * for logging only, a worker thread or forked process falls back on the main thread's run, so that it makes
    no phantom run.
Only the process that opened a run ends it. A run is closed once; closing it again does nothing.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from tracker.entities import Run, RunData, RunInfo
from tracker.exceptions import StoreError
from tracker.store import Store
from tracker.store.ids import new_id
from tracker.tracking.location import current_store, get_tracking_uri, is_tracking_uri_set, set_tracking_uri
from tracker.tracking.names import random_name
from tracker.tracking.provenance import PARENT, RUN_NAME, USER, automatic_tags, current_shell
from tracker.tracking.writer import RunWriter, shared_writer

__all__ = [
    "ActiveRun", "active_run", "close_run", "current_store", "get_tracking_uri", "is_tracking_uri_set",
    "last_run", "lent_run", "open_run", "own_run", "resume_run", "set_tracking_uri", "status_after",
]  # fmt: skip


class ActiveRun(Run):
    """A run that is open in this process; as a context manager it ends with the block.

    `info` is as of now, `data` is read from the store when asked for. `implicit` marks a tracked cell's run.
    """

    def __init__(self, store: Store, info: RunInfo, writer: RunWriter, implicit: bool = False) -> None:
        super().__init__(info, RunData())
        self.store = store
        self.writer = writer
        self.implicit = implicit
        self.is_open = True
        self.settled = False
        self._pid = os.getpid()
        self._thread = threading.get_ident()
        task = _task_now()
        self._task = None if task is None else weakref.ref(task)
        self._cell = _current_cell()
        self._entered = False

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.writer.run_id

    @property
    def data(self) -> RunData:
        """Metrics, parameters and tags as they are in the store now."""
        from tracker.tracking.reading import get_run

        return get_run(self.store, self.run_id).data

    def __enter__(self) -> ActiveRun:
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        close_run(self, status_after(error))

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<ActiveRun {self.info.run_name!r}: run_id={self.run_id!r}, status={self.info.status!r}>"

    # -- whose it is

    def is_borrowed(self) -> bool:
        """Whether another process opened it, of which this one is a fork."""
        return self._pid != os.getpid()

    def is_left_over(self) -> bool:
        """Whether an earlier notebook cell opened it, outside a `with`, and never ended it."""
        return self._cell is not None and not self._entered and not self.implicit and self._cell != _current_cell()

    def is_of_this_thread(self) -> bool:
        """Whether the calling thread opened it."""
        return self._thread == threading.get_ident() and not self.is_borrowed()

    def is_of_another_live_task(self) -> bool:
        """Whether it belongs to an asyncio task that goes on beside the caller."""
        task = self._task() if self._task is not None else None
        return task is not None and not task.done() and task is not _task_now()


_stack: ContextVar[tuple[ActiveRun, ...]] = ContextVar("tracker_runs", default=())
_open: dict[str, ActiveRun] = {}
_last: ActiveRun | None = None
_owed: list[tuple[ActiveRun, str, int]] = []
"""Ends that a full disk refused: without them the runs would read RUNNING for as long as this process lives."""


def active_run() -> ActiveRun | None:
    """The run that logging calls made here go to, or None."""
    for run in reversed(_stack.get()):
        if run.is_open:
            return run
    left = _left_open_here()
    return left if left is not None else _main_run()


def own_run() -> ActiveRun | None:
    """The active run of this very thread or task: `end_run` ends it, and a new run would be nested in it."""
    for run in reversed(_stack.get()):
        if run.is_open and run.is_of_this_thread():
            return run
    return _left_open_here()


def lent_run() -> ActiveRun | None:
    """The main thread's run, if that is what is active here: this worker thread has none of its own."""
    if any(run.is_open for run in _stack.get()) or _left_open_here() is not None:
        return None
    return _main_run()


def last_run() -> ActiveRun | None:
    """The run that this process opened last, ended or not."""
    return _last


def _left_open_here() -> ActiveRun | None:
    for run in reversed(list(_open.values())):
        if run.is_of_this_thread() and not run.is_of_another_live_task():
            return run
    return None


def _main_run() -> ActiveRun | None:
    main = threading.main_thread().ident
    if threading.get_ident() == main:
        return None
    for run in reversed(list(_open.values())):
        if run._thread == main:
            return run
    return None


# -- opening and closing


def open_run(
    experiment_id: str,
    name: str | None = None,
    tags: Mapping[str, Any] | None = None,
    parent: str | None = None,
    implicit: bool = False,
    store: Store | None = None,
) -> ActiveRun:
    """A new run, RUNNING and active here. Its tags: the automatic ones, then `tags`, `name` and `parent`.

    Raises InvalidValue for a tag that cannot be kept, StoreError if the store cannot be written.
    """
    store = store or current_store()
    store.ensure()
    every = automatic_tags() | {key: str(value) for key, value in (tags or {}).items()}
    name = every[RUN_NAME] = name or every.get(RUN_NAME) or random_name()
    if parent is not None:
        every[PARENT] = parent
    run_id = new_id()
    writer = shared_writer(store, run_id, lambda: RunWriter(store, run_id))
    start = store.clock() // 1000
    writer.start(experiment_id, every)
    _write_owed()
    info = RunInfo(
        run_id, experiment_id, every.get(USER, ""), start_time=start, run_name=name,
        artifact_uri=str(store.artifact_root(run_id)),
    )  # fmt: skip
    return _activate(ActiveRun(store, info, writer, implicit))


def resume_run(store: Store, info: RunInfo, writer: RunWriter, implicit: bool = False) -> ActiveRun:
    """An ended run, RUNNING and active here again."""
    writer.resume()
    info.status = "RUNNING"
    return _activate(ActiveRun(store, info, writer, implicit))


def close_run(run: ActiveRun, status: str = "FINISHED", end_time: int | None = None) -> None:
    """End a run as `status`, and with it those that were opened inside it here and left open.

    `end_time` in ms.
    """
    for inner in reversed(_opened_inside(run)):
        _end(inner, status, end_time)
    _end(run, status, end_time)
    _stack.set(tuple(one for one in _stack.get() if one.is_open))


def settle(run_id: str, status: str, end_time: int) -> None:
    """Take note that an open run was ended by its id: closing it later must not overrule that."""
    run = _open.get(run_id)
    if run is not None:
        run.settled, run.info.status, run.info.end_time = True, status, end_time


def _activate(run: ActiveRun) -> ActiveRun:
    global _last
    _open[run.run_id] = _last = run
    _stack.set((*(one for one in _stack.get() if one.is_open), run))
    return run


def _opened_inside(run: ActiveRun) -> list[ActiveRun]:
    stack = _stack.get()
    inner = stack[stack.index(run) + 1 :] if run in stack else ()
    return [one for one in inner if one.is_open and one.is_of_this_thread()]


def _end(run: ActiveRun, status: str, end_time: int | None) -> None:
    if not run.is_open:
        return
    run.is_open = False
    _open.pop(run.run_id, None)
    if run.is_borrowed() or run.settled:
        return
    run.info.status, run.info.end_time = status, end_time or run.store.clock() // 1000
    try:
        run.writer.end(status, end_time)
    except StoreError:
        _owed.append((run, status, run.info.end_time))
        raise


def _write_owed() -> None:
    """Write the ends that could not be written when they were due."""
    for owed in list(_owed):
        run, status, end_time = owed
        try:
            if not run.is_borrowed():
                run.writer.end(status, end_time)
            _owed.remove(owed)
        except StoreError:
            continue


def unwritten_ends() -> int:
    """How many runs of this process have ended without the store knowing: it could not be written."""
    return len(_owed)


def status_after(error: BaseException | None) -> str:
    """How a run ends that this stopped: FINISHED, FAILED, or KILLED by an interrupt."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "FINISHED"
    asyncio = sys.modules.get("asyncio")
    stopped = (KeyboardInterrupt,) if asyncio is None else (KeyboardInterrupt, asyncio.CancelledError)
    return "KILLED" if isinstance(error, stopped) else "FAILED"


# -- the surroundings


def _task_now() -> Any:
    """The asyncio task that runs here, or None; asyncio is not imported for it."""
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None


def _current_cell() -> int | None:
    """The number of the cell that the shell executes, or None outside IPython."""
    count = getattr(current_shell(), "execution_count", None)
    return count if isinstance(count, int) else None


def _close_all() -> None:
    """At exit: what is open ends, FAILED or KILLED after an exception that nobody caught in a script."""
    error = getattr(sys, "last_value", None) if current_shell() is None else None
    for run in reversed(list(_open.values())):
        try:
            _end(run, status_after(error), None)
        except StoreError as fault:
            print(f"tracker: {fault} The run {run.run_id} has no end.", file=sys.stderr)
    _write_owed()


atexit.register(_close_all)
