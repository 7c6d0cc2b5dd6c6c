"""`%%track --cached`: an earlier run's result instead of running the cell.

A result is kept when all that the cell left can be made again: the names that it bound, what it printed, the value of
its last expression. Invariants: a result is used only for equal inputs, all of which can be told, and only if every
value reads back as it was written; a cell that did anything else (changed what was there, wrote files, drew random
numbers, displayed something) is never passed over, and its card says why.
"""

from __future__ import annotations

import ast
import os
import sys
import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from tracker import secrets
from tracker.capture import Execution, Piece
from tracker.capture.again import Record, disagree, words_of
from tracker.capture.content import told as contents_of
from tracker.capture.held import held_files
from tracker.capture.process import process_state
from tracker.capture.randomness import set_states, whole_states
from tracker.capture.restorable import SUFFIXES, NotKept, as_json, from_json, read, written
from tracker.notebook.witnesses import AgainWitness, Scene
from tracker.store.artifacts import beginning_of, resolve_inside
from tracker.tracking.values import parameter

CACHED: Final = "tracker.cached"
"""The tag that names the run whose result stands in place of running."""
LAST: Final = "_tracker_result"
"""The name under which the value of a last expression stands while it is displayed."""
_FOLDER: Final = "cached"
_RESULT: Final = f"{_FOLDER}/result.json"
_OURS: Final = frozenset({"code", "output", "environment.json", _FOLDER})
_MAX_JSON: Final = 64 << 20
_MAX_FILE: Final = 1 << 30
_MAX_OUTPUT: Final = 100_000
_FIXED: Final = (type(None), bool, int, float, complex, str, bytes)


@dataclass
class Ending:
    """How the cell ended, beside what it left under names."""

    value: Any = None
    """Of its last expression."""
    output: list[Piece] = field(default_factory=list)
    displayed: bool = False


