"""Values as sources write them: parameters that are text, dicts that nest, numbers that JSON cannot say, times."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

MEDIA = "_type"
"""The key that marks a dict as an image, table or the like: W&B's and Trackio's way."""

_MAX_DEPTH = 20
_WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def flattened(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Nested dicts as one, their keys joined by dots; what stands for media stays whole."""
    for key, value in values.items():
        if isinstance(value, dict) and value and MEDIA not in value and depth < _MAX_DEPTH:
            yield from flattened(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def is_number(value: Any) -> bool:
    """Whether it is a number that a metric can hold; a truth value is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def json_value(text: bytes | str) -> Any:
    """What a JSON text says, also NaN, infinities and endless numbers as Python writes them. Raises ValueError."""
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            return json.loads(text)
        except RecursionError as error:
            raise ValueError("it nests too deep") from error


def real(value: int | float) -> float:
    """The number as a float; an infinity for a whole number beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def spoken(value: Any) -> Any:
    """The float that a word stands for where JSON has none; else the value itself."""
    return _WORDS.get(value, value) if isinstance(value, str) else value


def time_ms(text: object) -> int | None:
    """Milliseconds since the epoch of an ISO date (UTC where it names no zone) or of a number of ms; None for else."""
    if isinstance(text, datetime):
        told = text
    elif not isinstance(text, str) or not text:
        return None
    elif text.isdecimal() and len(text) < 18:
        return int(text)
    else:
        try:
            told = datetime.fromisoformat(text)
        except ValueError:
            return None
    return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)
