"""What stands in a request to score, and in its answer: MLflow's payloads.

JSON has fewer types than a signature: numbers become the columns' own types where no value is lost, base64 text becomes
bytes, milliseconds become dates. What a model takes is then checked by the model's own signature when it predicts.
Every mistake is InvalidValue with the reason; nothing here runs what it reads.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from tracker.exceptions import InvalidValue, TrackerError
from tracker.types import ColSpec, DataType, ParamSchema, Schema, TensorSpec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
SPLIT, RECORDS, INSTANCES, INPUTS = "dataframe_split", "dataframe_records", "instances", "inputs"
_CACHED_COLUMNS = 1_000
FORMATS = (SPLIT, RECORDS, INSTANCES, INPUTS)
_BARE_KEYS = ("messages", "prompt", "input")
_WANTED = f"The body is a JSON object with exactly one of {', '.join(FORMATS)}, and params if the model takes any"


class UnknownType(TrackerError):
    """A body of a content type that is not understood."""

    error_code = "UNSUPPORTED_MEDIA_TYPE"


class Payload(NamedTuple):
    """What a request asks for. `bare`: the answer is the prediction itself, as language models are asked."""

    data: Any
    params: dict[str, Any] | None = None
    bare: bool = False


def read(body: bytes, content_type: str | None, schema: Schema | None, params: ParamSchema | None = None) -> Payload:
    """The payload of a body. Raises UnknownType, InvalidValue."""
    kind = _media_type(content_type)
    if kind == JSON:
        return read_json(body, schema, params)
    return Payload(read_csv(body, schema) if kind == CSV else _read_parquet(body))


def _media_type(content_type: str | None) -> str:
    kind, *parameters = (part.strip() for part in (content_type or "").split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "charset":
            raise UnknownType(f"Unrecognized content type parameters: {name[:60]}.")
        if value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise UnknownType("The scoring server only supports UTF-8.")
    if kind.lower() not in (JSON, CSV, PARQUET):
        told = f"Got {content_type[:100]!r}." if content_type else "The request has none."
        raise UnknownType(f"The content type is one of {JSON}, {CSV}, {PARQUET}. {told}")
    return kind.lower()


# -- JSON


def read_json(text: bytes | str, schema: Schema | None, params: ParamSchema | None = None) -> Payload:
    """The payload of a JSON text. Raises InvalidValue."""
    told = _parsed(text)
    if not isinstance(told, dict):
        raise InvalidValue(f"{_WANTED}; got a {_called(told)}.", "BAD_REQUEST")
    if any(key in told for key in _BARE_KEYS) and not any(key in told for key in FORMATS):
        asked = {one.name for one in params or ()}
        own = {key: value for key, value in told.items() if key in asked}
        return Payload({key: value for key, value in told.items() if key not in asked}, own, bare=True)
    found = [key for key in FORMATS if key in told]
    if len(found) != 1 or (found[0] in (INSTANCES, INPUTS) and set(told) - {found[0], "params"}):
        raise InvalidValue(f"{_WANTED}; got {', '.join(map(repr, list(told)[:10])) or 'none'}.", "BAD_REQUEST")
    given = told.get("params")
    if given is not None and not isinstance(given, dict):
        raise InvalidValue(f"params is a JSON object; got a {_called(given)}.", "BAD_REQUEST")
    return Payload(_data(found[0], told[found[0]], schema), given)


def _parsed(text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text)  # with the words NaN and Infinity, which JSON lacks and pandas' users send
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise InvalidValue(f"The body is not valid JSON: {reason}.", "BAD_REQUEST") from error


def _called(value: Any) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "bool", int: "number", float: "number"}
    return names.get(type(value), "null")


def _data(form: str, told: Any, schema: Schema | None) -> Any:
    try:
        if form == SPLIT:
            return _split(told, schema)
        if form == RECORDS:
            return _records(told, schema)
        return _columns_or_arrays(told, schema, by_row=form == INSTANCES)
    except InvalidValue as error:
        raise InvalidValue(error.message, "BAD_REQUEST") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidValue(f"{form} cannot be read as the model's input: {str(error)[:300]}.", "BAD_REQUEST") from error


def _split(told: Any, schema: Schema | None) -> pd.DataFrame:
    import pandas as pd

    if not isinstance(told, dict) or "data" not in told or set(told) - {"columns", "data", "index"}:
        has = f"has {', '.join(map(str, list(told)[:10]))}" if isinstance(told, dict) else f"is a {_called(told)}"
        raise InvalidValue(f"{SPLIT} is an object with data, and columns and index if they are known; it {has}.")
    data, columns = told["data"], told.get("columns")
    if schema is not None and _all_double(schema) and (array := _doubles(data)) is not None:
        named = _index(tuple(columns)) if isinstance(columns, list) and len(columns) <= _CACHED_COLUMNS else columns
        return pd.DataFrame(array, index=told.get("index"), columns=named, copy=False)
    return _typed(pd.DataFrame(data, index=told.get("index"), columns=columns), schema)


@lru_cache(maxsize=16)
def _index(names: tuple[Any, ...]) -> Any:
    """The columns of a table, made once for the requests that name the same."""
    import pandas as pd

    return pd.Index(list(names))


def _records(told: Any, schema: Schema | None) -> pd.DataFrame:
    import pandas as pd

    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise InvalidValue(f"{RECORDS} is a list of objects, one a row; got a {_called(told)}.")
    return _typed(pd.DataFrame(told), schema)


def _columns_or_arrays(told: Any, schema: Schema | None, by_row: bool) -> Any:
    rows = isinstance(told, list) and bool(told) and all(isinstance(one, dict) for one in told)
    if schema is None:
        import numpy as np

        if by_row and rows:
            return {name: np.array(values) for name, values in _turned(told).items()}
        if isinstance(told, dict):
            return {name: np.array(value) for name, value in told.items()}
        return told if rows else np.array(told)
    if schema.is_tensor_spec():
        return _tensors(_turned(told) if rows else told, schema)
    if all(isinstance(one.type, DataType) for one in schema):
        return _table(told, schema, rows)
    return told


def _turned(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns. Raises InvalidValue if one has other names than the first."""
    names = set(rows[0])
    for number, row in enumerate(rows):
        if set(row) != names:
            raise InvalidValue(f"Row {number} has other names than row 0: {sorted(set(row) ^ names)[:10]}.")
    return {name: [row[name] for row in rows] for name in rows[0]}


