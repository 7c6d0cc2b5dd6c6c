"""The registry of models: files below `models/` that any number of processes write at once, none waiting for another.

    models/names/<slot>.json           {"name", "model", "t", …}: a name given to a model, made exclusively
    models/versions/<model>/<n>.json   {"source", "t", …}: a version, made exclusively, so that no number is given twice
    models/events/<writer>.ndjson      what changed since, one file per writing process, append-only

A slot is a digest of a name and of how often that name was free again; a model's id is the slot of its first name. No
path is made from a name. A model has the name that was given to it last; a name is taken while a living model has it.
Events, one JSON object a line, with `m` model, `n` version (absent: of the model itself), `k` key, `v` value, `t`
microseconds since the epoch; for each thing the latest by (t, writer) holds:

    e              k      v
    description           text, or null
    tag            key    text, or null: removed
    alias          name   number of a version, or null: removed
    stage                 "None" | "Staging" | "Production" | "Archived"
    state                 "active" | "deleted"

Changes of logged models are kept here too, under their ids (`tracking.model_records`).
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tracker.exceptions import AlreadyExists, InvalidValue, StoreError
from tracker.store import registry_files as files
from tracker.store.events import MAX_EVENT_BYTES
from tracker.store.experiments import ACTIVE, DELETED
from tracker.store.journal import SUFFIX as JOURNAL_SUFFIX
from tracker.store.journal import Journal, clock
from tracker.store.store import Store

STAGES = ("None", "Staging", "Production", "Archived")
_ID = re.compile(r"[0-9a-f]{32}")
_MAX_NUMBER = 10**9


@dataclass
class Version:
    """One version as the files tell it; times in ms. `artifact` is its path below the store's artifacts, if there."""

    number: int
    created: int
    updated: int
    source: str
    artifact: str | None = None
    run_id: str | None = None
    run_link: str | None = None
    user: str | None = None
    model_id: str | None = None
    description: str | None = None
    stage: str = STAGES[0]
    state: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Model:
    """One registered model as the files tell it; times in ms."""

    id: str
    name: str
    created: int
    updated: int
    description: str | None = None
    state: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)


@dataclass(frozen=True)
class _Given:
    """A name as it was given to a model."""

    slot: str
    name: str
    model: str
    time: int
    facts: dict[str, Any]


