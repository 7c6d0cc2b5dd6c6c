"""What is noted of a Spark DataFrame: its schema, and a digest of its plan. No job is run for it."""

from __future__ import annotations

import json
from typing import Any

from tracker.entities import Dataset
from tracker.fingerprints.digest import Parts
from tracker.tracking.provenance import SOURCE_NAME, automatic_tags
from tracker.types import DataType
from tracker.types.nested import Array, SparkMLVector

_SCALARS = {
    "BooleanType": DataType.boolean, "ByteType": DataType.integer, "ShortType": DataType.integer,
    "IntegerType": DataType.integer, "LongType": DataType.long, "FloatType": DataType.float,
    "DoubleType": DataType.double, "StringType": DataType.string, "BinaryType": DataType.binary,
    "DateType": DataType.datetime, "TimestampType": DataType.datetime,
}  # fmt: skip
_WHY = "its rows are computed when they are asked for; the digest is of its schema and plan"


def dataset_of(frame: Any) -> Dataset:
    """A Spark DataFrame as a Dataset."""
    fields = [(field.name, field.dataType) for field in frame.schema.fields]
    parts = Parts("pyspark.sql.DataFrame", frame.schema.json(), str(frame.semanticHash()))
    columns = [[name, kind.simpleString(), ""] for name, kind in fields]
    told = {"kind": "pyspark.sql.DataFrame", "shape": [], "coverage": "unread", "columns": columns, "why": _WHY}
    source = json.dumps({"tags": {SOURCE_NAME: automatic_tags()[SOURCE_NAME]}})
    return Dataset("dataset", parts.digest(), "code", source, _schema(fields), json.dumps({"fingerprint": told}))


def _schema(fields: list[tuple[str, Any]]) -> str | None:
    types = {name: _type(kind) for name, kind in fields}
    if None in types.values():
        return None
    specs = [{**kind.to_dict(), "name": name, "required": True} for name, kind in types.items() if kind is not None]
    return json.dumps({"mlflow_colspec": specs})


def _type(kind: Any) -> DataType | Array | None:
    name = type(kind).__name__
    if name == "VectorUDT":
        return SparkMLVector()
    if name == "ArrayType":
        inner = _type(kind.elementType)
        return None if inner is None else Array(inner)
    return _SCALARS.get(name)
