"""One patched call of a library: the run that it is logged into, and what is done before and after it.

Invariants: the library's function is called exactly once, with what the user gave (but for a callback that a hook
adds), and its result or exception is the user's. Everything of ours is guarded. A call inside a call that is being
logged is not logged again, also in scikit-learn's worker threads.

A hook is a generator function: it gets the call, does what comes before, yields, is sent the result, does the rest.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tracker.autolog.reports import report
from tracker.autolog.settings import Settings, settings_of
from tracker.autolog.tables import noted
from tracker.capture.randomness import kept_states
from tracker.exceptions import TrackerError
from tracker.store import Store
from tracker.tracking import artifact_logging, context, fluent
from tracker.tracking.datasets import input_of
from tracker.tracking.writer import RunWriter

Hook = Callable[["Call"], Generator[None, Any, None]]

_inside: ContextVar[bool] = ContextVar("tracker_autolog_inside", default=False)
_managed: set[str] = set()
"""The runs that are open for a call and were started for it."""


@contextmanager
def unlogged(value: bool = True) -> Iterator[None]:
    """Nothing that is called in the block is logged."""
    token = _inside.set(value)
    try:
        yield
    finally:
        _inside.reset(token)


def is_inside() -> bool:
    """Whether a call that is being logged is running here."""
    return _inside.get()


class Call:
    """A call of a patched function, while it is logged. `args` and `kwargs` may be changed before it is made."""

    def __init__(
        self, library: str, settings: Settings, original: Callable[..., Any], args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:  # fmt: skip
        self.library = library
        self.settings = settings
        self.original = original
        self.args = args
        self.kwargs = kwargs
        self._opened: context.ActiveRun | None = None
        self._run: context.ActiveRun | None = None

    # -- the run

    def open(self) -> bool:
        """Find or start the run; False if this call is not to be logged."""
        self._run = context.active_run()
        lender = context.lent_run()
        if self._run is not None and lender is None:
            return not self.settings.exclusive or self._run.run_id in _managed
        tags = {**(self.settings.extra_tags or {}), "mlflow.autologging": self.library}
        if lender is None:
            self._opened = fluent.start_run(tags=tags)
        else:  # several threads' trainings are not mixed into the one run
            experiment, store = lender.info.experiment_id, lender.store
            self._opened = context.open_run(experiment, tags=tags, parent=lender.run_id, store=store)
        self._run = self._opened
        _managed.add(self._run.run_id)
        return True

    def close(self, status: str) -> None:
        """End the run, if this call started it."""
        if self._opened is not None:
            _managed.discard(self._opened.run_id)
            context.close_run(self._opened, status)

    @property
    def run(self) -> context.ActiveRun:
        """The run that the call is logged into."""
        assert self._run is not None
        return self._run

    @property
    def writer(self) -> RunWriter:
        """Writes into the run, also when it has ended."""
        return self.run.writer

    @property
    def store(self) -> Store:
        """Where the run is kept."""
        return self.run.store

    # -- the arguments

    def arguments(self) -> dict[str, Any]:
        """The call's arguments by name, defaults included."""
        bound = inspect.signature(self.original).bind(*self.args, **self.kwargs)
        bound.apply_defaults()
        return bound.arguments

    def replace(self, name: str, value: Any) -> None:
        """Let the call be made with another value of an argument."""
        bound = inspect.signature(self.original).bind(*self.args, **self.kwargs)
        bound.arguments[name] = value
        self.args, self.kwargs = bound.args, bound.kwargs

    # -- logging, each step guarded by itself

    def attempt(self, what: str, step: Callable[[], Any]) -> Any:
        """Do a step; a fault costs one line, and gives None."""
        try:
            return step()
        except Exception as error:
            report(self.library, f"{what} not logged", error, self.settings.silent)
            return None

    def params(self, values: Mapping[str, Any]) -> None:
        """Log parameters; one that cannot be kept does not cost the others."""
        texts = {str(key): value for key, value in values.items()}
        try:
            self.writer.params(texts)
        except TrackerError:
            for key, value in texts.items():
                self.attempt(f"the parameter {key!r} was", functools.partial(self.writer.params, {key: value}))

    def metrics(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics; what is no number does not cost the others."""
        try:
            self.writer.metrics(values, step)
        except TrackerError:
            for key, value in values.items():
                self.attempt(f"the metric {key!r} was", functools.partial(self.writer.metric, key, value, step))

    def dataset(self, data: Any, purpose: str, name: str | None = None, targets: Any = None) -> None:
        """Note a dataset that the run reads, with the labels of its rows; `data` may be a function that gives it."""
        if self.settings.log_datasets and data is not None:
            self.attempt(f"the dataset ({purpose}) was", lambda: self._note(data, purpose, name, targets))

    def _note(self, data: Any, purpose: str, name: str | None, targets: Any) -> None:
        table = noted(data() if callable(data) else data, targets)
        if table is not None:
            kept, value = input_of(table, purpose, None)
            self.writer.input(name or kept, value)

    def figure(self, figure: Any, name: str) -> None:
        """Keep a matplotlib figure as the run's file `name`."""
        artifact_logging.log_figure(self.writer, figure, name, None)

    def text(self, text: str, name: str) -> None:
        """Keep a text as the run's file `name`."""
        artifact_logging.log_text(self.writer, text, name)

    def record(self, dictionary: Any, name: str) -> None:
        """Keep a dict as the run's JSON file `name`."""
        artifact_logging.log_dict(self.writer, dictionary, name)


def logged(library: str, hook: Hook, *, shields: bool = True) -> Callable[[Any], Any]:
    """Makes replacements of a library's functions whose calls are logged by `hook`.

    With `shields`, what such a call calls in turn is not logged.
    """

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            settings = settings_of(library)
            if settings is None or _inside.get():
                return original(*args, **kwargs)
            with unlogged(shields):
                return _observed(Call(library, settings, original, args, kwargs), hook)

        return replacement

    return make


def _observed(call: Call, hook: Hook) -> Any:
    __tracebackhide__ = True
    try:
        result = _made(call, hook)
    except BaseException as error:
        status = context.status_after(error)
        call.attempt("the end of the run was", lambda: call.close(status))
        raise
    call.attempt("the end of the run was", lambda: call.close("FINISHED"))
    return result


def _made(call: Call, hook: Hook) -> Any:
    __tracebackhide__ = True
    given = call.args, dict(call.kwargs)
    with _undrawn():
        steps = call.attempt("the call is", lambda: _begun(call, hook))
    if steps is None:
        call.args, call.kwargs = given
    try:
        result = call.original(*call.args, **call.kwargs)
    except BaseException:
        if steps is not None:
            call.attempt("the call was", steps.close)
        raise
    if steps is not None:
        with _undrawn():
            call.attempt("the result was", lambda: _finished(steps, result))
    return result


@contextmanager
def _undrawn() -> Iterator[None]:
    """What our predictions draw from the global random generators is not missing from the user's draws.

    Not in other threads, where another's draws would be given back too.
    """
    give_back = kept_states() if threading.current_thread() is threading.main_thread() else None
    try:
        yield
    finally:
        if give_back is not None:
            give_back()


def _begun(call: Call, hook: Hook) -> Generator[None, Any, None] | None:
    if not call.open():
        return None
    steps = hook(call)
    next(steps)
    return steps


def _finished(steps: Generator[None, Any, None], result: Any) -> None:
    try:
        steps.send(result)
    except StopIteration:
        return
    steps.close()


def silenced(original: Any) -> Any:
    """A replacement in whose calls nothing is logged, as in a cross-validation's fits."""

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        with unlogged():
            return original(*args, **kwargs)

    return replacement