class Registry:
    """The registered models of one store. Use `registry_of`, which gives one object a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._root = store.root / "models"
        self._journal = Journal(self._root / "events")
        self._guard = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._given: dict[str, _Given | None] = {}
        self._by_model: dict[str, list[_Given]] = {}
        self._read_to: dict[str, int] = {}
        self._events: dict[str, dict[tuple[int, str, int], dict[str, Any]]] = {}
        self._made: dict[str, dict[int, dict[str, Any] | None]] = {}
        self._folded: dict[str, tuple[tuple[int, int, int], Model]] = {}

    # -- reading

    def models(self) -> dict[str, Model]:
        """The models that are not deleted, by name, as all processes have written them so far."""
        with self._guard:
            self._refresh()
            found = [self._model(identifier) for identifier in self._by_model]
        return {model.name: model for model in found if model is not None and model.state == ACTIVE}

    def model(self, name: str) -> Model | None:
        """The model of this name, unless there is none or it is deleted."""
        with self._guard:
            self._refresh()
            return self._named(name)[0]

    def _named(self, name: str) -> tuple[Model | None, str]:
        """The living model that has the name, and the next free slot of the name."""
        attempt = 0
        while (slot := _slot(name, attempt)) in self._given:
            given = self._given[slot]
            model = self._model(given.model) if given is not None else None
            if model is not None and model.state == ACTIVE and model.name == name:
                return model, slot
            attempt += 1
        return None, slot

    def _refresh(self) -> None:
        folder = self._root / "names"
        for slot in files.names_in(folder, files.SUFFIX):
            if slot not in self._given:
                self._take_name(slot, folder / f"{slot}{files.SUFFIX}")
        folder = self._root / "events"
        for writer in files.names_in(folder, JOURNAL_SUFFIX):
            self._scan(writer, folder / f"{writer}{JOURNAL_SUFFIX}")

    def _take_name(self, slot: str, path: Path) -> None:
        try:
            facts = files.read_object(path)
            given = _Given(slot, str(facts["name"]), str(facts["model"]), int(facts["t"]), facts)
            if not _ID.fullmatch(given.model) or not _ID.fullmatch(slot):
                raise ValueError("not a model's id")
        except (OSError, ValueError, KeyError, TypeError) as error:
            if files.is_settled(path):
                self._given[slot] = None
                _warn(path, error)
            return
        self._given[slot] = given
        self._by_model.setdefault(given.model, []).append(given)

    def _scan(self, writer: str, path: Path) -> None:
        start = self._read_to.get(writer, 0)
        try:
            if os.stat(path, follow_symlinks=False).st_size <= start:
                return
            text = files.read_bytes(path, start, files.MAX_EVENTS_BYTES)
        except OSError as error:
            self._read_to[writer] = 1 << 62
            _warn(path, error)
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._read_to[writer] = start + len(whole)
        for number, line in enumerate(whole.splitlines()):
            try:
                event = orjson.loads(line)
                key = (int(event["t"]), writer, start + number)
                self._events.setdefault(str(event["m"]), {})[key] = event
            except (ValueError, KeyError, TypeError):
                continue

    def _model(self, identifier: str) -> Model | None:
        """The model of an id, read anew if anything was added; None if its first name cannot be read."""
        names = self._by_model.get(identifier, [])
        first = next((given for given in names if given.slot == identifier), None)
        if first is None:
            return None
        made, events = self._versions(identifier), self._events.get(identifier, {})
        size = len(names), len(events), len(made)
        known = self._folded.get(identifier)
        if known is None or known[0] != size:
            model = _fold(first, max(names, key=lambda given: (given.time, given.slot)), made, events)
            known = self._folded[identifier] = size, model
        return known[1]

    def _versions(self, identifier: str) -> dict[int, dict[str, Any] | None]:
        folder = self._root / "versions" / identifier
        made = self._made.setdefault(identifier, {})
        for text in files.names_in(folder, files.SUFFIX):
            number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
            if number in made or str(number) != text:
                continue
            path = folder / f"{text}{files.SUFFIX}"
            try:
                made[number] = files.read_object(path)
            except (OSError, ValueError) as error:
                if files.is_settled(path):
                    made[number] = None
                    _warn(path, error)
        return made

    def changes_of(self, identifier: str) -> list[tuple[int, dict[str, Any]]]:
        """What was noted of something under its id, each with its time in µs, as it happened."""
        with self._guard:
            self._refresh()
            found = self._events.get(identifier, {})
            return [(key[0], found[key]) for key in sorted(found)]

    # -- writing

    def create_model(self, name: str, tags: dict[str, str], description: str | None) -> Model:
        """A new model. Raises AlreadyExists if a living model has the name, StoreError."""
        with self._guard:
            slot = self._give(name, {"tags": tags, "description": description}, None)
            model = self._model(slot)
        if model is None:
            raise StoreError(f"The model {name!r} was registered in {self._root}, and cannot be read back.")
        return model

    def rename_model(self, model: Model, name: str) -> None:
        """Give a model another name. Raises AlreadyExists if a living model has it, StoreError."""
        with self._guard:
            self._give(name, {}, model.id)

    def _give(self, name: str, facts: dict[str, Any], model: str | None) -> str:
        self._store.ensure()
        while True:
            self._refresh()
            taken, slot = self._named(name)
            if taken is not None:
                raise AlreadyExists(f"A registered model named {name!r} exists already.")
            path = self._root / "names" / f"{slot}{files.SUFFIX}"
            if self._create(path, {"name": name, "model": model or slot, "t": clock(), **facts}):
                self._refresh()
                return slot
            if slot not in self._given and files.is_settled(path):
                raise StoreError(f"{path} cannot be read.")

    def create_version(self, model: Model, facts: dict[str, Any]) -> int:
        """The number of a new version; `facts` are the fields of Version. Raises StoreError."""
        folder = self._root / "versions" / model.id
        taken = [int(name) for name in files.names_in(folder, files.SUFFIX) if name.isdecimal() and len(name) < 10]
        number = max(taken, default=0) + 1
        while not self._create(folder / f"{number}{files.SUFFIX}", {**facts, "t": clock()}):
            number += 1
        return number

    def _create(self, path: Path, facts: dict[str, Any]) -> bool:
        data = orjson.dumps({key: value for key, value in facts.items() if value is not None})
        if len(data) > files.MAX_FILE_BYTES:
            raise InvalidValue(f"Descriptions and tags have {len(data):,} bytes; at most 1 MiB is kept.")
        try:
            return files.create_exclusively(path, data)
        except OSError as error:
            raise StoreError(f"The registry at {self._root} cannot be written: {error.strerror}.") from error

    def change(self, model: Model, *changes: dict[str, Any]) -> None:
        """Note changes of a model or its versions, all or none: `e`, `n`, `k`, `v` as in the table above."""
        self.note(model.id, *changes)

    def note(self, identifier: str, *changes: dict[str, Any]) -> None:
        """Note changes of something under its id, all or none."""
        lines = [orjson.dumps({**change, "m": identifier, "t": clock()}) + b"\n" for change in changes]
        if max(map(len, lines), default=0) > MAX_EVENT_BYTES:
            raise InvalidValue(f"A description or tag has more than {MAX_EVENT_BYTES:,} bytes.")
        self._journal.append(b"".join(lines))


def _slot(name: str, attempt: int) -> str:
    return hashlib.sha256(f"{name}\n{attempt}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _fold(
    first: _Given,
    last: _Given,
    made: dict[int, dict[str, Any] | None],
    events: dict[tuple[int, str, int], dict[str, Any]],
) -> Model:
    created = first.time // 1000
    model = Model(first.slot, last.name, created, last.time // 1000, _text(first.facts, "description"))
    model.tags = _tags(first.facts)
    for number in sorted(made):
        facts = made[number]
        version = _version(number, facts) if facts is not None else None
        if version is not None:
            model.versions[number] = version
            model.updated = max(model.updated, version.created)
    for key in sorted(events):
        _change(model, events[key], key[0] // 1000)
    model.versions = {n: version for n, version in model.versions.items() if version.state == ACTIVE}
    model.aliases = {alias: n for alias, n in sorted(model.aliases.items()) if n in model.versions}
    return model


def _version(number: int, facts: dict[str, Any]) -> Version | None:
    time, source = facts.get("t"), facts.get("source")
    if not isinstance(time, int) or not isinstance(source, str):
        return None
    version = Version(number, time // 1000, time // 1000, source, tags=_tags(facts))
    for key in ("artifact", "run_id", "run_link", "user", "model_id", "description"):
        setattr(version, key, _text(facts, key))
    return version


def _text(facts: dict[str, Any], key: str) -> str | None:
    value = facts.get(key)
    return value if isinstance(value, str) else None


def _tags(facts: dict[str, Any]) -> dict[str, str]:
    tags = facts.get("tags")
    return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}


def _change(model: Model, event: dict[str, Any], time: int) -> None:
    number, value = event.get("n"), event.get("v")
    target = model if number is None else model.versions.get(number) if isinstance(number, int) else None
    if target is None:
        return
    target.updated = max(target.updated, time)
    match event.get("e"):
        case "description" if value is None or isinstance(value, str):
            target.description = value
        case "tag" if value is None:
            target.tags.pop(str(event.get("k")), None)
        case "tag":
            target.tags[str(event.get("k"))] = str(value)
        case "state" if value in (ACTIVE, DELETED):
            target.state = value
        case "stage" if value in STAGES and isinstance(target, Version):
            target.stage = value
            model.updated = max(model.updated, time)
        case "alias" if value is None and isinstance(target, Model):
            target.aliases.pop(str(event.get("k")), None)
        case "alias" if isinstance(value, int) and isinstance(target, Model):
            target.aliases[str(event.get("k"))] = value


def _warn(path: Path, error: Exception) -> None:
    warnings.warn(f"{path} cannot be read and is passed over: {error}.", UserWarning, stacklevel=2)


_registries: dict[str, Registry] = {}


def registry_of(store: Store) -> Registry:
    """The registry of a store, the same object for the same store."""
    return _registries.setdefault(str(store.root), Registry(store))


def runs_in_use(store: Store) -> set[str]:
    """The runs among whose artifacts registered versions have their files: these are not to be removed."""
    versions = (version for model in registry_of(store).models().values() for version in model.versions.values())
    return {version.artifact.partition("/")[0] for version in versions if version.artifact}


def _after_fork_in_child() -> None:
    for registry in _registries.values():
        registry._guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
