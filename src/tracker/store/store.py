"""The store: a folder that any number of processes write at once, each to its own journal.

Opening never writes: the folder and `store.json` are made by the first append, so that looking at a place leaves
nothing there and a store on a read-only medium can be read.
"""

from __future__ import annotations

import os
import stat
import threading
import time
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import orjson

from tracker.exceptions import AlreadyExists, InvalidValue, StoreError
from tracker.store import events, locks, segments, upkeep
from tracker.store.artifacts import beginning_of, make_folder, resolve_inside, write_file
from tracker.store.experiments import ACTIVE, PURGED, Experiment, ExperimentIndex
from tracker.store.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, experiment_id, new_id
from tracker.store.journal import DEAD_AFTER_SECONDS, SUFFIX, Journal, clock
from tracker.store.owners import is_owner_alive
from tracker.store.sealing import KEEP_REPLACED_SECONDS, Sealed, Sealer

FORMAT = 1
MAX_EXPERIMENT_NAME = 500
_MAX_IDENTITY_BYTES = 1 << 16
_MAX_NAME_BYTES = 255
_NO_IDENTITY = (OSError, ValueError, KeyError, TypeError, OverflowError)


class Store:
    """One store folder. Use `open_store`, which gives one object a folder, so that a process has one journal there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._journal = Journal(root / "journal")
        self._index = ExperimentIndex()
        self._catalog = segments.Catalog(root)
        self._scanning = threading.Lock()
        self._listing = threading.Lock()
        self.usable: set[str] = set()
        """Ids of experiments that this process has found active, for those who need not look again."""
        self._ready = False
        self._told = False
        self._check()

    # -- writing

    def append(self, lines: bytes) -> None:
        """Write whole event lines to this process's journal; acknowledged when this returns. Raises StoreError."""
        if not self._ready:
            self.ensure()
        self._journal.append(lines)

    def ensure(self) -> None:
        """Make the folder if need be, and this process's journal. Raises StoreError."""
        with self._scanning:
            self._notice_removal()
        if self._ready:
            return
        try:
            make_folder(self.root)
            if not (self.root / "store.json").exists():
                self._write_identity()
        except OSError as error:
            raise StoreError(
                f"No store can be made at {self.root}: {error.strerror}. Choose a folder that you may write: "
                "tracker.set_tracking_uri(PATH), %tracker store PATH or the environment variable TRACKER_STORE."
            ) from error
        self._check()
        self._journal.ensure()
        self._ready = True

    def _notice_removal(self) -> None:
        """Forget a store that was removed beneath us, and the experiments with it."""
        if self._ready and not self._journal.is_there():
            self._ready = False
            self._index = ExperimentIndex()
            self.usable.clear()

    def _write_identity(self) -> None:
        text = orjson.dumps({"format": FORMAT, "id": new_id()})
        temporary = self.root / f".store-{new_id()}.json"
        write_file(temporary, text)
        try:
            os.link(temporary, self.root / "store.json")
        except FileExistsError:
            pass  # another process was first
        except OSError:  # no hard links here: the last writer names the store
            write_file(self.root / "store.json", text)
        temporary.unlink()

    def flush_soon(self) -> None:
        """Have what was written flushed to disk now rather than within a second; does not wait for it."""
        upkeep.soon()

    def clock(self) -> int:
        """Microseconds since the epoch, strictly increasing in this process."""
        return clock()

    @property
    def writer(self) -> str | None:
        """The name of this process's journal, once it has written."""
        return self._journal.name

    @property
    def journal_path(self) -> Path:
        """This process's journal. Call `ensure` first: the file is made by it."""
        return self.root / "journal" / f"{self._journal.name}{SUFFIX}"

    # -- reading

    def _check(self) -> None:
        for path in (self.root, *self.root.parents):
            if path.is_dir():
                break
            if path.exists():
                raise StoreError(f"{path} is a file; a store is a folder. Give the path of a folder.")
        version = FORMAT
        try:
            version = int(self._identity()["format"])
        except (FileNotFoundError, NotADirectoryError):
            return
        except _NO_IDENTITY as error:  # costs itself: journals and segments are all there
            if not self._told:
                self._told = True
                path, why = self.root / "store.json", str(error).splitlines()[0][:200]
                warnings.warn(f"{path} cannot be read as a store's identity, and is passed over: {why}.", stacklevel=2)
        if version > FORMAT:
            raise StoreError(
                f"The store at {self.root} has format {version}; this tracker reads up to {FORMAT}. "
                "Upgrade it: pip install -U jupyter-tracker."
            )

    @property
    def id(self) -> str | None:
        """The identity that the store was given when it was made; None before the first write."""
        try:
            told = self._identity()["id"]
        except _NO_IDENTITY:
            return None
        return told if isinstance(told, str) else None

    def _identity(self) -> dict[str, Any]:
        path = self.root / "store.json"
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise ValueError("it is no plain file")
        with open(path, "rb") as file:
            identity: dict[str, Any] = orjson.loads(file.read(_MAX_IDENTITY_BYTES))
        return identity

    def journals(self) -> list[Path]:
        """The journals' paths, oldest first."""
        return segments.journal_paths(self.root)

    def contents(self) -> segments.Contents:
        """Where each writer's events are to be read now: journals, and segments of sealed ones."""
        with self._listing:
            return self._catalog.contents()

    def is_live(self, writer: str) -> bool:
        """Whether the process that owns the journal of this name is alive.

        Where the file system has no locks: whether that process is seen here, or else (it may be on another machine)
        whether the journal showed a sign of life of late.
        """
        try:
            path = resolve_inside(self.root / "journal", f"{writer}{SUFFIX}")
            held = locks.is_held(path)
            if held is None:
                alive = is_owner_alive(path)
                if alive is not None:
                    return alive
                return abs(time.time() - path.stat().st_mtime) < DEAD_AFTER_SECONDS
            return held
        except OSError:
            return False

    def artifact_root(self, run_id: str) -> Path:
        """The folder of a run's artifacts; it may not exist yet. Raises InvalidValue for an id that names no folder."""
        root = self.root / "artifacts"
        path = resolve_inside(root, run_id)
        if path.parent != root or len(os.fsencode(run_id)) > _MAX_NAME_BYTES:
            raise InvalidValue(f"{run_id[:60]!r} is no id under which artifacts can be kept.")
        return path

    def kept_text(self, run_id: str, path: str, most: int) -> str:
        """The beginning of a text file that a run keeps, at most so many bytes; empty where there is none, or the run's
        id or the path cannot be one."""
        try:
            return beginning_of(resolve_inside(self.artifact_root(run_id), path), most).decode("utf-8", "replace")
        except (OSError, InvalidValue):  # a foreign store may hold any text as an id, and links
            return ""

    # -- upkeep

    def seal(
        self, keep_seconds: float = KEEP_REPLACED_SECONDS, purged: Collection[str] = (),
        replaced: Collection[tuple[str, str, str, int, str]] = (),
    ) -> Sealed | None:  # fmt: skip
        """Turn the journals of dead processes into segments, and small segments into large ones, now.

        `keep_seconds`: how long segments that were merged away stay for readers that are at them. Of the runs in
        `purged` nothing is kept but that they were purged, and the events in `replaced` (kind, run, key, time in µs,
        writer) are left out: later ones hold. None if another process is at it, or this store cannot be
        written or has no locks. Needs the query engine.
        """
        return Sealer(self.root, keep_seconds=keep_seconds, purged=purged, replaced=replaced).run()

    def go_on_in_new_journal(self) -> None:
        """Let go of this process's journal, so that it can be sealed while the process lives. Raises StoreError."""
        self._journal.rotate()

    # -- experiments

    def experiments(self) -> dict[str, Experiment]:
        """All experiments by id, deleted ones included, as all processes have written them so far."""
        return {x: entry for x, entry in self._all_experiments().items() if entry.state != PURGED}

    def known_experiments(self) -> Mapping[str, Experiment]:
        """The same as they were when this process last looked: for a name to show, not to decide by."""
        return self._index.known

    def _all_experiments(self) -> dict[str, Experiment]:
        with self._scanning:
            self._notice_removal()
            return self._index.refresh(self.journals(), self._sealed_experiments)

    def _sealed_experiments(self) -> list[Path]:
        with self._listing:
            return [segment.path / segments.EXPERIMENTS for segment in self._catalog.segments()]

    def experiment_named(self, name: str) -> Experiment | None:
        """The active experiment of this name."""
        return _active_named(name, self._all_experiments())

    def create_experiment(self, name: str, artifact_location: str | None = None) -> str:
        """The id of a new experiment. Raises AlreadyExists if an active one has the name, InvalidValue."""
        check_experiment_name(name)
        known = self._all_experiments()
        taken = _active_named(name, known)
        if taken is not None:
            raise AlreadyExists(f"An experiment named {name!r} exists already, with id {taken.id}.")
        return self._create_experiment(name, artifact_location, known)

    def ensure_experiment(self, name: str = DEFAULT_EXPERIMENT_NAME) -> str:
        """The id of the active experiment of this name, made now if there is none. Raises InvalidValue."""
        check_experiment_name(name)
        known = self._all_experiments()
        found = _active_named(name, known)
        return found.id if found is not None else self._create_experiment(name, None, known)

    def _create_experiment(self, name: str, artifact_location: str | None, known: Mapping[str, Experiment]) -> str:
        # The name was free in the very snapshot in which the id is: two processes at once then choose the same id.
        attempt = 0
        while (identifier := experiment_id(name, attempt)) in known:
            attempt += 1
        value = {"name": name} | ({"artifact_location": artifact_location} if artifact_location else {})
        self.append(events.event("experiment", x=identifier, v=value, t=clock()))
        return identifier


