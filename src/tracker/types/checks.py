"""Data against a schema, before a model sees it.

What fits is given as the model was promised it: columns in the schema's order, numbers widened where no value changes,
ISO dates as dates. What does not fit raises InvalidValue, which names the column. Columns that the schema does not
know are left out, with one warning.
"""

from __future__ import annotations

import datetime
import decimal
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue
from tracker.types.inference import as_pandas, is_missing, is_sparse, is_tensor
from tracker.types.nested import AnyDataType, AnyType, Array, DataType, Map, Object
from tracker.types.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = (DataType.integer, DataType.long, DataType.float, DataType.double)
_EXACT = 2**53  # beyond it a double cannot tell neighbouring integers apart


def checked_input(data: Any, schema: Schema) -> Any:
    """`data` as the schema promises it: a DataFrame for columns, arrays for tensors. Raises InvalidValue."""
    data = as_pandas(data)
    if not schema.inputs:
        return data
    if schema.is_tensor_spec():
        return _tensors(data, [one for one in schema.inputs if isinstance(one, TensorSpec)])
    return _columns(_frame(data, schema), [one for one in schema.inputs if isinstance(one, ColSpec)])


# -- columns


def _frame(data: Any, schema: Schema) -> pd.DataFrame:
    """A DataFrame: of a dict as columns, or as one row where its values are single or the columns nested."""
    import numpy as np
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame()
    try:
        if isinstance(data, Mapping):
            return pd.DataFrame([dict(data)] if _is_one_row(data, schema) else {k: _listed(v) for k, v in data.items()})
        if isinstance(data, (list, tuple, np.ndarray)):
            names = schema.input_names() if schema.has_input_names() and _is_rows_of(data, len(schema)) else None
            return pd.DataFrame(data, columns=names)
        if np.isscalar(data) or isinstance(data, (bytes, datetime.date)) or data is None:
            return pd.DataFrame([data], columns=schema.input_names() if schema.has_input_names() else None)
    except (ValueError, TypeError) as error:
        raise InvalidValue(f"The input makes no table, which this model's signature asks for: {error}.") from error
    raise InvalidValue(
        f"This model takes a table: a DataFrame, a dict of columns or a list of rows; got {type(data).__name__}."
    )


def _is_rows_of(data: Any, width: int) -> bool:
    """Whether rows without names have just the columns that the signature names."""
    rows = list(data[:1])
    return bool(rows) and not isinstance(rows[0], (dict, str, bytes)) and (
        len(rows[0]) == width if hasattr(rows[0], "__len__") else width == 1
    )  # fmt: skip


def _is_one_row(data: Mapping[str, Any], schema: Schema) -> bool:
    import numpy as np

    single = all(
        value is None or np.isscalar(value) or isinstance(value, (bytes, datetime.date)) for value in data.values()
    )
    nested = {one.name: one.type for one in schema.inputs if not isinstance(one.type, DataType)}
    return single or any(_fits(data[name], kind) for name, kind in nested.items() if name in data)


def _fits(value: Any, kind: Any) -> bool:
    try:
        checked_value(value, kind, "")
    except InvalidValue:
        return False
    return True


def _listed(value: Any) -> Any:
    return value.tolist() if getattr(value, "ndim", 1) > 1 else value


def _columns(frame: pd.DataFrame, columns: list[ColSpec]) -> pd.DataFrame:
    import pandas as pd

    if _is_as_promised(frame, columns):
        return frame.copy(deep=False)
    if columns[0].name is None:
        if frame.shape[1] < len(columns):
            raise InvalidValue(f"The model takes {len(columns)} columns; the input has {frame.shape[1]}.")
        pairs: list[tuple[Any, ColSpec]] = list(zip(frame.columns, columns, strict=False))
    else:
        _refuse_missing(frame, columns)
        pairs = [(one.name, one) for one in columns if one.name in frame.columns]
    checked = {name: _column(frame[name], one, name) for name, one in pairs}
    return pd.DataFrame(checked, index=frame.index) if checked else frame


