"""The run table: columns and their types, views, pages, and bad input."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tracker.exceptions import FilterError, InvalidValue, NotFound
from tracker.query import frames, reader
from tracker.query.table import count_runs, run_table
from tracker.store import Store, events, open_store

ATTRIBUTES = [
    "run_id", "name", "status", "experiment", "start_time", "end_time", "duration", "parent_run_id", "user", "note", "star",
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / ".tracker")


def add(
    store: Store,
    run: str,
    experiment: str = "iris",
    params: dict[str, Any] | None = None,
    metrics: dict[str, float] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    identifier = store.ensure_experiment(experiment)
    lines = [events.event("run", r=run, x=identifier, v={}, t=store.clock())]
    lines += [events.event("param", r=run, k=k, v=v, t=store.clock()) for k, v in (params or {}).items()]
    lines += [events.event("tag", r=run, k=k, v=v, t=store.clock()) for k, v in (tags or {}).items()]
    for key, value in (metrics or {}).items():
        lines.append(events.metric_line(events.metric_prefix(run, key), value, 0, store.clock()))
    store.append(b"".join(lines))


def ids(table: pa.Table) -> list[str]:
    return table.column("run_id").to_pylist()


def test_empty_store_has_the_attribute_columns(store: Store) -> None:
    table = run_table(reader(store))
    assert table.num_rows == 0 and table.column_names == ATTRIBUTES
    assert table.schema.field("start_time").type == pa.timestamp("us", "UTC")
    assert table.schema.field("star").type == pa.bool_()
    assert frames.runs(store).empty


def test_columns_in_order_with_nulls_where_a_run_lacks_them(store: Store) -> None:
    add(
        store,
        "a",
        params={"b": 1, "a": 2},
        metrics={"acc": 0.5},
        tags={"team": "x", "mlflow.user": "ada", "tracker.star": "true"},
    )
    add(store, "b", params={"c": 3}, metrics={"loss": math.nan})
    table = run_table(reader(store), order_by="run_id")
    assert table.column_names == [
        *ATTRIBUTES,
        "params.a",
        "params.b",
        "params.c",
        "metrics.acc",
        "metrics.loss",
        "tags.team",
    ]
    assert table.column("params.a").to_pylist() == [2, None]
    assert table.column("params.c").to_pylist() == [None, 3]
    assert table.column("metrics.acc").to_pylist() == [0.5, None]
    loss = table.column("metrics.loss").to_pylist()
    assert loss[0] is None and math.isnan(loss[1])
    assert table.column("star").to_pylist() == [True, False] and table.column("user").to_pylist() == ["ada", None]


def test_tags_of_the_tools_come_only_when_asked(store: Store) -> None:
    add(store, "a", tags={"mlflow.user": "ada", "tracker.star": "true", "mine": "x"})
    assert [n for n in run_table(reader(store)).column_names if n.startswith("tags.")] == ["tags.mine"]
    asked = run_table(reader(store), all_tags=True).column_names
    assert [n for n in asked if n.startswith("tags.")] == ["tags.mine", "tags.mlflow.user", "tags.tracker.star"]


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ([1, -2], pa.int64(), [1, -2]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([1.0, math.inf], pa.float64(), [1.0, math.inf]),
        ([3, -math.inf], pa.float64(), [3.0, -math.inf]),
        ([2**63 + 1, 1], pa.float64(), [2.0**63, 1.0]),
        ([True, False], pa.bool_(), [True, False]),
        ([True, 1], pa.string(), ["true", "1"]),
        (["a", 1.5], pa.string(), ["a", "1.5"]),
        (["1", "2"], pa.string(), ["1", "2"]),
        (["NaN", "x"], pa.string(), ["NaN", "x"]),
        ([[1, 2], {"a": None}], pa.string(), ["[1,2]", '{"a":null}']),
        ([None, 5], pa.int64(), [None, 5]),
    ],
)
def test_a_parameters_column_has_the_narrowest_type(
    store: Store, values: list[Any], kind: Any, held: list[Any]
) -> None:
    for place, value in enumerate(values):
        add(store, f"r{place}", params={"p": value})
    column = run_table(reader(store), order_by="run_id").column("params.p")
    assert column.type == kind and column.to_pylist() == held


def test_views_show_active_deleted_or_all(store: Store) -> None:
    add(store, "a")
    add(store, "b")
    store.append(events.event("state", r="b", v="deleted", t=store.clock()))
    found = {view: sorted(ids(run_table(reader(store), view=view))) for view in ("active", "deleted", "all")}  # type: ignore[arg-type]
    assert found == {"active": ["a"], "deleted": ["b"], "all": ["a", "b"]}
    assert count_runs(reader(store)) == 1 and count_runs(reader(store), view="all") == 2


def test_experiments_and_run_ids_choose(store: Store) -> None:
    for place in range(4):
        add(store, f"r{place}", "even" if place % 2 == 0 else "odd", params={"n": place})
    even = store.ensure_experiment("even")
    assert sorted(ids(run_table(reader(store), [even]))) == ["r0", "r2"]
    assert ids(run_table(reader(store), [even], where="params.n > 0")) == ["r2"]
    assert ids(run_table(reader(store), [])) == []
    assert sorted(ids(run_table(reader(store), run_ids=["r1", "r2", "none"]))) == ["r1", "r2"]
    assert count_runs(reader(store), [even], "params.n > 0") == 1


def test_pages_cover_all_rows_once(store: Store) -> None:
    for place in range(7):
        add(store, f"r{place}", params={"n": place, f"only{place}": place})
    pages = [run_table(reader(store), order_by="params.n DESC", limit=3, offset=start) for start in (0, 3, 6, 9)]
    assert [ids(page) for page in pages] == [["r6", "r5", "r4"], ["r3", "r2", "r1"], ["r0"], []]
    assert pages[1].column("params.n").to_pylist() == [3, 2, 1]
    assert [n for n in pages[2].column_names if n.startswith("params.")] == ["params.n", "params.only0"]


def test_as_a_frame(store: Store) -> None:
    add(store, "a", "one", params={"C": 1.5, "kernel": "rbf"}, metrics={"acc": 0.9})
    add(store, "b", "two", params={"C": 3}, metrics={"acc": 0.8})
    frame = frames.runs(store, ["one", store.ensure_experiment("two")], "params.C > 1", "metrics.acc DESC")
    assert list(frame["run_id"]) == ["a", "b"] and list(frame["params.C"]) == [1.5, 3.0]
    assert str(frame["start_time"].dtype) == "datetime64[us, UTC]"
    assert len(frames.runs(store, "two")) == 1 and len(frames.runs(store, limit=1)) == 1


def test_unknown_experiment_names_those_there_are(store: Store) -> None:
    add(store, "a", "iris")
    with pytest.raises(NotFound, match="no experiment 'irsi'; it has 'iris'"):
        frames.runs(store, "irsi")


def test_an_experiments_name_is_taken_before_an_id(store: Store) -> None:
    first = store.ensure_experiment("first")
    add(store, "a", "first")
    add(store, "b", first)
    assert list(frames.runs(store, first)["run_id"]) == ["b"]


@pytest.mark.parametrize(
    "wrong",
    [{"limit": -1}, {"limit": 1.5}, {"limit": True}, {"offset": "0; DROP TABLE x"}, {"offset": -2}, {"view": "some"}],
)
def test_bad_bounds_are_refused(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        run_table(reader(store), **wrong)


def test_mistakes_in_where_and_order_are_filter_errors(store: Store) -> None:
    for wrong in ({"where": "acc > 1"}, {"order_by": "acc"}):
        with pytest.raises(FilterError):
            frames.runs(store, **wrong)


def test_hostile_keys_are_only_names_of_columns(store: Store) -> None:
    keys = ['a" ; DROP TABLE latest.runs; --', "<img src=x onerror=alert(1)>", "a'b", "ключ", "x" * 1000]
    add(store, "a", params=dict.fromkeys(keys, 1), metrics=dict.fromkeys(keys, 1.0), tags=dict.fromkeys(keys, "v"))
    names = run_table(reader(store)).column_names
    assert {f"{entity}.{key}" for key in keys for entity in ("params", "metrics", "tags")} <= set(names)
