"""What a swept function gave, as metrics."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from tracker.exceptions import InvalidValue

VALUE = "value"


def as_metrics(given: Any, metric: str | None = None) -> dict[str, float]:
    """A number under the name `metric` (or "value"), the numbers of a dict under their own; nothing for None.

    Raises InvalidValue for anything else.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(key): float(one) for key, one in given.items() if _is_number(one)}
    if _is_number(given):
        return {metric or VALUE: float(given)}
    raise InvalidValue(f"A swept function gives a number or a dict of numbers; this one gave a {type(given).__name__}.")


def _is_number(value: Any) -> bool:
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return True
    return getattr(value, "ndim", None) == 0 and isinstance(getattr(value, "item", lambda: None)(), int | float)
