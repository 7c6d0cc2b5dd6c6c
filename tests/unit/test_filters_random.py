"""Random filters over random runs, sealed and not, against the plain evaluator: keys and values of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_filters import evaluate

from tracker.query import Reader
from tracker.query.filters import parse
from tracker.query.table import run_table
from tracker.store import Store, events

KEYS = [
    "C",
    "with space",
    "back`tick",
    'quo"te',
    "it's",
    "größe",
    "学習率",
    "a.b/c",
    "AND",
    "\\",
    "%_",
    "😀",
    "x" * 200,
]
TEXTS = ["", "rbf", "RBF", "it's", '"q"', "1.5", " 1.5", "1e1", "nan", "NaN", "inf", "true", "False", "null", "ä", "学", "a%b", "a_b", "a\\b", "😀", "[1]", "-0"]  # fmt: skip
NUMBERS = ["0", "-0", "1.5", "-2", "10", "1e1", ".9", "9007199254740993", "1e300", "-1e-300"]
BLOCKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]

params = st.one_of(
    st.sampled_from(TEXTS), st.integers(-3, 12), st.sampled_from([1.5, -0.0, 0.1, 1e300]), st.booleans(), st.none()
)
metrics = st.one_of(
    st.sampled_from([float(n) for n in NUMBERS]), st.sampled_from([float("nan"), float("inf"), float("-inf")])
)
a_run = st.fixed_dictionaries(
    {
        "params": st.dictionaries(st.sampled_from(KEYS), params, max_size=5),
        "metrics": st.dictionaries(st.sampled_from(KEYS), metrics, max_size=5),
        "tags": st.dictionaries(st.sampled_from(KEYS), st.sampled_from(TEXTS), max_size=5),
    }
)


def _name(entity: str, key: str, quote: str) -> str:
    return f"{entity}.{quote}{key.replace(quote, quote * 2)}{quote}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@st.composite
def conditions(draw: st.DrawFn) -> str:
    entity = draw(st.sampled_from(["params", "metrics", "tags"]))
    name = _name(entity, draw(st.sampled_from(KEYS)), draw(st.sampled_from(["`", '"'])))
    number, text = st.sampled_from(NUMBERS), st.sampled_from(TEXTS).map(_text)
    value = number if entity == "metrics" else st.one_of(number, text, st.sampled_from(["true", "FALSE"]))
    tests = ["= {0}", "!= {0}", "< {0}", "<= {0}", "> {0}", ">= {0}", "IN ({0}, {1})", "NOT IN ({0})", "IS NULL",
             "IS NOT NULL", "BETWEEN {0} AND {1}", "NOT BETWEEN {0} AND {1}"]  # fmt: skip
    tests += [] if entity == "metrics" else ["LIKE {2}", "NOT ILIKE {2}"]
    pattern = _text(draw(st.text(alphabet="aAr1.%_'学", max_size=4)))
    return f"{name} {draw(st.sampled_from(tests)).format(draw(value), draw(value), pattern)}"


filters = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR", "and not"]), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda t: f"NOT ({t})"),
    ),
    max_leaves=5,
)


def _write(root: Path, runs: list[dict[str, dict[str, Any]]]) -> None:
    lines, t = [], 1_790_000_000_000_000
    for row, run in enumerate(runs):
        name = f"r{row:02}"
        lines.append(events.event("run", r=name, x="0", v={}, t=(t := t + 1)))
        lines += [events.event("param", r=name, k=k, v=v, t=(t := t + 1)) for k, v in run["params"].items()]
        lines += [events.event("tag", r=name, k=k, v=v, t=(t := t + 1)) for k, v in run["tags"].items()]
        lines += [
            events.metric_line(events.metric_prefix(name, k), v, 0, (t := t + 1)) for k, v in run["metrics"].items()
        ]
    (root / "journal").mkdir(parents=True)
    (root / "journal" / "j.ndjson").write_bytes(b"".join(lines))


def _columns(runs: list[dict[str, dict[str, Any]]]) -> dict[str, list[Any]]:
    return {
        f"{entity}.{key}": [run[entity].get(key) for run in runs]
        for entity in ("params", "metrics", "tags")
        for key in KEYS
    }


@settings(max_examples=12, deadline=None, suppress_health_check=BLOCKS)
@given(
    runs=st.lists(a_run, min_size=1, max_size=8),
    asked=st.lists(filters, min_size=10, max_size=20),
    sealed=st.booleans(),
)
def test_random_filters_over_random_runs(
    tmp_path: Path, runs: list[dict[str, dict[str, Any]]], asked: list[str], sealed: bool
) -> None:
    store = Store(tmp_path / f"{len(list(tmp_path.iterdir()))}")
    _write(store.root, runs)
    if sealed:
        assert store.seal()
    reader, columns = Reader(store), _columns(runs)
    for text in asked:
        tree = parse(text)
        assert tree is not None
        expected = [f"r{row:02}" for row in range(len(runs)) if evaluate(tree, row, columns) is True]
        found = run_table(reader, where=text, order_by="run_id").column("run_id").to_pylist()
        assert found == expected, text
