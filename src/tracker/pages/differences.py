"""What changed between two runs, as a page shows it: `Differences` of js/core/types.ts. Long texts are cut."""

from __future__ import annotations

from typing import Any, Final

from tracker.comparison.code import CellDiff
from tracker.comparison.compare import Change, diff_in
from tracker.comparison.reading import MISSING, Dataset
from tracker.comparison.render import cell_words, clipped, data_words, said, shown, visible
from tracker.query import Reader

MOST_ROWS: Final = 500
MOST_CELLS: Final = 200
MOST_CHARACTERS: Final = 20_000
_VALUE_CHARACTERS: Final = 2_000


def differences(store: Reader, a: str, b: str) -> dict[str, Any]:
    """Parameters, metrics, environment and data that differ, and the cells with their marks. Raises NotFound."""
    found = diff_in(store, a, b)
    code = (*found.code, *found.modules)
    families = {"params": found.params, "metrics": found.metrics, "environment": found.environment}
    return {
        **{name: [_change(change) for change in changes[:MOST_ROWS]] for name, changes in families.items()},
        "data": [
            {"name": change.name, "a": _dataset(change.a), "b": _dataset(change.b), "said": data_words(change)}
            for change in found.data[:MOST_ROWS]
        ],
        "cells": [_cell(cell) for cell in code[:MOST_CELLS]],
        "cut": len(code) > MOST_CELLS or any(len(changes) > MOST_ROWS for changes in families.values()),
    }


def _change(change: Change) -> dict[str, Any]:
    a, b = shown(change, _VALUE_CHARACTERS)
    return {
        "name": change.name, "a": None if change.a is MISSING else a, "b": None if change.b is MISSING else b,
        "said": said(change),
    }  # fmt: skip


def _dataset(data: Dataset | None) -> str | None:
    if data is None:
        return None
    return " × ".join(map(str, data.shape)) or data.digest[:12]


def _cell(cell: CellDiff) -> dict[str, Any]:
    """Whether each run has it, and its text in pieces, [kind, text] in reading order: same, added (in b), removed."""
    long = sum(len(text) for _, text in cell.marks) > MOST_CHARACTERS
    marks = clipped(cell.marks, MOST_CHARACTERS) if long else [(kind, visible(text)) for kind, text in cell.marks]
    return {
        "a": cell.a is not None, "b": cell.b is not None, "same": cell.same, "marks": [*map(list, marks)],
        "moved": cell.moved, "module": bool(cell.file), "said": cell_words(cell),
    }  # fmt: skip
