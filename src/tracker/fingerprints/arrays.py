"""NumPy arrays, of every dtype and layout.

NumPy is never imported by reading this module; the functions are called with arrays, so it is there.
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from typing import Any, Final

from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import encoded, feed_objects
from tracker.fingerprints.result import Fingerprint
from tracker.fingerprints.sampling import OBJECT_WEIGHT, coverage_of, read_pieces

_COPIED: Final = 1 << 20
_TILE: Final = 256
_MLFLOW_KINDS: Final = {"b": "boolean", "i": "long", "u": "long", "f": "double", "M": "datetime", "S": "binary"}


def mlflow_type(dtype: Any) -> str:
    """MLflow's column type for a NumPy-like dtype: long, double, boolean, datetime, binary, else string."""
    kind = getattr(dtype, "kind", "O")
    if kind in "iuf" and _itemsize(dtype) <= (2 if kind in "iu" else 4):
        return "integer" if kind in "iu" else "float"
    if kind == "i" and _itemsize(dtype) == 4:
        return "integer"
    return _MLFLOW_KINDS.get(kind, "string")


def _itemsize(dtype: Any) -> int:
    return int(getattr(getattr(dtype, "subtype", dtype), "itemsize", 8))


def of_array(array: Any) -> Fingerprint:
    """The fingerprint of an array; its masks count, and what a class of its own adds."""
    numpy = sys.modules["numpy"]
    kind = "numpy.ma.MaskedArray" if numpy.ma.isMaskedArray(array) else "numpy.ndarray"
    size = weight(array)
    coverage, why = coverage_of(size)
    parts = Parts(kind, coverage)
    parts.text("shape", repr(array.shape))
    parts.text("dtype", dtype_text(array.dtype))
    if kind != "numpy.ndarray":
        fill = numpy.asarray(array.view().fill_value)
        parts.text("fill", f"{array_digest(fill)}{array.hardmask}")
    elif type(array) not in (numpy.ndarray, numpy.memmap):
        feed_class(parts, array)
    for piece in read_pieces(array, size, coverage):
        feed_array(parts, "values", piece)
    shape = tuple(int(n) for n in array.shape)
    return Fingerprint(kind, parts.digest(), shape, (), coverage, why, int(array.nbytes), tensor_schema(array))


def feed_class(parts: Parts, value: Any) -> None:
    """Feed what an object of a derived class is beside its values: its class and its own attributes."""
    kind = type(value)
    parts.text("class", f"{kind.__module__}.{kind.__qualname__}")
    own = getattr(value, "__dict__", None)
    if own:
        parts.feed("attributes", encoded(dict(own)))


def tensor_schema(array: Any) -> dict[str, Any]:
    """MLflow's schema of an array: its dtype, and its shape but for the number of rows."""
    dtype = {"U": "str", "S": "bytes"}.get(getattr(array.dtype, "kind", ""), str(array.dtype))
    tensor = {"dtype": dtype, "shape": [-1, *(int(n) for n in array.shape[1:])]}
    return {"mlflow_tensorspec": {"features": json.dumps([{"type": "tensor", "tensor-spec": tensor}]), "targets": None}}


def array_digest(array: Any) -> str:
    """The digest of the values of an array, whatever its size."""
    parts = Parts(dtype_text(array.dtype), repr(array.shape))
    feed_array(parts, "values", array)
    return parts.digest()


def weight(array: Any) -> int:
    """How much work it is to read an array, in bytes."""
    is_objects = array.dtype.hasobject or array.dtype.kind == "T"
    return int(array.size * (OBJECT_WEIGHT if is_objects else array.dtype.itemsize))


def dtype_text(dtype: Any) -> str:
    """A dtype with all its parts: byte order, unit, fields with their names."""
    return _plain_text(dtype) if dtype.kind in "biufcmMSU" else _text(dtype)


def _text(dtype: Any) -> str:
    return f"{dtype.str}|{dtype!r}|"


_plain_text = lru_cache(maxsize=512)(_text)  # others may be equal and differ in alignment


def feed_array(parts: Parts, name: str, array: Any) -> None:
    """Feed the values of an array in C order. Raises Unreadable for objects without content."""
    numpy = sys.modules["numpy"]
    if numpy.ma.isMaskedArray(array):
        feed_array(parts, f"{name}.mask", numpy.ma.getmaskarray(array))
        nothing = None if array.dtype.hasobject else numpy.zeros((), array.dtype)[()]
        feed_array(parts, name, array.filled(nothing))  # what lies under a mask is no content
        return
    array = numpy.asarray(array)
    dtype = array.dtype
    if dtype.names:
        for field in dtype.names:
            parts.text(f"{name}.fields", field)
            feed_array(parts, f"{name}.{field}", array[field])
    elif dtype.hasobject or dtype.kind == "T":
        feed_objects(parts, name, array.ravel().tolist())
    elif dtype.itemsize:
        _feed_raw(numpy, parts, name, array)


def _feed_raw(numpy: Any, parts: Parts, name: str, array: Any) -> None:
    used = _used_bytes(numpy, array.dtype)
    if array.ndim and not array.flags.c_contiguous and array.nbytes > _COPIED:
        rows = _COPIED * len(array) // array.nbytes
        for start in range(0, len(array), rows or 1):
            _feed_raw(numpy, parts, name, array[start : start + rows] if rows else array[start])
        return
    flat = _in_order(numpy, array).reshape(-1)
    octets = flat.view(numpy.uint8)
    if used is not None:
        octets = numpy.ascontiguousarray(octets.reshape(-1, used[0])[:, : used[1]]).reshape(-1)
    parts.feed(name, octets)


def _in_order(numpy: Any, array: Any) -> Any:
    """The array in C order; across the memory in tiles, three times as fast as by whole rows."""
    if array.ndim != 2 or array.shape[1] <= _TILE or abs(array.strides[0]) >= abs(array.strides[1]):
        return numpy.ascontiguousarray(array)
    copied = numpy.empty(array.shape, array.dtype)
    for start in range(0, array.shape[1], _TILE):
        copied[:, start : start + _TILE] = array[:, start : start + _TILE]
    return copied


def _used_bytes(numpy: Any, dtype: Any) -> tuple[int, int] | None:
    """For x87's long doubles, which carry six bytes of garbage: bytes a number, bytes that count."""
    if dtype.kind not in "fc" or dtype.char not in "gG":
        return None
    single = numpy.dtype(numpy.longdouble)
    return (single.itemsize, 10) if numpy.finfo(single).nmant == 63 else None
