"""SciPy's sparse matrices and arrays, in the form that they are kept in.

The order of entries, entries told twice and zeros that are told count: sums take them in that order. Which integers
hold the positions, and what lies beyond the last entry, do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tracker.fingerprints.arrays import array_digest, dtype_text, feed_array
from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import feed_objects
from tracker.fingerprints.result import Column, Fingerprint
from tracker.fingerprints.sampling import coverage_of, read_pieces

_STEP: Final = 1 << 18


def of_sparse(matrix: Any) -> Fingerprint:
    """The fingerprint of a sparse matrix or array."""
    found = list(_arrays(matrix))
    size = sum(int(array.nbytes) for _, array in found)
    coverage, why = coverage_of(size)
    parts = Parts("scipy.sparse", type(matrix).__name__, coverage)
    parts.text("shape", repr(matrix.shape))
    parts.text("dtype", dtype_text(matrix.dtype))
    pieces = []
    for name, array in found:
        own = Parts(dtype_text(array.dtype) if name == "data" else "positions", repr(array.shape))
        for piece in read_pieces(array, int(array.nbytes), coverage):
            _feed(own, name, piece)
        pieces.append(Column(name, str(array.dtype), own.digest()))
        parts.text(name, pieces[-1].digest)
    if matrix.format == "lil":  # lists in arrays
        for name in ("data", "rows"):
            parts.text(name, array_digest(getattr(matrix, name)))
    if matrix.format == "dok":
        feed_objects(parts, "items", sorted(matrix.items(), key=lambda item: item[0]))
    kind = f"scipy.sparse.{type(matrix).__name__}"
    return Fingerprint(kind, parts.digest(), tuple(matrix.shape), tuple(pieces), coverage, why, size)


def _arrays(matrix: Any) -> Iterator[tuple[str, Any]]:
    if matrix.format in ("csr", "csc", "bsr"):
        stored = int(matrix.indptr[-1])
        yield from (("data", matrix.data[:stored]), ("indices", matrix.indices[:stored]), ("indptr", matrix.indptr))
    elif matrix.format == "coo":
        yield "data", matrix.data
        yield from ((f"coords{i}", array) for i, array in enumerate(matrix.coords))
    elif matrix.format == "dia":
        yield from (("data", matrix.data), ("offsets", matrix.offsets))


def _feed(parts: Parts, name: str, array: Any) -> None:
    if name == "data":
        feed_array(parts, name, array)
        return
    for start in range(0, len(array), _STEP):
        feed_array(parts, name, array[start : start + _STEP].astype("i8", copy=False))
