"""Numbers on their way to the page and back: JSON has no word for those that are not finite."""

from __future__ import annotations

import math
from typing import Any


def number(value: object) -> float:
    """A JSON number or one of its words as a float; None is NaN."""
    return math.nan if value is None else float(value)  # type: ignore[arg-type]


def rounded(value: Any) -> Any:
    """A float at six digits, a float that JSON lacks as a word; anything else as it is."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.6g}") if abs(value) < 1e9 else value
