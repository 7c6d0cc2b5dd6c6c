"""The comparison of two runs as a value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.comparison import render
from tracker.comparison.code import CellDiff, compare_cells
from tracker.comparison.reading import Dataset, RunFacts, facts
from tracker.tracking.context import current_store

if TYPE_CHECKING:
    from tracker.query import Reader

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "—"})()
"""Stands for a value that one of the runs does not have."""


@dataclass(frozen=True)
class Change:
    """A name whose value differs; MISSING where a run does not have it."""

    name: str
    a: Any
    b: Any

    @property
    def delta(self) -> float | None:
        """By how much a number grew, if both are numbers."""
        numbers = [v for v in (self.a, self.b) if isinstance(v, (int, float)) and not isinstance(v, bool)]
        return numbers[1] - numbers[0] if len(numbers) == 2 else None


@dataclass(frozen=True)
class DataChange:
    """A dataset that differs: its digests and shapes, and which columns came, went or changed their values or type."""

    name: str
    a: Dataset | None
    b: Dataset | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    reordered: bool = False


@dataclass(frozen=True)
class RunDiff:
    """What changed from run `a` to run `b`. Displayed, it shows itself; it is false if nothing differs."""

    a: RunFacts
    b: RunFacts
    params: tuple[Change, ...]
    metrics: tuple[Change, ...]
    environment: tuple[Change, ...]
    data: tuple[DataChange, ...]
    code: tuple[CellDiff, ...]

    def __bool__(self) -> bool:
        changed = any(not cell.same for cell in self.code)
        return bool(self.params or self.metrics or self.environment or self.data or changed)

    def __repr__(self) -> str:
        return render.text(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {"text/plain": render.text(self), "text/html": render.html(self)}


def diff(a: Any, b: Any) -> RunDiff:
    """What changed from run `a` to run `b`, each given by its id or as a Run. Raises NotFound."""
    from tracker.query import reader
    from tracker.query.frames import run_ids

    return diff_in(reader(current_store()), run_ids(a)[0], run_ids(b)[0])


def diff_in(store: Reader, a: str, b: str) -> RunDiff:
    """The same of runs of a store, by their ids."""
    first, second = facts(store, a), facts(store, b)
    return RunDiff(
        first,
        second,
        _changes(first.params, second.params),
        _changes(first.metrics, second.metrics),
        _changes(first.environment, second.environment),
        compare_data(first.data, second.data),
        tuple(compare_cells(first.cells, second.cells)),
    )


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    names = sorted(a.keys() | b.keys(), key=str.lower)
    pairs = [Change(name, a.get(name, MISSING), b.get(name, MISSING)) for name in names]
    return tuple(change for change in pairs if not _same(change.a, change.b))


def _same(a: Any, b: Any) -> bool:
    if a is MISSING or b is MISSING:
        return False
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return type(a) is type(b) and json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def compare_data(a: Mapping[str, Dataset], b: Mapping[str, Dataset]) -> tuple[DataChange, ...]:
    """The datasets, by their names, of which two runs saw another content."""
    found = []
    for name in sorted(a.keys() | b.keys(), key=str.lower):
        first, second = a.get(name), b.get(name)
        if first is None or second is None or first.digest != second.digest:
            found.append(_data_change(name, first, second))
    return tuple(found)


def _data_change(name: str, a: Dataset | None, b: Dataset | None) -> DataChange:
    if a is None or b is None:
        return DataChange(name, a, b)
    first = {column: (dtype, digest) for column, dtype, digest in a.columns}
    second = {column: (dtype, digest) for column, dtype, digest in b.columns}
    both = [column for column in first if column in second]
    return DataChange(
        name, a, b,
        added=tuple(column for column in second if column not in first),
        removed=tuple(column for column in first if column not in second),
        changed=tuple(c for c in both if first[c][1] != second[c][1] and first[c][0] == second[c][0]),
        retyped=tuple((c, first[c][0], second[c][0]) for c in both if first[c][0] != second[c][0]),
        reordered=both != [column for column in second if column in first],
    )  # fmt: skip
