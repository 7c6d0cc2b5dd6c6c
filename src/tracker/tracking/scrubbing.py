"""Credentials taken out of a run that is already kept: its parameters, tags, data sources and text files.

Invariants: what is corrected is on disk before anything is taken away; the run reads clean for everybody as soon as
that is written. The corrected events are written after, and the old ones are left out when their journal or segment is
written anew; only in a journal that another live process writes are their texts blanked where they lie. What could not
be reached (files that are no text) is told.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from tracker import secrets
from tracker.exceptions import InvalidState, InvalidValue
from tracker.store import Store, events
from tracker.store.artifacts import resolve_inside, stays_inside
from tracker.store.journal import SUFFIX
from tracker.store.purge import flush
from tracker.store.sealing import KEEP_REPLACED_SECONDS
from tracker.tracking import cleaning, experiments, reading
from tracker.tracking.blanking import blank
from tracker.tracking.location import current_store
from tracker.tracking.packed import NotWhole

_EVENTS: Final = """
SELECT e, k, v::VARCHAR, t, w FROM hot.events
WHERE r = $run AND e IN ('param', 'tag', 'input') AND k IS NOT NULL ORDER BY t, w
"""

_NAMES: Final = """
SELECT DISTINCT e, k FROM hot.events WHERE r = $run AND e IN ('param', 'tag', 'input') AND k IS NOT NULL
UNION ALL SELECT 'metric', key FROM latest_metrics WHERE run_id = $run ORDER BY ALL
"""

Key = tuple[str, str, int, str]
"""An event of the run: kind, key, time in µs, the journal's name."""
Dirty = dict[Key, tuple[Any, Any]]
"""Events that hold a credential: the value that is kept, and the one that is to be."""


@dataclass
class Scrubbed:
    """What `scrub` did. Its text tells it to a person."""

    run_id: str
    found: list[str] = field(default_factory=list)
    """What was masked, as "api_key" or "AWS key"."""
    places: list[str] = field(default_factory=list)
    """Where: "parameter api_key", "tag …", "data …", "file code/cell.py"."""
    left: list[str] = field(default_factory=list)
    """What could not be looked at or taken away, and why, in sentences."""

    def __str__(self) -> str:
        where = "\n".join(f"  {place}" for place in self.places)
        head = f"Masked in {self.run_id}: {', '.join(self.found)}.\n{where}" if self.places else "Nothing to mask."
        return "\n".join([head, *self.left])

    def __bool__(self) -> bool:
        return bool(self.places)


def scrub(run: Any, also: Iterable[str] = (), *, now: bool = False) -> Scrubbed:
    """Mask what looks like a credential in an ended run (a Run, its id, the beginning of it, or its name), and the
    texts in `also` wherever they stand.

    Old copies of sealed events stay ten minutes for readers that are at them; `now` removes them at once, and such a
    reader has to ask again. Raises NotFound, InvalidState for a run that is still written, InvalidValue.
    """
    if not secrets.enabled():
        raise InvalidValue("Masking is switched off by TRACKER_MASK=0; unset it to scrub a run.")
    for word in also:
        if not secrets.remember(word):
            raise InvalidValue("A text to mask has at least 6 characters: shorter ones stand in other words too.")
    store = current_store()
    info = reading.get_info(store, reading.run_id_of(store, run))
    if info.status == "RUNNING":
        raise InvalidState(f"The run {info.run_id} is still written; scrub it when it has ended.")
    secrets.learn_environment()
    done = Scrubbed(info.run_id)
    found: dict[str, None] = {}
    files, others = _files(store, info.run_id)
    known = -1
    while known != (known := secrets.count()):  # again with what was found: a value that is named in one place only
        dirty = _dirty_events(store, info.run_id, found)
        texts = [path for path in files if _is_dirty(path, found)]
    done.found = list(dict.fromkeys(secrets.masked(name)[0] for name in found))
    _write(store, done, dirty, texts)
    _take_away(store, done, dirty, now)
    _forget_earlier(store)
    _clean_experiment(store, done, info.experiment_id)
    _tell_of_names(store, done)
    _tell_of_others(store, done, others)
    done.places = [secrets.masked(place)[0] for place in done.places]
    return done


# -- events


def _kept(store: Store, run_id: str) -> list[tuple[Key, Any]]:
    """The run's events with their values, oldest first; None: removed."""
    from tracker.query.connection import Reader

    rows = Reader(store).cursor().execute(_EVENTS, {"run": run_id}).fetchall()
    return [((kind, key, time, writer), text and orjson.loads(text)) for kind, key, text, time, writer in rows]


def _dirty_events(store: Store, run_id: str, found: dict[str, None]) -> Dirty:
    """The events that hold a credential, oldest first."""
    dirty: Dirty = {}
    for key, old in _kept(store, run_id):
        value, told = secrets.masked_value(key[1] if key[0] != "input" else "", old)
        if told and key[1] != secrets.TAG:
            found.update(dict.fromkeys(told))
            dirty[key] = (old, value)
    return dirty