def _is_as_promised(frame: pd.DataFrame, columns: list[ColSpec]) -> bool:
    """Whether each column is there, in order, with numbers of its very type; told in microseconds."""
    kinds = [one.type for one in columns]
    if frame.columns.tolist() != [one.name for one in columns]:
        return False
    held = frame.dtypes.array
    return all(
        isinstance(k, DataType) and k in _NUMBERS and d == k.to_numpy() for d, k in zip(held, kinds, strict=True)
    )


def _refuse_missing(frame: pd.DataFrame, columns: list[ColSpec]) -> None:
    known = {one.name for one in columns}
    extra = [name for name in frame.columns if name not in known]
    missing = [one.name for one in columns if one.required and one.name not in frame.columns]
    if missing:
        told = ", ".join(map(repr, missing))
        also = f" The input has columns that the model does not know: {', '.join(map(repr, extra))}." if extra else ""
        raise InvalidValue(f"Model is missing inputs: the column{'s' * (len(missing) > 1)} {told}.{also}")
    if extra:
        told = ", ".join(map(repr, extra))
        warnings.warn(f"The model does not know these columns; they are left out: {told}.", UserWarning, stacklevel=6)


def _column(series: Any, spec: ColSpec, name: Any) -> Any:
    import pandas as pd

    kind = spec.type
    if not isinstance(kind, DataType):
        values = [
            one if not spec.required and is_missing(one) else checked_value(one, kind, f"column {name!r}")
            for one in series
        ]
        return pd.Series(values, index=series.index, name=name, dtype=object)
    held = _cast(series, kind)
    if held is None:
        raise InvalidValue(
            f"Incompatible input types for column {name!r}: {series.dtype} cannot be taken safely as {kind}"
            f"{_hint(series, kind)}."
        )
    return held


def _hint(series: Any, kind: DataType) -> str:
    if kind in (DataType.integer, DataType.long) and series.dtype.kind == "f" and bool(series.isna().any()):
        return ", because missing values make a column of integers one of floats; declare the column as double"
    return ""


def _cast(series: Any, kind: DataType) -> Any:
    """The column as `kind`, or None where a value would change."""
    import pandas as pd

    if series.dtype.kind == "O" and kind not in (DataType.string, DataType.binary):
        series = series.infer_objects()
    source = series.dtype
    if str(source) == "category":
        return series if _cast(pd.Series(source.categories), kind) is not None else None
    text = isinstance(source, pd.StringDtype)
    if kind is DataType.string:
        return series if source.kind in "OU" or text else None
    if kind is DataType.binary:
        return series if source.kind in "OS" and not text and all(map(_is_bytes_or_missing, series)) else None
    if kind is DataType.datetime:
        return _dates(series)
    if kind is DataType.boolean:
        whole = source.kind == "b" or (
            source.kind == "O" and all(is_missing(v) or v is True or v is False for v in series)
        )
        return series if whole and not text else None
    if source.kind == "O" and not text and all(is_missing(v) or isinstance(v, decimal.Decimal) for v in series):
        return pd.to_numeric(series).astype(kind.to_numpy()) if kind is DataType.double else None
    return series.astype(kind.to_numpy()) if source.kind in "iuf" and _widens(series, kind) else None


def _is_bytes_or_missing(value: Any) -> bool:
    return isinstance(value, (bytes, bytearray)) or is_missing(value)


def _widens(series: Any, kind: DataType) -> bool:
    """Whether every value of a column of numbers stays what it is as `kind`."""
    import numpy as np

    target, source = kind.to_numpy(), series.dtype
    if target.kind == "i" and source.kind == "f":
        return False
    if bool(series.isna().any()) and target.kind == "i":
        return False
    safe = isinstance(source, np.dtype) and np.can_cast(source, target, "safe")
    if safe and (source.kind == "f" or target.kind == "i" or source.itemsize < target.itemsize):
        return True
    if source.kind in "iu":
        if not len(series):
            return True
        if target.kind == "i":
            limits = np.iinfo(target)
            return bool(series.min() >= limits.min and series.max() <= limits.max)
        exact = _EXACT if kind is DataType.double else 2**24
        return bool(series.abs().max() <= exact if source.kind == "i" else series.max() <= exact)
    return bool(source.itemsize <= target.itemsize)


