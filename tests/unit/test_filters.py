"""The filter language: shared vectors, mistakes and their places, and random filters against a plain evaluator."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.exceptions import FilterError, TrackerError
from tracker.query import Reader, reader
from tracker.query.filters import parse, parse_order
from tracker.query.grammar import And, Filter, In, Like, Missing, Name, Not, Or, Ordered, Sort
from tracker.query.table import run_table
from tracker.store import events, open_store

CASES = json.loads((Path(__file__).parents[1] / "filter_cases.json").read_text(encoding="utf-8"))
COLUMNS: dict[str, list[Any]] = CASES["columns"]
RUNS = COLUMNS["attributes.run_id"]
TAGS = {
    "name": "mlflow.runName",
    "user": "mlflow.user",
    "note": "mlflow.note.content",
    "parent_run_id": "mlflow.parentRunId",
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A store whose runs are the rows of `columns`."""
    store = open_store(tmp_path_factory.mktemp("cases") / ".tracker")
    for row in range(len(RUNS)):
        store.append(b"".join(_run_lines(store, row)))
    return reader(store)


def _run_lines(store: Any, row: int) -> list[bytes]:
    run, clock = RUNS[row], store.clock
    at = {name: values[row] for name, values in COLUMNS.items()}
    experiment = store.ensure_experiment(at["attributes.experiment"])
    lines = [events.event("run", r=run, x=experiment, v={"start": at["attributes.start_time"]}, t=clock())]
    for name, value in at.items():
        entity, _, key = name.partition(".")
        if value is None:
            continue
        if entity == "params":
            container = key == "layers"
            lines.append(events.event("param", r=run, k=key, v=json.loads(value) if container else value, t=clock()))
        elif entity == "metrics":
            lines.append(events.metric_line(events.metric_prefix(run, key), float(value), 0, clock()))
        elif entity == "tags":
            lines.append(events.event("tag", r=run, k=key, v=value, t=clock()))
        elif key in TAGS:
            lines.append(events.event("tag", r=run, k=TAGS[key], v=value, t=clock()))
    if at["attributes.star"]:
        lines.append(events.event("tag", r=run, k="tracker.star", v="true", t=clock()))
    if at["attributes.status"] != "RUNNING":
        end = at["attributes.start_time"] + 1000 * at["attributes.duration"]
        lines.append(events.event("end", r=run, v={"status": at["attributes.status"], "end": int(end)}, t=clock()))
    return lines


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["where"][:60])
def test_shared_case(cases: Reader, case: dict[str, Any]) -> None:
    found = run_table(cases, where=case["where"], order_by="run_id").column("run_id").to_pylist()
    assert found == [RUNS[row] for row in case["rows"]]


@pytest.mark.parametrize("case", CASES["errors"], ids=lambda case: case["where"])
def test_mistake_has_its_place(case: dict[str, Any]) -> None:
    with pytest.raises(FilterError) as error:
        parse(case["where"])
    assert error.value.position == case["at"]
    shown, caret = str(error.value).splitlines()[-2:]
    assert caret.index("^") == 2 + case["at"] and shown == "  " + case["where"]
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_mistake_in_a_later_line_shows_that_line() -> None:
    with pytest.raises(FilterError) as error:
        parse("status = 'FINISHED'\nAND colour = 1")
    assert str(error.value).splitlines()[-2:] == ["  AND colour = 1", "      ^"]


def test_mistake_far_along_a_line_shows_the_neighbourhood() -> None:
    text = " OR ".join(["status = 'x'"] * 500) + " colour"
    with pytest.raises(FilterError) as error:
        parse(text)
    shown, caret = str(error.value).splitlines()[-2:]
    assert shown[caret.index("^") :].startswith("colour") and len(shown) < 120


def test_unknown_attribute_suggests_the_nearest_and_the_prefixes() -> None:
    with pytest.raises(FilterError, match=r"Did you mean status\?.*params\.statsu"):
        parse("statsu = 'x'")


@pytest.mark.parametrize("text", ["(" * 200 + "star = true" + ")" * 200, "NOT " * 200 + "star = true"])
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(FilterError, match="levels"):
        parse(text)


def test_conditions_are_bounded_but_lists_are_not(cases: Reader) -> None:
    with pytest.raises(FilterError, match="conditions"):
        parse(" OR ".join(["star = true"] * 1_001))
    at_bound = " OR ".join(f"params.C = {n}" for n in range(2, 1_001)) + " OR params.C = 'auto'"
    assert run_table(cases, where=at_bound).num_rows == 2
    many = ", ".join(f"'x{n}'" for n in range(20_000))
    assert run_table(cases, where=f"run_id IN ({many}, 'r3')").column("run_id").to_pylist() == ["r3"]


