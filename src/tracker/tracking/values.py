"""What users hand over, made into what the store keeps: floats for metrics, JSON values for parameters.

NumPy and the tensor libraries are known by their methods only; nothing here imports them.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from typing import Any

from tracker.exceptions import InvalidValue

MAX_TEXT = 100_000
MAX_INT64 = (1 << 63) - 1


def number(key: str, value: Any) -> float:
    """`value` as the float that a metric keeps. Raises InvalidValue, naming the key and the type."""
    try:
        if not isinstance(value, (str, bytes, bytearray)) and _size(value) == 1:
            return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        pass
    text = repr(value)
    text = text if len(text) <= 60 else f"{text[:60]}…"
    raise InvalidValue(
        f"Metric {key!r} is a number; got {type(value).__name__} {text}. "
        "Log text with log_param or set_tag, and several numbers as several metrics or steps."
    )


def _size(value: Any) -> int:
    shape = getattr(value, "shape", ())
    return math.prod(int(length) for length in shape) if isinstance(shape, tuple) else 1


def parameter(value: Any) -> Any:
    """`value` with the type that JSON has for it, else as `str(value)`.

    Its text is what MLflow would keep.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return _real(value)
    if isinstance(value, int):
        return int(value) if _fits(value) else bounded(str(int(value)))
    if isinstance(value, str):
        return bounded(str(value))
    if isinstance(value, (list, dict)):
        return value if _is_plain(value) else bounded(str(value))
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        return _scalar(value)
    return bounded(str(value))


def _fits(value: int) -> bool:
    return -MAX_INT64 - 1 <= value <= MAX_INT64


def _real(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def _scalar(value: Any) -> Any:
    """A NumPy scalar or 0-d tensor; a narrow float by its own shortest digits, 0.1 and not 0.10000000149."""
    item = value.item()
    if isinstance(item, float) and not isinstance(value, float):
        with contextlib.suppress(ValueError):
            item = float(str(value))
    return parameter(item) if item is None or isinstance(item, (bool, int, float, str)) else bounded(str(value))


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether a container comes back from JSON with the same text."""
    if value is None or isinstance(value, bool):
        return True
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind is int:
        return _fits(value)
    if kind is str:
        return True
    if depth > 20:
        return False
    if kind is list:
        return all(_is_plain(item, depth + 1) for item in value)
    return kind is dict and all(type(key) is str and _is_plain(item, depth + 1) for key, item in value.items())


def bounded(text: str) -> str:
    """`text`, cut to what the store keeps; a cut is warned of. Lone surrogates are written out as escapes."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    if len(text) <= MAX_TEXT:
        return text
    warnings.warn(
        f"A value of {len(text):,} characters was cut to {MAX_TEXT:,}; log_text keeps long text whole.",
        UserWarning,
        stacklevel=4,
    )
    return text[:MAX_TEXT]


def shown(value: Any) -> str:
    """A kept parameter as MLflow's text."""
    return value if isinstance(value, str) else str(value)
