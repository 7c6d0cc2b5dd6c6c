"""Content that libraries hold in unusual ways: told apart where it differs, and equal where only its form does."""

from __future__ import annotations

import collections
import datetime
import enum
import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tracker.fingerprints import fingerprint


def digest(data: Any) -> str:
    found = fingerprint(data)
    assert found is not None and found.coverage == "full", found
    return found.digest


def all_differ(*values: Any) -> bool:
    return len({digest(value) for value in values}) == len(values)


def all_agree(*values: Any) -> bool:
    return len({digest(value) for value in values}) == 1


class Bits(enum.IntFlag):
    ONE = 1


class Name(str):
    def __str__(self) -> str:
        return "each the same"


class Own(np.ndarray):
    unit: str


def own(unit: str) -> Own:
    made = np.eye(2).view(Own)
    made.unit = unit
    return made


OBJECTS = [
    pd.Timestamp(0), pd.Timestamp(0).as_unit("s"), pd.Timedelta(1000), pd.Timedelta(1000).as_unit("us"), Name("a"),
    Name("b"), Bits(8), Bits(0), pathlib.Path("\udcff"), pathlib.Path("\udcfe"), collections.deque([1]),
    collections.deque([1], 2), slice(np.arange(5_000)), slice(np.arange(5_000) + (np.arange(5_000) == 2_500)),
    memoryview(b"\1\0\0\0"), memoryview(b"\1\0\0\0").cast("i"), [1, 2], [1, 2.0], (1, 2), [1, [2]],
    datetime.datetime(2026, 1, 1), datetime.date(2026, 1, 1),
]  # fmt: skip


def test_objects_by_their_own_content() -> None:
    assert all_differ(*(pd.Series([value, None], dtype=object) for value in OBJECTS))


def test_what_a_class_adds_to_an_array() -> None:
    masked = np.ma.masked_array([1, 2, 3], [0, 1, 0])
    filled = np.ma.masked_array([1, 2, 3], [0, 1, 0], fill_value=7)
    assert all_differ(np.eye(2), np.matrix(np.eye(2)), own("m"), own("km"), masked, filled)
    overlapping = np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 0]})
    assert all_differ(np.zeros(3, overlapping), np.ones(3, np.int32).view(overlapping))


def test_what_a_frame_tells_beside_its_values() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    metres, strict = frame.copy(), frame.copy().set_flags(allows_duplicate_labels=False)
    metres.attrs["unit"] = "m"
    assert all_differ(frame, metres, strict)
    levels = (pd.MultiIndex(levels=[[1, 2]], codes=[[0, -1]]), pd.MultiIndex(levels=[[1.0, 2.0]], codes=[[0, -1]]))
    assert all_differ(*(pd.Series([1, 2], index=index) for index in levels))
    assert all_differ(pd.Categorical(["a"]), pd.Categorical(["b"]), pd.array([1, None], dtype="Int64"))
    assert all_differ(*(pd.Series([text], dtype="string[python]") for text in ("\ud800", "\udc00", "?")))
    assert all_differ(pd.Series(pd.arrays.SparseArray([0, 1])), pd.Series(pd.arrays.SparseArray([1, 0])))


def test_ranges_and_options_do_not_count() -> None:
    values = [1, 2, 3]
    ranges = (pd.RangeIndex(0, 6, 2), pd.RangeIndex(0, 5, 2), pd.Index([0, 2, 4]))
    assert all_agree(*(pd.Series(values, index=index) for index in ranges))
    assert all_differ(*(pd.Series(values, index=pd.Index(labels)) for labels in ([0, 1, 3], [0, 1, 2], [1, 1, 1])))
    kind = pd.Series(pd.Categorical(["c0"], categories=[f"c{i}" for i in range(300)]))
    whole = digest(kind)
    with pd.option_context("display.max_seq_items", 3, "display.width", 30):
        assert digest(kind) == whole


