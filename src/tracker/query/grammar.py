"""What a filter means: the names that runs and other things can be asked for, and the tree that `filters.parse` makes.

Invariants: a literal in the tree already has the type that its name asks for (a float for metrics and
durations, ms since the epoch for times, a bool for `star`), so that compiling never fails. The meaning of
a comparison is stated in `compile.py`; `tests/filter_cases.json` holds it as cases, and the TypeScript
side reads the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Entity = Literal["attributes", "params", "metrics", "tags", "datasets"]
Kind = Literal["text", "typed", "number", "time", "bool"]
Order = Literal["<", "<=", ">", ">="]
Value = float | str | bool

ENTITIES: dict[str, Entity] = {
    "attribute": "attributes", "attributes": "attributes", "attr": "attributes", "run": "attributes",
    "param": "params", "params": "params", "parameter": "params", "parameters": "params",
    "metric": "metrics", "metrics": "metrics",
    "tag": "tags", "tags": "tags",
    "dataset": "datasets", "datasets": "datasets",
}  # fmt: skip

ATTRIBUTES: dict[str, Kind] = {
    "run_id": "text", "name": "text", "status": "text", "experiment": "text", "experiment_id": "text",
    "start_time": "time", "end_time": "time", "duration": "number", "parent_run_id": "text", "user": "text",
    "note": "text", "star": "bool", "artifact_uri": "text", "lifecycle_stage": "text",
}  # fmt: skip

ALIASES = {"run_name": "name", "user_id": "user", "created": "start_time", "parent": "parent_run_id"}

DATASET_KEYS = ("name", "digest", "context")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What one kind of thing can be asked for: its attributes, other names of them, and what else it has."""

    things: str
    attributes: Mapping[str, Kind]
    aliases: Mapping[str, str]
    entities: tuple[Entity, ...] = ("attributes", "tags")


RUNS = Vocabulary("Runs", ATTRIBUTES, ALIASES, ("params", "metrics", "tags", "attributes", "datasets"))


@dataclass(frozen=True)
class Name:
    """What is asked for: an attribute of the thing, or a key of its parameters, metrics, tags or datasets."""

    entity: Entity
    key: str
    of: Vocabulary = field(default=RUNS, repr=False)

    @property
    def kind(self) -> Kind:
        """How its values compare."""
        if self.entity == "attributes":
            return self.of.attributes[self.key]
        return "typed" if self.entity == "params" else "number" if self.entity == "metrics" else "text"


@dataclass(frozen=True)
class In:
    """The value equals one of these; `=` is the case of one."""

    name: Name
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Ordered:
    """The value is less or greater than the literal."""

    name: Name
    operator: Order
    value: Value


@dataclass(frozen=True)
class Like:
    """The text matches the pattern, where % stands for any text and _ for one character."""

    name: Name
    pattern: str
    insensitive: bool


@dataclass(frozen=True)
class Missing:
    """The thing has no such value."""

    name: Name


@dataclass(frozen=True)
class Not:
    term: Filter


@dataclass(frozen=True)
class And:
    terms: tuple[Filter, ...]


@dataclass(frozen=True)
class Or:
    terms: tuple[Filter, ...]


Filter = In | Ordered | Like | Missing | Not | And | Or


@dataclass(frozen=True)
class Sort:
    """One key of an ordering; runs without the value, or with NaN, come last in both directions."""

    name: Name
    descending: bool
