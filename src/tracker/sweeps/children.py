"""What the trials of a sweep have come to, as the store tells it: the children of its run.

Invariant: a trial is known by the tags that its run began with, so that a sweep can be taken up by any process.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Final

from tracker.store import Store
from tracker.sweeps.space import Values

SWEEP: Final = "tracker.sweep"
"""The tag of a sweep's run: what it runs and over which space, as a digest."""
TRIAL: Final = "tracker.trial"
POINT: Final = "tracker.trial.values"
PRUNED: Final = "tracker.trial.pruned"
"""The tag of a trial that was stopped for being behind: at which step."""

_CHILDREN: Final = """
    SELECT run_id, status, name, lifecycle_stage, epoch_ms(start_time), epoch_ms(end_time) FROM runs
    WHERE parent_run_id = $parent ORDER BY run_id"""
_TAGS: Final = """
    SELECT run_id, key, value FROM tags WHERE key IN ($trial, $point)
    AND run_id IN (SELECT run_id FROM runs WHERE parent_run_id = $parent)"""
_METRICS: Final = """
    SELECT run_id, key, value FROM latest_metrics
    WHERE run_id IN (SELECT run_id FROM runs WHERE parent_run_id = $parent) ORDER BY run_id, key"""
_SWEEPS: Final = """
    SELECT run_id, status FROM runs JOIN tags USING (run_id)
    WHERE key = $key AND value = $value AND experiment_id = $experiment AND lifecycle_stage = 'active'
    ORDER BY start_time DESC"""


_CURVES: Final = """
    SELECT run_id, step, value FROM metrics WHERE key = $key AND run_id IN (SELECT unnest($runs::VARCHAR[]))
    ORDER BY run_id, step, time"""


@dataclass
class Child:
    """One trial's run."""

    run_id: str
    status: str
    name: str
    deleted: bool
    number: int
    values: Values
    started: int | None
    """ms since the epoch, as `ended`."""
    ended: int | None
    metrics: dict[str, float] = field(default_factory=dict)


def children_of(store: Store, parent: str) -> list[Child]:
    """The trials' runs, oldest first; children of another kind are passed over."""
    from tracker.query import reader

    cursor = reader(store).cursor()
    try:
        rows = cursor.execute(_CHILDREN, {"parent": parent}).fetchall()
        tags: dict[str, dict[str, str]] = {}
        for run, key, value in cursor.execute(_TAGS, {"parent": parent, "trial": TRIAL, "point": POINT}).fetchall():
            tags.setdefault(run, {})[key] = value
        metrics: dict[str, dict[str, float]] = {}
        for run, key, value in cursor.execute(_METRICS, {"parent": parent}).fetchall():
            metrics.setdefault(run, {})[key] = value
    finally:
        cursor.close()
    found = []
    for run, status, name, stage, started, ended in rows:
        number, values = _number(tags.get(run, {}).get(TRIAL)), _values(tags.get(run, {}).get(POINT))
        if number is not None and values is not None:
            deleted = stage == "deleted"
            found.append(Child(run, status, name, deleted, number, values, started, ended, metrics.get(run, {})))
    return found


def curves_of(store: Store, runs: list[str], key: str) -> dict[str, list[tuple[int, float]]]:
    """A metric's steps and values, by run."""
    from tracker.query import reader

    cursor = reader(store).cursor()
    found: dict[str, list[tuple[int, float]]] = {}
    try:
        for run, step, value in cursor.execute(_CURVES, {"key": key, "runs": runs}).fetchall():
            found.setdefault(run, []).append((step, value))
    finally:
        cursor.close()
    return found


def sweeps_of(store: Store, experiment: str, key: str) -> list[tuple[str, str]]:
    """The runs of sweeps with this digest in an experiment, and their statuses, the latest first."""
    from tracker.query import reader

    cursor = reader(store).cursor()
    try:
        return cursor.execute(_SWEEPS, {"key": SWEEP, "value": key, "experiment": experiment}).fetchall()
    finally:
        cursor.close()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _values(text: str | None) -> Values | None:
    try:
        told: Any = ast.literal_eval(text or "")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
