"""Edits of runs after the fact: of many at once, sealed or live, and undone again.

An edit is one write of events like any other; the latest wins, whichever process wrote it. `undo` takes back the last
edit of this process that is not undone yet, and only where what it wrote still holds: what somebody changed since
stays. Nothing is purged by deleting: `restore_runs` takes runs back in any process, until `tracker gc`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.entities import LifecycleStage
from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.store import Store
from tracker.store.rows import LAST_TIME
from tracker.tracking.context import current_store
from tracker.tracking.provenance import NOTE, RUN_NAME
from tracker.tracking.writer import RunWriter, forget_writer

STAR = "tracker.star"
_MAX_UNDO = 100
_STATES = (LifecycleStage.ACTIVE, LifecycleStage.DELETED)

_BEFORE = """SELECT run_id, name, lifecycle_stage FROM runs WHERE run_id IN (SELECT unnest($ids::VARCHAR[]))"""
_TAGS = """SELECT run_id, key, value FROM tags
    WHERE run_id IN (SELECT unnest($ids::VARCHAR[])) AND key IN (SELECT unnest($keys::VARCHAR[]))"""
_LATEST = "SELECT r, max(t) FROM hot.events WHERE r IN (SELECT unnest($ids::VARCHAR[])) GROUP BY r"
_STATE = """SELECT r, arg_max(v, (t, w)) ->> '$' FROM hot.events
    WHERE e = 'state' AND r IN (SELECT unnest($ids::VARCHAR[])) GROUP BY r"""


@dataclass
class _Change:
    """What an edit did to one run: its tags and state before and after, only those that it changed."""

    run_id: str
    name: str
    tags: dict[str, tuple[str | None, str | None]]
    state: tuple[str, str] | None


@dataclass
class _Edit:
    store: Store
    changes: list[_Change]


_done: list[_Edit] = []
_lock = threading.Lock()


def edit(
    runs: Any,
    *,
    name: str | None = None,
    note: str | None = None,
    star: bool | None = None,
    tags: Mapping[str, Any] | None = None,
    state: str | None = None,
    store: Store | None = None,
) -> int:
    """Change runs, all in one write; how many were changed by it. `undo()` takes it back.

    `runs` is an id, a run, a DataFrame with `run_id`, a selection, or several. What is None stays; an empty note
    removes it, and a tag that is given as None is removed. `state` is "deleted" or "active". Nothing is written if
    one of the runs is not there (NotFound), or is deleted and is not restored by this (InvalidState).
    """
    wanted = _wanted_tags(name, note, star, tags)
    if state is not None and state not in _STATES:
        raise InvalidValue(f"The state of a run is 'active' or 'deleted'; got {state!r}.")
    store = store or current_store()
    changes = _changes(store, _ids(runs), wanted, state)
    if state is None:
        _refuse_deleted(store, changes)
    changed = [change for change in changes if change.tags or change.state]
    _write(store, [(c, {key: after for key, (_, after) in c.tags.items()}, c.state and c.state[1]) for c in changed])
    if changed:
        with _lock:
            _done.append(_Edit(store, changed))
            del _done[:-_MAX_UNDO]
    return len(changed)


def delete_runs(runs: Any) -> int:
    """Put runs into the bin, in one write; how many were not there yet. Raises NotFound."""
    return edit(runs, state=LifecycleStage.DELETED)


def restore_runs(runs: Any) -> int:
    """Take runs out of the bin, in one write; how many were in it.

    `tracker.search_runs(run_view_type=ViewType.DELETED_ONLY)` lists them. Raises NotFound.
    """
    return edit(runs, state=LifecycleStage.ACTIVE)


def undo() -> str:
    """Take back the last edit made in this process, where it still holds; says what it did.

    Raises InvalidState if there is none.
    """
    with _lock:
        if not _done:
            raise InvalidState("There is no edit to undo: this process has made none that is not undone already.")
        last = _done.pop()
    now = {c.run_id: c for c in _changes(last.store, [c.run_id for c in last.changes], {}, None, missing=True)}
    present = _tags_of(last.store, list(now), {key for change in last.changes for key in change.tags})
    writes, kept = [], 0
    for change in last.changes:
        tags = {k: old for k, (old, new) in change.tags.items() if present.get((change.run_id, k)) == new}
        states = _states_of(last.store, [change.run_id]) if change.state else {}
        state = change.state[0] if change.state and states.get(change.run_id) == change.state[1] else None
        if change.run_id not in now or (change.tags and not tags) or (change.state and state is None):
            kept += 1
        if change.run_id in now and (tags or state):
            writes.append((change, tags, state))
    _write(last.store, writes)
    return _told(writes, kept)


def _told(writes: list[tuple[_Change, dict[str, str | None], str | None]], kept: int) -> str:
    parts = []
    for state, word in ((LifecycleStage.ACTIVE, "restored"), (LifecycleStage.DELETED, "deleted again")):
        names = [change.name or change.run_id for change, _, to in writes if to == state]
        parts += [f"{word} {_listed(names)}"] if names else []
    keys = {_word(key) for _, tags, _ in writes for key in tags}
    if keys:
        names = [change.name or change.run_id for change, tags, _ in writes if tags]
        parts.append(f"{', '.join(sorted(keys))} of {_listed(names)} as before")
    text = "; ".join(parts) or "nothing was left to undo"
    changed = f"; {kept} changed since and left as {'it is' if kept == 1 else 'they are'}" if kept else ""
    return f"{text[0].upper()}{text[1:]}{changed}."


def _word(key: str) -> str:
    return {RUN_NAME: "name", NOTE: "note", STAR: "star"}.get(key, f"tag {key!r}")


def _listed(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


# -- what is asked for


def _wanted_tags(
    name: str | None, note: str | None, star: bool | None, tags: Mapping[str, Any] | None
) -> dict[str, str | None]:
    wanted = {key: None if value is None else str(value) for key, value in (tags or {}).items()}
    if name is not None:
        if not isinstance(name, str) or not name.strip():
            raise InvalidValue(f"The name of a run is text that is not empty; got {name!r}.")
        wanted[RUN_NAME] = name
    if note is not None:
        wanted[NOTE] = str(note) or None
    if star is not None:
        wanted[STAR] = "true" if star else None
    return wanted


def _ids(runs: Any) -> list[str]:
    if isinstance(runs, str):
        return [runs]
    if isinstance(runs, list | tuple) and all(isinstance(run, str) for run in runs):
        return list(dict.fromkeys(runs))
    from tracker.query.frames import run_ids  # imports pandas

    return list(dict.fromkeys(run_ids(runs)))


# -- what is there


def _changes(
    store: Store, ids: list[str], tags: dict[str, str | None], state: str | None, missing: bool = False
) -> list[_Change]:
    """How the runs would change, in this order. Raises NotFound, unless runs may be `missing`."""
    known = {run: name for run, name, _ in _rows(store, _BEFORE, ids=ids)}
    absent = [run for run in ids if run not in known]
    if absent and not missing:
        raise NotFound(f"There is no run {absent[0]!r} in the store at {store.root}. Nothing was changed.")
    present = _tags_of(store, ids, set(tags)) if tags else {}
    states = _states_of(store, ids) if state else {}
    changes = []
    for run in (run for run in ids if run in known):
        pairs = {key: (present.get((run, key)), new) for key, new in tags.items() if present.get((run, key)) != new}
        was = states.get(run, LifecycleStage.ACTIVE)
        changes.append(_Change(run, known[run], pairs, (was, state) if state and was != state else None))
    return changes


def _refuse_deleted(store: Store, changes: list[_Change]) -> None:
    ids = [change.run_id for change in changes]
    for run, name, stage in _rows(store, _BEFORE, ids=ids):
        if stage == LifecycleStage.DELETED:
            raise InvalidState(
                f"The run {name or run} is deleted; take it back with restore_runs before you change it. "
                "Nothing was changed."
            )


def _tags_of(store: Store, ids: list[str], keys: Iterable[str]) -> dict[tuple[str, str], str]:
    return {(run, key): value for run, key, value in _rows(store, _TAGS, ids=ids, keys=list(keys))}


def _states_of(store: Store, ids: list[str]) -> dict[str, str]:
    """The runs' own states, whatever their experiments' are; a run that has none told is active."""
    return dict.fromkeys(ids, LifecycleStage.ACTIVE) | dict(_rows(store, _STATE, ids=ids))


def _rows(store: Store, query: str, **bindings: list[str]) -> list[tuple[Any, ...]]:
    from tracker.query import reader

    return reader(store).cursor().execute(query, bindings).fetchall()


# -- writing


def _write(store: Store, writes: list[tuple[_Change, dict[str, str | None], str | None]]) -> None:
    latest = dict(_rows(store, _LATEST, ids=[change.run_id for change, _, _ in writes])) if writes else {}
    lines = []
    for change, tags, state in writes:
        # Who edits has seen what is there: the edit wins over it, also where the other machine's clock is ahead.
        writer = RunWriter(store, change.run_id, not_before=min(latest.get(change.run_id, 0) + 1, LAST_TIME))
        lines += writer.tag_lines({key: value for key, value in tags.items() if value is not None})
        lines += [writer.event("tag", k=key, v=None) for key, value in tags.items() if value is None]
        if state is not None:
            lines.append(writer.event("state", v=state))
    if lines:
        store.append(b"".join(lines))
    for change, _, state in writes:
        if state is not None:
            forget_writer(store, change.run_id)


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
