"""Input examples: saved with a model as MLflow's JSON, as they are and as a request to a scoring server."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue, NotFound
from tracker.store.artifacts import resolve_inside
from tracker.types.inference import as_pandas, is_missing, is_sparse

if TYPE_CHECKING:
    from tracker.models.model import Model

EXAMPLE, SERVING = "input_example.json", "serving_input_example.json"
_DATA, _PARAMS = "inputs", "params"
_MOST_BYTES = 64 << 20


class Example:
    """An example of a model's input: `data`, `params` or None, its description and its two JSON texts."""

    def __init__(self, told: Any) -> None:
        self.data, self.params = split_params(told)
        self.data = as_pandas(self.data)
        self.info: dict[str, Any] = {"artifact_path": EXAMPLE}
        kept, request = _encoded(self.data, self.info)
        if self.params is not None:
            kept = {_DATA: kept, _PARAMS: self.params}
            request = {**request, "params": self.params}
            self.info[_PARAMS] = "true"
        self.text = json.dumps(kept, default=plain)
        self.serving_text = json.dumps(request, default=plain, indent=2)
        self.info["serving_input_path"] = SERVING

    def save(self, folder: Path) -> None:
        """Write both files."""
        (folder / EXAMPLE).write_text(self.text, encoding="utf-8")
        (folder / SERVING).write_text(self.serving_text, encoding="utf-8")


def split_params(told: Any) -> tuple[Any, dict[str, Any] | None]:
    """The data and the parameters of an example, which may be a pair of them."""
    if isinstance(told, tuple) and len(told) == 2 and isinstance(told[1], dict):
        return told[0], told[1]
    return told, None


def convert_input_example_to_serving_input(input_example: Any) -> str | None:
    """An example as the JSON text of a request to a scoring server; None for None. Raises InvalidValue."""
    return None if input_example is None else Example(input_example).serving_text


def _encoded(data: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    import numpy as np
    import pandas as pd

    if isinstance(data, pd.Series):
        data = data.to_frame()
    if isinstance(data, pd.DataFrame):
        told = _split(data)
        info |= {"type": "dataframe", "pandas_orient": "split" if "columns" in told else "values"}
        return told, {"dataframe_split": told}
    if isinstance(data, np.ndarray):
        info["type"] = "ndarray"
        return _array(data), {"inputs": _array(data)}
    if isinstance(data, dict) and data and all(isinstance(one, np.ndarray) for one in data.values()):
        info["type"] = "ndarray"
        told = {str(name): _array(one) for name, one in data.items()}
        return told, {"inputs": told}
    if is_sparse(data) and data.format in ("csr", "csc"):
        info["type"] = f"sparse_matrix_{data.format}"
        parts = {name: getattr(data, name).tolist() for name in ("data", "indices", "indptr")}
        return {**parts, "shape": list(data.shape)}, {"inputs": _array(data.toarray())}
    if isinstance(data, (list, dict, str, bytes, bool, int, float, datetime.date, np.generic)):
        info["type"] = "json_object"
        return data, {"inputs": data}
    raise InvalidValue(
        "An input example is a DataFrame, an array, a sparse matrix, a list, a dict or a scalar; "
        f"got {type(data).__name__}."
    )


def _split(frame: Any) -> dict[str, Any]:
    names = list(frame.columns)
    rows = [[None if is_missing(one) else one for one in row] for row in frame.itertuples(index=False, name=None)]
    return {"data": rows} if names == list(range(len(names))) else {"columns": names, "data": rows}


def _array(array: Any) -> Any:
    import numpy as np

    if array.dtype.kind == "f" and bool(np.isnan(array).any()):
        held = array.astype(object)
        held[np.isnan(array)] = None
        return held.tolist()
    return array.tolist()


def plain(value: Any) -> Any:
    """For `json.dumps`: NumPy's and pandas' values as Python's, dates as ISO texts, bytes as base64."""
    if isinstance(value, (bytes, bytearray)):
        return base64.encodebytes(bytes(value)).decode("ascii")
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise InvalidValue(f"An input example cannot hold a {type(value).__name__}.")


# -- reading


def read_example(model: Model, folder: Path) -> Any:
    """The example that was saved with a model, or None. Raises NotFound, InvalidValue."""
    info = model.saved_input_example_info
    if not info:
        return None
    told = _json(folder, str(info.get("artifact_path", EXAMPLE)))
    if info.get(_PARAMS):
        told = told[_DATA]
    return decoded(told, info, model)


def read_serving_example(model: Model, folder: Path) -> str | None:
    """The text of the request that was saved with a model, or None."""
    info = model.saved_input_example_info or {}
    name = info.get("serving_input_path")
    return None if name is None else _text(folder, str(name))


def decoded(told: Any, info: dict[str, Any], model: Model) -> Any:
    """The value that an example's JSON was made from."""
    import numpy as np
    import pandas as pd

    schema = model.get_input_schema()
    try:
        match info.get("type"):
            case "dataframe":
                frame = pd.DataFrame(told["data"], columns=told.get("columns"))
                return _typed(frame, schema)
            case "ndarray" if isinstance(told, dict):
                kinds = {one.name: one.type for one in schema} if schema is not None and schema.is_tensor_spec() else {}
                return {name: np.array(one, dtype=kinds.get(name)) for name, one in told.items()}
            case "ndarray":
                kind = schema.inputs[0].type if schema is not None and schema.is_tensor_spec() else None
                return np.array(told, dtype=kind)
            case "sparse_matrix_csr" | "sparse_matrix_csc" as kind:
                import scipy.sparse

                build = getattr(scipy.sparse, f"{kind[-3:]}_matrix")
                return build((told["data"], told["indices"], told["indptr"]), shape=tuple(told["shape"]))
            case "json_object":
                return told
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidValue(f"The input example of the model is damaged: {error}.") from error
    raise InvalidValue(f"The input example of the model has the unknown type {info.get('type')!r}.")


def _typed(frame: Any, schema: Any) -> Any:
    """Dates, bytes and whole numbers as the schema has them, which JSON has not."""
    from tracker.types import DataType

    kinds = {one.name: one.type for one in schema} if schema is not None and schema.has_input_names() else {}
    for name in frame.columns:
        kind = kinds.get(name)
        if kind is DataType.binary:
            frame[name] = [base64.decodebytes(one.encode()) if isinstance(one, str) else one for one in frame[name]]
        elif isinstance(kind, DataType) and kind is not DataType.string and not bool(frame[name].isna().any()):
            frame[name] = frame[name].astype(kind.to_pandas())
    return frame


def _json(folder: Path, name: str) -> Any:
    try:
        return json.loads(_text(folder, name))
    except ValueError as error:
        raise InvalidValue(f"{folder / name} cannot be read as JSON: {error}.") from error


def _text(folder: Path, name: str) -> str:
    path = resolve_inside(folder, name)
    if not path.is_file():
        raise NotFound(f"The model in {folder} has no file {name}.")
    if path.stat().st_size > _MOST_BYTES:
        raise InvalidValue(f"{path} has more than {_MOST_BYTES:,} bytes; it is no input example.")
    return path.read_text(encoding="utf-8")
