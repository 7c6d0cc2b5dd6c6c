"""Which training data can be noted as a dataset."""

from __future__ import annotations

from typing import Any

from tracker.exceptions import TrackerError

MAX_CELLS = 50_000_000
"""A sparse matrix of more cells is not made dense to note it."""


def noted(data: Any, targets: Any = None) -> Any:
    """`data` as it can be noted: tables, arrays and tensors as they are, a sparse matrix dense, a DataFrame of Spark as
    its Dataset, an array that has `targets` as the Dataset of both; None for the rest.
    """
    if type(data).__module__.startswith("pyspark.sql."):
        from tracker.autolog.spark.data import dataset_of

        return dataset_of(data)
    if hasattr(data, "toarray") and hasattr(data, "shape"):
        return _of_both(data.toarray(), targets) if data.shape[0] * data.shape[1] <= MAX_CELLS else None
    if _is_array(data):
        return _of_both(data, targets)
    return data if hasattr(data, "columns") or hasattr(data, "dtype") else None


def _is_array(data: Any) -> bool:
    return hasattr(data, "__array_interface__") and hasattr(data, "dtype")


def _of_both(features: Any, targets: Any) -> Any:
    from tracker.data import from_numpy

    labels = targets.to_numpy() if hasattr(targets, "to_numpy") else targets
    if not _is_array(labels):
        return features
    try:
        return from_numpy(features, targets=labels)
    except TrackerError:  # of labels that have no type there, the features stand alone
        return features
