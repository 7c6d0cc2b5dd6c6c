"""Stores of our own, and zips of them: their runs come in as they are, to the last bit.

    store.json, journal/<name>.ndjson, artifacts/<run>/…, models/…        a zip holds a store

The runs that are here already stay as they are here. Files come first, then all events in one journal that appears by
one rename, so that an import that was cut off has left no run, and the next goes on. A zip is unpacked beside the
store before it is read. Nothing in it is trusted: names are resolved inside, no more is unpacked than a zip of that
size can hold and the disk has room for.
"""

from __future__ import annotations

import os
import shutil
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.exceptions import InvalidState, InvalidValue
from tracker.interop import registry_copy, run_lines
from tracker.interop.filing import Artifacts, bring
from tracker.interop.progress import Progress
from tracker.interop.records import Skipped
from tracker.interop.report import Report
from tracker.query import reader
from tracker.query.connection import Reader
from tracker.store import Store
from tracker.store.artifacts import make_folder, resolve_inside
from tracker.store.ids import new_id
from tracker.store.journal import SUFFIX as JOURNAL

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_MOST_DENSE = 1_033  # of deflate: what is said to be denser is a bomb
_MAX_ENTRIES = 2_000_000
_UNPACKEDS = ("journal", "artifacts", "models")
_MAX_ID_BYTES = 64
_UNPACKED = ".import-"


def is_store(path: Path) -> bool:
    """Whether the folder is a store."""
    return (path / "store.json").is_file() and ((path / "journal").is_dir() or (path / "segments").is_dir())