HOSTILE = ["x'; DROP TABLE latest.runs; --", 'x" OR 1=1', "`", "$b0", "%", "\\", "\0", "é", "{joins}", "?"]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_never_becomes_sql(cases: Reader, text: str) -> None:
    value, key = text.replace("'", "''"), text.replace("`", "``")
    assert run_table(cases, where=f"params.`{key}` = '{value}' OR tags.`{key}` LIKE '{value}'").num_rows == 0
    assert run_table(cases, order_by=[f"metrics.`{key}` DESC", f"params.`{key}`"]).num_rows == len(RUNS)


def test_datasets_match_where_any_does(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".tracker")
    for run, inputs in {"a": [("iris", "train"), ("iris2", "test")], "b": [("digits", "train")], "c": []}.items():
        store.append(events.event("run", r=run, x="0", v={}, t=store.clock()))
        for name, context in inputs:
            value = {"digest": name[:2], "source": "s", "tags": {"mlflow.data.context": context}}
            store.append(events.event("input", r=run, k=name, v=value, t=store.clock()))

    def found(where: str) -> list[str]:
        return run_table(reader(store), where=where, order_by="run_id").column("run_id").to_pylist()

    assert found("datasets.name = 'iris'") == ["a"]
    assert found("dataset.name LIKE 'i%' AND dataset.context = 'test'") == ["a"]
    assert found("dataset.digest IN ('di', 'xx')") == ["b"]
    assert found("NOT dataset.name = 'iris'") == ["b"]
    assert found("datasets.name IS NULL") == ["c"]


# -- ordering


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("metrics.acc DESC", Sort(Name("metrics", "acc"), True)),
        ("metrics.`val acc` asc", Sort(Name("metrics", "val acc"), False)),
        ('params."my key"', Sort(Name("params", "my key"), False)),
        ("attributes.start_time DESC", Sort(Name("attributes", "start_time"), True)),
        ("attribute.`Run name`", Sort(Name("attributes", "name"), False)),
        ("created desc", Sort(Name("attributes", "start_time"), True)),
        ("tag.mlflow.source.name", Sort(Name("tags", "mlflow.source.name"), False)),
    ],
)
def test_order_key(text: str, sort: Sort) -> None:
    assert parse_order(text) == [sort]


@pytest.mark.parametrize(
    ("text", "at"),
    [("", 0), ("acc", 0), ("metrics.acc DOWN", 12), ("metrics.acc DESC, x", 16), ("datasets.name", 0), ("DESC", 0)],
)
def test_order_mistake_has_its_place(text: str, at: int) -> None:
    with pytest.raises(FilterError) as error:
        parse_order([text])
    assert error.value.position == at


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        (None, [7, 6, 5, 4, 3, 2, 1, 0]),
        ("start_time ASC", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("metrics.acc DESC", [7, 5, 1, 0, 4, 6, 3, 2]),
        ("metrics.acc", [6, 4, 0, 1, 5, 7, 3, 2]),
        ("params.C", [7, 5, 1, 0, 2, 3, 6, 4]),
        ("params.C DESC", [2, 1, 0, 5, 7, 6, 3, 4]),
        (["status", "metrics.acc DESC"], [1, 6, 5, 0, 4, 3, 7, 2]),
        ("tags.a", [6, 5, 3, 0, 7, 4, 1, 2]),
    ],
)
def test_order_puts_missing_and_nan_last_then_the_newest(cases: Reader, keys: Any, rows: list[int]) -> None:
    assert run_table(cases, order_by=keys).column("run_id").to_pylist() == [RUNS[row] for row in rows]


def test_equal_start_times_are_ordered_by_run_id(tmp_path: Path) -> None:
    store = open_store(tmp_path / ".tracker")
    for run in "cab":
        store.append(events.event("run", r=run, x="0", v={"start": 1_000}, t=store.clock()))
    assert run_table(reader(store)).column("run_id").to_pylist() == ["a", "b", "c"]


# -- random filters against a plain evaluator


def evaluate(term: Filter, row: int, columns: dict[str, list[Any]] = COLUMNS) -> bool | None:
    """The plain reading of the language's rules: None is unknown."""
    if isinstance(term, Not):
        inner = evaluate(term.term, row, columns)
        return None if inner is None else not inner
    if isinstance(term, And | Or):
        decisive = isinstance(term, Or)
        results = [evaluate(t, row, columns) for t in term.terms]
        return decisive if decisive in results else None if None in results else not decisive
    column = columns.get(f"{term.name.entity}.{term.name.key}")
    value = column[row] if column is not None else None
    if isinstance(term, Missing):
        return value is None
    if value is None:
        return None
    if isinstance(term, Like):
        return _like(_text(value), term)
    if term.name.kind in ("number", "time"):
        value = float(value)
        if math.isnan(value):
            return None
    if isinstance(term, In):
        return any(_equal(value, literal) for literal in term.values)
    return _less(value, term)


