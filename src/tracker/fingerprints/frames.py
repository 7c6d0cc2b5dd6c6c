"""pandas: DataFrame, Series and Index, of every dtype.

Each column has its own digest (so that a difference can be named), over its dtype and its values in order.
"""

from __future__ import annotations

import sys
from typing import Any

from tracker.fingerprints.arrays import dtype_text, feed_array, mlflow_type
from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import Unreadable, encoded, feed_objects
from tracker.fingerprints.result import Column, Coverage, Fingerprint
from tracker.fingerprints.sampling import bound, sample_positions, sampled_why

_STRIDED_ROWS = 1 << 14


def of_frame(frame: Any) -> Fingerprint:
    """The fingerprint of a DataFrame: columns with their names and dtypes, in order, and the index."""
    dtypes = list(frame.dtypes)
    size = _size(frame, dtypes)
    labels = [str(label) for label in frame.columns]
    read, coverage, why = _bounded(frame, size, dtypes)
    parts = Parts("pandas.DataFrame", coverage)
    parts.text("shape", repr(frame.shape))
    parts.text("labels", _index_digest(frame.columns))
    parts.text("index", _index_digest(read.index))
    digests, odd = _column_digests(read)
    if odd:
        coverage, why = "unread", odd
    for digest in digests:
        parts.text("columns", digest)
    columns = tuple(Column(*told) for told in zip(labels, map(str, dtypes), digests, strict=True))
    shape = (int(frame.shape[0]), int(frame.shape[1]))
    schema = {"mlflow_colspec": [_colspec(label, dtype) for label, dtype in zip(labels, dtypes, strict=True)]}
    return Fingerprint("pandas.DataFrame", parts.digest(), shape, columns, coverage, why, size, schema)


def of_series(series: Any) -> Fingerprint:
    """The fingerprint of a Series: its values, name and index."""
    size = int(series.memory_usage(index=False))
    read, coverage, why = _bounded(series, size, [series.dtype])
    parts = Parts("pandas.Series", coverage)
    parts.text("shape", repr(series.shape))
    parts.feed("name", encoded(series.name))
    parts.text("index", _index_digest(read.index))
    column = Column("" if series.name is None else str(series.name), str(series.dtype), column_digest(read))
    parts.text("values", column.digest)
    schema = {"mlflow_colspec": [_colspec(column.name, series.dtype)]}
    return Fingerprint("pandas.Series", parts.digest(), (len(series),), (column,), coverage, why, size, schema)


def of_index(index: Any) -> Fingerprint:
    """The fingerprint of an Index."""
    parts = Parts("pandas.Index")
    parts.text("index", _index_digest(index))
    size = 0 if _is_range(index) else int(index.memory_usage())
    return Fingerprint("pandas.Index", parts.digest(), (len(index),), nbytes=size)


def _bounded(data: Any, size: int, dtypes: list[Any]) -> tuple[Any, Coverage, str]:
    """What of a table with `size` bytes in columns of these dtypes is read."""
    objects = sum(dtype.kind == "O" and not hasattr(dtype, "pyarrow_dtype") for dtype in dtypes)
    weight = size + 512 * objects * len(data)
    if weight <= bound():
        return data, "full", ""
    positions = sample_positions(sys.modules["numpy"], len(data), weight // max(1, len(data)))
    return data.iloc[positions], "sampled", sampled_why(weight)


def _size(frame: Any, dtypes: list[Any]) -> int:
    """The bytes of the columns' arrays; pandas' own sum takes milliseconds for some hundred columns."""
    numpy, rows = sys.modules["numpy"], len(frame)
    plain = [isinstance(dtype, numpy.dtype) for dtype in dtypes]
    size = sum(int(dtype.itemsize) for dtype, known in zip(dtypes, plain, strict=True) if known) * rows
    return size + sum(int(frame.iloc[:, i].nbytes) for i, known in enumerate(plain) if not known)


def _colspec(name: str, dtype: Any) -> dict[str, Any]:
    return {"type": mlflow_type(dtype), "name": name, "required": True}


# -- columns


def _column_digests(frame: Any) -> tuple[list[str], str]:
    """The digests of all columns, and a word on those that could not be read.

    Columns that lie across each other in memory are read together, by rows.
    """
    odd = ""
    numpy = sys.modules["numpy"]
    digests: list[str] = [""] * frame.shape[1]
    strided: list[tuple[int, Any, Parts]] = []
    for position, (label, column) in enumerate(frame.items()):
        values = column.to_numpy() if isinstance(column.dtype, numpy.dtype) and column.dtype.kind in "biufcmM" else None
        if values is not None and not values.flags.c_contiguous and len(values) > _STRIDED_ROWS:
            strided.append((position, values, Parts(dtype_text(values.dtype))))
        else:
            try:
                digests[position] = column_digest(column)
            except Unreadable as error:
                digests[position] = Parts("unread", str(error)).digest()
                odd = f"its column {str(label)!r} holds {error}, whose content cannot be read"
    for start in range(0, len(frame), _STRIDED_ROWS) if strided else ():
        for _, values, parts in strided:
            feed_array(parts, "values", values[start : start + _STRIDED_ROWS])
    for position, _, parts in strided:
        digests[position] = parts.digest()
    return digests, odd


def column_digest(column: Any) -> str:
    """The digest of one column (Series or Index): its dtype and values. Raises Unreadable."""
    numpy = sys.modules["numpy"]
    dtype = column.dtype
    if isinstance(dtype, numpy.dtype):
        parts = Parts(dtype_text(dtype))
        feed_array(parts, "values", column.to_numpy())
        return parts.digest()
    parts = Parts("extension", str(dtype), repr(dtype))
    _feed_extension(parts, column.array)
    return parts.digest()


def _feed_extension(parts: Parts, array: Any) -> None:
    pandas = sys.modules["pandas"]
    dtype = array.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        parts.text("ordered", str(dtype.ordered))
        parts.text("categories", column_digest(dtype.categories))
        feed_array(parts, "codes", array.codes)
    elif isinstance(dtype, (pandas.DatetimeTZDtype, pandas.PeriodDtype)):
        feed_array(parts, "values", array.asi8)
    elif isinstance(dtype, pandas.IntervalDtype):
        parts.text("left", column_digest(array.left))
        parts.text("right", column_digest(array.right))
    elif isinstance(dtype, pandas.SparseDtype):
        feed_array(parts, "values", sys.modules["numpy"].asarray(array))
    elif hasattr(array, "__arrow_array__"):
        import pyarrow as pa

        from tracker.fingerprints.arrow import feed_arrow

        feed_arrow(parts, "values", pa.array(array))
    else:
        feed_objects(parts, "values", list(array))


# -- the index


def _is_range(index: Any) -> bool:
    return isinstance(index, sys.modules["pandas"].RangeIndex)


def _index_digest(index: Any) -> str:
    """The digest of an index: its kind, names and values."""
    pandas = sys.modules["pandas"]
    parts = Parts(type(index).__name__)
    parts.feed("names", encoded(tuple(index.names)))
    if _is_range(index):
        parts.text("range", repr((index.start, index.stop, index.step)))
    elif isinstance(index, pandas.MultiIndex):
        for level in range(index.nlevels):
            parts.text("levels", column_digest(index.get_level_values(level)))
    else:
        parts.text("values", column_digest(index))
        parts.text("freq", str(getattr(index, "freq", None)))
    return parts.digest()
