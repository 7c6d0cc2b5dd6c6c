"""pandas: DataFrame, Series and Index, of every dtype.

Each column has its own digest (so that a difference can be named), over its dtype and its values in order.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Final

from tracker.fingerprints.arrays import dtype_text, feed_array, mlflow_type
from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import Unreadable, encoded, feed_objects
from tracker.fingerprints.result import Column, Coverage, Fingerprint
from tracker.fingerprints.sampling import OBJECT_WEIGHT, Runs, in_time, read_rows, rows_to_read

_STRIDED_ROWS: Final = 1 << 14


def of_frame(frame: Any) -> Fingerprint:
    """The fingerprint of a DataFrame: columns with their names and dtypes, in order, the index, and its attributes."""
    dtypes = list(frame.dtypes)
    size = _size(frame, dtypes)
    labels = [str(label) for label in frame.columns]
    runs, coverage, why = _bounded(frame, size, dtypes)
    parts = Parts("pandas.DataFrame", coverage)
    parts.text("shape", repr(frame.shape))
    parts.text("labels", _index_digest(frame.columns))
    parts.text("index", _index_digest(frame.index, runs))
    odd = _feed_beside(parts, frame)
    digests, unread = _column_digests(frame, runs)
    if odd or unread:
        coverage, why = "unread", odd or unread
    for digest in digests:
        parts.text("columns", digest)
    columns = tuple(Column(*told) for told in zip(labels, map(str, dtypes), digests, strict=True))
    shape = (int(frame.shape[0]), int(frame.shape[1]))
    schema = {"mlflow_colspec": [_colspec(label, dtype) for label, dtype in zip(labels, dtypes, strict=True)]}
    return Fingerprint("pandas.DataFrame", parts.digest(), shape, columns, coverage, why, size, schema)


def of_series(series: Any) -> Fingerprint:
    """The fingerprint of a Series: its values, name, index and attributes."""
    size = int(series.nbytes)
    runs, coverage, why = _bounded(series, size, [series.dtype])
    parts = Parts("pandas.Series", coverage)
    parts.text("shape", repr(series.shape))
    parts.feed("name", encoded(series.name))
    parts.text("index", _index_digest(series.index, runs))
    odd = _feed_beside(parts, series)
    if odd:
        coverage, why = "unread", odd
    column = Column("" if series.name is None else str(series.name), str(series.dtype), column_digest(series, runs))
    parts.text("values", column.digest)
    schema = {"mlflow_colspec": [_colspec(column.name, series.dtype)]}
    return Fingerprint("pandas.Series", parts.digest(), (len(series),), (column,), coverage, why, size, schema)


def of_index(index: Any) -> Fingerprint:
    """The fingerprint of an Index."""
    weight = _index_weight(index)
    runs, coverage, why = rows_to_read(len(index), weight)
    parts = Parts("pandas.Index") if runs is None else Parts("pandas.Index", coverage)
    parts.text("index", _index_digest(index, runs))
    size = 0 if _is_range(index) else int(index.memory_usage())
    return Fingerprint("pandas.Index", parts.digest(), (len(index),), (), coverage, why, size)


def of_extension(array: Any) -> Fingerprint:
    """The fingerprint of one of pandas' own arrays, as of a Series without index and name."""
    found = of_series(sys.modules["pandas"].Series(array, copy=False))
    return replace(found, kind=f"pandas.{type(array).__name__}")


def _bounded(data: Any, size: int, dtypes: list[Any]) -> tuple[Runs | None, Coverage, str]:
    """Which rows are read of a table with `size` bytes in columns of these dtypes; None for all."""
    objects = sum(_is_objects(dtype) for dtype in dtypes)
    weight = size + OBJECT_WEIGHT * objects * len(data) + _index_weight(data.index)
    return rows_to_read(len(data), weight, len(dtypes))


def _is_objects(dtype: Any) -> bool:
    return bool(dtype.kind == "O" and not hasattr(dtype, "pyarrow_dtype"))


def _index_weight(index: Any) -> int:
    if _is_range(index):
        return 0
    levels = index.levels if isinstance(index, sys.modules["pandas"].MultiIndex) else (index,)
    return len(index) * sum(OBJECT_WEIGHT if _is_objects(level.dtype) else 8 for level in levels)


def _size(frame: Any, dtypes: list[Any]) -> int:
    """The bytes of the columns' arrays; pandas' own sum takes milliseconds for some hundred columns."""
    numpy, rows = sys.modules["numpy"], len(frame)
    plain = [isinstance(dtype, numpy.dtype) for dtype in dtypes]
    size = sum(int(dtype.itemsize) for dtype, known in zip(dtypes, plain, strict=True) if known) * rows
    return size + sum(int(frame.iloc[:, i].nbytes) for i, known in enumerate(plain) if not known)


