"""Which training data can be noted as a dataset."""

from __future__ import annotations

from typing import Any

MAX_CELLS = 50_000_000
"""A sparse matrix of more cells is not made dense to note it."""


def noted(data: Any) -> Any:
    """`data` as it can be noted: tables, arrays and tensors as they are, a sparse matrix dense, a DataFrame of Spark as
    its Dataset; None for the rest.
    """
    if type(data).__module__.startswith("pyspark.sql."):
        from tracker.autolog.spark.data import dataset_of

        return dataset_of(data)
    if hasattr(data, "toarray") and hasattr(data, "shape"):
        return data.toarray() if data.shape[0] * data.shape[1] <= MAX_CELLS else None
    return data if hasattr(data, "columns") or hasattr(data, "dtype") else None
