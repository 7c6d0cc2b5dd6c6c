"""Schemas from data: DataFrames (pandas, polars, Arrow), series, arrays, sparse matrices, lists, dicts and scalars.

Arrays and dicts of arrays become tensors with a free first axis, everything else columns. A column with a missing
value is optional. No data library is imported that the caller did not import already, save NumPy and pandas.
"""

from __future__ import annotations

import datetime
import decimal
import sys
from functools import reduce
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.types.nested import AnyDataType, AnyType, Array, DataType, Object, Property, merged
from tracker.types.schema import ColSpec, Schema, TensorSpec


def infer_schema(data: Any) -> Schema:
    """The schema of `data`. Raises InvalidValue for what has none."""
    import numpy as np

    data = as_pandas(data)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return Schema([_column(data.iloc[:, i], name) for i, name in enumerate(data.columns)])
    if pandas is not None and isinstance(data, pandas.Series):
        return Schema([_column(data, data.name)])
    if is_tensor(data):
        return Schema([tensor_spec(data)])
    if isinstance(data, dict):
        if data and all(isinstance(value, np.ndarray) for value in data.values()):
            return Schema([tensor_spec(value, str(name)) for name, value in data.items()])
        return Schema([_of_values(value, name) for name, value in data.items()])
    if isinstance(data, (list, tuple)):
        return _of_list(list(data))
    return Schema([ColSpec(infer_type(data, "the data"))])


def as_pandas(data: Any) -> Any:
    """A polars or Arrow table (or series) as a pandas one; anything else as it is."""
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if polars is not None and isinstance(data, (polars.DataFrame, polars.LazyFrame, polars.Series)):
        held = data.collect() if isinstance(data, polars.LazyFrame) else data
        return held.to_pandas()
    if arrow is not None and isinstance(data, (arrow.Table, arrow.RecordBatch, arrow.Array, arrow.ChunkedArray)):
        return data.to_pandas()
    return data


def is_tensor(data: Any) -> bool:
    """Whether it is a NumPy array or a sparse matrix."""
    import numpy as np

    return isinstance(data, np.ndarray) or is_sparse(data)


def is_sparse(data: Any) -> bool:
    """Whether it is a SciPy sparse matrix or array; SciPy is not imported for it."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(data))


def tensor_spec(data: Any, name: str | None = None) -> TensorSpec:
    """The tensor that an array is one of, with any number of rows."""
    import numpy as np

    kind = np.dtype("str") if data.dtype.char == "U" else np.dtype("bytes") if data.dtype.char == "S" else data.dtype
    shape = (-1, *data.shape[1:]) if data.ndim else ()
    return TensorSpec(kind, shape, name)


def _of_list(data: list[Any]) -> Schema:
    if not data:
        return Schema([ColSpec(DataType.string)])
    if not all(isinstance(row, dict) for row in data):
        return Schema([ColSpec(_common(data, "the list"))])
    names = list(dict.fromkeys(name for row in data for name in row))
    return Schema(
        [
            ColSpec(
                _common([row[name] for row in data if name in row], f"column {name!r}"),
                str(name),
                all(not is_missing(row.get(name)) for row in data),
            )
            for name in names
        ]
    )


def _of_values(value: Any, name: Any) -> ColSpec:
    if not isinstance(name, str):
        raise InvalidValue(f"The keys of a dict of columns are texts; got {name!r}.")
    required = not any(map(is_missing, value)) if isinstance(value, list) else not is_missing(value)
    return ColSpec(infer_type(value, f"column {name!r}"), name, required)


def _column(series: Any, name: Any) -> ColSpec:
    where = f"column {name!r}"
    if series.dtype.kind == "O":
        series = series.infer_objects()
    values = series.tolist() if series.dtype.kind == "O" else None
    required = not bool(series.isna().any())
    if values is None:
        kind: AnyDataType = numpy_type(series.dtype, where)
    elif type(series.dtype).__name__ == "StringDtype":
        kind = DataType.string
    else:
        kind = _common(values, where)
        required = not any(map(is_missing, values))
    return ColSpec(kind, name, required)


def numpy_type(dtype: Any, where: str = "the data") -> DataType:
    """The type for a NumPy or pandas dtype. Raises InvalidValue if there is none."""
    if str(dtype) == "category":
        return numpy_type(dtype.categories.dtype, where)
    size = getattr(dtype, "itemsize", 8)
    match dtype.kind:
        case "b":
            return DataType.boolean
        case "i":
            return DataType.integer if size <= 4 else DataType.long
        case "u" if size <= 4:
            return DataType.integer if size < 4 else DataType.long
        case "f" if size <= 8:
            return DataType.float if size <= 4 else DataType.double
        case "U" | "O":
            return DataType.string
        case "S":
            return DataType.binary
        case "M":
            return DataType.datetime
    raise InvalidValue(f"No type of a column holds {dtype} ({where}); convert it to a signed or smaller type.")


def is_missing(value: Any) -> bool:
    """Whether it is None, NaN, or pandas' NA or NaT."""
    if value is None or (isinstance(value, float) and value != value):
        return True
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def infer_type(value: Any, where: str) -> AnyDataType:
    """The type of one value; lists become arrays, dicts objects. Raises InvalidValue."""
    import numpy as np

    if is_missing(value) or (isinstance(value, (list, dict)) and not value):
        return AnyType()
    if isinstance(value, dict):
        fields = []
        for name, one in value.items():
            kind = infer_type(one, f"{where}, field {name!r}")
            fields.append(Property(str(name), kind, not isinstance(kind, AnyType)))
        return Object(fields)
    if isinstance(value, (list, tuple)):
        return Array(_common(list(value), where))
    if isinstance(value, np.ndarray) and value.ndim:
        return Array(_common(list(value), where) if value.dtype.kind == "O" or value.ndim > 1 else _item(value, where))
    return _scalar(value, where)


def _item(array: Any, where: str) -> DataType:
    return numpy_type(array.dtype, where)


def _common(values: list[Any], where: str) -> AnyDataType:
    kinds: list[AnyDataType] = list(dict.fromkeys(infer_type(value, where) for value in values))
    try:
        return reduce(merged, kinds) if kinds else AnyType()
    except InvalidValue as error:
        raise InvalidValue(f"The values of {where} are of several types: {error.message}") from error


def _scalar(value: Any, where: str) -> DataType:
    import numpy as np

    if isinstance(value, (bool, np.bool_)):
        return DataType.boolean
    if isinstance(value, (str, np.str_)):
        return DataType.string
    if isinstance(value, (bytes, bytearray, np.bytes_)):
        return DataType.binary
    if isinstance(value, (datetime.date, np.datetime64)):
        return DataType.datetime
    if isinstance(value, np.generic):
        return numpy_type(value.dtype, where)
    if isinstance(value, int):
        return DataType.long
    if isinstance(value, (float, decimal.Decimal)):
        return DataType.double
    raise InvalidValue(
        f"A signature cannot hold a {type(value).__name__} ({where}); give a DataFrame, an array, lists, dicts, "
        "numbers, texts, bytes or dates."
    )
