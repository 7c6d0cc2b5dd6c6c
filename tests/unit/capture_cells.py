"""The labelled cells of tests/capture_corpus, and a shell that runs them as the notebook does.

A corpus file holds cells under `# %% name` lines with labels as `#: key: value`: `setup` names cells to run first,
`params` are `name=JSON` (text in single quotes), `metrics` and `curves` are names (`␣` for a space in one), `fails`
is the exception that ends the cell.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tracker.capture import Cell, LoopRecorder, analyse, inputs_before, metrics, parameters

CORPUS = Path(__file__).parents[1] / "capture_corpus"
_LABEL = re.compile(r"^#: (\w+):(.*)$")
_PARAMETER = re.compile(r"(\w+)=('[^']*'|\S+)")


@dataclass
class LabelledCell:
    name: str
    source: str = ""
    setup: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)
    metrics: set[str] = field(default_factory=set)
    curves: set[str] | None = None
    fails: str = ""


@dataclass
class Capture:
    params: dict[str, Any]
    metrics: dict[str, float]
    points: list[tuple[int, dict[str, float]]]
    recorder: LoopRecorder
    result: Any


def setups() -> dict[str, str]:
    return dict(_split((CORPUS / "setups.cells").read_text()))


def corpus() -> list[LabelledCell]:
    cells = []
    for path in sorted(CORPUS.glob("*.cells")):
        if path.stem != "setups":
            cells += [_labelled(f"{path.stem}: {name}", body) for name, body in _split(path.read_text())]
    return cells


def _split(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"(?m)^# %% (.*)\n", text)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _labelled(name: str, body: str) -> LabelledCell:
    cell = LabelledCell(name)
    lines = body.splitlines()
    while lines and (label := _LABEL.match(lines[0])):
        lines.pop(0)
        key, text = label[1], label[2].strip()
        if key == "params":
            found = _PARAMETER.findall(text)
            cell.params = {k: v[1:-1] if v.startswith("'") else json.loads(v) for k, v in found}
        elif key == "setup":
            cell.setup = text.split()
        elif key == "fails":
            cell.fails = text
        else:
            setattr(cell, key, {word.replace("␣", " ") for word in text.split()})
    cell.source = "\n".join(lines).strip() + "\n"
    return cell


class Shell:
    """IPython, with the capture put around each cell."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.ip = InteractiveShell(config=config)
        self._fresh = dict(self.ip.user_ns)

    def start(self, sources: list[str]) -> None:
        self.ip.user_ns.clear()
        self.ip.user_ns.update(self._fresh)
        for source in sources:
            assert self.ip.run_cell(source).success

    def capture(self, source: str) -> Capture:
        points: list[tuple[int, dict[str, float]]] = []
        namespace = self.ip.user_ns
        recorder = LoopRecorder(namespace, lambda values, step: points.append((step, values)))
        cell = analyse(ast.parse(self.ip.transform_cell(source)))
        before = inputs_before(cell, namespace)
        transformer = _Instrument(recorder, cell)
        self.ip.ast_transformers.append(transformer)
        recorder.install()
        try:
            result = self.ip.run_cell(source)
        finally:
            recorder.remove()
            self.ip.ast_transformers.remove(transformer)
        failed = _failed_line(result.error_in_exec)
        numbers = metrics(cell, before, namespace, result.result, failed)
        return Capture(parameters(cell, before, namespace), numbers, points, recorder, result)


class _Instrument(ast.NodeTransformer):
    def __init__(self, recorder: LoopRecorder, cell: Cell) -> None:
        self._recorder, self._cell, self._first = recorder, cell, True

    def visit(self, node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Module)
        first, self._first = self._first, False
        return self._recorder.instrument(node) if first or self._cell.holds(node) else node


def _failed_line(error: BaseException | None) -> int | None:
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if (
            trace.tb_frame.f_code.co_name in ("<module>", "<cell line: 1>")
            and "ipython-input" in trace.tb_frame.f_code.co_filename
        ):
            return trace.tb_lineno
        trace = trace.tb_next
    return None
