"""What a display is in a saved notebook: one MIME bundle that needs no kernel, no server and no script.

Our own type holds the data that the JupyterLab extension draws; text/html and text/plain are for everywhere else.
Together at most 30 kB: what is too much is thinned, never cut in the middle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from tracker.notebook import static, static_run
from tracker.notebook.fold import reduced
from tracker.pages.numbers import number, rounded

MIME = "application/vnd.tracker.v1+json"
PROTOCOL = 1
LIMIT = 30_000


def card_bundle(run: dict[str, Any]) -> dict[str, Any]:
    """The bundle of a run card; `run` is the RunCard of js/core/types.ts."""

    def made(level: int) -> dict[str, Any]:
        return _bundle({"view": "card", "run": _thinned_card(run, level)}, static.card_html, static.card_text)

    return _fitting(made)


def run_bundle(run: dict[str, Any]) -> dict[str, Any]:
    """The bundle of the run view; `run` is the RunDetail of js/core/run.ts, with curves and the names of its files."""

    totals = {key: len(run[key]) for key in ("params", "metrics", "artifacts", "datasets")} | {
        "children": run["nested"]
    }

    def made(level: int) -> dict[str, Any]:
        body = {"view": "run", "run": _thinned_run(run, level), "totals": totals}
        return _bundle(body, static_run.run_html, static_run.run_text)

    return _fitting(made)


def table_bundle(title: str, total: int, runs: list[dict[str, Any]], state: dict[str, Any]) -> dict[str, Any]:
    """The bundle of a run table; `runs` are JSON columns, of which the first rows that fit are kept."""

    def made(level: int) -> dict[str, Any]:
        body = {"view": "table", "title": title, "total": total, "runs": _first_rows(runs, 50, level), "state": state}
        return _bundle(body, static.table_html, static.table_text)

    return _fitting(made)


def compare_bundle(
    title: str, total: int, runs: list[dict[str, Any]], curves: list[dict[str, Any]], state: dict[str, Any]
) -> dict[str, Any]:
    """The bundle of a comparison; curves are thinned until it fits."""

    def made(level: int) -> dict[str, Any]:
        points = 60 >> level
        kept = [_thinned_curve(curve, points) for curve in curves[: 40 >> level]]
        body = {
            "view": "compare", "title": title, "total": total,
            "runs": _first_rows(runs, 50, level), "curves": kept, "state": state,
        }  # fmt: skip
        return _bundle(body, static.compare_html, static.compare_text)

    return _fitting(made)


def _bundle(
    body: dict[str, Any], html: Callable[[dict[str, Any]], str], text: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    return {MIME: {"protocol": PROTOCOL, **body}, "text/html": html(body), "text/plain": text(body)}


def _fitting(made: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """The fullest version that fits; at the last level whatever is left."""
    for level in range(6):
        bundle = made(level)
        if len(orjson.dumps(bundle)) <= LIMIT:
            break
    return bundle


def _thinned_card(run: dict[str, Any], level: int) -> dict[str, Any]:
    if level == 0:
        limit, points, chars, items = 24, 60, 4_000, 100
    else:
        limit, points, chars, items = 24 >> level, 60 >> level, 4_000 >> (2 * level), 100 >> level
    return run | {
        "params": [p | {"value": clipped(p["value"], max(80, chars // 8))} for p in run["params"][:items]],
        "metrics": run["metrics"][:items],
        "tags": [t | {"value": clipped(t["value"], 200)} for t in run["tags"][:items]],
        "curves": [_thinned_curve(curve, points) for curve in run["curves"][:limit]],
        "output": clipped(run["output"], chars, keep_end=True),
        "source": clipped(run["source"], chars),
        "traceback": clipped(run["traceback"], chars, keep_end=True),
        "artifacts": run["artifacts"][:items],
        "note": clipped(run["note"], chars),
    }


def _thinned_run(run: dict[str, Any], level: int) -> dict[str, Any]:
    items, chars = 100 >> level, 6_000 >> (2 * level)
    left = chars
    cells = []
    for cell in run["cells"][::-1]:
        cells.append(cell | {"source": clipped(cell["source"], max(0, left))})
        left -= len(cell["source"])
    packages = run["environment"].get("packages")
    some = {"packages": dict(list(packages.items())[:items])} if isinstance(packages, dict) else {}
    plain = {key: clipped(value, 200) for key, value in run["environment"].items() if isinstance(value, str)}
    return _thinned_card(run, level) | {
        "cells": cells[::-1][-items:] if len(run["cells"]) > 1 else [],
        "system": [tag | {"value": clipped(tag["value"], 200)} for tag in run["system"][:items]],
        "children": run["children"][:items],
        "environment": plain | some,
        "datasets": [one | {"columns": one["columns"][: items >> 1]} for one in run["datasets"][:items]],
    }


def _thinned_curve(curve: dict[str, Any], points: int) -> dict[str, Any]:
    steps, values = curve["step"], [number(value) for value in curve["value"]]
    kept_steps, kept_values = reduced(steps, values, max(2, points))
    thinned = curve | {"step": kept_steps, "value": [rounded(value) for value in kept_values]}
    if "time" in curve:
        times = dict(zip(steps, curve["time"], strict=True))
        thinned["time"] = [times[step] for step in kept_steps]
    return thinned


def _first_rows(columns: list[dict[str, Any]], rows: int, level: int) -> list[dict[str, Any]]:
    keep_rows, keep_columns = max(5, rows >> max(0, level - 2)), max(8, 60 >> level)
    return [
        column
        | {"values": [clipped(v, 120) if isinstance(v, str) else rounded(v) for v in column["values"][:keep_rows]]}
        for column in columns[:keep_columns]
    ]


def clipped(text: str, characters: int, keep_end: bool = False) -> str:
    """The text, or its beginning (or end) with a mark where it was cut."""
    if len(text) <= characters:
        return text
    return "…" + text[-characters:] if keep_end else text[:characters] + "…"
