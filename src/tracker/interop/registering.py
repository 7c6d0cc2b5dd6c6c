"""Registered models into the registry, with the numbers that their versions had where the model is new here.

A version is marked with the tag `tracker.import`, its number in the source: it comes in once. Where this registry had
versions of that model already, the next numbers are taken. Numbers are never given twice, so a gap stays a gap.
"""

from __future__ import annotations

from collections.abc import Callable

from tracker.exceptions import InvalidValue, NotFound
from tracker.interop.records import ModelRecord, Skipped, VersionRecord
from tracker.store import Store
from tracker.tracking import logged_models, registry

MARK = "tracker.import"


def import_model(store: Store, record: ModelRecord, run_id_here: Callable[[str], str], skipped: list[Skipped]) -> int:
    """Register a model with its versions; how many were not here before. Raises InvalidValue, StoreError.

    `skipped` is told of versions that cannot be.
    """
    registry.ensure_model(store, record.name)
    model = registry.find_model(store, record.name)
    if record.description and not model.description:
        registry.describe_model(store, record.name, record.description)
    for key, value in record.tags.items():
        if key not in model.tags:
            registry.set_model_tag(store, record.name, key, value)
    here = {v.tags[MARK]: v.number for v in model.versions.values() if MARK in v.tags}
    ours_alone = len(here) == len(model.versions)
    new = 0
    for version in record.versions:
        if not version.deleted and str(version.number) not in here:
            try:
                made = _version(store, record.name, version, run_id_here, keep_number=ours_alone)
            except (InvalidValue, NotFound) as error:
                skipped.append(Skipped(f"model {record.name!r}, version {version.number}", error.message))
                continue
            here[str(version.number)] = made
            new += 1
    for alias, number in record.aliases.items():
        if alias not in model.aliases and str(number) in here:
            registry.set_alias(store, record.name, alias, here[str(number)])
    return new


def _version(
    store: Store, name: str, record: VersionRecord, run_id_here: Callable[[str], str], keep_number: bool
) -> int:
    source = _source(store, record)
    while True:
        made = registry.create_version(
            store,
            name,
            source,
            run_id_here(record.run_id) if record.run_id else None,
            {**record.tags, MARK: str(record.number)},
            record.run_link,
            record.description,
            record.model_id,
        )
        if not keep_number or int(made.version) >= record.number:
            break
        registry.delete_version(store, name, made.version)  # a number that was deleted in the source
    if record.stage != "None":
        registry.transition(store, name, made.version, record.stage, False)
    return int(made.version)


def _source(store: Store, record: VersionRecord) -> str:
    """The version's source; of a logged model whose files are not here, where they are. Raises InvalidValue."""
    model = record.source.removeprefix("models:/")
    if model == record.source or not logged_models.is_id(model) or logged_models.folder_of(store, model) is not None:
        return record.source
    location = (logged_models.facts_of(store, model) or {}).get("location")
    if not isinstance(location, str):
        raise InvalidValue(f"the model {model} that it was made of is not here")
    return location