def _feed_beside(parts: Parts, data: Any) -> str:
    """Feed what a table tells beside its values and labels; a word where that cannot be read."""
    pandas = sys.modules["pandas"]
    try:
        if data.attrs:
            parts.feed("attrs", encoded(dict(data.attrs)))
        if not data.flags.allows_duplicate_labels:
            parts.text("flags", "no duplicate labels")
        kind = type(data)
        if kind not in (pandas.DataFrame, pandas.Series):
            parts.text("class", f"{kind.__module__}.{kind.__qualname__}")
            own = {name: getattr(data, name, None) for name in data._metadata if name != "_name"}
            parts.feed("own", encoded(own))
    except Unreadable as error:
        return f"its attributes hold {error}, whose content cannot be read"
    return ""


def _colspec(name: str, dtype: Any) -> dict[str, Any]:
    return {"type": mlflow_type(dtype), "name": name, "required": True}


# -- columns


def _column_digests(frame: Any, runs: Runs | None) -> tuple[list[str], str]:
    """The digests of all columns, and a word on those that could not be read.

    Columns that lie across each other in memory are read together, by rows.
    """
    odd = ""
    numpy = sys.modules["numpy"]
    digests: list[str] = [""] * frame.shape[1]
    strided: list[tuple[int, Any, Parts]] = []
    for position, (label, column) in enumerate(frame.items()):
        values = column.to_numpy() if isinstance(column.dtype, numpy.dtype) and column.dtype.kind in "biufcmM" else None
        if runs is None and values is not None and not values.flags.c_contiguous and len(values) > _STRIDED_ROWS:
            strided.append((position, values, Parts(dtype_text(values.dtype))))
        else:
            try:
                digests[position] = column_digest(column, runs)
            except Unreadable as error:
                digests[position] = Parts("unread", str(error)).digest()
                odd = f"its column {str(label)!r} holds {error}, whose content cannot be read"
    for start in range(0, len(frame), _STRIDED_ROWS) if strided else ():
        for _, values, parts in strided:
            feed_array(parts, "values", values[start : start + _STRIDED_ROWS])
    for position, _, parts in strided:
        digests[position] = parts.digest()
    return digests, odd


def column_digest(column: Any, runs: Runs | None = None) -> str:
    """The digest of one column (Series or Index): its dtype and values, or those in `runs`.

    Raises Unreadable, TooSlow.
    """
    numpy = sys.modules["numpy"]
    dtype = column.dtype
    if isinstance(dtype, numpy.dtype):
        parts, values = Parts(dtype_text(dtype)), column.to_numpy()
        for piece in read_rows(values, runs):
            feed_array(parts, "values", piece)
        return parts.digest()
    is_category = isinstance(dtype, sys.modules["pandas"].CategoricalDtype)
    parts = Parts("extension", str(dtype), "" if is_category else repr(dtype))
    array = column.array
    for read in (array,) if runs is None else in_time([array.take(_positions(runs))]):
        _feed_extension(parts, read)
    return parts.digest()


def _positions(runs: list[tuple[int, int]]) -> Any:
    numpy = sys.modules["numpy"]
    return numpy.concatenate([numpy.empty(0, "i8"), *(numpy.arange(start, stop) for start, stop in runs)])


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

        from tracker.fingerprints.arrow_values import feed_arrow

        try:
            values = pa.array(array)
        except UnicodeEncodeError:  # halves of surrogate pairs are no text for Arrow
            feed_objects(parts, "values", list(array))
        else:
            feed_arrow(parts, "values", values)
    else:
        feed_objects(parts, "values", list(array))


# -- the index


def _is_range(index: Any) -> bool:
    return isinstance(index, sys.modules["pandas"].RangeIndex)


def _index_digest(index: Any, runs: Runs | None = None) -> str:
    """The digest of an index: its kind, names and values, or those in `runs`; numbers at even steps are a range."""
    pandas = sys.modules["pandas"]
    steps = _steps(index) if runs is None or _is_range(index) else None
    parts = Parts("RangeIndex" if steps is not None else type(index).__name__)
    parts.feed("names", encoded(tuple(index.names)))
    if steps is not None:
        parts.text("range", repr(steps))
    elif isinstance(index, pandas.MultiIndex):
        rows = index if runs is None else index.take(_positions(runs))
        for number, level in enumerate(index.levels):
            parts.text("levels", str(level.dtype))
            parts.text("levels", column_digest(rows.get_level_values(number)))
    else:
        parts.text("values", column_digest(index, runs))
        parts.text("freq", str(getattr(index, "freq", None)))
    return parts.digest()


def _steps(index: Any) -> tuple[int, int, int] | None:
    """First, length and step of an index that pandas holds to equal a range; None for another."""
    if _is_range(index):
        first, step = int(index.start), int(index.step)
    else:
        numpy = sys.modules["numpy"]
        if type(index) is not sys.modules["pandas"].Index or index.dtype != numpy.dtype("i8"):
            return None
        values = index.to_numpy()
        if not len(values):
            return 0, 0, 1
        first, last = int(values[0]), int(values[-1])
        step = int(values[1]) - first if len(values) > 1 else 1
        if not step or last != first + step * (len(values) - 1):
            return None
        pieces = (values[start : start + _STRIDED_ROWS + 1] for start in range(0, len(values), _STRIDED_ROWS))
        if not all((numpy.diff(piece) == step).all() for piece in pieces):
            return None
    return (first if len(index) else 0), len(index), (step if len(index) > 1 else 1)
