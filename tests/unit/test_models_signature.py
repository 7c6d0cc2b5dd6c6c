"""Signatures: MLflow's JSON, inference from data of every kind, and the check of inputs."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from tracker.exceptions import InvalidValue
from tracker.models import ModelSignature, infer_signature
from tracker.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from tracker.types.checks import checked_input, checked_parameters
from tracker.types.schema import AnyType, Array, Map, Object, Property

FRAME = pd.DataFrame(
    {
        "whole": [1, 2],
        "small": np.array([1, 2], dtype="int32"),
        "real": [0.5, None],
        "text": ["a", "b"],
        "yes": [True, False],
        "when": pd.to_datetime(["2024-01-01", "2025-01-01"]),
        "raw": [b"a", b"b"],
        "list": [[1.0, 2.0], [3.0]],
        "dict": [{"k": 1}, {"k": 2, "more": "x"}],
    }
)
FROM_MLFLOW = {  # as MLflow 3.17 infers it from FRAME
    "inputs": '[{"type": "long", "name": "whole", "required": true}, {"type": "integer", "name": "small", "required": true},'
    ' {"type": "double", "name": "real", "required": false}, {"type": "string", "name": "text", "required": true},'
    ' {"type": "boolean", "name": "yes", "required": true}, {"type": "datetime", "name": "when", "required": true},'
    ' {"type": "binary", "name": "raw", "required": true},'
    ' {"type": "array", "items": {"type": "double"}, "name": "list", "required": true},'
    ' {"type": "object", "properties": {"k": {"type": "long", "required": true},'
    ' "more": {"type": "string", "required": false}}, "name": "dict", "required": true}]',
    "outputs": '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]',
    "params": '[{"name": "top", "default": 3, "shape": null, "type": "long"},'
    ' {"name": "at", "default": [0.1, 0.9], "shape": [-1], "type": "double"}]',
}


def test_a_frame_has_mlflows_json() -> None:
    signature = infer_signature(FRAME, np.array([1, 2]), {"top": 3, "at": [0.1, 0.9]})
    told = signature.to_dict()
    assert {name: json.loads(text) for name, text in told.items()} == {
        name: json.loads(text) for name, text in FROM_MLFLOW.items()
    }
    assert ModelSignature.from_dict(FROM_MLFLOW) == signature


@pytest.mark.parametrize(
    "data, expected",
    [
        (np.zeros((3, 2), "float32"), Schema([TensorSpec(np.dtype("float32"), (-1, 2))])),
        (np.array(["a", "bc"]), Schema([TensorSpec(np.dtype("str"), (-1,))])),
        ({"x": np.zeros((3, 2)), "y": np.zeros(3)}, Schema([TensorSpec(np.dtype("float64"), (-1, 2), "x"), TensorSpec(np.dtype("float64"), (-1,), "y")])),
        ([1, 2], Schema([ColSpec("long")])),
        ("text", Schema([ColSpec("string")])),
        (["a", None], Schema([ColSpec("string")])),
        ([{"a": 1, "b": None}, {"a": 2, "b": "x"}], Schema([ColSpec("long", "a"), ColSpec("string", "b", False)])),
        ({"a": [1, 2], "b": "x"}, Schema([ColSpec(Array("long"), "a"), ColSpec("string", "b")])),
        (datetime.datetime(2024, 1, 1), Schema([ColSpec("datetime")])),
        (polars.DataFrame({"a": [1], "b": ["x"]}), Schema([ColSpec("long", "a"), ColSpec("string", "b")])),
        (pyarrow.table({"a": [1.5], "b": [True]}), Schema([ColSpec("double", "a"), ColSpec("boolean", "b")])),
        (pd.Series([1.5], name="s"), Schema([ColSpec("double", "s")])),
        ([[]], Schema([ColSpec(AnyType())])),
    ],
)  # fmt: skip
def test_every_kind_of_data_has_a_schema(data: Any, expected: Schema) -> None:
    assert infer_signature(data).inputs == expected
    assert Schema.from_json(expected.to_json()) == expected


def test_sparse_matrices_are_tensors() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix(np.eye(3))
    schema = infer_signature(matrix).inputs
    assert schema == Schema([TensorSpec(np.dtype("float64"), (-1, 3))])
    assert checked_input(matrix, schema) is matrix


@pytest.mark.parametrize("data", [[1, "a"], {1: [2]}, object(), np.array([1], dtype="complex128").tolist()])
def test_what_has_no_schema_says_why(data: Any) -> None:
    with pytest.raises(InvalidValue):
        infer_signature(data)


# -- checks


def test_what_fits_is_given_in_the_schemas_order() -> None:
    schema = infer_signature(FRAME).inputs
    got = checked_input(FRAME[list(FRAME.columns[::-1])], schema)
    assert list(got.columns) == list(FRAME.columns)
    rows = checked_input(FRAME.to_dict("records"), schema)
    assert rows["list"].tolist() == FRAME["list"].tolist()


def test_rows_without_names_take_the_schemas() -> None:
    schema = Schema([ColSpec("double", "a"), ColSpec("double", "b")])
    for data in ([[1.0, 2.0]], np.array([[1.0, 2.0]])):
        assert checked_input(data, schema).to_dict("records") == [{"a": 1.0, "b": 2.0}]
    assert checked_input({"a": 1.0, "b": 2.0}, schema).shape == (1, 2)


@pytest.mark.parametrize(
    "column, values",
    [
        ("small", ["x", "y"]),
        ("small", [2**40, 1]),
        ("whole", [1.5, 2.5]),
        ("whole", [1.0, None]),
        ("text", [1, 2]),
        ("yes", [1, 0]),
        ("when", ["soon", "later"]),
        ("when", pd.to_datetime(["2024-01-01", "2024-01-02"], utc=True)),
        ("raw", ["a", "b"]),
        ("list", [["x"], ["y"]]),
        ("dict", [{"k": "x"}, {"k": 1}]),
        ("dict", [{"more": "x"}, {"k": 1}]),
        ("dict", [{"k": 1, "unknown": 1}, {"k": 1}]),
    ],
)
def test_a_wrong_type_names_the_column(column: str, values: Any) -> None:
    schema = infer_signature(FRAME).inputs
    with pytest.raises(InvalidValue, match=f"olumn '{column}'"):
        checked_input(FRAME.assign(**{column: values}), schema)


@pytest.mark.parametrize(
    "kind, values, expected",
    [
        ("double", np.array([1, 2], "int32"), [1.0, 2.0]),
        ("double", [1, 2], [1.0, 2.0]),
        ("double", np.array([0.5], "float32"), [0.5]),
        ("long", np.array([1], "int8"), [1]),
        ("long", np.array([1], "uint32"), [1]),
        ("datetime", ["2024-01-01T00:00:00"], [pd.Timestamp("2024-01-01")]),
        ("datetime", [datetime.date(2024, 1, 1)], [pd.Timestamp("2024-01-01")]),
        ("boolean", [True], [True]),
    ],
)
def test_safe_widening(kind: str, values: Any, expected: Any) -> None:
    got = checked_input(pd.DataFrame({"x": values}), Schema([ColSpec(kind, "x")]))
    assert got["x"].tolist() == expected
    if kind != "datetime":
        assert got["x"].dtype == DataType[kind].to_numpy()


def test_a_whole_number_that_a_double_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidValue, match="'x'"):
        checked_input(pd.DataFrame({"x": [2**53 + 1]}), Schema([ColSpec("double", "x")]))


def test_missing_and_extra_columns() -> None:
    schema = Schema([ColSpec("long", "a"), ColSpec("long", "b"), ColSpec("long", "c", required=False)])
    with pytest.raises(InvalidValue, match=r"'b'.*does not know: 'z'"):
        checked_input(pd.DataFrame({"a": [1], "z": [1]}), schema)
    with pytest.warns(UserWarning, match="left out: 'z'"):
        got = checked_input(pd.DataFrame({"b": [1], "z": [1], "a": [1]}), schema)
    assert list(got.columns) == ["a", "b"]


def test_missing_integers_get_a_hint() -> None:
    with pytest.raises(InvalidValue, match="declare the column as double"):
        checked_input(pd.DataFrame({"a": [1, None]}), Schema([ColSpec("long", "a")]))


def test_tensors() -> None:
    schema = Schema([TensorSpec(np.dtype("float32"), (-1, 2))])
    assert checked_input([[1, 2]], schema).dtype == np.float32
    assert checked_input(pd.DataFrame([[1.0, 2.0]]), schema).dtype == np.float32
    for data, reason in ((np.zeros((2, 3), "float32"), "Shape"), (np.zeros((2, 2)), "float64"), ({"a": [1]}, "dict")):
        with pytest.raises(InvalidValue, match=reason):
            checked_input(data, schema)
    named = Schema([TensorSpec(np.dtype("int64"), (-1,), "x"), TensorSpec(np.dtype("int64"), (-1,), "y")])
    with pytest.raises(InvalidValue, match="'y'"):
        checked_input({"x": np.array([1])}, named)


def test_parameters() -> None:
    schema = ParamSchema(
        [ParamSpec("t", "double", 0.5), ParamSpec("k", "long", [1], (-1,)), ParamSpec("day", "datetime", "2024-01-01")]
    )
    assert ParamSchema.from_json(schema.to_json()) == schema
    assert checked_parameters({"t": 1}, schema)["t"] == 1.0
    assert checked_parameters(None, schema)["k"] == [1]
    with pytest.raises(InvalidValue, match="'k'"):
        checked_parameters({"k": "a"}, schema)
    with pytest.raises(InvalidValue, match="'t'"):
        checked_parameters({"t": "warm"}, schema)
    with pytest.warns(UserWarning, match="unknown"):
        assert "unknown" not in checked_parameters({"unknown": 1}, schema)


def test_bad_schemas() -> None:
    for make in (
        lambda: Schema([ColSpec("long", "a"), ColSpec("long", "a")]),
        lambda: Schema([ColSpec("long", "a"), ColSpec("long")]),
        lambda: Schema([ColSpec("long", required=False)]),
        lambda: Schema([ColSpec("long"), TensorSpec(np.dtype("int8"), (-1,))]),
        lambda: ColSpec("number"),
        lambda: Object([]),
        lambda: Schema.from_json('[{"type": "object"}]'),
        lambda: Schema.from_json("{"),
        lambda: Schema.from_json("[1]"),
        lambda: ParamSpec("p", "binary", b""),
    ):
        with pytest.raises(InvalidValue):
            make()


def test_nested_types_read_back() -> None:
    kind = Object([Property("m", Map(Array("float"))), Property("any", AnyType(), False)])
    schema = Schema([ColSpec(kind, "x")])
    assert Schema.from_json(schema.to_json()) == schema
    got = checked_input([{"x": {"m": {"k": [1, 2]}}}], schema)
    assert got["x"][0]["m"]["k"] == [1.0, 2.0]
