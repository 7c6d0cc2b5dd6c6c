"""MLflow's scoring payloads: what each becomes under a signature, and what is told of a mistake."""

from __future__ import annotations

import base64
import datetime
import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tracker.exceptions import InvalidValue
from tracker.models.serving import payloads
from tracker.models.serving.payloads import CSV, JSON, PARQUET, UnknownType
from tracker.types import ColSpec, Schema, TensorSpec
from tracker.types.checks import checked_input


def taken(body: Any, schema: Schema | None, content_type: str = JSON) -> Any:
    """What a model with this signature is given."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    data = payloads.read(text, content_type, schema).data
    return data if schema is None else checked_input(data, schema)


TWO = Schema([ColSpec("double", "a"), ColSpec("long", "b")])
ROWS = pd.DataFrame({"a": [1.5, 2.0], "b": [1, 2]})


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, 1], [2, 2]]}},
        {"dataframe_split": {"columns": ["b", "a"], "index": [0, 1], "data": [[1, 1.5], [2, 2.0]]}},
        {"dataframe_records": [{"a": 1.5, "b": 1}, {"a": 2, "b": 2.0}]},
        {"instances": [{"a": 1.5, "b": 1}, {"a": 2, "b": 2}]},
        {"instances": [[1.5, 1], [2, 2]]},
        {"inputs": {"a": [1.5, 2], "b": [1, 2]}, "params": None},
        {"inputs": [{"a": 1.5, "b": 1}, {"a": 2, "b": 2}]},
    ],
)
def test_every_form_is_the_same_table(body: dict[str, Any]) -> None:
    pd.testing.assert_frame_equal(taken(body, TWO), ROWS)


def test_csv_and_parquet_are_the_same_table() -> None:
    pd.testing.assert_frame_equal(taken(ROWS.to_csv(index=False).encode(), TWO, "text/csv; charset=UTF-8"), ROWS)
    file = io.BytesIO()
    ROWS.to_parquet(file)
    pd.testing.assert_frame_equal(taken(file.getvalue(), TWO, PARQUET), ROWS)


def test_json_numbers_take_the_type_of_their_column() -> None:
    schema = Schema([ColSpec(kind, kind) for kind in ("integer", "long", "float", "double", "boolean", "string")])
    row = {"integer": 1, "long": 2**60, "float": 0.1, "double": 3, "boolean": True, "string": "007"}
    table = taken({"dataframe_records": [row]}, schema)
    assert [str(kind) for kind in table.dtypes][:5] == ["int32", "int64", "float32", "float64", "bool"]
    assert table["string"][0] == "007"
    csv = pd.DataFrame([row]).to_csv(index=False).encode()
    pd.testing.assert_frame_equal(taken(csv, schema, CSV), table, check_dtype=False)


def test_missing_numbers() -> None:
    schema = Schema([ColSpec("double", "x")])
    for body in (b'{"inputs": {"x": [1.0, NaN]}}', b'{"dataframe_split": {"columns": ["x"], "data": [[1.0], [null]]}}'):
        table = taken(body, schema)
        assert table["x"][0] == 1.0
        assert math.isnan(table["x"][1])
    assert math.isnan(taken({"dataframe_records": [{"x": None}]}, schema)["x"][0])


def test_dates_and_bytes() -> None:
    schema = Schema([ColSpec("datetime", "day"), ColSpec("binary", "raw")])
    text = base64.b64encode(b"\x00\xff").decode()
    noon = pd.Timestamp("2026-01-31 12:00")
    for day in ("2026-01-31T12:00:00", int(noon.timestamp() * 1000)):
        table = taken({"dataframe_records": [{"day": day, "raw": text}]}, schema)
        assert (table["day"][0], table["raw"][0]) == (noon, b"\x00\xff")
    with pytest.raises(InvalidValue, match=r"'raw'.*base64"):
        taken({"inputs": {"day": ["2026-01-31"], "raw": ["%%"]}}, schema)


def test_tensors() -> None:
    one = Schema([TensorSpec(np.dtype("float32"), (-1, 2))])
    for form in ("inputs", "instances"):
        array = taken({form: [[1, 2], [3, 4.5]]}, one)
        assert (array.dtype, array.shape, array[1, 1]) == (np.float32, (2, 2), 4.5)
    two = Schema([TensorSpec(np.dtype("int64"), (-1,), "i"), TensorSpec(np.dtype("float64"), (-1, 2), "x")])
    for body in (
        {"inputs": {"i": [1, 2], "x": [[1, 2], [3, 4]]}},
        {"instances": [{"i": 1, "x": [1, 2]}, {"i": 2, "x": [3, 4]}]},
    ):
        arrays = taken(body, two)
        assert (arrays["i"].tolist(), arrays["x"].tolist()) == ([1, 2], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(InvalidValue):
        taken({"inputs": [[1, 2, 3]]}, one)


def test_without_a_signature_data_are_given_as_they_are() -> None:
    assert taken({"inputs": [1, 2]}, None).tolist() == [1, 2]
    assert taken({"inputs": {"a": [1]}}, None)["a"].tolist() == [1]
    assert taken({"instances": [{"a": 1}, {"a": 2}]}, None)["a"].tolist() == [1, 2]
    assert taken({"dataframe_split": {"data": [[1]]}}, None).shape == (1, 1)


def test_params_and_payloads_of_language_models() -> None:
    asked = payloads.read(b'{"inputs": [1], "params": {"t": 0.5}}', JSON, None)
    assert (asked.params, asked.bare) == ({"t": 0.5}, False)
    asked = payloads.read(b'{"messages": [{"role": "user"}], "n": 2}', JSON, None)
    assert (asked.data, asked.params, asked.bare) == ({"messages": [{"role": "user"}], "n": 2}, {}, True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[1, 2]", "got a list"),
        (b"5", "got a number"),
        (b"null", "got a null"),
        (b"{}", "exactly one of"),
        (b'{"data": [1]}', "got 'data'"),
        (b'{"inputs": [1], "instances": [1]}', "exactly one of"),
        (b'{"inputs": [1], "signature_name": "x"}', "exactly one of"),
        (b'{"dataframe_split": [1]}', "is an object with data"),
        (b'{"dataframe_split": {"columns": ["a"]}}', "is an object with data"),
        (b'{"dataframe_split": {"data": [[1]], "extra": 1}}', "it has data, extra"),
        (b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "dataframe_split cannot be read"),
        (b'{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3]]}}', "column|cannot be read|Missing|missing|taken safely"),
        (b'{"dataframe_records": {"a": 1}}', "list of objects"),
        (b'{"dataframe_records": [1]}', "list of objects"),
        (b'{"inputs": {"a": [1, 2], "b": [1]}}', "different lengths"),
        (b'{"inputs": [1, 2, 3]}', "a table of 2 columns"),
        (b'{"inputs": {"a": [1.5]}}', "'b'"),
        (b'{"inputs": {"a": ["x"], "b": [1]}}', "'a'"),
        (b'{"inputs": {"a": [1], "b": [1.5]}}', "'b'"),
        (b'{"inputs": [1], "params": [1]}', "params is a JSON object"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason) as caught:
        taken(body, TWO)
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/xml", "application/json; charset=latin-1", "application/json; x=1"]
)
def test_unknown_types_of_content(kind: str | None) -> None:
    with pytest.raises(UnknownType):
        payloads.read(b"{}", kind, None)


def test_a_table_that_is_no_table() -> None:
    for body, kind in ((b"\xff", CSV), (b'a,b\n"1', CSV), (b"", CSV), (b"PAR1 nonsense", PARQUET)):
        with pytest.raises(InvalidValue):
            payloads.read(body, kind, TWO)


@pytest.mark.parametrize(
    ("predictions", "told"),
    [
        (np.array([1, 2]), [1, 2]),
        (np.array([[0.5, 1e300]], dtype="float64"), [[0.5, 1e300]]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.float32(0.5), 0.5),
        (pd.DataFrame({"a": [1, 2], "t": pd.to_datetime(["2026-01-31", None])}),
         [{"a": 1, "t": "2026-01-31T00:00:00"}, {"a": 2, "t": None}]),
        (pd.Series([1, 2], name="y"), [{"y": 1}, {"y": 2}]),
        ({"a": np.array([1]), "b": [np.int64(2), b"\x00"]}, {"a": [1], "b": [2, "AA=="]}),
        ([datetime.date(2026, 1, 31), {1, }], ["2026-01-31", [1]]),
        ("text", "text"),
        (None, None),
    ],
)  # fmt: skip
def test_predictions_as_json(predictions: Any, told: Any) -> None:
    assert json.loads(payloads.written(predictions)) == {"predictions": told}
    assert json.loads(payloads.written(predictions, bare=True)) == told


def test_predictions_keep_every_digit() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    for array in (values, values.astype("float32")):
        assert json.loads(payloads.written(array))["predictions"] == array.tolist()


def test_what_json_cannot_say_is_a_fault_of_the_model() -> None:
    with pytest.raises(InvalidValue, match="object"):
        payloads.written(object())