def _active_named(name: str, experiments: Mapping[str, Experiment]) -> Experiment | None:
    return next((x for x in experiments.values() if x.name == name and x.state == ACTIVE), None)


def check_experiment_name(name: object) -> str:
    """The name itself, if an experiment can have it. Raises InvalidValue."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"The name of an experiment is text that is not empty; got {name!r}.")
    if len(name) > MAX_EXPERIMENT_NAME:
        most = f"at most {MAX_EXPERIMENT_NAME} characters"
        raise InvalidValue(f"The name of an experiment has {most}; this one has {len(name):,}.")
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise InvalidValue(f"The name of an experiment holds a control character: {name!r}; use printable text.")
    return name


_stores: dict[str, Store] = {}
_stores_lock = threading.Lock()


def open_store(root: Path) -> Store:
    """The store at this folder, the same object for the same folder. Raises StoreError."""
    real = os.path.realpath(root)
    with _stores_lock:
        if real not in _stores:
            _stores[real] = Store(Path(real))
        return _stores[real]


def _after_fork_in_child() -> None:
    global _stores_lock
    _stores_lock = threading.Lock()
    for store in _stores.values():
        store._scanning = threading.Lock()
        store._listing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)

__all__ = ["DEFAULT_EXPERIMENT_ID", "FORMAT", "Store", "check_experiment_name", "open_store"]
