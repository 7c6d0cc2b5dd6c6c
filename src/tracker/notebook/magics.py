"""The magics: `%%track`, `%tracker`, `%runs`, `%compare`, `%rerun`, `%%runs_sql`, and what `%load_ext tracker` does.

Loading must be cheap: pandas, duckdb, pyarrow and the widgets are imported by the magic that needs them.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class

from tracker.exceptions import TrackerError
from tracker.notebook import completion, options
from tracker.notebook.cell import CellTracker

_IPYTHON_RERUN = re.compile(r"-.*|(~?\d{1,4}(/\d*)?(-(~?\d+/)?\d*)?(\s+|$))*")
"""Nothing, an option, or ranges of history such as `4-7 ~1/3`; a run's id has twelve figures and more."""

_loaded: dict[int, tuple[CellTracker, Any]] = {}


def load(shell: Any) -> None:
    """Put the magics and the cell's watch into this shell; a second call changes nothing."""
    if id(shell) in _loaded:
        return
    tracker = CellTracker(shell)
    magics = TrackerMagics(shell, tracker, ipython_rerun=shell.find_line_magic("rerun"))
    shell.register_magics(magics)
    tracker.install()
    completion.install(shell)
    _loaded[id(shell)] = (tracker, magics)


def tracker_of(shell: Any) -> CellTracker:
    """The watch over this shell's cells, which `load` put there."""
    return _loaded[id(shell)][0]


def unload(shell: Any) -> None:
    """Take out what `load` put in."""
    if id(shell) not in _loaded:
        return
    tracker, magics = _loaded.pop(id(shell))
    tracker.remove()
    completion.remove(shell)
    for kind, names in magics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    if magics.ipython_rerun is not None:
        shell.register_magic_function(magics.ipython_rerun, "line", "rerun")


