"""A notebook's cells as they can be shown: source, text and pictures; never its HTML, never its scripts."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tracker.exceptions import InvalidValue

MOST_CELLS: Final = 300
MOST_CHARACTERS: Final = 20_000
MOST_PICTURES: Final = 6_000_000
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;]*m")


def notebook_cells(data: bytes) -> tuple[list[dict[str, Any]], int]:
    """The first cells, each {type, source, count, outputs: [{text} or {mime, data in base64}]}, and how many there are.

    Raises InvalidValue for what is no notebook.
    """
    try:
        cells = json.loads(data)["cells"]
        if not isinstance(cells, list):
            raise TypeError("cells")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidValue("This file is no notebook.") from error
    room = [MOST_PICTURES]
    return [_cell(cell, room) for cell in cells[:MOST_CELLS] if isinstance(cell, dict)], len(cells)


def _cell(cell: dict[str, Any], room: list[int]) -> dict[str, Any]:
    outputs = cell.get("outputs")
    count = cell.get("execution_count")
    return {
        "type": str(cell.get("cell_type", "raw")),
        "source": _text(cell.get("source")),
        "count": count if isinstance(count, int) else None,
        "outputs": [
            shown
            for output in (outputs if isinstance(outputs, list) else [])[:50]
            if isinstance(output, dict) and (shown := _output(output, room)) is not None
        ],
    }


def _output(output: dict[str, Any], room: list[int]) -> dict[str, Any] | None:
    if output.get("output_type") == "stream":
        return {"text": _text(output.get("text"))}
    if output.get("output_type") == "error":
        return {"text": _ESCAPES.sub("", "\n".join(map(str, output.get("traceback") or ())))[:MOST_CHARACTERS]}
    data = output.get("data")
    if not isinstance(data, dict):
        return None
    for mime in ("image/png", "image/jpeg"):
        picture = data.get(mime)
        if isinstance(picture, str) and len(picture) <= room[0] and _BASE64.match(picture):
            room[0] -= len(picture)
            return {"mime": mime, "data": "".join(picture.split())}
    return {"text": _text(data.get("text/plain"))} if "text/plain" in data else None


def _text(value: Any) -> str:
    text = "".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + "…"
