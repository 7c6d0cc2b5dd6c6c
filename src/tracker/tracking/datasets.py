"""Datasets as runs note them: a digest of the whole content, schema and size. Nothing heavy is imported."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from tracker.entities import Dataset
from tracker.exceptions import InvalidValue
from tracker.tracking.provenance import DATA_CONTEXT, SOURCE_NAME, automatic_tags

_KINDS = {"b": "boolean", "i": "long", "u": "long", "f": "double", "M": "datetime", "S": "binary"}


def input_of(data: Any, context: str | None, tags: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """The name of a dataset, and what is noted of its use. Raises InvalidValue for what is no dataset."""
    dataset = data if isinstance(data, Dataset) else _described(data)
    every = {key: str(value) for key, value in (tags or {}).items()}
    if context is not None:
        every[DATA_CONTEXT] = str(context)
    value = {key: text for key, text in dataset.to_dictionary().items() if key != "name" and text is not None}
    return dataset.name, value | {"tags": every}


def _described(data: Any) -> Dataset:
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        digest, schema, profile = _of_frame(data, pandas)
    elif numpy is not None and isinstance(data, numpy.ndarray):
        digest, schema, profile = _of_array(data, numpy)
    else:
        raise InvalidValue(
            f"log_input takes a pandas DataFrame, a NumPy array or a Dataset; got {type(data).__name__}."
        )
    source = {"tags": {SOURCE_NAME: automatic_tags()[SOURCE_NAME]}}
    return Dataset("dataset", digest, "code", json.dumps(source), json.dumps(schema), json.dumps(profile))


def _of_frame(frame: Any, pandas: Any) -> tuple[str, Any, Any]:
    digest = hashlib.sha256(repr([(str(name), str(kind)) for name, kind in frame.dtypes.items()]).encode())
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        try:
            hashes = pandas.util.hash_pandas_object(column)
        except TypeError:  # lists and the like, which have no hash
            hashes = pandas.util.hash_pandas_object(column.map(repr))
        digest.update(hashes.to_numpy().tobytes())
    columns = [
        {"type": _KINDS.get(getattr(kind, "kind", "O"), "string"), "name": str(name), "required": True}
        for name, kind in frame.dtypes.items()
    ]
    profile = {"num_rows": len(frame), "num_elements": int(frame.size)}
    return digest.hexdigest()[:16], {"mlflow_colspec": columns}, profile


def _of_array(array: Any, numpy: Any) -> tuple[str, Any, Any]:
    digest = hashlib.sha256(f"{array.dtype}{array.shape}".encode())
    content = array.tolist() if array.dtype.hasobject else None
    digest.update(numpy.ascontiguousarray(array).tobytes() if content is None else repr(content).encode())
    tensor = {"dtype": str(array.dtype), "shape": [-1, *array.shape[1:]]}
    schema = {"mlflow_tensorspec": {"features": json.dumps([{"type": "tensor", "tensor-spec": tensor}])}}
    profile = {
        "features_shape": list(array.shape),
        "features_size": int(array.size),
        "features_nbytes": int(array.nbytes),
    }
    return digest.hexdigest()[:16], schema, profile