class CachedWitness:
    """Looks for a result to put in place of the cell; keeps the cell's own where it has run."""

    def __init__(
        self, again: AgainWitness, names: MutableMapping[str, Any], tree: ast.Module, chosen: list[list[str] | None]
    ) -> None:
        """`chosen` are the names to take as parameters and as metrics, where they were given."""
        self._again = again
        self._chosen = chosen
        self._names = names
        self._tree = tree
        self._safe = False
        self._held: dict[str, tuple[int, int]] = {}
        self._state: list[str] = []
        self.ending = Ending()
        self.record: Record | None = None
        """The run whose result is used."""
        self.params: dict[str, Any] = {}
        """That run's parameters."""

    # -- before the cell

    def begin(self, scene: Scene) -> None:
        why = _odd_statement(self._tree) or self._unsafe(scene)
        if why is not None:
            scene.remark(f"--cached: the cell runs, since {why}.")
            return
        self._safe = True
        for record in self._again.holding(scene):
            told = _told(scene, record)
            if (
                told is not None
                and told.get("chosen") == self._chosen
                and self._digests(told["unmoved"]) == told["unmoved"]
            ):
                self._restore(scene, record, told)
                return
        self._held = held_files()
        self._state = list(process_state(self._again.inputs.words))

    def _unsafe(self, scene: Scene) -> str | None:
        """Why equal inputs cannot be told for certain."""
        cell = scene.session.foreseen
        unknown = self._again.inputs.unknown
        if unknown:
            return f"what is in {', '.join(unknown[:3])} cannot be told"
        if self._again.inputs.key is None or cell is None:
            return "what it reads cannot be told in full"
        if disagree(self._again.records(scene)):
            return "with equal inputs it has given other metrics before"
        return None

    def _digests(self, names: Iterable[str]) -> dict[str, str]:
        return contents_of({name: self._names[name] for name in names if name in self._names}).digests

    def _restore(self, scene: Scene, record: Record, told: dict[str, Any]) -> None:
        if not set_states(told["states"]):
            return
        for stream, text in told["output"]:
            (sys.stderr if stream == "stderr" else sys.stdout).write(str(text))
        self._names.update(told["values"])
        self.params = {str(name): parameter(value) for name, value in told["params"].items()}
        self.record = record
        self._again.restored = True
        scene.writer.tags({CACHED: record.run})
        names = [name for name in told["values"] if name != LAST]
        shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.ended))
        scene.remark(
            f"Restored without running, from {record.name} [{record.run[:12]}] of {when}: {shown or 'its output'}."
        )
        scene.refresh()

    def program(self, tree: ast.Module) -> ast.Module:
        """What is to run: the cell as it is, or where a result was found its imports, functions and last value."""
        if self.record is None:
            return tree
        body: list[ast.stmt] = [one for one in self._tree.body if isinstance(one, _RUN_AGAIN)]
        last = _last_expression(self._tree)
        if isinstance(last, ast.Name):
            body.append(self._tree.body[-1])
        elif last is not None and LAST in self._names:
            body.append(ast.copy_location(ast.Expr(ast.copy_location(ast.Name(LAST, ast.Load()), last)), last))
        return ast.Module(body, [])

    # -- after the cell

    def end(self, scene: Scene) -> None:
        self._names.pop(LAST, None)
        done = scene.session.executions[-1] if scene.session.executions else None
        if not self._safe or self.record is not None or done is None or done.source != scene.source or done.error:
            return
        try:
            self._keep(scene, done)
            self._again.keeps_result = True
        except NotKept as why:
            scene.remark(f"--cached: the result cannot be restored another time, since {why}.")

    def _keep(self, scene: Scene, done: Execution) -> None:
        """Write the result down. Raises NotKept."""
        side = _side_effect(done, scene.names) or self._odd_output() or self._changed_input(scene, done)
        side = side or self._changed_process(scene)
        asks = self._again.unsteady(scene, done, with_clocks=True)
        side = side or (f"it asks {asks}, which may answer otherwise" if asks else None)
        own = _own_files(scene)
        if side or own:
            raise NotKept(side or f"it logged {own}")
        again = {name for one in self._tree.body if isinstance(one, _RUN_AGAIN) for name in _bound_by(one)}
        missing = sorted(name for name in done.bound if name not in self._names)
        if missing:
            raise NotKept(f"it deletes {missing[0]}")
        values = {name: self._names[name] for name in sorted(done.bound - again)}
        if self.ending.value is not None and not isinstance(_last_expression(self._tree), ast.Name):
            values[LAST] = self.ending.value
        told, files = written(values, done.read.ids)
        for name, value in values.items():
            if type(value) in (str, dict, list, tuple) and secrets.masked_value(name, value)[1]:
                raise NotKept(f"{name} holds what looks like a credential")
        told["files"] = [suffix for suffix, _ in files]
        told["output"] = [[piece.stream, piece.text] for piece in self.ending.output]
        told["params"], told["chosen"] = scene.params(), self._chosen
        told["unmoved"] = self._digests(done.maybe)
        told["states"] = whole_states(done.drew)
        if told["states"].keys() != done.drew:
            raise NotKept("the state of a random generator cannot be set again")
        for i, (suffix, data) in enumerate(files):
            scene.writer.artifact_bytes(_place(i, suffix), data)
        scene.writer.artifact_bytes(_RESULT, as_json(told))

    def _odd_output(self) -> str | None:
        text = "".join(piece.text for piece in self.ending.output)
        if self.ending.displayed:
            return "it displays something"
        if any(not piece.stream for piece in self.ending.output) or len(text) > _MAX_OUTPUT:
            return "it printed more than is kept"
        return "it printed what looks like a credential" if secrets.masked(text)[1] else None

    def _changed_input(self, scene: Scene, done: Execution) -> str | None:
        """What the cell read and is no longer as it was: a second look, by content, at what the source tells."""
        before = self._again.inputs
        names = {name: scene.names[name] for name in before.told if name in scene.names}
        now = contents_of(names, words_of(scene.source))
        changed = [
            one for one, digest in before.told.items() if one not in done.bound and now.digests.get(one) != digest
        ]
        if not done.bound & before.told.keys():  # what stands behind a name that is bound anew is other code
            changed += [one for one, digest in before.behind.items() if now.behind.get(one, digest) != digest]
        return f"it changes {changed[0]} in place" if changed else None

    def _changed_process(self, scene: Scene) -> str | None:
        """What the cell left changed outside its names, though its source does not tell."""
        now = held_files()
        written = sorted(path for path, mark in self._held.items() if now.get(path, mark) != mark)
        if written:
            return f"it writes {os.path.basename(written[0])}"
        if list(process_state(self._again.inputs.words)) != self._state:
            return "it sets the process up"
        call = self._again.writer(scene)
        return f"{call} may write a file" if call else None


