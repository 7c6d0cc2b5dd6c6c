"""One run in full: what the run view shows beside the card's fields, as `RunDetail` of js/core/run.ts.

Invariants: every list and text is bounded, and a notice says what was left out; nothing that a run keeps is executed,
and a file of it that is damaged or missing is told as such, or as empty, never raised.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tracker.comparison.reading import environment_of
from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.pages.numbers import rounded
from tracker.pages.summary import run_card
from tracker.projects.slices import CELLS, read_slice
from tracker.query import Reader
from tracker.query.curves import reduced
from tracker.store.experiments import ACTIVE
from tracker.store.registry import Model, registry_of
from tracker.tracking.datasets import read_fingerprint

MOST_PAIRS: Final = 5_000
MOST_CHARACTERS: Final = 10_000
MOST_RELATED: Final = 200
MOST_CELLS: Final = 500
MOST_CELL_CHARACTERS: Final = 400_000
MOST_COLUMNS: Final = 500
TEXT_BYTES: Final = 200_000
_OWN: Final = ("mlflow.", "tracker.")

_ABOUT = """SELECT lifecycle_stage, parent_run_id, "user", star FROM runs WHERE run_id = ?"""
_RELATED = """SELECT run_id, name, status, epoch_ms(start_time), duration FROM runs
    WHERE lifecycle_stage = 'active' AND {which} = ? ORDER BY start_time, run_id LIMIT ?"""
_DATASETS = "SELECT name, digest, context, source_type, source, profile FROM datasets WHERE run_id = ? ORDER BY name"


def run_detail(store: Reader, run_id: str) -> dict[str, Any]:
    """Everything that a run holds but its curves and the content of its files. Raises NotFound."""
    card = run_card(store, run_id, curves=False, text_bytes=TEXT_BYTES)
    ask = store.cursor()
    row = ask.execute(_ABOUT, [run_id]).fetchone()
    if row is None:
        raise NotFound(f"No run {run_id!r} in the store at {store.store.root}.")
    stage, parent, user, star = row
    every = ask.execute("SELECT key, value FROM tags WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    notices: list[str] = list(card["notices"])
    cells = _cells(store, run_id, notices)
    return card | {
        "params": _pairs(card["params"], "parameters", notices),
        "tags": _pairs(card["tags"], "tags", notices),
        "metrics": _bounded(card["metrics"], "metrics", notices),
        "artifacts": [],
        "system": _pairs([{"key": k, "value": v} for k, v in every if k.startswith(_OWN)], "system tags", notices),
        "user": user or "",
        "star": bool(star),
        "deleted": stage == "deleted",
        "parent": next(iter(_related(ask, "run_id", parent)), None) if parent else None,
        "children": _related(ask, "parent_run_id", run_id),
        "nested": _count(ask, run_id),
        "cells": cells,
        "environment": environment_of(store.store, run_id, TEXT_BYTES),
        "datasets": _datasets(ask, run_id),
        "models": _models(store, run_id),
        "notices": notices,
    }


def curves_table(
    store: Reader, run_id: str, keys: Sequence[str], points: int, span: tuple[int, int] | None = None
) -> Any:
    """Histories of one run in about so many points each, as the page reads curves (run, key, step, time, value)."""
    table = reduced(store, [run_id], keys, max(4, min(4_000, points)), span)
    return table.rename_columns(["run", "key", "step", "time", "value"])


# -- parts


def _pairs(pairs: list[dict[str, Any]], what: str, notices: list[str]) -> list[dict[str, Any]]:
    return [pair | {"value": _clipped(pair["value"])} for pair in _bounded(pairs, what, notices)]


def _bounded(items: list[dict[str, Any]], what: str, notices: list[str]) -> list[dict[str, Any]]:
    if len(items) > MOST_PAIRS:
        notices.append(f"Of {len(items):,} {what} the first {MOST_PAIRS:,} are shown.")
    return items[:MOST_PAIRS]


def _clipped(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"


def _related(ask: Any, column: str, run_id: str) -> list[dict[str, Any]]:
    rows = ask.execute(_RELATED.format(which=column), [run_id, MOST_RELATED]).fetchall()
    return [
        {"id": found, "name": name or "", "status": status, "started": started, "duration": rounded(duration)}
        for found, name, status, started, duration in rows
    ]


def _count(ask: Any, run_id: str) -> int:
    query = "SELECT count(*) FROM runs WHERE parent_run_id = ? AND lifecycle_stage = 'active'"
    return int(ask.execute(query, [run_id]).fetchone()[0])


def _cells(store: Reader, run_id: str, notices: list[str]) -> list[dict[str, Any]]:
    """The cells of the run's slice: {count, source, error}."""
    if not store.store.kept_text(run_id, CELLS, 1):
        return []
    try:
        kept = read_slice(store.store, run_id).cells
    except TrackerError as error:
        notices.append(str(error))
        return []
    cells, left = [], MOST_CELL_CHARACTERS
    for cell in kept[-MOST_CELLS:][::-1]:  # the run's own cell is the last: of too many, the first are left out
        left -= len(cell.source)
        if left < 0:
            break
        cells.append({"count": cell.count, "source": cell.source, "error": cell.error})
    if len(cells) < len(kept):
        notices.append(f"Of {len(kept):,} cells the last {len(cells):,} are shown; code/slice.py holds them all.")
    return cells[::-1]


def _datasets(ask: Any, run_id: str) -> list[dict[str, Any]]:
    rows = ask.execute(_DATASETS, [run_id]).fetchmany(MOST_RELATED)
    return [_dataset(*row) for row in rows]


def _dataset(
    name: str, digest: str | None, context: str | None, kind: str | None, source: str | None, profile: str | None
) -> dict[str, Any]:
    told = read_fingerprint(profile)
    shape = told.get("shape")
    columns = told.get("columns")
    return {
        "name": name,
        "digest": digest or "",
        "context": context or "",
        "source": _place(kind or "", source or ""),
        "shape": [n for n in shape if isinstance(n, int)] if isinstance(shape, list) else [],
        "coverage": str(told.get("coverage", "full")),
        "columns": [
            {"name": str(column[0]), "type": str(column[1])}
            for column in (columns if isinstance(columns, list) else [])[:MOST_COLUMNS]
            if isinstance(column, list) and len(column) == 3
        ],
    }


def _models(store: Reader, run_id: str) -> list[dict[str, Any]]:
    """The registered versions that come from this run, by model and version."""
    found = [
        {"name": model.name, "version": one.number, "stage": one.stage, "aliases": _aliases(model, one.number)}
        for model in registry_of(store.store).models().values()
        for one in model.versions.values()
        if one.run_id == run_id and model.state == one.state == ACTIVE
    ]
    return sorted(found, key=lambda one: (one["name"], one["version"]))[:MOST_RELATED]


def _aliases(model: Model, version: int) -> list[str]:
    return sorted(alias for alias, number in model.aliases.items() if number == version)


def _place(kind: str, source: str) -> str:
    """Where a dataset came from, in a line."""
    try:
        told = json.loads(source)
    except (ValueError, RecursionError):
        told = source
    if isinstance(told, dict):
        where = next((str(told[key]) for key in ("uri", "url", "path") if told.get(key)), "")
        return _clipped(where or ("" if kind == "code" else kind))
    return _clipped(str(told))


def run_id_in(question: Any) -> str:
    """The run that a question is about. Raises InvalidValue."""
    run = question.get("run")
    if not isinstance(run, str) or not run:
        raise InvalidValue("The id of a run was expected.")
    return run
