"""A table of runs in a CSV file, one row a run: `tracker.runs().to_csv()`, MLflow's and other trackers' downloads.

Columns `params.X`, `metrics.X`, `tags.X` are what they say, with or without MLflow's quotes; `run_id`, `name`,
`status`, `start_time`, `end_time` and `experiment` are the run's own. Of other columns, those that hold only numbers,
with a fraction somewhere, are metrics, the rest parameters. An empty field is nothing.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

from tracker.exceptions import InvalidValue
from tracker.interop.records import ExperimentRecord, Point, RunRecord, Skipped, Source, typed
from tracker.interop.values import time_ms

_OWN = {
    "run_id": "id", "run id": "id", "id": "id", "name": "name", "run_name": "name", "run name": "name",
    "status": "status", "state": "status", "start_time": "start", "start time": "start", "created": "start",
    "end_time": "end", "experiment": "experiment", "experiment_name": "experiment", "experiment_id": "experiment",
}  # fmt: skip
_STATUSES = {"finished": "FINISHED", "failed": "FAILED", "crashed": "FAILED", "killed": "KILLED"}
_ENTITIES = {"params": "params", "metrics": "metrics", "tags": "tags", "param": "params", "metric": "metrics"}


class CsvTable(Source):
    """The rows of a CSV file as runs."""

    kind = "CSV table"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped: list[Skipped] = []
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            try:
                self._rows = list(csv.DictReader(file, restkey="", strict=True))
            except csv.Error as error:
                raise InvalidValue(f"{path} cannot be read as CSV: {error}.") from error
        if not self._rows:
            raise InvalidValue(f"{path} has no rows; a table of runs has one row a run below its header.")
        self._places = {column: self._place(column) for column in self._rows[0] if column}

    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def experiments(self) -> Iterator[ExperimentRecord]:
        """The experiments that the rows name; else one with the file's name."""
        for name in dict.fromkeys(self._own(row).get("experiment", self.path.stem) for row in self._rows):
            yield ExperimentRecord(name, name)

    def runs(self) -> Iterator[RunRecord]:
        """One run a row."""
        for number, row in enumerate(self._rows):
            own = self._own(row)
            found: dict[str, dict[str, str]] = {"params": {}, "metrics": {}, "tags": {}}
            for column, (entity, key) in self._places.items():
                if entity in found and row.get(column):
                    found[entity][key] = row[column]
            start, end = time_ms(own.get("start")), time_ms(own.get("end"))
            points = tuple(self._points(found["metrics"], end or start or 0, number))
            yield RunRecord(
                id=own.get("id") or hashlib.sha256(f"{sorted(row.items())}\n{number}".encode()).hexdigest()[:32],
                experiment_id=own.get("experiment", self.path.stem),
                name=own.get("name"),
                status=_STATUSES.get(own.get("status", "").lower(), own.get("status", "FINISHED").upper()),
                start=start,
                end=end if end is not None else start,
                params={key: typed(text) for key, text in found["params"].items()},
                tags=found["tags"],
                points=lambda points=points: points,  # type: ignore[misc]
            )

    def _points(self, metrics: dict[str, str], time: int, number: int) -> Iterator[Point]:
        for key, text in metrics.items():
            try:
                yield key, float(text), 0, time
            except ValueError:
                self.skipped.append(Skipped(f"{self.path}, row {number + 1}", f"its metric {key!r} is no number"))

    def _own(self, row: dict[str, str]) -> dict[str, str]:
        return {key: row[column] for column, (entity, key) in self._places.items() if entity == "own" and row[column]}

    def _place(self, column: str) -> tuple[str, str]:
        """What a column holds: which part of a run, and under which key."""
        prefix, dot, key = column.partition(".")
        if dot and prefix in _ENTITIES and key:
            return _ENTITIES[prefix], key.strip('`"')
        if column.strip().lower() in _OWN:
            return "own", _OWN[column.strip().lower()]
        texts = [row[column] for row in self._rows if row.get(column)]
        return (
            "metrics" if texts and all(map(_is_number, texts)) and any(map(_is_broken, texts)) else "params"
        ), column


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_broken(text: str) -> bool:
    return any(c in text for c in ".en")