def _write(store: Store, done: Scrubbed, dirty: Dirty, texts: list[Path]) -> None:
    """The corrected files and events; on disk when this returns."""
    if not dirty and not texts:
        return
    run, root = done.run_id, store.artifact_root(done.run_id)
    lines = []
    for key in {_identity(*one): one[0] for one in _kept(store, run)}.values():
        if key in dirty:  # what was replaced or removed since is only left out
            lines.append(events.event(key[0], t=store.clock(), r=run, k=key[1], v=dirty[key][1]))
    done.places += dict.fromkeys(f"{_WORDS[kind]} {name}" for kind, name, *_ in dirty)
    for path in texts:
        name = path.relative_to(root).as_posix()
        size = cleaning.clean(path)
        lines.append(events.event("artifact", t=store.clock(), r=run, k=name, v={"size": size}))
        done.places.append(f"file {name}")
    lines.append(events.event("tag", t=store.clock(), r=run, k=secrets.TAG, v=", ".join(done.found)[:5_000]))
    store.append(b"".join(lines))
    flush(store.journal_path)


_WORDS: Final = {"param": "parameter", "tag": "tag", "input": "data"}


def _identity(key: Key, value: Any) -> tuple[Any, ...]:
    """What later events of the same identity replace."""
    return (*key[:2], value.get("digest") if isinstance(value, dict) else None) if key[0] == "input" else key[:2]


def _take_away(store: Store, done: Scrubbed, doomed: Dirty, now: bool) -> None:
    """Leave the old events out of what is sealed, and tell of those that stay."""
    if not doomed:
        return
    if any(writer == store.writer for *_, writer in doomed):
        store.go_on_in_new_journal()
    _blank_in_live_journals(store, done.run_id, doomed)
    replaced = [(kind, done.run_id, key, time, writer) for kind, key, time, writer in doomed]
    sealed = store.seal(0.0 if now else KEEP_REPLACED_SECONDS, replaced=replaced)
    left = _dirty_events(store, done.run_id, {})
    if sealed is None or left:
        live = sorted({writer for *_, writer in left if store.is_live(writer)})
        why = f"a live process writes the journal {live[0]}" if live else "the store could not be sealed just now"
        done.left.append(f"Old events stay in the store's files, since {why}: they are not shown. Scrub again later.")
    elif store.contents().spent_segments and not now:
        done.left.append("The old copy of the events goes in ten minutes, when the store is next sealed or read.")


def _blank_in_live_journals(store: Store, run_id: str, doomed: Dirty) -> None:
    for writer in {writer for *_, writer in doomed}:
        if writer != store.writer and store.is_live(writer):
            places = {(kind, key, time): values for (kind, key, time, one), values in doomed.items() if one == writer}
            with contextlib.suppress(OSError):  # what is left is looked at after this, and told
                blank(resolve_inside(store.root / "journal", f"{writer}{SUFFIX}"), run_id, places)


def _clean_experiment(store: Store, done: Scrubbed, experiment_id: str) -> None:
    """Mask the tags of the run's experiment; what they were stays in the store's files."""
    entry = store.experiments().get(experiment_id)
    for name, value in sorted(entry.tags.items()) if entry is not None else ():
        if secrets.masked_value(name, value)[1]:
            experiments.set_tag(store, experiment_id, name, value)
            done.left.append(
                f"The experiment's tag {secrets.masked(name)[0]} held a credential: it is masked, but its old value "
                "stays in the store's files."
            )


# -- files


def _forget_earlier(store: Store) -> None:
    """Take away what is remembered of runs to tell an equal one by, where it holds a credential."""
    for path in (store.root / "cache" / "again").glob("*"):
        with contextlib.suppress(OSError):
            if secrets.known_in(path.read_bytes()):
                path.unlink()


def _files(store: Store, run_id: str) -> tuple[list[Path], list[Path]]:
    """The run's text files, and the others."""
    root = store.artifact_root(run_id)
    texts: list[Path] = []
    others: list[Path] = []
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if not path.is_symlink() and stays_inside(root, path) and path.is_file():
                (texts if cleaning.is_text(path) else others).append(path)
    return texts, others


def _is_dirty(path: Path, found: dict[str, None]) -> bool:
    told = cleaning.found_in(path)
    found.update(dict.fromkeys(told))
    return bool(told)


def _tell_of_others(store: Store, done: Scrubbed, others: list[Path]) -> None:
    root, rest = store.artifact_root(done.run_id), 0
    for path in others:
        name = secrets.masked(path.relative_to(root).as_posix())[0]
        try:
            holds = cleaning.holds_credential(path)
        except (NotWhole, OSError) as error:
            done.left.append(f"The file {name} could not be looked into: {error}.")
            continue
        if holds:
            done.left.append(f"The file {name} is no text and holds a credential: delete it, or make it anew.")
        rest += not holds
    if rest:
        done.left.append(
            f"{rest} file{'s are' if rest > 1 else ' is'} no text, and as before: no credential was met there, nor "
            "unpacked from zip, gzip, bz2, xz or Parquet; what is packed in another way cannot be seen."
        )


def _tell_of_names(store: Store, done: Scrubbed) -> None:
    """Names are left: what holds one is told without it."""
    from tracker.query.connection import Reader

    root = store.artifact_root(done.run_id)
    names = Reader(store).cursor().execute(_NAMES, {"run": done.run_id}).fetchall()
    paths = {path.relative_to(root).as_posix() for path in root.rglob("*")}
    for kind, name in [*names, *(("file", name) for name in sorted(paths))]:
        told, found = secrets.masked(name)
        if found:
            what = _WORDS.get(kind, kind)
            done.left.append(
                f"The name of the {what} {told} holds a credential and stays: delete the run, then `tracker gc`."
            )
