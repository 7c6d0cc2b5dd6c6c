"""A change of a single value, name, type or place changes the fingerprint; how a value lies in memory does not.

`TRACKER_MUTATIONS=100000` makes that many changes instead of a few thousand.
"""

from __future__ import annotations

import decimal
import math
import os
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tracker.fingerprints import Fingerprint, Unreadable, encoded, fingerprint

MUTATIONS = int(os.environ.get("TRACKER_MUTATIONS", 3_000))
ROWS = 40


def digest(data: Any) -> str:
    found = fingerprint(data)
    assert found is not None and found.coverage == "full", found
    return found.digest


def nan(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000 | bits))[0]


OBJECTS = [None, float("nan"), "", "1", 1, True, 1.0, b"1", 0, False, -0.0, 0.0, (1,), [1], {"a": 1}, {1}, np.int64(1),
           np.float64(1), np.int32(1), "nan", "None", pd.NA, pd.NaT, decimal.Decimal(1), 1 << 70, nan(1), 1j,
           np.datetime64(1, "s"), np.datetime64(1, "ms"), pd.Timestamp(0), pd.Timestamp(0, tz="UTC"), [[1]], (None,), ()]  # fmt: skip
FLOATS = [0.0, -0.0, math.inf, -math.inf, nan(0), nan(1), 1.0, math.nextafter(1.0, 2.0), 5e-324, 1e308]


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = ROWS
    return pd.DataFrame(
        {
            "f8": rng.normal(size=n),
            "f4": rng.normal(size=n).astype("f4"),
            "i8": rng.integers(-5, 5, n),
            "u1": rng.integers(0, 255, n).astype("u1"),
            "flag": rng.random(n) > 0.5,
            "text": [f"t{i % 7}" for i in range(n)],
            "any": pd.Series([OBJECTS[i % len(OBJECTS)] for i in range(n)], dtype=object),
            "kind": pd.Categorical([f"k{i % 3}" for i in range(n)]),
            "when": pd.date_range("2026-01-01", periods=n, freq="h"),
            "there": pd.date_range("2026-01-01", periods=n, freq="h", tz="Europe/Berlin"),
            "span": pd.to_timedelta(range(n), unit="s"),
            "Int64": pd.array([None if i % 5 == 0 else i for i in range(n)], dtype="Int64"),
            "Float64": pd.array([None if i % 5 == 0 else i / 3 for i in range(n)], dtype="Float64"),
            "boolean": pd.array([None if i % 5 == 0 else i % 2 == 0 for i in range(n)], dtype="boolean"),
            "period": pd.period_range("2026-01", periods=n, freq="M"),
            "interval": pd.interval_range(0, n),
            "nested": pd.Series([[i, {"a": [i]}] for i in range(n)], dtype=object),
            "arrow": pd.array([[i, None] for i in range(n)], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        },
        index=pd.Index([f"row {i}" for i in range(n)], name="name"),
    )


NEW_VALUES: dict[str, Callable[[random.Random], Any]] = {
    "f8": lambda r: r.choice([*FLOATS, r.random()]),
    "f4": lambda r: np.float32(r.random()),
    "i8": lambda r: r.randrange(-(1 << 63), 1 << 63),
    "u1": lambda r: r.randrange(256),
    "flag": lambda r: r.random() < 0.5,
    "text": lambda r: r.choice(["", " ", "t", "t1 ", "T1", "é", "e\u0301", "\0", "t" * r.randrange(50)]),
    "any": lambda r: r.choice(OBJECTS),
    "kind": lambda r: r.choice(["k0", "k1", "k2", None]),
    "when": lambda r: pd.Timestamp("2026-01-01") + pd.Timedelta(microseconds=r.randrange(10**9)),
    "there": lambda r: pd.Timestamp("2026-01-01", tz="Europe/Berlin") + pd.Timedelta(microseconds=r.randrange(10**9)),
    "span": lambda r: pd.Timedelta(microseconds=r.randrange(10**9)),
    "Int64": lambda r: r.choice([None, r.randrange(1 << 62)]),
    "Float64": lambda r: r.choice([None, r.random()]),
    "boolean": lambda r: r.choice([None, True, False]),
    "period": lambda r: pd.Period("2026-01", "M") + r.randrange(100),
    "interval": lambda r: pd.Interval(r.randrange(10), 10 + r.randrange(10)),
    "nested": lambda r: r.choice([[1], (1,), {"a": 1}, {"a": True}, [r.random()], [[r.randrange(99)]], None]),
    "arrow": lambda r: r.choice([[r.randrange(99)], [], None, [None], [1, None, 2]]),
}


def with_value(column: pd.Series, row: int, value: Any) -> pd.Series:
    if column.dtype != object and column.name != "arrow":
        changed = column.copy()
        changed.array[row] = value
        return changed
    values = list(column.array)
    values[row] = value
    if column.dtype == object:
        cells = np.empty(len(values), dtype=object)
        cells[:] = values
        return pd.Series(cells, index=column.index, name=column.name)
    return pd.Series(values, dtype=column.dtype, index=column.index, name=column.name)


def same_value(a: Any, b: Any) -> bool:
    """Equality as strict as ours: type and bits."""
    try:
        return encoded(a) == encoded(b)
    except Unreadable:  # pragma: no cover
        return False


def test_every_change_of_one_value_of_a_frame_is_seen() -> None:
    chance, base = random.Random(1), frame()
    columns = {name: base[name] for name in base.columns}
    original, changes = digest(base), 0
    alone = {name: digest(column) for name, column in columns.items()}
    while changes < MUTATIONS:
        name, row = chance.choice(list(columns)), chance.randrange(ROWS)
        changed = with_value(columns[name], row, NEW_VALUES[name](chance))
        before = columns[name].array[row]
        if same_value(before, changed.array[row]):
            continue
        changes += 1
        assert digest(changed) != alone[name], (name, row, before, changed.array[row])
        if changes % 50 == 0:
            copy = base.copy(deep=False)
            copy[name] = changed
            assert digest(copy) != original, (name, row, before, changed.array[row])


def test_no_two_values_look_alike() -> None:
    digests = [digest(pd.Series([value], dtype=object)) for value in OBJECTS]
    arrays = [digest(np.array([value, None], dtype=object)[:1]) for value in OBJECTS]
    floats = [digest(np.array([value])) for value in FLOATS]
    for found in (digests, arrays, floats):
        assert len(set(found)) == len(found)


def test_every_swap_rename_and_change_of_type_is_seen() -> None:
    base = frame()
    seen = {digest(base)}
    for i in range(ROWS - 1):
        order = list(range(ROWS))
        order[i], order[i + 1] = order[i + 1], order[i]
        seen.add(digest(base.iloc[order]))
    columns = list(base.columns)
    for i in range(len(columns) - 1):
        swapped = [*columns[:i], columns[i + 1], columns[i], *columns[i + 2 :]]
        seen |= {digest(base[swapped]), digest(base[columns].set_axis(swapped, axis=1))}
    changes = [
        base.rename(columns={"f8": "F8"}), base.rename(columns={"f8": 8}), base.rename(columns={"f8": "8"}),
        base.rename_axis("other"), base.rename_axis("x", axis=1), base.reset_index(), base.reset_index(drop=True),
        base.set_axis(range(1, ROWS + 1)), base.astype({"f8": "f4"}), base.astype({"i8": "i4"}), base.astype({"i8": "f8"}),
        base.astype({"i8": "Int64"}), base.astype({"i8": object}), base.astype({"text": object}),
        base.astype({"text": "category"}), base.astype({"kind": object}), base.astype({"flag": "i8"}),
        base.assign(kind=base["kind"].cat.as_ordered()), base.assign(kind=base["kind"].cat.add_categories("new")),
        base.assign(there=base["there"].dt.tz_convert("UTC")), base.assign(there=base["there"].dt.tz_localize(None)),
        base.assign(when=base["when"].dt.as_unit("ns")), base.iloc[:-1], base.iloc[1:], base.iloc[:, 1:],
        base.assign(more=1), base.assign(interval=pd.interval_range(0, ROWS, closed="left")), base.iloc[:0],
        base.assign(period=base["period"].dt.asfreq("D")), base.set_index("i8"), base.set_index(["i8", "u1"]),
    ]  # fmt: skip
    seen |= {digest(one) for one in changes}
    assert len(seen) == 1 + (ROWS - 1) + 2 * (len(columns) - 1) + len(changes)


ARRAYS: dict[str, Callable[[], np.ndarray]] = {
    "float": lambda: np.arange(24.0).reshape(4, 6),
    "int": lambda: np.arange(24).reshape(4, 6),
    "complex": lambda: np.arange(6) * (1 + 2j),
    "bool": lambda: np.arange(9) % 2 == 0,
    "longdouble": lambda: np.arange(9, dtype=np.longdouble),
    "text": lambda: np.array(["a", "b", "a "]),
    "bytes": lambda: np.array([b"a", b"b"]),
    "variable text": lambda: np.array(["a", "bb", ""], dtype=np.dtypes.StringDType()),
    "time": lambda: np.arange(5).astype("M8[us]"),
    "record": lambda: np.array([(1, 2.0, "x"), (2, 3.0, "y")], dtype=[("a", "i1"), ("b", "f8"), ("c", "U3")]),
    "objects": lambda: np.array([1, "1", None, True, 1.0], dtype=object),
    "masked": lambda: np.ma.masked_array(np.arange(6), [0, 1, 0, 0, 1, 0]),
    "single": lambda: np.array(3.0),
    "empty": lambda: np.empty((0, 3)),
}


def test_arrays_of_every_type_differ_and_agree_with_their_copies() -> None:
    made = {name: digest(make()) for name, make in ARRAYS.items()}
    assert len(set(made.values())) == len(made)
    assert made == {name: digest(make().copy(order="F")) for name, make in ARRAYS.items()}


def test_bits_of_arrays_and_how_they_are_read() -> None:
    base = np.arange(24.0).reshape(4, 6)
    others = [
        base.astype("f4"), base.astype(">f8"), base.astype("i8"), base.reshape(6, 4), base.reshape(24), base[::-1],
        base[:, ::-1], base.T, base.view("i8"), base.view("M8[s]"), base.view("M8[ms]"), base[None], base[..., None],
    ]  # fmt: skip
    for position in range(24):
        for bit in range(64):
            changed = base.copy()
            changed.view("u8").reshape(-1)[position] ^= np.uint64(1 << bit)
            others.append(changed)
    seen = {digest(one) for one in others}
    assert len(seen) == len(others) and digest(base) not in seen
    big = np.arange(600_000.0).reshape(1000, 600)
    for same in (np.asfortranarray(big), np.repeat(big, 2, axis=1)[:, ::2], np.concatenate([big, big])[:1000]):
        assert digest(same) == digest(big)
    assert digest(np.asfortranarray(big)[None]) == digest(big[None])


def test_long_doubles_without_their_padding() -> None:
    base = np.arange(4, dtype=np.longdouble)
    if base.itemsize != 16 or np.finfo(np.longdouble).nmant != 63:
        pytest.skip("no x87 long doubles here")
    dirty = base.copy()
    dirty.view("u1").reshape(4, 16)[:, 10:] = 7
    assert (dirty == base).all() and digest(dirty) == digest(base)


def test_what_lies_under_a_mask_is_no_content() -> None:
    mask = [0, 1, 0]
    assert digest(np.ma.masked_array([1, 2, 3], mask)) == digest(np.ma.masked_array([1, 9, 3], mask))
    assert digest(np.ma.masked_array([1, 2, 3], mask)) != digest(np.ma.masked_array([1, 2, 3], [0, 0, 0]))


def test_wide_and_strided_frames_as_their_copies() -> None:
    values = np.arange(200_000.0).reshape(40_000, 5)
    across, along = pd.DataFrame(values), pd.DataFrame({i: values[:, i].copy() for i in range(5)})
    assert digest(across) == digest(along) == digest(across.copy())
    along.iloc[39_999, 4] += 1
    assert digest(across) != digest(along)


# -- Arrow and Polars


def columns() -> dict[str, pa.Array]:
    return {
        "int": pa.array([1, None, 3, 4, 5]),
        "float": pa.array([1.0, math.nan, None, -0.0, 0.0]),
        "bool": pa.array([True, None, False, True, True]),
        "text": pa.array(["a", None, "", "abc", "b"]),
        "binary": pa.array([b"a", None, b"", b"abc", b"b"]),
        "view": pa.array(["a", None, "", "a longer text than twelve", "b"], pa.string_view()),
        "list": pa.array([[1, 2], None, [], [None], [3]]),
        "fixed": pa.array([[1, 2], None, [3, None], [5, 6], [7, 8]], pa.list_(pa.int64(), 2)),
        "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": ""}, {"a": 2, "b": "y"}, {"a": 3, "b": "z"}]),
        "deep": pa.array([[{"a": [1]}], None, [{"a": None}, None], [], [{"a": [2, None]}]]),
        "dictionary": pa.array(["u", "v", None, "u", "v"]).dictionary_encode(),
        "decimal": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("2.20")] + [decimal.Decimal("3.30")] * 2),
        "time": pa.array([1, 2, None, 4, 5], pa.timestamp("us", "UTC")),
        "map": pa.array([[("k", 1)], None, [], [("l", None)], [("k", 2)]], pa.map_(pa.string(), pa.int64())),
        "null": pa.nulls(5),
    }  # fmt: skip