def _dates(series: Any) -> Any:
    import pandas as pd

    if series.dtype.kind == "M":
        if getattr(series.dtype, "tz", None) is not None:
            return None
        return series.astype("datetime64[ns]")
    if series.dtype.kind != "O":
        return None
    try:
        return pd.to_datetime(series, format="ISO8601").astype("datetime64[ns]")
    except (ValueError, TypeError):
        return None


# -- nested values


def checked_value(value: Any, kind: AnyDataType, where: str) -> Any:
    """One value against a type, `where` being what it is called in the message. Raises InvalidValue."""
    import numpy as np

    if isinstance(kind, AnyType):
        return value
    if isinstance(kind, DataType):
        return _scalar(value, kind, where)
    if isinstance(kind, Array):
        if not isinstance(value, (list, tuple, np.ndarray)):
            raise InvalidValue(f"{_told(where)} is a list; got {type(value).__name__}.")
        items = [checked_value(one, kind.dtype, f"{where}, item {i}") for i, one in enumerate(value)]
        return np.array(items) if isinstance(value, np.ndarray) else items
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{_told(where)} is a dict; got {type(value).__name__}.")
    if isinstance(kind, Map):
        return {str(k): checked_value(one, kind.value_type, f"{where}, key {k!r}") for k, one in value.items()}
    return _object(value, kind, where)


def _object(value: Mapping[str, Any], kind: Object, where: str) -> dict[str, Any]:
    known = {one.name for one in kind.properties}
    missing = [one.name for one in kind.properties if one.required and one.name not in value]
    extra = [name for name in value if name not in known]
    if missing or extra:
        what = f"lacks {missing}" if missing else f"has fields that the signature does not know: {extra}"
        raise InvalidValue(f"{_told(where)} {what}.")
    return {
        one.name: value[one.name]
        if not one.required and is_missing(value[one.name])
        else checked_value(value[one.name], one.dtype, f"{where}, field {one.name!r}")
        for one in kind.properties
        if one.name in value
    }


def _told(where: str) -> str:
    return where[:1].upper() + where[1:]


def _scalar(value: Any, kind: DataType, where: str) -> Any:
    import pandas as pd

    plain = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
    if kind is DataType.datetime and isinstance(plain, (datetime.date, int)) and not isinstance(plain, (bool, int)):
        return value
    if not isinstance(plain, (list, dict, tuple)) and not (is_missing(plain) and kind is not DataType.double):
        series = pd.Series([plain], dtype=object)
        if kind is DataType.string:
            if isinstance(plain, str):
                return value
        elif (held := _cast(series, kind)) is not None:
            return value if kind in (DataType.boolean, DataType.binary) else held.iloc[0]
    raise InvalidValue(f"{_told(where)} is of type {kind}; got {type(value).__name__}: {str(value)[:60]!r}.")


# -- tensors


def _tensors(data: Any, specs: list[TensorSpec]) -> Any:
    import pandas as pd

    if specs[0].name is None:
        if isinstance(data, (pd.DataFrame, pd.Series)):
            data = data.to_numpy() if specs[0].type.kind != "f" else data.to_numpy(dtype=specs[0].type)
        if isinstance(data, Mapping):
            raise InvalidValue(f"This model takes one array; got a dict with {list(data)}.")
        return _tensor(data, specs[0], "the input")
    if isinstance(data, pd.DataFrame):
        data = {name: _stacked(data[name]) for name in data.columns}
    if len(specs) == 1 and not isinstance(data, Mapping):
        data = {specs[0].name: data}
    if not isinstance(data, Mapping):
        raise InvalidValue(
            f"This model takes a dict of arrays: {[one.name for one in specs]}; got {type(data).__name__}."
        )
    missing = [one.name for one in specs if one.name not in data]
    if missing:
        extra = [name for name in data if name not in {one.name for one in specs}]
        raise InvalidValue(f"Model is missing inputs {missing}.{f' It does not know {extra}.' if extra else ''}")
    return {one.name: _tensor(data[one.name], one, f"the input {one.name!r}") for one in specs}