_RUN_AGAIN: Final = (ast.Import, ast.ImportFrom, ast.FunctionDef)


def _told(scene: Scene, record: Record) -> dict[str, Any] | None:
    """A run's result, if it kept one and all of it can be read."""
    root = scene.writer.store.artifact_root(record.run)
    told = from_json(beginning_of(resolve_inside(root, _RESULT), _MAX_JSON))
    if told is None or not isinstance(told.get("output"), list):
        return None
    if not all(isinstance(told.get(part), dict) for part in ("params", "unmoved", "states")):
        return None
    suffixes = told.get("files")
    if not isinstance(suffixes, list) or not set(suffixes) <= SUFFIXES:
        return None
    values = read(told, lambda i: beginning_of(resolve_inside(root, _place(i, suffixes[i])), _MAX_FILE))
    return None if values is None else {**told, "values": values}


def _place(i: int, suffix: str) -> str:
    return f"{_FOLDER}/{i}{suffix}"


def _odd_statement(tree: ast.Module) -> str | None:
    """What of the cell's own statements could not be left out."""
    for statement in tree.body:
        if isinstance(statement, (ast.ClassDef, ast.AsyncFunctionDef)):
            return f"it defines {statement.name}, which cannot be restored"
        if isinstance(statement, ast.FunctionDef):
            defaults = [*statement.args.defaults, *(one for one in statement.args.kw_defaults if one is not None)]
            if statement.decorator_list or not all(isinstance(one, ast.Constant) for one in defaults):
                return f"{statement.name} is made by more than its own text"
    again = [name for one in tree.body if isinstance(one, _RUN_AGAIN) for name in _bound_by(one)]
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    twice = sorted(name for name in again if name in stored or again.count(name) > 1)
    if twice:
        return f"{twice[0]} is imported or defined, and bound again"
    return "of its star import" if "*" in again else None


def _bound_by(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef):
        return [statement.name]
    names = statement.names if isinstance(statement, (ast.Import, ast.ImportFrom)) else []
    whole = isinstance(statement, ast.Import)
    return [one.asname or (one.name.partition(".")[0] if whole else one.name) for one in names]


def _last_expression(tree: ast.Module) -> ast.expr | None:
    last = tree.body[-1] if tree.body else None
    return last.value if isinstance(last, ast.Expr) else None


def _side_effect(done: Execution, names: Mapping[str, Any]) -> str | None:
    """What a cell did beside binding names and printing."""
    if done.unknown or done.effects.magics:
        return "it can do more than its text tells"
    if done.sets_up:
        return "it sets the process up"
    if done.files.elsewhere:
        return f"it asks {done.files.elsewhere}, which may answer otherwise"
    if done.files.written:
        return f"it writes {os.path.basename(min(done.files.written))}"
    kept = sorted(name for name in done.maybe if type(names.get(name)) not in _FIXED)
    if kept:
        return f"it may change {kept[0]}"
    if done.changed.ids & done.read.ids or (done.changed.cut and done.read.cut):
        return "it changes what was there before"
    return None


def _own_files(scene: Scene) -> str | None:
    """A file that the cell's code logged itself."""
    try:
        names = os.listdir(scene.writer.artifact_path("."))
    except OSError:
        return None
    return next((name for name in sorted(names) if name not in _OURS), None)
