"""Credentials taken out of a run that is already kept: its parameters, tags, data sources and text files.

Invariants: what is corrected is on disk before anything is taken away; the run reads clean for everybody as soon as
that is written. Events never change in place: the corrected ones are written after, and the old ones are left out when
their journal or segment is written anew. What could not be reached (a journal of another live process, files that are
no text) is told.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from tracker import secrets
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.store import Store, events
from tracker.store.artifacts import stays_inside, write_by
from tracker.store.purge import flush
from tracker.store.sealing import KEEP_REPLACED_SECONDS
from tracker.tracking import reading
from tracker.tracking.location import current_store

MAX_FILE: Final = 20_000_000
_EVENTS: Final = """
SELECT e, k, v::VARCHAR, t, w FROM hot.events
WHERE r = $run AND e IN ('param', 'tag', 'input') AND k IS NOT NULL AND json_type(v) <> 'NULL' ORDER BY t, w
"""

Key = tuple[str, str, int, str]
"""An event of the run: kind, key, time in µs, the journal's name."""


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
    info = reading.get_info(store, _run_id(store, run))
    if info.status == "RUNNING":
        raise InvalidState(f"The run {info.run_id} is still written; scrub it when it has ended.")
    secrets.learn_environment()
    done = Scrubbed(info.run_id)
    found: dict[str, None] = {}
    files = list(_files(store, info.run_id, done))
    for _ in range(2):  # the second time with what the first has found: a value that is named in one place only
        dirty = _dirty_events(store, info.run_id, found)
        texts = {path: text for path in files if (text := _masked_file(path, found)) is not None}
    done.found = list(found)
    _write(store, done, dirty, texts)
    _take_away(store, done, {key for key, _ in dirty}, now)
    return done


def _run_id(store: Store, run: Any) -> str:
    known = getattr(getattr(run, "info", None), "run_id", None)
    if isinstance(known, str):
        return known
    found = reading.find_run_ids(store, str(run).strip())
    if len(found) != 1:
        raise NotFound(f"There {'is no run' if not found else f'are {len(found)} runs'} {run!r} in {store.root}.")
    return found[0]


# -- events


def _dirty_events(store: Store, run_id: str, found: dict[str, None]) -> list[tuple[Key, Any]]:
    """The events that hold a credential, with their corrected values, oldest first."""
    from tracker.query.connection import Reader

    dirty = []
    for kind, key, text, time, writer in Reader(store).cursor().execute(_EVENTS, {"run": run_id}).fetchall():
        value, told = secrets.masked_value(key if kind != "input" else "", orjson.loads(text))
        if told and key != secrets.TAG:
            found.update(dict.fromkeys(told))
            dirty.append(((kind, key, time, writer), value))
    return dirty


def _write(store: Store, done: Scrubbed, dirty: list[tuple[Key, Any]], texts: dict[Path, bytes]) -> None:
    """The corrected files and events; on disk when this returns."""
    if not dirty and not texts:
        return
    run, root = done.run_id, store.artifact_root(done.run_id)
    lines = []
    latest = {_identity(key, value): (key, value) for key, value in dirty}
    for (kind, name, _, _), value in latest.values():
        lines.append(events.event(kind, t=store.clock(), r=run, k=name, v=value))
        done.places.append(f"{_WORDS[kind]} {name}")
    for path, data in texts.items():
        name = path.relative_to(root).as_posix()
        size = write_by(path, lambda file, data=data: file.write(data))  # type: ignore[misc]
        lines.append(events.event("artifact", t=store.clock(), r=run, k=name, v={"size": size}))
        done.places.append(f"file {name}")
    lines.append(events.event("tag", t=store.clock(), r=run, k=secrets.TAG, v=", ".join(done.found)[:5_000]))
    store.append(b"".join(lines))
    flush(store.journal_path)


_WORDS: Final = {"param": "parameter", "tag": "tag", "input": "data"}


def _identity(key: Key, value: Any) -> tuple[Any, ...]:
    """What later events of the same identity replace."""
    return (*key[:2], value.get("digest") if isinstance(value, dict) else None) if key[0] == "input" else key[:2]


def _take_away(store: Store, done: Scrubbed, doomed: set[Key], now: bool) -> None:
    """Leave the old events out of what is sealed, and tell of those that stay."""
    if not doomed:
        return
    if any(writer == store.writer for *_, writer in doomed):
        store.go_on_in_new_journal()
    replaced = [(kind, done.run_id, key, time, writer) for kind, key, time, writer in doomed]
    sealed = store.seal(0.0 if now else KEEP_REPLACED_SECONDS, replaced=replaced)
    left = {key for key, _ in _dirty_events(store, done.run_id, {})}
    if sealed is None or left:
        live = sorted({writer for *_, writer in left if store.is_live(writer)})
        why = f"a live process writes the journal {live[0]}" if live else "the store could not be sealed just now"
        done.left.append(f"Old events stay in the store's files, since {why}: they are not shown. Scrub again later.")
    elif store.contents().spent_segments and not now:
        done.left.append("The old copy of the events goes in ten minutes, when the store is next sealed or read.")


# -- files


def _files(store: Store, run_id: str, done: Scrubbed) -> Iterator[Path]:
    """The run's text files; others are told in `done`."""
    root = store.artifact_root(run_id)
    unread = 0
    for folder, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or not stays_inside(root, path) or not path.is_file():
                continue
            if _text(path) is None:
                unread += 1
            else:
                yield path
    if unread:
        done.left.append(f"{unread} file{'s are' if unread > 1 else ' is'} no text, or large, and as before.")


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > MAX_FILE:
            return None
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return None if "\0" in text else text


def _masked_file(path: Path, found: dict[str, None]) -> bytes | None:
    """The file's content with credentials masked; None where there are none."""
    text, told = secrets.masked(_text(path) or "")
    found.update(dict.fromkeys(told))
    return text.encode() if told else None