def _stacked(series: Any) -> Any:
    """A column as an array: one whose values are lists gets an axis more."""
    import numpy as np

    return np.array(series.tolist()) if series.dtype.kind == "O" else series.to_numpy()


def _tensor(data: Any, spec: TensorSpec, where: str) -> Any:
    import numpy as np

    if not is_tensor(data):
        try:
            data = np.asarray(data, dtype=None if spec.type.kind in "SU" else spec.type)
        except (ValueError, TypeError) as error:
            raise InvalidValue(f"{_told(where)} makes no array of {spec.type}: {error}.") from error
    if spec.type.kind == "O" and len(spec.shape) == 1:
        return data
    expected = spec.shape
    if data.dtype.kind == "O" and data.ndim == 1 and -1 in expected[1:]:
        return data  # rows of different lengths
    if len(expected) != len(data.shape) or any(e not in (-1, a) for e, a in zip(expected, data.shape, strict=True)):
        raise InvalidValue(f"Shape of {where} {tuple(data.shape)} does not match expected shape {expected}.")
    kind = data.dtype
    if kind.kind == spec.type.kind and (kind == spec.type or kind.kind in "SU"):
        return data
    if np.can_cast(kind, spec.type, "safe") and kind.kind in "iuf" and spec.type.kind in "iuf":
        return data.astype(spec.type)
    how = "sparse matrix" if is_sparse(data) else "array"
    raise InvalidValue(f"{_told(where)} is an {how} of {kind}; the model takes {spec.type}.")


# -- parameters


def checked_parameters(params: Mapping[str, Any] | None, schema: ParamSchema | None) -> dict[str, Any]:
    """The parameters of a prediction, with defaults filled in; unknown ones are left out with one warning."""
    if params is not None and not isinstance(params, Mapping):
        raise InvalidValue(f"params is a dict; got {type(params).__name__}.")
    known = {one.name: one for one in schema or ()}
    given = {str(name): value for name, value in (params or {}).items()}
    unknown = [name for name in given if name not in known]
    if unknown:
        has = f"has {sorted(known)}" if known else "has none"
        warnings.warn(f"The model's signature {has} as params; left out: {unknown}.", UserWarning, stacklevel=4)
    return {name: one.checked(given[name]) if name in given else one.default for name, one in known.items()}


def checked_parameter(spec: ParamSpec, value: Any) -> Any:
    """A parameter's value as Python's own type. Raises InvalidValue."""
    import numpy as np

    if value is None:
        return None
    if isinstance(spec.dtype, Object):
        checked_value(value, spec.dtype, f"parameter {spec.name!r}")
        return value
    if spec.shape is None:
        return _parameter(value, spec.dtype, spec.name)
    if not isinstance(value, (list, tuple, np.ndarray)) or np.ndim(value) != 1:
        raise InvalidValue(f"The parameter {spec.name!r} is a list; got {type(value).__name__}: {value!r}.")
    return [_parameter(one, spec.dtype, spec.name) for one in value]


def _parameter(value: Any, kind: DataType, name: str) -> Any:
    import numpy as np

    plain = value.item() if isinstance(value, np.generic) else value
    if kind is DataType.datetime:
        try:
            date = plain if isinstance(plain, datetime.date) else np.datetime64(plain).item()
        except ValueError:
            date = None
        if isinstance(date, datetime.date):
            return date
    elif isinstance(plain, bool) or kind is DataType.boolean:
        if isinstance(plain, bool) and kind is DataType.boolean:
            return plain
    elif kind in (DataType.float, DataType.double) and isinstance(plain, (int, float)):
        return float(plain)
    elif isinstance(plain, kind.to_python()):
        return plain
    raise InvalidValue(f"The parameter {name!r} is of type {kind}; got {type(value).__name__}: {value!r}.")
