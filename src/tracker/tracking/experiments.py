"""Experiments as entities, and which of them runs go to.

The active experiment is the process's: what `set_experiment` chose for this store, else the environment's
(TRACKER_EXPERIMENT, MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID), else "Default". A name belongs to the one
active experiment that has it: a deleted experiment keeps its runs and id, and gives its name free.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tracker import secrets
from tracker.entities import Experiment, LifecycleStage
from tracker.exceptions import AlreadyExists, InvalidState, InvalidValue, NotFound
from tracker.store import Experiment as Entry
from tracker.store import Store, events
from tracker.store.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from tracker.store.store import check_experiment_name
from tracker.tracking.values import bounded

_chosen: dict[str, str] = {}


# -- which one


def choose(store: Store, experiment_id: str) -> None:
    """Let runs that start in this process go to this experiment of the store."""
    _chosen[str(store.root)] = experiment_id


def active_experiment_id(store: Store) -> str:
    """The id of the experiment that a run which is told none goes to; made if it is not there yet."""
    chosen = _chosen.get(str(store.root))
    if chosen is not None:
        return check_usable(store, chosen)
    name = os.environ.get("TRACKER_EXPERIMENT") or os.environ.get("MLFLOW_EXPERIMENT_NAME")
    if name:
        return store.ensure_experiment(name)
    told = os.environ.get("MLFLOW_EXPERIMENT_ID")
    return check_usable(store, told) if told else _default(store)


def _default(store: Store) -> str:
    if DEFAULT_EXPERIMENT_ID in store.usable:
        return DEFAULT_EXPERIMENT_ID
    found = store.ensure_experiment(DEFAULT_EXPERIMENT_NAME)
    store.usable.add(found)
    return found


def check_usable(store: Store, experiment_id: Any) -> str:
    """The id itself, if runs can start there. Raises NotFound, or InvalidState for a deleted experiment."""
    identifier = str(experiment_id)
    if identifier not in store.usable or not (store.root / "journal").exists():
        if identifier == DEFAULT_EXPERIMENT_ID and identifier not in store.experiments():
            store.ensure_experiment(DEFAULT_EXPERIMENT_NAME)
        entry = entry_of(store, identifier)
        if entry.state != LifecycleStage.ACTIVE:
            raise InvalidState(
                f"The experiment {entry.name!r} (id {entry.id}) is deleted, so that no run can start in it. "
                "Take it back with restore_experiment, or choose another with set_experiment."
            )
        store.usable.add(identifier)
    return identifier


# -- reading


def entry_of(store: Store, experiment_id: Any) -> Entry:
    """The experiment as the store has it. Raises NotFound."""
    identifier = str(experiment_id)
    known = store.experiments()
    if identifier in known:
        return known[identifier]
    if identifier == DEFAULT_EXPERIMENT_ID:
        return Entry(identifier, DEFAULT_EXPERIMENT_NAME, 0, 0)
    raise NotFound(f"There is no experiment with id {identifier!r} in the store at {store.root}.")


def get(store: Store, experiment_id: Any) -> Experiment:
    """The experiment of this id, deleted or not. Raises NotFound."""
    return entity(store, entry_of(store, experiment_id))


def named(store: Store, name: str) -> Experiment | None:
    """The active experiment of this name, else the one of that name deleted last, else None."""
    found = [entry for entry in every(store) if entry.name == name]
    found.sort(key=lambda entry: (entry.state == LifecycleStage.ACTIVE, entry.updated))
    return entity(store, found[-1]) if found else None


def every(store: Store) -> list[Entry]:
    """All experiments; "Default" is always among them."""
    known = dict(store.experiments())
    known.setdefault(DEFAULT_EXPERIMENT_ID, entry_of(store, DEFAULT_EXPERIMENT_ID))
    return list(known.values())


def entity(store: Store, entry: Entry) -> Experiment:
    """The store's record as MLflow's entity."""
    location = entry.artifact_location or str(store.root / "artifacts")
    return Experiment(
        entry.id, entry.name, location, entry.state, entry.tags, entry.created or None, entry.updated or None
    )


# -- changing


def create(store: Store, name: str, artifact_location: Any = None, tags: Mapping[str, Any] | None = None) -> str:
    """The id of a new experiment.

    Raises AlreadyExists if an active one has the name, InvalidValue for a bad name.
    """
    if name == DEFAULT_EXPERIMENT_NAME and DEFAULT_EXPERIMENT_ID not in store.experiments():
        raise AlreadyExists(f"An experiment named {name!r} exists already, with id {DEFAULT_EXPERIMENT_ID}.")
    lines = [(events.check_key(key, "tag"), value) for key, value in (tags or {}).items()]
    identifier = store.create_experiment(name, None if artifact_location is None else os.fspath(artifact_location))
    for key, value in lines:
        set_tag(store, identifier, key, value)
    return identifier


def rename(store: Store, experiment_id: Any, new_name: str) -> None:
    """Give an active experiment another name. Raises AlreadyExists, InvalidState, InvalidValue, NotFound."""
    entry = entry_of(store, experiment_id)
    check_experiment_name(new_name)
    if entry.state != LifecycleStage.ACTIVE:
        raise InvalidState(f"The experiment {entry.name!r} (id {entry.id}) is deleted; restore it before renaming it.")
    taken = store.experiment_named(new_name)
    if taken is not None and taken.id != entry.id:
        raise AlreadyExists(
            f"An experiment named {new_name!r} exists already, with id {taken.id}; choose another name."
        )
    _write(store, "experiment.name", entry, v=new_name)


def delete(store: Store, experiment_id: Any) -> None:
    """Put an experiment and its runs into the bin; its name is free again. Raises NotFound."""
    entry = entry_of(store, experiment_id)
    if entry.state == LifecycleStage.DELETED:
        raise InvalidState(f"The experiment {entry.name!r} (id {entry.id}) is deleted already.")
    store.usable.discard(entry.id)
    _write(store, "experiment.state", entry, v=LifecycleStage.DELETED)


def restore(store: Store, experiment_id: Any) -> None:
    """Take an experiment and its runs out of the bin.

    Raises AlreadyExists if its name was given to another.
    """
    entry = entry_of(store, experiment_id)
    if entry.state == LifecycleStage.ACTIVE:
        raise InvalidState(f"The experiment {entry.name!r} (id {entry.id}) is not deleted.")
    taken = store.experiment_named(entry.name)
    if taken is not None:
        raise AlreadyExists(
            f"The experiment {entry.id} cannot be restored: its name {entry.name!r} now belongs to "
            f"experiment {taken.id}. Rename that one first: rename_experiment({taken.id!r}, NEW_NAME)."
        )
    _write(store, "experiment.state", entry, v=LifecycleStage.ACTIVE)


def set_tag(store: Store, experiment_id: Any, key: str, value: Any) -> None:
    """Set a tag of an experiment; its value becomes text, credentials masked."""
    name = events.check_key(key, "tag")
    _write(
        store,
        "experiment.tag",
        entry_of(store, experiment_id),
        k=name,
        v=secrets.masked_value(name, bounded(str(value)))[0],
    )


def delete_tag(store: Store, experiment_id: Any, key: str) -> None:
    """Remove a tag of an experiment. Raises NotFound if it has no such tag."""
    entry = entry_of(store, experiment_id)
    if key not in entry.tags:
        raise NotFound(f"The experiment {entry.name!r} has no tag {key!r}.")
    _write(store, "experiment.tag", entry, k=key, v=None)


def _write(store: Store, kind: str, entry: Entry, **fields: Any) -> None:
    if entry.id not in store.experiments():  # "Default" is there before anybody wrote it
        store.ensure_experiment(DEFAULT_EXPERIMENT_NAME)
    store.append(events.event(kind, x=entry.id, t=store.clock(), **fields))


def check_choice(name: Any, experiment_id: Any) -> None:
    """Raises InvalidValue unless exactly one of a name and an id is given."""
    if (name is None) == (experiment_id is None):
        raise InvalidValue("Give either the name or the id of an experiment, and not both.")