def _table(told: Any, schema: Schema, rows: bool) -> Any:
    import pandas as pd

    if rows:
        return _typed(pd.DataFrame(told), schema)
    if isinstance(told, dict):
        listed = any(isinstance(value, list) for value in told.values())
        columns = {name: value if isinstance(value, list) else [value] for name, value in told.items()}
        lengths = {name: len(value) for name, value in columns.items()}
        if listed and len(set(lengths.values())) > 1:
            raise InvalidValue(f"The columns have different lengths: {dict(list(lengths.items())[:10])}.")
        return _typed(pd.DataFrame(columns), schema)
    if isinstance(told, list) and all(isinstance(one, list) and len(one) == len(schema) for one in told):
        names = schema.input_names() if schema.has_input_names() else None
        return _typed(pd.DataFrame(told, columns=names), schema)
    if len(schema) == 1 and not (isinstance(told, list) and any(isinstance(one, list) for one in told)):
        values = told if isinstance(told, list) else [told]
        return _typed(pd.DataFrame({schema.input_names()[0]: values}), schema)
    raise InvalidValue(f"The model takes a table of {len(schema)} columns; give a row as an object or in their order.")


# -- the types of a signature


def _all_double(schema: Schema) -> bool:
    return all(isinstance(one, ColSpec) and one.type is DataType.double for one in schema)


def _doubles(data: Any) -> np.ndarray[Any, Any] | None:
    """Rows of plain numbers as an array, or None if they are anything else."""
    import numpy as np

    array = np.array(data)  # raises for rows of different lengths
    return array.astype(np.float64, copy=False) if array.ndim == 2 and array.dtype.kind in "if" else None


def _typed(frame: pd.DataFrame, schema: Schema | None) -> pd.DataFrame:
    """The table with the types that JSON or CSV could not say. What does not fit is left to the signature."""
    if schema is None or schema.is_tensor_spec():
        return frame
    named = schema.has_input_names()
    for place, one in enumerate(schema):
        name = one.name if named else frame.columns[place] if place < frame.shape[1] else None
        if name in frame.columns and isinstance(one.type, DataType):
            frame[name] = _typed_column(frame[name], one.type, name)
    return frame