def test_arrow_cut_into_any_chunks_is_the_same() -> None:
    table = pa.table(columns())
    whole = digest(table)
    for cut in range(1, 5):
        pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
        assert digest(pieces) == whole, cut
    assert digest(pa.concat_tables([table.slice(2), table]).slice(3)) == whole
    found = fingerprint(pa.concat_tables([table.slice(2), table]).slice(3))
    assert found is not None and [c.name for c in found.columns] == list(columns())


def test_every_change_of_an_arrow_value_is_seen() -> None:
    seen: list[str] = []
    for name, column in columns().items():
        made = [digest(pa.table({name: column})), digest(pa.table({name + "_": column}))]
        values = column.to_pylist()
        for i, j in ((0, 1), (1, 2), (2, 3), (3, 4)):
            changed = list(values)
            changed[i], changed[j] = changed[j], changed[i]
            if column.type != pa.null() and repr(changed) != repr(values):
                again = pa.array(changed, column.type)
                made += [digest(pa.table({name: again}))]
        for i in range(5):
            if values[i] is not None:
                gone = pa.array([None if k == i else v for k, v in enumerate(values)], column.type)
                made.append(digest(pa.table({name: gone})))
        seen += made
    assert len(set(seen)) == len(seen)
    one = {
        digest(pa.table({"x": c})) for c in (pa.array([1]), pa.array([1], pa.int32()), pa.array([1.0]), pa.array(["1"]))
    }
    assert len(one) == 4


