"""How a cell is tracked: `%%track` marks it, IPython runs it as it always does, and a run stands around it.

Invariant: the cell computes, prints, displays and raises exactly what it would without us. The magic's line becomes a
comment, so that the body is the top-level cell with its own line numbers; everything of ours runs guarded, and a
fault of ours is a sentence on the card or one line under the cell.
"""

from __future__ import annotations

import ast
import re
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tracker.capture import Session
from tracker.notebook.frontend import shows_widgets
from tracker.notebook.options import Options, parse
from tracker.notebook.outcome import failed_line
from tracker.tracking.provenance import notebook_path

if TYPE_CHECKING:
    from tracker.notebook.run import TrackedRun

_MAGIC = re.compile(r"\A\s*%%track(?=\s|$)([^\n]*)")


def track_line(source: str) -> str | None:
    """The text after `%%track` on the first line of a cell that is not blank, or None."""
    found = _MAGIC.match(source)
    return found[1] if found else None


def unmark(lines: list[str]) -> list[str]:
    """The cell with its `%%track` line turned into a comment; above another cell magic the line is dropped."""
    for i, line in enumerate(lines):
        if not line.strip():
            continue
        if track_line(line) is None:
            return lines
        rest = lines[i + 1 :]
        following = next((other for other in rest if other.strip()), "")
        if following.startswith("%%"):
            return rest[next(k for k, other in enumerate(rest) if other.strip()) :]
        return [*lines[:i], "# " + line.lstrip(), *rest]
    return lines