def _number(text: object) -> float | None:
    return (
        float(text) if isinstance(text, str) and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) else None
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _like(text: str, term: Like) -> bool:
    pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in term.pattern)
    return re.fullmatch(pattern, text, re.DOTALL | (re.IGNORECASE if term.insensitive else 0)) is not None


def _equal(value: Any, literal: Any) -> bool:
    if isinstance(value, bool) or isinstance(literal, bool):
        both = isinstance(value, bool) or (isinstance(literal, bool) and isinstance(value, str))
        return both and not isinstance(literal, float) and str(value).lower() == str(literal).lower()
    if isinstance(value, str) and isinstance(literal, str):
        return value == literal
    numbers = [_number(v) if isinstance(v, str) else float(v) for v in (value, literal)]
    return None not in numbers and numbers[0] == numbers[1]


def _less(value: Any, term: Ordered) -> bool | None:
    literal = term.value
    if isinstance(value, bool) or isinstance(literal, bool):
        return None
    numbers = [_number(v) if isinstance(v, str) else float(v) for v in (value, literal)]
    pair: tuple[Any, Any] = (value, literal)
    if None not in numbers:
        pair = (numbers[0], numbers[1])
    elif not (isinstance(value, str) and isinstance(literal, str)):
        return None
    a, b = pair
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[term.operator]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_texts = st.sampled_from(
    ["rbf", "RBF", "it's", "auto", "1.5", "10", "9", "1e1", "true", "False", "x_y", "", "100%", "deep", "[64,32]"]
)
_numbers = st.sampled_from(["1.5", "10", "-2", "0.1", "9", "2", "1e1", "0", "60", ".9", "1767229200000"])
_values = {
    "typed": st.one_of(_numbers, _texts.map(_quoted), st.sampled_from(["true", "FALSE"])),
    "number": st.one_of(_numbers, _numbers.map(_quoted)),
    "time": st.one_of(_numbers, st.sampled_from(["'2026-01-02'", "'2026-01-01 01:00'"])),
    "bool": st.sampled_from(["true", "false", "'TRUE'"]),
}
_names = st.sampled_from([n for n in COLUMNS if '"' not in n] + ["params.none", "metrics.none", "tags.none"])


@st.composite
def conditions(draw: st.DrawFn) -> str:
    entity, _, key = draw(_names).partition(".")
    name = f"{entity}.`{key}`"
    kind = Name(entity, key).kind  # type: ignore[arg-type]
    values = _values["typed" if kind == "text" else kind]
    tests = ["= {0}", "!= {0}", "IN ({0}, {1})", "NOT IN ({0}, {1})", "IS NULL", "IS NOT NULL"]
    if kind != "bool":
        tests += ["< {0}", "<= {0}", "> {0}", ">= {0}", "BETWEEN {0} AND {1}", "NOT BETWEEN {0} AND {1}"]
    if kind in ("text", "typed"):
        tests += ["LIKE {2}", "NOT LIKE {2}", "ILIKE {2}"]
    pattern = draw(st.text(alphabet="rbf1.5%_x", max_size=4))
    return f"{name} {draw(st.sampled_from(tests)).format(draw(values), draw(values), _quoted(pattern))}"


filters = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
        inner.map(lambda t: f"NOT ({t})"),
        inner.map(lambda t: f"({t})"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=filters)
def test_random_filter_agrees_with_a_plain_evaluator(cases: Reader, text: str) -> None:
    tree = parse(text)
    assert tree is not None
    expected = [run for row, run in enumerate(RUNS) if evaluate(tree, row) is True]
    assert run_table(cases, where=text, order_by="run_id").column("run_id").to_pylist() == expected


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(
    ["params.C", "=", "'a'", "1", "AND", "OR", "NOT", "(", ")", "IN", ",", "IS", "NULL", "LIKE", "BETWEEN", "`k`", "tags.", "star"]
), max_size=12).map(" ".join)))  # fmt: skip
def test_any_text_parses_or_is_a_mistake_with_a_place(text: str) -> None:
    try:
        parse(text)
    except TrackerError as error:
        assert isinstance(error, FilterError) and 0 <= error.position <= len(text)