def test_arrow_is_read_once_only_where_nothing_can_change_it() -> None:
    with pa.BufferOutputStream() as sink:
        with pa.ipc.new_stream(sink, pa.schema([("x", pa.int64())])) as writer:
            writer.write_table(pa.table({"x": np.arange(10)}))
        constant = pa.ipc.open_stream(pa.py_buffer(sink.getvalue().to_pybytes())).read_all()
    assert fingerprint(constant) is fingerprint(constant)
    beneath = np.arange(10)
    over = pa.table({"x": beneath})
    assert digest(over) == digest(constant)
    beneath[3] = 99
    assert digest(over) != digest(constant)


def test_polars() -> None:
    pl = pytest.importorskip("polars")
    base = pl.DataFrame(
        {"a": [1, None, 3], "b": ["x", "", None], "c": [[1], [], None], "d": [1.0, float("nan"), -0.0]},
        schema_overrides={"a": pl.Int32},
    )
    others = [
        base.with_columns(a=pl.Series([1, None, 4], dtype=pl.Int32)), base.rename({"a": "A"}), base.reverse(), base[:2],
        base.with_columns(pl.col("a").cast(pl.Int64)), base.select("b", "a", "c", "d"), base.with_columns(pl.col("b").fill_null("")),
        base.with_columns(pl.col("d").abs()), base.with_columns(pl.col("b").cast(pl.Categorical)),
        base.with_columns(e=pl.Series([object(), 1, 2], dtype=pl.Object)).drop("e").with_columns(e=1),
    ]  # fmt: skip
    assert len({digest(one) for one in [base, *others]}) == 1 + len(others)
    assert digest(base.clone()) == digest(base) == digest(pl.concat([base[:1], base[1:]], rechunk=False))
    series = base["a"]
    assert digest(series) != digest(series.rename("z"))
    changing = base.clone()
    before = digest(changing)
    changing[0, "a"] = 9
    assert digest(changing) != before


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    base = torch.arange(24.0).reshape(4, 6)
    changed = base.clone()
    changed[3, 5] = math.nextafter(23.0, 24.0) + 1e-5
    others = [changed, base.T, base.double(), base.bfloat16(), base.half(), base.int(), base.reshape(6, 4), base.to_sparse(),
              base.to_sparse_csr(), base > 3, base * 1j, -base]  # fmt: skip
    assert len({digest(one) for one in [base, *others]}) == 1 + len(others)
    assert digest(base.T.contiguous()) == digest(base.T) and digest(base.clone().requires_grad_()) == digest(base)
    large = torch.arange(1_000_000.0).reshape(1000, 1000)
    assert digest(large.T) == digest(large.T.contiguous())
    assert digest(large[None].mT) == digest(large[None].mT.contiguous())
    found = fingerprint(torch.empty(3, device="meta"))
    assert found is not None and found.coverage == "unread" and "meta" in found.why