class CellTracker(ast.NodeTransformer):
    """Watches a shell's cells and puts a run around each that is marked. `install` and `remove` are exact opposites."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._open: list[tuple[str, TrackedRun]] = []
        self._awaiting_tree = False
        self._running: list[tuple[int, str]] = []
        self._unseen: str | None = None
        self.last_run_id: str | None = None
        self.session = Session(shell.user_ns)
        self._sweep: Options | None = None
        self.imposed: dict[str, Any] = {}
        """Options that hold for every marked cell from now on, over its own; its tags are added to."""

    def install(self) -> None:
        earlier = getattr(self.shell.history_manager, "input_hist_raw", [])
        self._guarded(lambda: self.session.adopt((i, text) for i, text in enumerate(earlier) if text))
        self._guarded(threading.Thread(target=_warm_up, name="tracker-environment", daemon=True).start)
        self.shell.input_transformers_cleanup.append(unmark)
        self.shell.ast_transformers.append(self)
        self.shell.events.register("pre_run_cell", self._begin)
        self.shell.events.register("post_run_cell", self._end)

    def reinstall(self) -> None:
        """Mark and see cells again where the shell's transformers were cleared."""
        if unmark not in self.shell.input_transformers_cleanup:
            self.shell.input_transformers_cleanup.append(unmark)
        if self not in self.shell.ast_transformers:
            self.shell.ast_transformers.append(self)

    def remove(self) -> None:
        self.shell.input_transformers_cleanup.remove(unmark)
        self.shell.ast_transformers.remove(self)
        self.shell.events.unregister("pre_run_cell", self._begin)
        self.shell.events.unregister("post_run_cell", self._end)

    # -- the three moments of a cell

    def _begin(self, info: Any) -> None:
        source = info.raw_cell or ""
        self._enter(source)
        line = track_line(source)
        if line is None or unmark not in self.shell.input_transformers_cleanup:
            return
        options = parse(line, self.shell.user_ns)
        self._impose(options)
        if options.sweep is not None:
            self._sweep = options
            return
        self._guarded(lambda: self._start(options, info))

    def _impose(self, options: Options) -> None:
        for name, value in self.imposed.items():
            setattr(options, name, {**options.tags, **value} if name == "tags" else value)

    def _enter(self, source: str) -> None:
        """Note a cell that begins; one that runs inside another is part of that."""
        count = self.shell.execution_count
        if self._running and self._running[0][0] < count:
            self._running.clear()  # it was cut off without a word
        self._running.append((count, source))
        self._unseen = source if len(self._running) == 1 else None

    def _start(self, options: Options, info: Any) -> None:
        from tracker.notebook.run import TrackedRun

        run = TrackedRun(
            options,
            source=info.raw_cell,
            shell=self.shell,
            execution_count=len(self.shell.history_manager.input_hist_raw),
            notebook=notebook_path(self.shell.user_ns),
            publish=self._publisher(),
            with_widget=shows_widgets(self.shell.user_ns),
            session=self.session,
        )
        self._open.append((info.raw_cell, run))
        self.last_run_id = run.id
        run.start()
        self._awaiting_tree = True

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Called by the shell with each tree that it is about to run: the first one after `_begin` is the cell's,
        the others are what its magics run."""
        if self._sweep is not None:
            return self._sweep_in_place_of(node)
        if self._unseen is not None:
            source, self._unseen = self._unseen, None
            self._guarded(lambda: self.session.begin(source, node))
        if not self._open:
            return node
        run = self._open[-1][1]
        step = run.instrumented if self._awaiting_tree else run.instrumented_inside
        self._awaiting_tree = False
        return self._guarded(lambda: step(node)) or node

    def _end(self, result: Any) -> None:
        """A cell has ended: ours, or one that ours runs (`%%capture` does, `%run` of a notebook too)."""
        source = result.info.raw_cell
        self._leave(source or "", result)
        if not any(source == ours for ours, _ in self._open):
            return
        self._awaiting_tree = False
        ended = False
        while not ended:
            ours, run = self._open.pop()
            ended = ours == source
            self._guarded(partial(run.finish, result if ended else None))

    def _leave(self, source: str, result: Any) -> None:
        self._unseen = None
        while self._running and self._running.pop()[1] != source:
            pass
        if not self._running:
            self._guarded(lambda: self.session.end(result.execution_count, result.error_in_exec, failed_line(result)))

    # -- help

    def _sweep_in_place_of(self, node: ast.Module) -> ast.Module:
        """A sweep's cell does not run here: what runs instead begins the sweep."""
        from tracker.notebook import sweeping

        options, self._sweep, self._unseen = self._sweep, None, None
        assert options is not None
        return sweeping.in_place_of(self, options, self._running[-1][1], node)

    def _publisher(self) -> Callable[[dict[str, Any], bool], None]:
        """Displays bundles under one display id. The publisher's own method: figures of ours are not the cell's."""
        transient = {"display_id": f"tracker-{uuid.uuid4().hex}"}
        publisher = self.shell.display_pub
        publish = publisher.publish

        def show(bundle: dict[str, Any], update: bool) -> None:
            with _without_flush(publisher):
                publish(bundle, metadata={}, transient=transient, update=update)

        return show

    def _guarded(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an object of the user's that was asked something may raise SystemExit
            say(error)
            return None


def _warm_up() -> None:
    """Import and find out what takes a moment the first time: neither `%load_ext` nor a cell waits for it."""
    with suppress(Exception):  # a library that is half imported: the first cell asks again
        import tracker.notebook.run  # noqa: F401
        from tracker.capture.environment import environment

        environment()


@contextmanager
def _without_flush(publisher: Any) -> Iterator[None]:
    """Lets a kernel display where the cell has put in place of `sys.stdout` what cannot be flushed: None, too."""
    if all(callable(getattr(stream, "flush", None)) for stream in (sys.stdout, sys.stderr)):
        yield
        return
    publisher._flush_streams = lambda: None
    try:
        yield
    finally:
        vars(publisher).pop("_flush_streams", None)


def say(error: BaseException) -> None:
    """One line under the cell about a fault of ours; for a fault that is not foreseen, where it arose."""
    from tracker.exceptions import TrackerError

    where = ""
    if not isinstance(error, TrackerError):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f" ({type(error).__name__} in {frame.name}, line {frame.lineno})"
    print(f"tracker: {error}{where}", file=sys.stderr)
