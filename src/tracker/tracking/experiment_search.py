"""Searching experiments with the language that searches runs: by name, experiment_id, creation_time,
last_update_time (ms), lifecycle_stage and tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.entities import Experiment
from tracker.query.grammar import Name, Vocabulary
from tracker.tracking.matching import matching, ordered

_WORDS = Vocabulary(
    "Experiments",
    {
        "name": "text", "experiment_id": "text", "lifecycle_stage": "text",
        "creation_time": "time", "last_update_time": "time",
    },
    {},
)  # fmt: skip


def search(
    experiments: Iterable[Experiment], filter_string: str | None, order_by: Sequence[str] | str | None
) -> list[Experiment]:
    """The experiments that pass, in order: by default those that changed last come first.

    Raises FilterError.
    """
    found = matching(experiments, _value, filter_string, _WORDS)
    found.sort(key=lambda one: int(one.experiment_id) if one.experiment_id.isdecimal() else 0, reverse=True)
    found.sort(key=lambda one: one.last_update_time or 0, reverse=True)
    return ordered(found, _value, order_by, _WORDS)


def _value(name: Name, experiment: Experiment) -> str | float | None:
    if name.entity == "tags":
        return experiment.tags.get(name.key)
    value: str | float | None = getattr(experiment, name.key)
    return value