# -- bounds, and what is no dataset


def test_beyond_the_bound_a_sample_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pd.DataFrame({"x": np.arange(300_000), "y": np.arange(300_000) / 7})
    whole = fingerprint(data)
    monkeypatch.setenv("TRACKER_FINGERPRINT_BYTES", "1000000")
    for big in (data, data["x"], data.to_numpy(), pa.Table.from_pandas(data), np.asfortranarray(data.to_numpy())):
        found = fingerprint(big)
        assert (
            isinstance(found, Fingerprint) and found.coverage == "sampled" and "TRACKER_FINGERPRINT_BYTES" in found.why
        )
        assert found.rows == 300_000
    sampled = fingerprint(data)
    assert whole and sampled and whole.digest != sampled.digest and sampled.digest == digest_of(data.copy())
    longer = pd.concat([data, data.tail(1)])
    assert digest_of(longer) != sampled.digest
    ends = data.copy()
    ends.iloc[-1, 0] = -1
    assert digest_of(ends) != sampled.digest


def digest_of(data: Any) -> str:
    found = fingerprint(data)
    assert found is not None
    return found.digest


def test_what_is_no_dataset_and_what_cannot_be_read() -> None:
    class Own:
        pass

    for value in (1, "a", [1, 2], {"a": 1}, None, Own(), np.float64(1), Own):
        assert fingerprint(value) is None
    found = fingerprint(pd.DataFrame({"a": [1], "b": pd.Series([Own()], dtype=object)}))
    assert found is not None and found.coverage == "unread" and "'b'" in found.why and "Own" in found.why
    assert found.columns[0].digest == fingerprint(pd.DataFrame({"a": [1]})).columns[0].digest  # type: ignore[union-attr]


def test_it_reads_a_gigabyte_a_second() -> None:
    import time

    data = pd.DataFrame(np.random.default_rng(0).normal(size=(1_000_000, 16)))
    seconds = []
    for _ in range(3):
        start = time.thread_time()
        digest(data)
        seconds.append(time.thread_time() - start)
    assert data.to_numpy().nbytes / min(seconds) >= 1e9
