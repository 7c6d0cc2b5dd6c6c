"""Datasets as runs note them: a fingerprint of the content, schema and size. Nothing heavy is imported.

A Dataset's profile is JSON: MLflow's counts, and under "fingerprint" how much of the content the digest stands for
and the digest of each column, so that two runs' data can be compared column by column.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tracker.entities import Dataset
from tracker.exceptions import InvalidValue, TrackerError
from tracker.fingerprints import Fingerprint, fingerprint
from tracker.tracking.provenance import DATA_CONTEXT, SOURCE_NAME, automatic_tags

COVERAGE: Final = "tracker.coverage"
"""The tag on an input whose fingerprint does not stand for all of its content: "sampled" or "unread"."""

MAX_COLUMNS: Final = 2_000


def input_of(data: Any, context: str | None, tags: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """The name of a dataset, and what is noted of its use. Raises InvalidValue for what is no dataset."""
    dataset = as_dataset(data)
    every = {key: str(value) for key, value in (tags or {}).items()}
    if context is not None:
        every[DATA_CONTEXT] = str(context)
    coverage = _coverage(dataset)
    if coverage != "full":
        every[COVERAGE] = coverage
    value = {key: text for key, text in dataset.to_dictionary().items() if key != "name" and text is not None}
    return dataset.name, value | {"tags": every}


def as_dataset(data: Any) -> Dataset:
    """What `log_input` was given as the Dataset that is noted. Raises InvalidValue."""
    if isinstance(data, Dataset):
        return data
    found = fingerprint(data)
    if found is None:
        raise InvalidValue(
            "log_input takes a DataFrame (pandas, Polars), an Arrow table, a NumPy array, a tensor or a Dataset; "
            f"got {type(data).__name__}. tracker.data makes a Dataset that knows where its data came from."
        )
    return described(with_schema(found, data))


def with_schema(found: Fingerprint, data: Any) -> Fingerprint:
    """The fingerprint with the schema that MLflow would tell of data that is given to it.

    Unlike the one that goes by dtypes alone, it asks for missing values, and for what columns of objects hold.
    """
    if found.kind != "pandas.DataFrame" or found.coverage != "full" or len(found.columns) > MAX_COLUMNS:
        return found
    from tracker.types.inference import infer_schema

    try:
        columns = infer_schema(data).to_dict()
    except TrackerError:  # it has no type for a duration, or for values of several types
        columns = []
    return replace(found, schema={"mlflow_colspec": columns} if columns else {})


def described(found: Fingerprint, name: str = "dataset", source: tuple[str, dict[str, Any]] | None = None) -> Dataset:
    """A fingerprint as a Dataset. `source` is (type, JSON); without one, the program that runs."""
    kind, where = source or ("code", {"tags": {SOURCE_NAME: automatic_tags()[SOURCE_NAME]}})
    wide = len(found.columns) > MAX_COLUMNS
    schema = json.dumps(found.schema) if found.schema and not wide else None
    return Dataset(name, found.digest, kind, json.dumps(where), schema, json.dumps(profile(found)))


def file_dataset(name: str, path: str, size: int, digest: str, coverage: str = "full") -> Dataset:
    """A file as a Dataset: where it is, its size in bytes, the digest of its content."""
    told = {"kind": "file", "coverage": coverage, "columns": []}
    return Dataset(
        name, digest, "local", json.dumps({"uri": path}), None, json.dumps({"size": size, "fingerprint": told})
    )


def profile(found: Fingerprint) -> dict[str, Any]:
    """MLflow's counts, and how the content was read."""
    size = math.prod(found.shape)
    if len(found.shape) <= 2 and (found.columns or found.kind == "pandas.DataFrame"):
        counts: dict[str, Any] = {"num_rows": found.rows, "num_elements": size}
    else:
        counts = {"features_shape": list(found.shape), "features_size": size, "features_nbytes": found.nbytes}
    columns = [[column.name, column.dtype, column.digest] for column in found.columns[:MAX_COLUMNS]]
    told = {"kind": found.kind, "shape": list(found.shape), "coverage": found.coverage, "columns": columns}
    return counts | {"fingerprint": told | ({"why": found.why} if found.why else {})}


def read_fingerprint(profile_text: str | None) -> dict[str, Any]:
    """What a kept profile says of the fingerprint: kind, shape, coverage, columns; empty if it says nothing."""
    try:
        told = json.loads(profile_text or "{}")
    except ValueError:
        return {}
    found = told.get("fingerprint") if isinstance(told, dict) else None
    return found if isinstance(found, dict) else {}


def _coverage(dataset: Dataset) -> str:
    return str(read_fingerprint(dataset.profile).get("coverage", "full"))
