"""One tracked cell: the run that is opened before it, what is watched while it runs, what is kept when it has ended."""

from __future__ import annotations

import ast
import os
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tracker import capture, secrets
from tracker.capture import slicing
from tracker.capture.opened import leave_out
from tracker.exceptions import TrackerError
from tracker.notebook.figures import FigureTap
from tracker.notebook.fold import Tail
from tracker.notebook.live import LiveCard, Publish
from tracker.notebook.options import Options
from tracker.notebook.outcome import failed_line, outcome
from tracker.notebook.witnesses import Scene, Witness, witnesses
from tracker.tracking import context, reading, system_metrics
from tracker.tracking.client import existing_writer
from tracker.tracking.experiments import active_experiment_id
from tracker.tracking.provenance import CELL_RUN_VARIABLE, PARENT_VARIABLE, SLICE

if TYPE_CHECKING:
    from tracker.notebook.cached import CachedWitness

KEPT_ROWS = 1_000
SHOWN_CHARACTERS = 20_000
MASKED_NAMES = 8


class TrackedRun:
    """Opened by its constructor, watched between `start` and `finish`. Raises TrackerError if no run can be opened."""

    def __init__(
        self, options: Options, *, source: str, shell: Any, execution_count: int, notebook: str | None,
        publish: Publish, with_widget: bool, session: capture.Session,
    ) -> None:  # fmt: skip
        self._options = options
        self._shell = shell
        self._source = source
        self._session = session
        self._notices = list(options.problems)
        self._remarks: list[str] = []
        self._causes: set[str] = set()
        self._store = context.current_store()
        self._store.ensure()
        experiment_id, experiment = self._experiment()
        leave_out(str(self._store.root))
        store = self._store
        tail = Tail(lambda: store.journal_path)
        tags = self._tags(execution_count, notebook)
        self._run = self._given_run(tags) or context.open_run(
            experiment_id, name=options.name, tags=tags, parent=self._parent(), implicit=True
        )
        self.id = self._run.info.run_id
        self._writer = self._run.writer
        self._learn_secrets()
        self._shown_source = secrets.masked(source)[0]
        self._started = time.time()
        self._cell: capture.Cell | None = None
        self._before: capture.Before | None = None
        self._recorder: capture.LoopRecorder | None = None
        self._witnesses: tuple[Witness, ...] = ()
        self._cached: CachedWitness | None = None
        self._tap = FigureTap(
            shell, lambda path, data: self._noting_faults(lambda: self._writer.artifact_made(path, data))
        )
        facts = {
            "id": self.id, "experiment": experiment, "status": "RUNNING",
            "started": self._started * 1000, "ended": None, "output": "", "traceback": "",
            "source": self._shown_source, "notices": self._notices, "remarks": self._remarks,
        }  # fmt: skip
        self._card = LiveCard(self.id, facts, tail, publish, shell=shell, with_widget=with_widget)
        self._tee = capture.Tee(before=self._card.show)
        self._scene = Scene(
            source, shell.user_ns, session, self._writer, self._run.info.run_name or "", self._notices.append,
            self._remarks.append, self._card.metrics, self._card.params, self._card.refresh,
        )  # fmt: skip

    # -- before the cell

    def _experiment(self) -> tuple[str, str]:
        name = self._options.experiment
        if name is not None:
            try:
                return self._store.ensure_experiment(name), name
            except TrackerError as error:
                self._notices.append(f"{error} The run is kept in the current experiment.")
        identifier = active_experiment_id(self._store)
        known = self._store.known_experiments().get(identifier) or self._store.experiments().get(identifier)
        return identifier, known.name if known else "Default"

    def _given_run(self, tags: dict[str, str]) -> context.ActiveRun | None:
        """The run that this process was started for, if this cell is to be it."""
        run_id = os.environ.pop(CELL_RUN_VARIABLE, None)
        if run_id is None:
            return None
        info, writer = reading.get_info(self._store, run_id), existing_writer(self._store, run_id)
        run = context.resume_run(self._store, info, writer, implicit=True)
        writer.tags({key: value for key, value in tags.items() if not key.startswith("mlflow.source.")})
        return run

    def _parent(self) -> str | None:
        if not self._options.nested:
            return os.environ.get(PARENT_VARIABLE)
        active = context.active_run()
        if active is None:
            self._notices.append("%%track --nested: no run is active, so this one stands by itself.")
        return active.info.run_id if active else None

    def _tags(self, execution_count: int, notebook: str | None) -> dict[str, str]:
        tags = {"mlflow.source.type": "NOTEBOOK", "tracker.execution_count": str(execution_count)}
        if notebook:
            tags["mlflow.source.name"] = notebook
        if self._options.note:
            tags["mlflow.note.content"] = self._options.note
        return tags | self._options.tags

    def start(self) -> None:
        """Keep the source, begin to watch; the card is shown when there is reason to."""
        self._noting_faults(lambda: self._keep_source(""))
        self._noting_faults(self._watch_machine)
        self._card.start(at_once=not self._options.capture)
        if self._options.capture:
            self._tap.install()
            self._tee.start()

    def _watch_machine(self) -> None:
        if system_metrics.is_wanted(self._options.system_metrics or None):
            system_metrics.watch(self._run)

    def instrumented(self, tree: ast.Module) -> ast.Module:
        """The cell's tree with its top-level loops handing over their values; notes what the cell reads."""
        if not self._options.capture:
            return tree
        names = self._shell.user_ns
        self._cell = capture.analyse(tree)
        self._before = capture.inputs_before(self._cell, names)
        self._recorder = capture.LoopRecorder(names, self._emit)
        plain, tree = tree, self._recorder.instrument(tree)
        self._recorder.install()
        data, environment, again = witnesses()
        self._witnesses = (data, environment, again)
        if self._options.cached:
            from tracker.notebook.cached import CachedWitness

            self._cached = CachedWitness(again, names, plain, [self._options.params, self._options.metrics])
            self._witnesses = (data, environment, self._cached, again)
        for witness in (data, environment, again):
            self._noting_faults(partial(witness.begin, self._scene))
        if self._cached is not None:
            self._noting_faults(partial(self._cached.begin, self._scene))
            tree = self._cached.program(tree)
        return tree

    def instrumented_inside(self, tree: ast.Module) -> ast.Module:
        """The same for a tree that a magic of the cell is about to run, if it is the cell's own text."""
        if self._recorder is None or self._cell is None or not self._cell.holds(tree):
            return tree
        return self._recorder.instrument(tree)

    def _emit(self, values: dict[str, float], step: int) -> None:
        wanted = self._options.metrics
        self._writer.metrics(values if wanted is None else {k: v for k, v in values.items() if k in wanted}, step)

    # -- after the cell

    def finish(self, result: Any) -> None:
        """Stop watching, keep what the cell made, end the run, show the card's last state."""
        status, trace = "KILLED", ""
        for step in (
            self._stop_watching,
            self._learn_secrets,
            self._keep_slice,  # first: what its cells tell to be a credential is masked in what they left, too
            lambda: self._keep_names(result),
            lambda: self._keep_result(result),
            lambda: self._keep_source(self._shown_source),
            *(partial(witness.end, self._scene) for witness in self._witnesses),
        ):
            self._noting_faults(step)
        try:
            status, trace = outcome(result, self._shell)
            self._noting_faults(lambda: self._keep_text(trace))
        finally:
            self._noting_faults(lambda: context.close_run(self._run, status))
            self._finish_card(status, trace)

    def _finish_card(self, status: str, trace: str) -> None:
        facts = {
            "status": status,
            "ended": time.time() * 1000,
            "output": self._shown(self._tee.text),
            "traceback": self._shown(trace),
            "source": self._shown_source,
            "notices": self._notices + self._masking(),
        }
        try:
            self._card.finish(facts, again=self._tap.cleared)
        finally:
            self._tee.stop()  # not before: what a thread writes meanwhile is to stand below the card

    def _shown(self, text: str) -> str:
        """The end of a text as a message can hold it: a lone surrogate cannot be sent."""
        return secrets.masked(text[-SHOWN_CHARACTERS:])[0].encode("utf-8", "replace").decode()

    def _masking(self) -> list[str]:
        """A word on what was masked."""
        names = list(self._writer.masked)
        if not names:
            return []
        more = f" and {len(names) - MASKED_NAMES} more" if len(names) > MASKED_NAMES else ""
        return [f"Masked before it was written: {', '.join(names[:MASKED_NAMES])}{more}."]

    def _noting_faults(self, step: Any) -> None:
        try:
            step()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an object of the user's that was asked something may raise SystemExit
            self._note("Not everything was kept", error)

    def _note(self, what: str, error: BaseException) -> None:
        """A notice on the card, one for each cause: a full disk fails every step."""
        cause = error if isinstance(error, OSError) else error.__cause__
        name = str(cause.errno) if isinstance(cause, OSError) else str(error)
        if name not in self._causes:
            self._causes.add(name)
            self._notices.append(f"{what}: {error}")

    def _stop_watching(self) -> None:
        if self._recorder is not None:
            self._recorder.remove()
            if self._recorder.fault is not None:
                self._note("A curve was cut off", self._recorder.fault)
        if self._options.capture:
            self._tee.end()
            self._tap.remove()
            self._notices += self._tap.notices
        if self._cached is not None:
            self._cached.ending.output = self._tee.pieces
            self._cached.ending.displayed = self._tap.displayed or self._tap.cleared

    def _keep_names(self, result: Any) -> None:
        names = self._shell.user_ns
        params, metrics = self._found(result)
        restored = self._cached.record if self._cached is not None else None
        if self._cached is not None and restored is not None:
            params, metrics = self._cached.params, restored.metrics
        if self._options.params is not None:
            params = {name: names[name] for name in self._named(self._options.params)}
        if self._options.metrics is not None:
            metrics = self._numbers(self._named(self._options.metrics))
        self._writer.params(params)
        left = self._recorder.unlogged(metrics) if self._recorder else {k: (v, None) for k, v in metrics.items()}
        for key, (value, step) in left.items():
            self._writer.metric(key, value, step)

    def _found(self, result: Any) -> tuple[dict[str, Any], dict[str, float]]:
        """The parameters and metrics that the cell's source and names tell."""
        if self._cell is None or self._before is None:
            return {}, {}
        names = self._shell.user_ns
        last = result.result if result is not None else None
        line = failed_line(result)
        return (
            capture.parameters(self._cell, self._before, names),
            capture.metrics(self._cell, self._before, names, result=last, failed_line=line),
        )

    def _keep_source(self, before: str) -> None:
        """Keep the cell's source, or keep it anew if more than in the one `before` is known to be a credential."""
        source = self._writer.masked_text(self._source)
        if source != before:
            self._shown_source = source
            self._writer.artifact_bytes("code/cell.py", source.encode("utf-8", "replace"))

    def _keep_slice(self) -> None:
        """Keep the cells that made what this one read, and the modules beside the notebook."""
        executions = self._session.executions
        if not executions or executions[-1].source != self._source:
            return
        cells = slicing.slice_of(executions, executions[-1])
        folder = self._session.folder
        modules = {path: kept for path in slicing.local_modules(folder) if (kept := slicing.kept_path(path, folder))}
        for cell in cells:  # what one of them tells to be a credential is masked in all
            self._writer.masked_text(cell.source)
        cells = [replace(cell, source=self._writer.masked_text(cell.source)) for cell in cells]
        self._keep_modules(modules)
        self._writer.artifact_bytes("code/cells.json", slicing.cells_json(self._session, cells, modules.values()))
        program = slicing.script(cells, self._shell.transform_cell)
        self._writer.artifact_bytes("code/slice.py", program.encode("utf-8", "replace"))
        self._writer.tags({SLICE: f"{len(cells)} of {len(executions)} cells"})

    def _keep_modules(self, modules: dict[str, str]) -> None:
        clean: dict[str, str] = {}
        for path, kept in modules.items():
            text, found = secrets.masked_file(path)
            if text is None:
                clean[path] = kept
            else:
                self._writer.note_masked(found)
                self._writer.artifact_bytes(kept, text)
        self._writer.artifact_files(clean.items())

    def _learn_secrets(self) -> None:
        """Credentials under the names of the session and of the environment are masked wherever they stand."""
        secrets.learn_environment()
        secrets.learn_names(self._shell.user_ns)

    def _named(self, wanted: list[str]) -> list[str]:
        missing = [name for name in wanted if name not in self._shell.user_ns]
        if missing:
            self._notices.append(f"%%track: the cell left no {', '.join(missing)} to keep.")
        return [name for name in wanted if name not in missing]

    def _numbers(self, wanted: list[str]) -> dict[str, float]:
        found = {name: capture.scalar(self._shell.user_ns[name]) for name in wanted}
        for name in [name for name, value in found.items() if value is None]:
            self._notices.append(f"%%track --metrics: {name} is no number, so it is not kept as a metric.")
        return {name: value for name, value in found.items() if value is not None}

    def _keep_result(self, result: Any) -> None:
        """The cell's last expression, when it is a table: its first rows as CSV."""
        if self._cached is not None and result is not None:
            self._cached.ending.value = result.result
        table = result.result if result is not None and self._options.capture else None
        pandas = sys.modules.get("pandas")
        secrets.learn_tables([*self._shell.user_ns.values(), table])
        if pandas is not None and isinstance(table, pandas.DataFrame):
            rows, found = secrets.masked_table(table.head(KEPT_ROWS))
            self._writer.note_masked(found)
            self._writer.artifact_text("output/result.csv", rows.to_csv())

    def _keep_text(self, trace: str) -> None:
        if printed := self._tee.text:
            self._writer.artifact_text("output/output.txt", printed)
        if trace:
            self._writer.artifact_text("output/traceback.txt", trace)
