"""The comparison of two runs as a value."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.comparison import render
from tracker.comparison.code import CellDiff, compare_cells, compare_files
from tracker.comparison.reading import MAX_DEPTH, MISSING, Dataset, RunFacts, differing_curves, facts
from tracker.exceptions import InvalidValue
from tracker.store import Store
from tracker.tracking import reading
from tracker.tracking.context import current_store

if TYPE_CHECKING:
    from tracker.query import Reader


@dataclass(frozen=True)
class Change:
    """A name whose value differs; MISSING where a run does not have it."""

    name: str
    a: Any
    b: Any
    note: str = ""
    """What is to be said beside the values: of a metric, where its curve differs."""

    @property
    def delta(self) -> float | None:
        """By how much a number grew, if both are finite numbers."""
        numbers = [v for v in (self.a, self.b) if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if len(numbers) < 2 or not all(map(math.isfinite, numbers)):
            return None
        return numbers[1] - numbers[0]


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
    renamed: tuple[tuple[str, str], ...] = ()
    """Columns of the same values and type under another name."""
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
    modules: tuple[CellDiff, ...] = ()
    """Source files from beside the notebook that are not the same."""

    def __bool__(self) -> bool:
        changed = self.modules or any(not cell.same for cell in self.code)
        return bool(self.params or self.metrics or self.environment or self.data or changed)

    def __repr__(self) -> str:
        return render.text(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {"text/plain": render.text(self), "text/html": render.html(self)}


def diff(a: Any, b: Any) -> RunDiff:
    """What changed from run `a` to run `b`, each given as a Run, by its id, the beginning of it or its name. Raises
    NotFound, InvalidValue."""
    from tracker.query import reader

    store = current_store()
    return diff_in(reader(store), _one_run(store, a), _one_run(store, b))


def _one_run(store: Store, run: Any) -> str:
    """The id of a run; of what holds several, if it is one."""
    from tracker.query.frames import run_ids

    if isinstance(run, str):
        return reading.run_id_of(store, run)
    ids = [run.run_id] if isinstance(getattr(run, "run_id", None), str) else run_ids(run)
    if len(ids) != 1:
        raise InvalidValue(f"diff compares one run with one other; got {len(ids)} runs.")
    return ids[0]


def diff_in(store: Reader, a: str, b: str) -> RunDiff:
    """The same of runs of a store, by their ids."""
    first, second = facts(store, a), facts(store, b)
    return RunDiff(
        first,
        second,
        _changes(first.params, second.params),
        _metrics(store, first, second),
        _changes(first.environment, second.environment),
        compare_data(first.data, second.data),
        tuple(compare_cells(first.cells, second.cells)),
        tuple(compare_files(first.modules, second.modules)),
    )


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Change, ...]:
    names = sorted(a.keys() | b.keys(), key=str.lower)
    pairs = [pair for name in names for pair in _pairs(name, a.get(name, MISSING), b.get(name, MISSING))]
    return tuple(Change(*pair) for pair in pairs if not _same(*pair[1:]))


def _pairs(name: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    """A value beside a value; of two dicts, what they hold."""
    if not (isinstance(a, dict) and isinstance(b, dict)) or name.count(".") >= MAX_DEPTH:
        yield name, a, b
        return
    for key in dict.fromkeys((*a, *b)):
        yield from _pairs(f"{name}.{key}", a.get(key, MISSING), b.get(key, MISSING))


def _metrics(store: Reader, a: RunFacts, b: RunFacts) -> tuple[Change, ...]:
    """The last values that differ, and those of curves that differ before."""
    curves = differing_curves(store, a.id, b.id)
    found = []
    for name in sorted(a.metrics.keys() | b.metrics.keys(), key=str.lower):
        first, second = a.metrics.get(name, MISSING), b.metrics.get(name, MISSING)
        note = curves.get(name, "")
        if note or not _same(first, second):
            found.append(Change(name, first, second, note))
    return tuple(found)


def _same(a: Any, b: Any) -> bool:
    if a is MISSING or b is MISSING:
        return False
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    try:
        return type(a) is type(b) and json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    except RecursionError:
        return False


def compare_data(a: Mapping[str, Dataset], b: Mapping[str, Dataset]) -> tuple[DataChange, ...]:
    """The datasets, by their names, of which two runs saw another content, or the same under another name."""
    found = []
    elsewhere = _renamed(a, b)
    for name in sorted(a.keys() | b.keys() - set(elsewhere.values()), key=str.lower):
        if name in elsewhere:
            found.append(DataChange(f"{name} → {elsewhere[name]}", a[name], b[elsewhere[name]]))
            continue
        first, second = a.get(name), b.get(name)
        if first is None or second is None or first.digest != second.digest:
            found.append(_data_change(name, first, second))
    return tuple(found)


def _renamed(a: Mapping[str, Dataset], b: Mapping[str, Dataset]) -> dict[str, str]:
    """Of datasets that only one run knows by that name: those that the other knows by another name."""
    return _matched(
        {name: data.digest for name, data in a.items() if name not in b},
        {name: data.digest for name, data in b.items() if name not in a},
    )


def _matched(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, str]:
    """The names of `a` whose value stands under another name in `b`; each name once."""
    free: dict[Any, list[str]] = {}
    for name, value in b.items():
        free.setdefault(value, []).append(name)
    return {name: free[value].pop(0) for name, value in a.items() if free.get(value)}


def _data_change(name: str, a: Dataset | None, b: Dataset | None) -> DataChange:
    if a is None or b is None:
        return DataChange(name, a, b)
    first, second = _by_name(a.columns), _by_name(b.columns)
    both = [column for column in first if column in second]
    alike = both if a.coverage == b.coverage else []  # a digest of a sample says nothing beside one of all values
    renamed = _matched(
        {column: told for column, told in first.items() if column not in second},
        {column: told for column, told in second.items() if column not in first},
    )
    return DataChange(
        name, a, b,
        added=tuple(column for column in second if column not in first and column not in renamed.values()),
        removed=tuple(column for column in first if column not in second and column not in renamed),
        changed=tuple(c for c in alike if first[c][1] != second[c][1] and first[c][0] == second[c][0]),
        retyped=tuple((c, first[c][0], second[c][0]) for c in both if first[c][0] != second[c][0]),
        renamed=tuple(renamed.items()),
        reordered=both != [column for column in second if column in first],
    )  # fmt: skip


def _by_name(columns: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    """Type and digest of each column; columns of one name are told apart by their number."""
    found: dict[str, tuple[str, str]] = {}
    times: Counter[str] = Counter()
    for column, dtype, digest in columns:
        times[column] += 1
        found[column if times[column] == 1 else f"{column} ({times[column]})"] = (dtype, digest)
    return found
