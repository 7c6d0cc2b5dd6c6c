"""MLflow's `data` module: Datasets that know where their data came from, for `log_input`.

A digest stands for the whole content (see `tracker.fingerprints`), where MLflow's stands for the first 10,000 rows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tracker.entities import Dataset
from tracker.exceptions import InvalidValue
from tracker.fingerprints import fingerprint
from tracker.fingerprints.digest import Parts
from tracker.tracking.datasets import described, with_schema

__all__ = ["from_numpy", "from_pandas", "from_polars", "from_pyarrow", "from_torch"]


def from_pandas(
    df: Any,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> Dataset:
    """A pandas DataFrame as a Dataset. `source` is a path or URL; `targets` and `predictions` name columns.

    Raises InvalidValue for another kind of data, and for a column that is not there.
    """
    for column in (targets, predictions):
        if column is not None and column not in df.columns:
            raise InvalidValue(f"The DataFrame has no column {column!r}.")
    return _made(df, source, name, digest)


def from_numpy(
    features: Any, source: Any = None, targets: Any = None, name: str | None = None, digest: str | None = None
) -> Dataset:
    """A NumPy array, or a dict of them by name, as a Dataset; with `targets`, it stands for both."""
    dataset = _made(features, source, name, digest)
    told = None if targets is None else fingerprint(targets)
    if targets is not None and told is None:
        raise InvalidValue(f"The targets are an array; got {type(targets).__name__}.")
    profile: dict[str, Any] = json.loads(dataset.profile or "{}") | _sizes("features", features)
    if told is not None:
        profile |= _sizes("targets", targets)
    schema = {"features": _tensors(features), "targets": None if told is None else _tensors(targets)}
    if told is not None and digest is None:
        digest = Parts(dataset.digest, told.digest).digest()
    text = None if schema["features"] is None else json.dumps({"mlflow_tensorspec": schema})
    where = (dataset.source_type, dataset.source)
    return Dataset(dataset.name, digest or dataset.digest, *where, text, json.dumps(profile))


def _sizes(what: str, arrays: Any) -> dict[str, Any]:
    """MLflow's shape, number of values and bytes; by name where there are several arrays."""
    if not isinstance(arrays, dict):
        shape = [int(n) for n in getattr(arrays, "shape", ())]
        size, nbytes = int(getattr(arrays, "size", 0)), int(getattr(arrays, "nbytes", 0))
        return {f"{what}_shape": shape, f"{what}_size": size, f"{what}_nbytes": nbytes}
    told = {str(name): _sizes(what, array) for name, array in arrays.items()}
    return {key: {name: sizes[key] for name, sizes in told.items()} for key in _sizes(what, None)}


def _tensors(arrays: Any) -> str | None:
    from tracker.types.inference import infer_schema, is_tensor

    held = arrays.values() if isinstance(arrays, dict) else (arrays,)
    return infer_schema(arrays).to_json() if all(map(is_tensor, held)) else None


def from_polars(df: Any, source: Any = None, name: str | None = None, digest: str | None = None) -> Dataset:
    """A Polars DataFrame as a Dataset."""
    return _made(df, source, name, digest)


def from_pyarrow(table: Any, source: Any = None, name: str | None = None, digest: str | None = None) -> Dataset:
    """An Arrow table as a Dataset."""
    return _made(table, source, name, digest)


def from_torch(tensor: Any, source: Any = None, name: str | None = None, digest: str | None = None) -> Dataset:
    """A PyTorch tensor as a Dataset."""
    return _made(tensor, source, name, digest)


def _made(data: Any, source: Any, name: str | None, digest: str | None) -> Dataset:
    found = fingerprint(data)
    if found is None:
        raise InvalidValue(f"A dataset is a DataFrame, a table, an array or a tensor; got {type(data).__name__}.")
    dataset = described(with_schema(found, data), name or "dataset", None if source is None else _source(source))
    if digest is None:
        return dataset
    return Dataset(dataset.name, digest, dataset.source_type, dataset.source, dataset.schema, dataset.profile)


def _source(source: Any) -> tuple[str, dict[str, Any]]:
    """MLflow's type and JSON of a source: a path, or a URL by its scheme."""
    if not isinstance(source, (str, Path)):
        raise InvalidValue(f"The source of a dataset is a path or URL; got {type(source).__name__}.")
    scheme = urlsplit(str(source)).scheme
    if scheme in ("http", "https"):
        return "http", {"url": str(source)}
    if len(scheme) > 1 and scheme != "file":
        return scheme, {"uri": str(source)}
    return "local", {"uri": str(source)}