def _typed_column(column: Any, kind: DataType, name: Any) -> Any:
    import pandas as pd

    if kind is DataType.binary:
        return pd.Series([_bytes(one, name) for one in column], index=column.index, dtype=object)
    if column.dtype.kind == "O" and bool(column.isna().all()) and kind in (DataType.double, DataType.float):
        return column.astype("float64").astype(kind.to_numpy())
    if kind is DataType.datetime and column.dtype.kind in "if":
        return pd.to_datetime(column, unit="ms")
    if column.dtype.kind not in "if":
        return column
    if kind in (DataType.double, DataType.float):
        return column.astype(kind.to_numpy())
    if kind in (DataType.integer, DataType.long) and _all_whole(column, kind):
        return column.astype(kind.to_numpy())
    return column


def _all_whole(column: Any, kind: DataType) -> bool:
    import numpy as np

    limits = np.iinfo(kind.to_numpy())
    whole = column.dtype.kind == "i" or bool((column % 1 == 0).all())
    return whole and (not len(column) or bool(column.min() >= limits.min and column.max() <= limits.max))


def _bytes(value: Any, name: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidValue(f"The column {name!r} is binary, so its text is base64: {error}.") from error


def _tensors(told: Any, schema: Schema) -> Any:
    specs = [one for one in schema if isinstance(one, TensorSpec)]
    if specs[0].name is None or (len(specs) == 1 and not isinstance(told, Mapping)):
        return _tensor(told, specs[0])
    if not isinstance(told, dict):
        return told
    known = {one.name: one for one in specs}
    return {name: _tensor(value, known[name]) if name in known else value for name, value in told.items()}


def _tensor(told: Any, spec: TensorSpec) -> Any:
    """JSON's numbers as the tensor's type, where no value is lost. Raises ValueError for ragged rows."""
    import numpy as np

    if isinstance(told, dict):
        return told
    array = np.array(told)
    if array.dtype.kind in "if" and spec.type.kind in "fc":
        return array.astype(spec.type)
    if array.dtype.kind in "if" and spec.type.kind in "iu":
        held = array.astype(spec.type)
        return held if bool((held == array).all()) else array
    return array


# -- tables in other forms


def read_csv(body: bytes, schema: Schema | None) -> pd.DataFrame:
    """The table of a CSV text with a header. Raises InvalidValue."""
    import pandas as pd

    texts = (DataType.string, DataType.binary, DataType.datetime)
    types: dict[Any, Any] = {}
    if schema is not None and schema.has_input_names():
        types = {one.name: object for one in schema if one.type in texts}
    try:
        frame = pd.read_csv(io.StringIO(body.decode("utf-8-sig")), dtype=types or None)
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InvalidValue(f"The body is no CSV table in UTF-8: {str(error)[:300]}.", "BAD_REQUEST") from error
    return _typed(frame, schema)


def _read_parquet(body: bytes) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame: pd.DataFrame = pq.read_table(io.BytesIO(body)).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidValue(f"The body is no Parquet file: {str(error)[:300]}.", "BAD_REQUEST") from error
    return frame


# -- answers


def written(predictions: Any, bare: bool = False) -> bytes:
    """A prediction as JSON. Raises InvalidValue for what JSON cannot say."""
    told = _plain(predictions)
    try:
        return orjson.dumps(
            told if bare else {"predictions": told},
            default=_default,
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
        )
    except TypeError as error:
        raise InvalidValue(f"The model's prediction cannot be told in JSON: {error}.", "INTERNAL_ERROR") from error


def _plain(predictions: Any) -> Any:
    """Tables as lists of rows, arrays as lists."""
    import numpy as np

    if isinstance(predictions, np.ndarray):
        return predictions.tolist()
    kind = type(predictions)
    if kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in ("DataFrame", "Series"):
        frame = predictions if kind.__name__ == "DataFrame" else predictions.to_frame()
        return frame.to_dict(orient="records")
    return predictions


def _default(value: Any) -> Any:
    import numpy as np
    import pandas as pd

    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (set, frozenset)):
        return list(value)
    told = _plain(value)
    if told is not value:
        return told
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "toarray"):
        return value.toarray().tolist()
    raise TypeError(f"a {type(value).__name__} in it")