@magics_class
class TrackerMagics(Magics):
    """Experiment tracking in the notebook."""

    def __init__(self, shell: Any, tracker: CellTracker, ipython_rerun: Callable[[str], Any] | None = None) -> None:
        super().__init__(shell)
        self._shell = shell
        self._tracker = tracker
        self.ipython_rerun = ipython_rerun

    @cell_magic
    def track(self, line: str, cell: str) -> None:
        # Typed in a cell, `%%track` never gets here: the cell is marked and runs as it is. This serves run_cell_magic,
        # and cells of a shell whose transformers were cleared: those would come here without end.
        self._tracker.reinstall()
        self._shell.run_cell(f"%%track {line}\n{cell}")

    track.__doc__ = options.help_text()  # what `%%track?` shows

    @line_magic
    def tracker(self, line: str) -> None:
        """Say where the runs are kept, and how the store is; choose another place; undo an edit.

        %tracker               the store, its size and health, the experiments, the active run
        %tracker store PATH    keep runs in this folder from now on
        %tracker undo          take back the last edit or deletion made here
        """
        from tracker import tracking
        from tracker.query.overview import overview
        from tracker.store import find_store
        from tracker.tracking import context
        from tracker.tracking.edits import undo

        words = _words(line)
        if words[:1] == ["store"] and len(words) == 2:
            _said(lambda: tracking.set_tracking_uri(find_store(words[1]).root))
        elif words == ["undo"]:
            return print(_said(undo))
        elif words:
            ways = "%tracker, %tracker store PATH, or %tracker undo"
            raise UsageError(f"%tracker: {line.strip()!r} is not understood. Use {ways}.")
        store = _said(context.current_store)
        known = [e for e in store.experiments().values() if e.state == "active"]
        active = tracking.active_run()
        for label, text in _said(lambda: overview(store)):
            print(f"{label:13}{text}")
        print(f"experiments  {len(known)}{': ' + ', '.join(e.name for e in known[:8]) if known else ''}")
        print(f"active run   {f'{active.info.run_name} {active.info.run_id[:12]}' if active else 'none'}")

    @line_magic
    def runs(self, line: str) -> Any:
        """Show the run table.

        %runs                             all runs
        %runs iris                        the runs of an experiment
        %runs iris metrics.accuracy > 0.9 and params.C <= 10
        """
        from tracker.notebook.views import table

        experiment, where = _experiment_and_filter(line)
        return _said(lambda: table(experiment, where=where))

    @line_magic
    def compare(self, line: str) -> Any:
        """Compare runs: curves, parallel coordinates, scatter, and what differs.

        %compare                          the runs selected in the last table, else the latest runs
        %compare iris                     the runs of an experiment
        %compare iris metrics.accuracy > 0.9
        """
        from tracker.notebook.run_table import RunTable
        from tracker.notebook.views import compare

        table = RunTable.latest
        if not line.strip() and table is not None and table.selected:
            return _said(lambda: compare(table))
        experiment, where = _experiment_and_filter(line)
        return _said(lambda: compare(experiment=experiment, where=where))

    @line_magic
    def rerun(self, line: str) -> Any:
        """Run the cells that made a run again, in a clean process, and compare its metrics.

        %rerun RUN                        a run's id, the beginning of it, or its name
        %rerun RUN C=10 kernel=linear     with other values for names that the cells assign literals

        With a range of the session's history, an option of its own, or nothing, it is IPython's %rerun.
        """
        from tracker.projects.rerun import rerun

        if self.ipython_rerun is not None and _IPYTHON_RERUN.fullmatch(line.strip()):
            return self.ipython_rerun(line)
        words = _words(line)
        if not words:
            raise UsageError("%rerun: which run? Give its id, the beginning of it, or its name.")
        return _said(lambda: rerun(words[0], dict(_named_value(word) for word in words[1:])))

    @line_magic
    def trainer(self, line: str) -> Any:
        """Show the trainer's panel for data in the session.

        %trainer X y                      features and target
        %trainer frame column             a table and the name of its target
        %trainer X y SVC                  with the estimator to begin with
        """
        words = _words(line)
        names = self._shell.user_ns
        if not 2 <= len(words) <= 3 or words[0] not in names:
            raise UsageError("%trainer: name the data, as in %trainer X y, or %trainer frame column.")
        from tracker.notebook.trainer_view import trainer

        return _said(lambda: trainer(names[words[0]], names.get(words[1], words[1]), *words[2:]))

    @line_cell_magic
    def runs_sql(self, line: str, cell: str | None = None) -> Any:
        """Ask the store in SQL (DuckDB); gives a DataFrame. Views: runs, params, metrics, latest_metrics, tags,
        artifacts, datasets, experiments.

        %%runs_sql [NAME]                 the result is also kept under NAME
        SELECT name, status, duration FROM runs ORDER BY start_time DESC LIMIT 5
        """
        from tracker import frames

        if cell is None:
            return _said(lambda: frames.sql(line))
        result = _said(lambda: frames.sql(cell))
        name = line.strip()
        if name and not name.isidentifier():
            raise UsageError(f"%%runs_sql: {name!r} is no name to keep the result under.")
        if name:
            self._shell.user_ns[name] = result
        return result


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{error} in {line.strip()!r}.") from None


def _named_value(word: str) -> tuple[str, Any]:
    """`name=value`, the value a literal or else text."""
    name, equals, text = word.partition("=")
    if not (equals and name.isidentifier()):
        raise UsageError(f"%rerun: a parameter is name=value; {word!r} is not understood.")
    try:
        return name, ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return name, text


def _experiment_and_filter(line: str) -> tuple[str | None, str | None]:
    """The first word is the experiment if one has that name; what follows (or all of it) is a filter."""
    from tracker.tracking import context

    text = line.strip()
    if not text:
        return None, None
    names = [e.name for e in _said(context.current_store).experiments().values() if e.state == "active"]
    for name in sorted(names, key=len, reverse=True):
        for written in (name, f'"{name}"', f"'{name}'"):
            if text == written or text.startswith(written + " "):
                return name, text[len(written) :].strip() or None
    if any(sign in text for sign in "=<>.") or " " in text:
        return None, text
    raise UsageError(f"There is no experiment {text!r}; there are: {', '.join(sorted(names)) or 'none yet'}.")


def _said(step: Any) -> Any:
    """The step's result; a mistake of the user's becomes IPython's one line instead of a traceback."""
    try:
        return step()
    except TrackerError as error:
        raise UsageError(str(error)) from None
