"""What a report holds of each run beside table and curves: its details, and small files that can be shown."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

import orjson

from tracker.exceptions import TrackerError
from tracker.pages.columns import buffer
from tracker.pages.files import run_file
from tracker.pages.preview import preview
from tracker.pages.run import run_detail
from tracker.query import Reader

MOST_FILES: Final = 500
MOST_FILE_BYTES: Final = 200_000
_CHARACTERS: Final = (20_000, 5_000, 1_000, 200)
_PACKS: Final = 3  # how many times smaller text is once packed, at the least
_SHOWN: Final = (".png", ".jpg", ".jpeg", ".webp", ".svg", ".plotly.json", ".md", ".json", ".csv", ".txt")
_OWN: Final = ("code/", "output/", "environment.json")


def held_details(store: Reader, run_ids: Sequence[str], room: int, notices: list[str]) -> list[dict[str, Any]]:
    """The runs in full, their texts cut until all fit into so many packed bytes; of too many the first."""
    whole = [_with_files(store, run_detail(store, run_id)) for run_id in run_ids]
    for characters in _CHARACTERS:
        details = [_cut(run, characters) for run in whole]
        if len(orjson.dumps(details)) <= room * _PACKS:
            break
    else:
        notices.append("Not every run is here in full: there was no room for all.")
        while len(details) > 1 and len(orjson.dumps(details)) > room * _PACKS:
            details = details[: len(details) * 3 // 4]
    if characters < _CHARACTERS[1]:
        notices.append("Long texts of runs are cut, to keep this file small.")
    return details


def _with_files(store: Reader, run: dict[str, Any]) -> dict[str, Any]:
    query = "SELECT path, size FROM artifacts WHERE run_id = ? ORDER BY path LIMIT ?"
    rows = store.cursor().execute(query, [run["id"], MOST_FILES]).fetchall()
    return run | {"artifacts": [{"path": path, "size": size or 0} for path, size in rows]}


def _cut(run: dict[str, Any], characters: int) -> dict[str, Any]:
    """The run with its texts at most so long; of output and traceback the ends are kept."""
    pairs = {key: [_cut_value(pair, characters) for pair in run[key]] for key in ("params", "tags", "system")}
    ends = {key: run[key] if len(run[key]) <= characters else "…" + run[key][-characters:] for key in _ENDS}
    starts = {key: run[key] if len(run[key]) <= characters else run[key][:characters] + "…" for key in _STARTS}
    return run | pairs | ends | starts | {"cells": _cut_cells(run["cells"], characters), "curves": []}


_ENDS = ("output", "traceback")
_STARTS = ("source", "note")


def _cut_value(pair: dict[str, Any], characters: int) -> dict[str, Any]:
    value = pair["value"]
    most = max(100, characters // 10)
    return pair if len(value) <= most else pair | {"value": value[:most] + "…"}


def _cut_cells(cells: list[dict[str, Any]], characters: int) -> list[dict[str, Any]]:
    kept = []
    for cell in reversed(cells):
        characters -= len(cell["source"])
        if characters < 0:
            break
        kept.append(cell)
    return kept[::-1]


def held_files(store: Reader, runs: Sequence[dict[str, Any]], room: int) -> dict[str, dict[str, Any]]:
    """Previews of small files by run and path, pictures and figures first, while there is room for them."""
    found: dict[str, dict[str, Any]] = {}
    for path, run_id in _candidates(runs):
        try:
            shown, buffers = preview(run_file(store.store, run_id, path), {})
        except TrackerError:
            continue
        content = base64.b64encode(buffer(buffers[0])).decode() if buffers else ""
        size = len(content) + len(orjson.dumps(shown)) // _PACKS
        if size > room:
            break
        room -= size
        found.setdefault(run_id, {})[path] = shown | {"bytes": content}
    return found


def _candidates(runs: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Paths and runs: those first that every run can have one of, in the order of what is likely to be looked at."""
    ranked = []
    for run in runs:
        suitable = [
            (next(i for i, end in enumerate(_SHOWN) if file["path"].lower().endswith(end)), file["path"])
            for file in run["artifacts"]
            if 0 < file["size"] <= MOST_FILE_BYTES
            and file["path"].lower().endswith(_SHOWN)
            and not file["path"].startswith(_OWN)
        ]
        ranked += [(turn, path, run["id"]) for turn, (_, path) in enumerate(sorted(suitable))]
    return [(path, run_id) for _, path, run_id in sorted(ranked, key=lambda item: item[0])]