def test_arrow_types_that_hold_others() -> None:
    def union(codes: list[int], offsets: list[int]) -> pa.Array:
        children = [pa.array([1, 2, 3]), pa.array([1, 2, 3], pa.int32())]
        return pa.UnionArray.from_dense(pa.array(codes, pa.int8()), pa.array(offsets, pa.int32()), children)

    first = union([0, 0, 1], [0, 1, 2])
    assert all_differ(first, union([0, 1, 0], [0, 1, 2]), union([0, 0, 0], [0, 1, 2]))
    assert all_agree(pa.chunked_array([first]), pa.chunked_array([first[:1], first[1:]]))
    ends = pc.run_end_encode(pa.array([1, 1, 2]))
    assert all_agree(pa.chunked_array([ends]), pa.chunked_array([ends[:1], ends[1:]]))
    fine = [pa.array([[("a", n)], None, []], pa.map_(pa.string(), pa.time64("ns"))) for n in (1, 2)]
    assert all_differ(*fine) and all_agree(pa.chunked_array([fine[0]]), pa.chunked_array([fine[0][:1], fine[0][1:]]))
    twins = [pa.StructArray.from_arrays([pa.array(a), pa.array(b)], ["x", "x"]) for a, b in (([1, 2], [3, 4]), ([1, 3], [2, 4]))]  # fmt: skip
    assert all_differ(pa.chunked_array([twins[0]]), pa.chunked_array([twins[1][:1], twins[1][1:]]))
    for kind in (pa.string(), pa.list_(pa.int64()), pa.int64()):
        assert all_agree(pa.chunked_array([], kind), pa.chunked_array([pa.array([], kind)]))


def test_maps_in_maps_in_any_chunks() -> None:
    inner = pa.struct([("m", pa.map_(pa.string(), pa.int64())), ("l", pa.list_(pa.string()))])
    kind = pa.map_(pa.string(), pa.list_(inner))
    rows = [[("a", [{"m": [("x", i), ("y", None)], "l": ["u"] * i}, None])] if i % 3 else None for i in range(9)]
    whole = pa.array(rows, kind)
    pieces = pa.chunked_array([whole[:2], whole[2:5], whole[5:]])
    assert all_agree(pa.chunked_array([whole]), pieces, pa.chunked_array([whole[i : i + 1] for i in range(9)]))
    assert all_differ(whole, whole[1:], pa.array([*rows[:-1], None], kind))


def test_what_arrow_tells_beside_values() -> None:
    def made(indices: list[int], entries: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(entries))

    two = made([0, 1, 0], ["a", "b"])
    assert all_differ(two, made([1, 0, 1], ["b", "a"]), made([0, 1, 0], ["a", "b", "c"]))
    assert all_agree(pa.chunked_array([two]), pa.chunked_array([two[:1], two[1:]]))
    table = pa.table({"x": [1]})
    named = [table.cast(pa.schema([pa.field("x", pa.int64(), metadata={"unit": unit})])) for unit in ("m", "km")]
    assert all_differ(table, *named)


def test_polars_types_that_arrow_has_not() -> None:
    pl = pytest.importorskip("polars")
    assert all_differ(*(pl.Series([number, None], dtype=pl.Int128) for number in (1, 2, 1 << 100)))
    before = digest(pl.Series(["z", "a"], dtype=pl.Categorical))
    _others = pl.Series([f"q{i}" for i in range(50)], dtype=pl.Categorical)
    assert digest(pl.Series(["z", "a"], dtype=pl.Categorical)) == before


def test_sparse_matrices_of_every_form() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    base = np.diag([1.0, 2.0, 3.0])
    moved, changed = base[::-1].copy(), base + np.diag([0.0, 0.0, 1.0])
    for form in ("csr", "csc", "coo", "bsr", "lil", "dok", "dia"):
        kind = getattr(sparse, f"{form}_array")
        assert all_differ(kind(base), kind(moved), kind(changed)), form
    lists = sparse.csr_array(base)
    spare = sparse.csr_array((np.r_[lists.data, 7.0], np.r_[lists.indices, 0], lists.indptr), shape=lists.shape)
    wide = sparse.csr_array(lists)
    wide.indices = wide.indices.astype("i8")
    assert all_agree(lists, spare, wide)


@pytest.mark.filterwarnings("ignore")
def test_tensors_of_every_layout() -> None:
    torch = pytest.importorskip("torch")
    ints = torch.zeros(400, dtype=torch.uint8)
    quantized = [torch._make_per_tensor_quantized_tensor(ints, scale, zero) for scale, zero in ((0.1, 0), (0.2, 0), (0.1, 1))]  # fmt: skip
    assert all_differ(*quantized)
    base = torch.eye(4)
    assert all_differ(base, base.to_sparse_bsr((2, 2)), base.to_sparse_bsc((2, 2)), (base * 2).to_sparse_bsr((2, 2)))
    nested = [torch.nested.nested_tensor([torch.ones(a), torch.ones(b)]) for a, b in ((2, 3), (3, 2))]
    assert all_differ(*nested)

    class Loud(torch.Tensor):  # type: ignore[misc]
        @classmethod
        def __torch_function__(cls, *args: Any, **named: Any) -> Any:
            raise RuntimeError("the class was asked")

    assert all_differ(base, base.as_subclass(Loud))