def is_zip(path: Path) -> bool:
    """Whether the file is a zip of a store."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as file:
            return "store.json" in file.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


class OwnStore:
    """A store's folder or zip, to be copied into another store."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def close(self) -> None:
        """Nothing stays open."""

    def copy_into(self, target: Store, way: Artifacts, progress: Progress | None) -> Report:
        """Copy the runs that are not there. Raises InvalidValue for a damaged or hostile zip, StoreError."""
        if self._path.is_dir():
            source = Store(self._path.resolve())
            if source.root == target.root:
                raise InvalidState(f"{self._path} is the store itself; choose another with --store PATH.")
            return _copy(source, target, way, Report("store"), progress)
        for left in target.root.glob(f"{_UNPACKED}*"):  # by an import that was killed; there is one at a time
            shutil.rmtree(left, ignore_errors=True)
        place = target.root / f"{_UNPACKED}{new_id()}"
        try:
            make_folder(place)
            report = Report("zip of a store")
            _unpack(self._path, place, report)
            return _copy(Store(place), target, "move", report, progress)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _copy(source: Store, target: Store, way: Artifacts, report: Report, progress: Progress | None) -> Report:
    reading = Reader(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what is damaged is told by the report
        cursor = reading.cursor()
    report.skipped += [Skipped(os.path.relpath(path, source.root), why) for path, why in reading.damaged.items()]
    cursor.begin()
    try:
        _copy_chosen(cursor, source, target, way, report, progress)
    finally:
        cursor.rollback()
        cursor.close()
    return report


def _copy_chosen(
    cursor: Connection,
    source: Store,
    target: Store,
    way: Artifacts,
    report: Report,
    progress: Progress | None,
) -> None:
    here = reader(target).cursor()
    known = {row[0] for row in here.execute("SELECT run_id FROM latest.runs").fetchall()}
    purged = {row[0] for row in here.execute("SELECT r FROM hot.purged").fetchall()}
    every = run_lines.choose(cursor, None)
    wanted, running = [], set(run_lines.running(cursor))
    for run in every:
        if run in known:
            report.already += 1
        elif run in running:
            report.skipped.append(Skipped(f"run {run}", "it is still running there; import again when it has ended"))
        elif run in purged:
            report.skipped.append(Skipped(f"run {run}", "it was removed from this store for good"))
        elif len(run.encode("utf-8", "replace")) > _MAX_ID_BYTES:
            report.skipped.append(Skipped(f"run {run[:60]!r}…", "its id is too long"))
        else:
            wanted.append(run)
    run_lines.choose(cursor, wanted)
    there, lines = _experiments(source, target, run_lines.experiments_chosen(cursor), report)
    for done, run in enumerate(wanted, 1):
        _place_files(source, target, run, way, report)
        if progress is not None:
            progress(done, len(wanted))
    _write_journal(target, _counted(cursor, lines, there, report))
    report.runs = len(wanted)
    report.versions = registry_copy.copy_registry(source, target, set(wanted), report.skipped)


def _experiments(
    source: Store, target: Store, chosen: set[str], report: Report
) -> tuple[Mapping[str, str], list[bytes]]:
    """What the chosen runs' experiments are called here where that differs, and the events of those that are new."""
    told, here = source.experiments(), target.experiments()
    there, new = {}, []
    for identifier in sorted(chosen):
        one = told.get(identifier)
        report.experiments += 1
        if one is None or identifier in here:
            continue
        same = target.experiment_named(one.name) if one.state == "active" else None
        if same is not None:
            there[identifier] = same.id
        else:
            new.append(one)
    return there, list(run_lines.experiment_lines(new))


def _counted(cursor: Connection, first: list[bytes], there: Mapping[str, str], report: Report) -> Iterator[bytes]:
    yield from first
    yield from run_lines.run_lines(cursor, there)
    for line in run_lines.point_lines(cursor):
        report.points += 1
        yield line


def _write_journal(target: Store, lines: Iterator[bytes]) -> None:
    """All lines as one journal that appears whole; of no lines none."""
    target.ensure()
    name = new_id()
    path = target.root / "journal" / f"{name}{JOURNAL}"
    for left in path.parent.glob(f"{_UNPACKED}*"):
        left.unlink(missing_ok=True)
    temporary = path.with_name(f"{_UNPACKED}{name}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb", buffering=1 << 20) as file:
            file.writelines(lines)
            file.flush()
            os.fsync(fd)
            size = file.tell()
        if size:
            temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def _place_files(source: Store, target: Store, run: str, way: Artifacts, report: Report) -> None:
    if way == "reference":
        return
    try:
        folder, place = source.artifact_root(run), target.artifact_root(run)
    except InvalidValue as error:
        report.skipped.append(Skipped(f"artifacts of run {run[:60]!r}", error.message))
        return
    if folder.is_symlink():
        report.skipped.append(Skipped(f"artifacts of run {run[:60]!r}", "their folder is a link"))
        return
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            try:
                bring(path, resolve_inside(place, path.relative_to(folder).as_posix()), way)
                report.files += 1
            except InvalidValue as error:
                report.skipped.append(Skipped(f"artifact {path}", error.message))


# -- zips


def _unpack(path: Path, place: Path, report: Report) -> None:
    """Unpack what belongs to a store. Raises InvalidValue."""
    try:
        with zipfile.ZipFile(path) as file:
            entries = [entry for entry in file.infolist() if not entry.is_dir()]
            _check_size(path, place, entries)
            for entry in entries:
                if entry.filename != "store.json" and entry.filename.partition("/")[0] not in _UNPACKEDS:
                    report.skipped.append(Skipped(f"{entry.filename[:200]!r}", "it is no part of a store"))
                    continue
                try:
                    target = resolve_inside(place, entry.filename)
                except InvalidValue as error:
                    raise InvalidValue(f"{path} was not imported: {error.message}") from error
                make_folder(target.parent)
                with file.open(entry) as stream, target.open("xb") as written:
                    shutil.copyfileobj(stream, written, 1 << 20)
                target.chmod(0o600)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise InvalidValue(f"{path} cannot be read as a zip: {error}.") from error
    except FileExistsError as error:
        raise InvalidValue(f"{path} was not imported: it holds {error.filename} twice.") from error


def _check_size(path: Path, place: Path, entries: list[zipfile.ZipInfo]) -> None:
    total, packed = sum(entry.file_size for entry in entries), path.stat().st_size
    if len(entries) > _MAX_ENTRIES:
        raise InvalidValue(f"{path} holds {len(entries):,} files; at most {_MAX_ENTRIES:,} are unpacked.")
    if total > packed * _MOST_DENSE:
        raise InvalidValue(f"{path} claims to hold {total:,} bytes in {packed:,}: no zip can, so it was not unpacked.")
    free = shutil.disk_usage(place).free
    if total > free:
        raise InvalidValue(f"{path} holds {total:,} bytes, and {free:,} are free at {place.parent}.")
