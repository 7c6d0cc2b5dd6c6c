"""What a dataset tells beside its values: attributes that a person set on it, the kind of its index, how it lies in
memory, and whose memory that is.

Invariants: the fingerprint of a dataset leaves these out, since tables with equal values are equal data; code may ask
for them, so that a cell with other ones is another. Nothing is computed and nothing of the user's is called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from tracker.fingerprints import Unreadable

from .known import words

_SPARSE: Final = words(
    "data indices indptr coords offsets rows dtype maxprint has_canonical_format has_sorted_indices blocksize"
)
_GRAPH: Final = frozenset({"backward", "grad"})


def beside(value: Any, used: set[str]) -> list[Any]:
    """What stands beside the values, as values; `used` are the names that the code uses. Raises Unreadable."""
    library = _library(value)
    own = _own_attributes(value)
    told: list[Any] = [own] if own else []
    if library == "pandas":
        told += [part for index in _indexes(value) for part in _of_index(index)]
    elif library == "polars":
        series = [value] if hasattr(value, "chunk_lengths") else value.iter_columns()
        told += [(one.chunk_lengths(), sorted(one.flags.items())) for one in series]
    elif library == "pyarrow":
        told += [[len(chunk) for chunk in column.chunks] for column in _columns(value) if hasattr(column, "chunks")]
    elif library == "torch":
        told += _of_tensor(value, used)
    elif library == "numpy":
        told += [dict(value.dtype.metadata)] if value.dtype.metadata else []
        told += [value.data] if isinstance(value, sys.modules["numpy"].ma.MaskedArray) else []  # under the mask, too
    return told


def _library(value: Any) -> str:
    for owner in type(value).__mro__:
        library = str(owner.__module__).partition(".")[0]
        if library in ("pandas", "polars", "pyarrow", "torch", "numpy", "scipy"):
            return library
    return ""


def _own_attributes(value: Any) -> dict[str, Any]:
    """The names that a person put into an object of a library's class."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    hidden = _SPARSE if _library(value) == "scipy" else getattr(type(value), "_accessors", ())
    return {name: part for name, part in found.items() if name[:1] != "_" and name not in hidden}


def _indexes(value: Any) -> Iterator[Any]:
    if isinstance(value, sys.modules["pandas"].Index):
        yield value
    yield from (getattr(value, name) for name in ("index", "columns") if hasattr(type(value), name))


def _of_index(index: Any) -> list[Any]:
    pandas = sys.modules["pandas"]
    told: list[Any] = [type(index).__name__]
    if isinstance(index, pandas.RangeIndex):
        told.append((index.start, index.stop, index.step))
    elif isinstance(index, pandas.MultiIndex):
        told += [list(index.levels), list(index.codes)]
    elif hasattr(getattr(index, "freq", None), "holidays"):
        told.append(index.freq)
    return told


def _of_tensor(tensor: Any, used: set[str]) -> list[Any]:
    torch = sys.modules["torch"]
    if tensor.requires_grad and not tensor.is_leaf and used & _GRAPH:
        raise Unreadable("a tensor with what it was computed from")
    hooks = getattr(tensor, "_backward_hooks", None)
    told: list[Any] = [dict(hooks)] if hooks else []
    with torch._C.DisableTorchFunctionSubclass():
        if tensor.layout is torch.strided and not tensor.is_nested and not tensor.is_contiguous():
            told.append(tensor.stride())
        if tensor.layout is torch.sparse_coo:
            told.append(tensor.is_coalesced())
    return told


# -- memory


def memory_of(value: Any) -> list[int]:
    """The addresses of the memory that may be written to through a dataset: two that share one change together."""
    with suppress(Exception):  # what has no memory of its own to tell
        return [address for address in _addresses(value) if address]
    return []


def _addresses(value: Any) -> Iterator[int]:
    library = _library(value)
    if library == "numpy":
        yield _root(value)
    elif library == "torch":
        yield value.untyped_storage().data_ptr()
    elif library == "pandas":
        blocks = getattr(getattr(value, "_mgr", None), "blocks", ())
        yield from (_root(block.values) for block in blocks if hasattr(block.values, "base"))
    elif library == "scipy":
        yield from (_root(part) for part in vars(value).values() if hasattr(part, "__array_interface__"))
    elif library == "pyarrow":
        for column in _columns(value):
            for chunk in getattr(column, "chunks", (column,)):
                yield from (one.address for one in chunk.buffers() if one is not None and one.is_mutable)


def owner_of(array: Any) -> Any:
    """What owns an array's memory: an array, or what that was made over."""
    numpy = sys.modules["numpy"]
    while isinstance(array, numpy.ndarray) and array.base is not None:
        array = array.base
    return array


def _root(array: Any) -> int:
    """The address of the array that owns an array's memory."""
    numpy = sys.modules["numpy"]
    root = array
    while isinstance(getattr(root, "base", None), numpy.ndarray):
        root = root.base
    return int(root.__array_interface__["data"][0]) if root.nbytes else 0


def _columns(value: Any) -> Any:
    return value.columns if hasattr(value, "columns") else (value,)
