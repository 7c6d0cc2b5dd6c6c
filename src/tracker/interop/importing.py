"""Records into the store: each run once, whole, and again from where an import was cut off.

A run is marked with the tag `tracker.import`: "begun" in its first write, "done" in its last. A run that is done is
left alone, so that what was edited since stays; one that is begun gets what is missing: points are counted, since a
source tells them in the same order each time. A run that is in the store without the mark is somebody else's, and is
left alone too. One import at a time: two would both write what both found missing.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from itertools import count, islice
from typing import get_args

from tracker.exceptions import InvalidState, InvalidValue
from tracker.interop.filing import Artifacts, Filing
from tracker.interop.logged_models import import_logged_model
from tracker.interop.progress import Progress, shown
from tracker.interop.records import ExperimentRecord, LoggedModelRecord, ModelRecord, RunRecord, Skipped, Source
from tracker.interop.registering import MARK, import_model
from tracker.interop.report import Report
from tracker.interop.sources import source_at
from tracker.interop.store_copy import OwnStore
from tracker.query import reader
from tracker.store import Experiment, Store, events, locks
from tracker.store.experiments import DELETED
from tracker.store.ids import experiment_id
from tracker.store.rows import FIRST_TIME, LAST_TIME
from tracker.store.store import check_experiment_name
from tracker.tracking import experiments
from tracker.tracking.location import current_store
from tracker.tracking.provenance import PARENT, RUN_NAME
from tracker.tracking.writer import RunWriter

ELSEWHERE = "tracker.artifacts_at"
_BEGUN, _DONE = "begun", "done"
_ENDED = ("FINISHED", "FAILED", "KILLED")
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_POINTS_A_WRITE = 10_000
_LOCK = "import.lock"
_FIRST, _LAST = -(1 << 63), (1 << 63) - 1
_EARLIEST, _LATEST = FIRST_TIME // 1000, LAST_TIME // 1000
_TOO_FAR = "its step has more than 64 bits, or its time is not in the years 1 to 9999"


def import_from(
    place: str | os.PathLike[str],
    *,
    artifacts: Artifacts = "copy",
    store: Store | None = None,
    progress: Progress | None = None,
) -> Report:
    """Bring the runs of another tracker into the store; what is here already is left as it is.

    `place`: what another tracker wrote (see `tracker.interop`), or a store or zip of ours; what it is, is found out.
    `artifacts`: "copy" them, "move" them, "link" them (hard links, which take no space; copies on another file
    system), or only note where they are ("reference"). `progress` is called with the number of runs done and of all;
    by default a line in a terminal or notebook shows it.
    Raises InvalidValue for what is no source, InvalidState while another import is at this store.
    """
    if artifacts not in get_args(Artifacts):
        raise InvalidValue(f"Artifacts are imported by {', '.join(get_args(Artifacts))}; got {artifacts!r}.")
    target = store or current_store()
    target.ensure()
    progress = progress or shown()
    with closing(source_at(place)) as source, locks.exclusive(target.root / _LOCK) as alone:
        if not alone:
            raise InvalidState(f"Another import into {target.root} is under way; start this one when it has ended.")
        if isinstance(source, OwnStore):
            return source.copy_into(target, artifacts, progress)
        return _Importer(source, target, artifacts).run(progress)


class _Importer:
    def __init__(self, source: Source, store: Store, artifacts: Artifacts) -> None:
        self._source, self._store = source, store
        self._report = Report(source.kind)
        self._filing = Filing(artifacts, self._report.skipped)
        self._experiments: dict[str, str] = {}
        cursor = reader(store).cursor()
        self._marks: dict[str, str | None] = dict(
            cursor.execute(
                "SELECT r.run_id, t.value FROM runs r LEFT JOIN tags t ON t.run_id = r.run_id AND t.key = $mark",
                {"mark": MARK},
            ).fetchall()
        )

    def run(self, progress: Progress | None) -> Report:
        total = self._source.count()
        for record in self._source.experiments():
            self._noting(f"experiment {record.name!r}", lambda record=record: self._experiment(record))  # type: ignore[misc]
        for done, run in enumerate(self._source.runs(), 1):
            self._noting(f"run {run.id}", lambda run=run: self._run(run))  # type: ignore[misc]
            if progress is not None:
                progress(done, max(done, total))
        for logged in self._source.logged_models():
            self._noting(f"logged model {logged.id}", lambda logged=logged: self._logged(logged))  # type: ignore[misc]
        for model in self._source.models():
            self._noting(f"model {model.name!r}", lambda model=model: self._model(model))  # type: ignore[misc]
        self._report.skipped += self._source.skipped
        return self._report

    def _noting(self, what: str, step: Callable[[], object]) -> None:
        """Carry out a step; what cannot be taken in costs itself. A full disk ends the import."""
        try:
            step()
        except InvalidValue as error:
            self._report.skipped.append(Skipped(what, error.message))
        except (ValueError, TypeError, KeyError, OverflowError) as error:  # values of kinds that its format knows not
            why = f"it cannot be read ({type(error).__name__}: {str(error)[:200]})"
            self._report.skipped.append(Skipped(what, why))

    # -- experiments

    def _experiment(self, record: ExperimentRecord) -> None:
        name, known = record.name, list(self._store.experiments().values())
        found = next((e for e in known if e.name == name and (e.state == "deleted") == record.deleted), None)
        if found is None and record.deleted and self._store.experiment_named(name):
            name = f"{name} (deleted)"  # the name belongs to a living one here
            found = next((e for e in known if e.name == name), None)
        if found is None and record.deleted:
            identifier = self._deleted_experiment(name, known)
        else:
            identifier = found.id if found else self._store.ensure_experiment(name)
        self._experiments[record.id] = identifier
        self._report.experiments += 1
        there = experiments.get(self._store, identifier).tags
        for key, value in record.tags.items():
            if there.get(key) != value:
                experiments.set_tag(self._store, identifier, key, value)

    def _deleted_experiment(self, name: str, known: Iterable[Experiment]) -> str:
        """Make an experiment that is in the bin, in one write: cut off between two it would be a living one."""
        check_experiment_name(name)
        taken = {one.id for one in known}
        identifier = next(i for i in (experiment_id(name, attempt) for attempt in count()) if i not in taken)
        made = events.event("experiment", x=identifier, v={"name": name}, t=self._store.clock())
        gone = events.event("experiment.state", x=identifier, v=DELETED, t=self._store.clock())
        self._store.append(made + gone)
        return identifier

    def _logged(self, record: LoggedModelRecord) -> None:
        if record.experiment_id not in self._experiments:
            raise InvalidValue(f"its experiment {record.experiment_id!r} is not among those that were imported")
        experiment = self._experiments[record.experiment_id]
        self._report.files += import_logged_model(self._store, record, experiment, self._here, self._filing)

    def _here(self, run_id: str) -> str:
        return _identifier(self._source.kind, run_id)

    def _model(self, record: ModelRecord) -> None:
        self._report.versions += import_model(self._store, record, self._here, self._report.skipped)

    # -- runs

    def _run(self, record: RunRecord) -> None:
        run_id = self._here(record.id)
        if run_id in self._marks and self._marks[run_id] != _BEGUN:
            self._report.already += 1
            return
        if record.experiment_id not in self._experiments:
            raise InvalidValue(f"its experiment {record.experiment_id!r} is not among those that were imported")
        writer = RunWriter(self._store, run_id)
        begun = run_id in self._marks
        self._store.append(b"".join(self._head(writer, record, begun)))
        self._marks[run_id] = _BEGUN
        last = self._points(writer, record, self._counts(run_id) if begun else Counter())
        self._report.files += self._filing.place(writer, record)
        self._store.append(b"".join(self._tail(writer, record, last)))
        self._marks[run_id] = _DONE
        self._report.runs += 1

    def _head(self, writer: RunWriter, record: RunRecord, begun: bool) -> Iterator[bytes]:
        """The run's first write. `run` comes first, and only once."""
        if not begun:
            start = {} if record.start is None else {"start": record.start}
            yield writer.event("run", x=self._experiments[record.experiment_id], v=start)
        tags = record.tags | {MARK: _BEGUN} | ({RUN_NAME: record.name} if record.name else {})
        if PARENT in tags:
            tags[PARENT] = self._here(tags[PARENT])
        if elsewhere := self._filing.elsewhere(record):
            tags[ELSEWHERE] = elsewhere
        for key, value in tags.items():
            yield from self._line(record, "tag", key, lambda k=key, v=value: writer.tag_lines({k: v}))  # type: ignore[misc]
        for key, value in record.params.items():
            yield from self._line(
                record,
                "parameter",
                key,
                lambda k=key, v=value: [writer.event("param", k=events.check_key(k, "parameter"), v=v)],  # type: ignore[misc]
            )
        for one in record.inputs:
            yield from self._line(
                record,
                "dataset",
                one.name,
                lambda one=one: [writer.event("input", k=events.check_key(one.name, "dataset"), v=one.facts)],  # type: ignore[misc]
            )

    def _line(self, record: RunRecord, what: str, key: str, make: Callable[[], list[bytes]]) -> list[bytes]:
        try:
            return make()
        except InvalidValue as error:
            self._report.skipped.append(Skipped(f"run {record.id}, {what} {key[:60]!r}", error.message))
            return []

    def _points(self, writer: RunWriter, record: RunRecord, there: Counter[str]) -> int | None:
        """Write the points that are missing, some thousands at a time; the latest time of all, in ms."""
        prefixes: dict[str, str] = {}
        refused: set[str] = set()
        latest: int | None = None
        points = iter(record.points())
        while block := list(islice(points, _POINTS_A_WRITE)):
            lines = []
            for key, value, step, time in block:
                if not (_FIRST <= step <= _LAST and _EARLIEST <= time <= _LATEST):
                    self._report.skipped.append(Skipped(f"run {record.id}, a point of {key[:60]!r}", _TOO_FAR))
                    continue
                if latest is None or time > latest:
                    latest = time
                if there and there[key] > 0:
                    there[key] -= 1
                    continue
                prefix = prefixes.get(key)
                if prefix is None:
                    if key in refused or not self._accepts(record, key):
                        refused.add(key)
                        continue
                    prefix = prefixes[key] = events.metric_prefix(writer.run_id, key)
                lines.append(events.metric_line(prefix, value, step, time * 1000))
            self._store.append(b"".join(lines))
            self._report.points += len(lines)
        return latest

    def _accepts(self, record: RunRecord, key: str) -> bool:
        return bool(self._line(record, "metric", key, lambda: [events.check_key(key, "metric").encode()]))

    def _counts(self, run_id: str) -> Counter[str]:
        query = "SELECT key, count(*) FROM metrics WHERE run_id = $id GROUP BY key"
        return Counter(dict(reader(self._store).cursor().execute(query, {"id": run_id}).fetchall()))

    def _tail(self, writer: RunWriter, record: RunRecord, last: int | None) -> Iterator[bytes]:
        status, end = record.status, record.end
        if status not in _ENDED:
            self._report.never_ended += 1
            status = "KILLED"
        if end is None:
            end = max((t for t in (last, record.start) if t is not None), default=None)
        yield writer.event("end", v={"status": status} | ({} if end is None else {"end": end}))
        if record.deleted:
            yield writer.event("state", v="deleted")
        yield from writer.tag_lines({MARK: _DONE})


def _identifier(kind: str, run_id: str) -> str:
    """The id that a run of a source has here: its own if it is one of MLflow's kind, else derived from it."""
    return run_id if _RUN_ID.fullmatch(run_id) else sha256(f"{kind}\n{run_id}".encode()).hexdigest()[:32]
