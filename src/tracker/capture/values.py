"""Numbers and plain values out of what a cell left behind.

Invariants: NumPy and PyTorch are looked up among the modules already imported, never imported; nothing here
waits for a device; whatever a value's own methods raise is answered with "not a number".
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeGuard

from tracker.fingerprints.kinds import is_a

MAX_ELEMENTS: Final = 100
MAX_JSON: Final = 6_000
MAX_FIELDS: Final = 100
_MAX_DEPTH: Final = 8
_INT64: Final = 1 << 63


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def scalar(value: object) -> float | None:
    """The number that `value` is, as a float, else None.

    Python's numbers, Decimal, Fraction, NumPy scalars, 0-d arrays and 0-d tensors on the CPU; no booleans,
    complex numbers or time spans.
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]
    if kind is bool or value is None or kind is str:
        return None
    try:
        if (number := _number(value)) is not None:
            return float(number)
        if is_a(value, Decimal) or type.__subclasscheck__(Fraction, kind):  # an abstract class would hash the kind
            return float(value)  # type: ignore[arg-type]
        return _array_scalar(value, "biuf")
    except Exception:
        return None


def floating(value: object) -> float | None:
    """The float that `value` is (Python, NumPy, 0-d on the CPU), else None; integers are not."""
    if is_a(value, float):
        return float.__float__(value)
    if value is None or is_a(value, int, str):
        return None
    try:
        return _array_scalar(value, "f")
    except Exception:
        return None


def _array_scalar(value: Any, kinds: str) -> float | None:
    numpy = sys.modules.get("numpy")
    if numpy is not None and is_a(value, numpy.generic, numpy.ndarray):
        if value.ndim == 0 and value.dtype.kind in kinds.replace("b", ""):
            return float(value)
        return None
    torch = sys.modules.get("torch")
    if torch is not None and is_a(value, torch.Tensor):
        return _tensor_scalar(torch, value, kinds)
    return None


def _tensor_scalar(torch: Any, value: Any, kinds: str) -> float | None:
    if value.dim() != 0 or value.device.type != "cpu" or value.dtype is torch.bool or value.is_complex():
        return None
    if "i" not in kinds and not value.is_floating_point():
        return None
    return float(value.detach().item())


def _number(value: object) -> int | float | None:
    """What a number is, as Python itself has it: a class derived from one may tell anything."""
    if is_a(value, int):
        return int.__int__(value)
    return float.__float__(value) if is_a(value, float) else None


def plain_scalar(value: object) -> bool | int | float | str | None:
    """`value` as a Python bool, int, float or str when it is one (or NumPy's), else None."""
    if is_a(value, bool):
        return value
    if (number := _number(value)) is not None:
        return number
    if is_a(value, str):
        return str.__str__(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and is_a(value, numpy.integer, numpy.floating, numpy.bool_):
        plain = value.item()
        return plain if isinstance(plain, (bool, int, float)) else None
    return None


def jsonable(value: object) -> Any:
    """`value` as JSON would hold it, or MISSING when it has no such form or is too large.

    Tuples and sets become lists, keys text, integers beyond 64 bits text; NaN and infinities stay floats.
    """
    try:
        plain = _plain(value, 0)
        if plain is MISSING or len(json.dumps(plain)) > MAX_JSON:
            return MISSING
    except Exception:
        return MISSING
    return plain


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value).encode("utf-8", "replace").decode() if len(value) <= MAX_JSON else MISSING
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else str(int(value))
    if isinstance(value, float):
        return float(value)
    if depth >= _MAX_DEPTH:
        return MISSING
    if isinstance(value, Mapping):
        return _plain_mapping(value, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        if len(value) > MAX_ELEMENTS:
            return MISSING
        ordered = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        items = [_plain(item, depth + 1) for item in ordered]
        return MISSING if any(item is MISSING for item in items) else items
    scalar_ = plain_scalar(value)
    return MISSING if scalar_ is None else scalar_


def _plain_mapping(value: Mapping[Any, Any], depth: int) -> Any:
    if len(value) > MAX_ELEMENTS:
        return MISSING
    fields = {key_text(key): _plain(item, depth + 1) for key, item in value.items()}
    return MISSING if None in fields or any(item is MISSING for item in fields.values()) else fields


def key_text(key: object) -> str | None:
    """A mapping's key as part of a name, or None where the key has no plain text."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, (bool, int, float)):
        return str(key)
    if isinstance(key, tuple):
        parts = [key_text(part) for part in key]
        return None if None in parts else "_".join(part for part in parts if part is not None)
    plain = plain_scalar(key)
    return None if plain is None else str(plain)


def is_record(value: object) -> TypeGuard[dict[Any, Any]]:
    """Whether `value` is a dict of Python's own (Counter too), not some library's result object."""
    return is_a(value, dict) and type(value).__module__ in ("builtins", "collections")


def fields(name: str, value: Mapping[Any, Any]) -> dict[str, float]:
    """The numeric fields of a mapping and of those nested in it, by dotted name; none if more than 100."""
    found: dict[str, float] = {}
    for path, number in _walk(name, value, 0):
        if len(found) >= MAX_FIELDS:
            return {}
        found[path] = number
    return found


def _walk(prefix: str, value: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, float]]:
    if depth >= _MAX_DEPTH or len(value) > 10 * MAX_FIELDS:
        return
    for key, item in list(value.items()):
        text = key_text(key)
        if text is None:
            continue
        if is_record(item):
            yield from _walk(f"{prefix}.{text}", item, depth + 1)
        elif (number := scalar(item)) is not None:
            yield f"{prefix}.{text}", number


def same(a: float, b: float) -> bool:
    """Whether two numbers are equal, a NaN being equal to a NaN."""
    return a == b or (math.isnan(a) and math.isnan(b))
