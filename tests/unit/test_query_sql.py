"""The user's own SQL: what it may ask, what is refused, and how mistakes are told."""

from __future__ import annotations

import pytest

from tracker.exceptions import TrackerError
from tracker.query import frames
from tracker.store import Store, events, open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = open_store(tmp_path_factory.mktemp("sql") / ".tracker")
    for run, value in (("a", 1.5), ("b", 3)):
        store.append(events.event("run", r=run, x="0", v={}, t=store.clock()))
        store.append(events.event("param", r=run, k="C", v=value, t=store.clock()))
        for step in range(4):
            store.append(events.metric_line(events.metric_prefix(run, "loss"), value / (step + 1), step, store.clock()))
    return store


def test_rows_and_bindings(store: Store) -> None:
    frame = frames.sql(store, "SELECT run_id, number FROM params WHERE key = $key AND number > $low", key="C", low=2)
    assert frame.to_dict("list") == {"run_id": ["b"], "number": [3.0]}


def test_bindings_may_have_any_name(store: Store) -> None:
    assert frames.sql(store, "SELECT $store AS a, $query AS b", store=1, query="x").to_dict("list") == {
        "a": [1],
        "b": ["x"],
    }


READING = [
    "FROM runs", "WITH x AS (SELECT 1 AS one) SELECT * FROM x", "VALUES (1)", "SHOW TABLES", "DESCRIBE runs", "SUMMARIZE metrics",
    "EXPLAIN SELECT 1", "-- why\nEXPLAIN ANALYZE SELECT * FROM runs", "EXPLAIN (FORMAT json) SELECT 1",
    "PIVOT latest_metrics ON key USING first(value) GROUP BY run_id", "FROM (PIVOT params ON key USING first(value) GROUP BY run_id)",
    "SELECT 1;",
]  # fmt: skip


@pytest.mark.parametrize("text", READING)
def test_reading_statement_runs(store: Store, text: str) -> None:
    assert len(frames.sql(store, text)) > 0


REFUSED = [
    "CREATE TABLE x(a INT)", "INSERT INTO latest.runs SELECT * FROM latest.runs", "DELETE FROM latest.runs", "DROP VIEW runs",
    "COPY (SELECT 1) TO '{root}/stolen.csv'", "COPY (PIVOT params ON key) TO '{root}/stolen.csv'", "EXPORT DATABASE '{root}/x'",
    "/* /* */ SELECT */ COPY (PIVOT params ON key) TO '{root}/stolen.csv'",
    "/* /* */ EXPLAIN */ COPY (SELECT 1) TO '{root}/stolen.csv'", "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{root}/stolen.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/stolen.csv'", "EXPLAIN ANALYZE EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/stolen.csv'",
    "ATTACH '{root}/x.db'", "SET threads = 1", "PRAGMA memory_limit = '1GB'", "INSTALL httpfs", "LOAD httpfs", "CALL pragma_version()",
    "CREATE TABLE t AS PIVOT params ON key", "USE memory", "BEGIN", "CHECKPOINT", "SELECT 1; SELECT 2", "SELECT 1; DROP VIEW runs",
    "PREPARE p AS SELECT 1", "", "   ", "-- nothing", "ALTER TABLE latest.runs DROP COLUMN note", "UPDATE latest.runs SET note = ''",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not_read_is_refused_and_changes_nothing(store: Store, text: str) -> None:
    before = sorted(store.root.rglob("*"))
    with pytest.raises(TrackerError) as error:
        frames.sql(store, text.format(root=store.root))
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert sorted(store.root.rglob("*")) == before and len(frames.sql(store, "FROM runs")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_text('/etc/hostname')", "SELECT * FROM '/etc/hostname'", "SELECT * FROM glob('/*')",
        "SELECT * FROM read_csv('{root}/../outside.csv')", "SELECT * FROM read_json('http://localhost:1/x')",
        "SELECT getenv('HOME')", "SELECT * FROM local_variable",
    ],
)  # fmt: skip
def test_nothing_outside_the_store_can_be_read(store: Store, text: str) -> None:
    (store.root.parent / "outside.csv").write_text("secret\n1\n")
    local_variable = frames.sql(store, "FROM runs")
    assert len(local_variable) == 2
    with pytest.raises(TrackerError):
        frames.sql(store, text.format(root=store.root))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELEC 1", "syntax error at or near"),
        ("SELECT nope FROM runs", "nope"),
        ("SELECT * FROM rnus", 'Did you mean "'),
        ("SELECT $missing", "missing"),
        ("SELECT CAST('x' AS INT)", "Could not convert"),
    ],
)
def test_mistake_is_told_in_duckdbs_words(store: Store, text: str, sentence: str) -> None:
    with pytest.raises(TrackerError, match=sentence):
        frames.sql(store, text)


def test_sums_and_decimals_are_plain_numbers(store: Store) -> None:
    frame = frames.sql(store, "SELECT sum(points) AS points, 0.5 AS half, 10::HUGEINT ** 30 AS big FROM latest_metrics")
    assert [str(t) for t in frame.dtypes] == ["int64", "float64", "float64"] and frame["points"][0] == 8


ATTEMPTS = [
    "SELECT * FROM read_text('{root}/artifacts/link')", "SELECT * FROM read_csv('{root}/artifacts/folder/secret.csv')",
    "SELECT * FROM read_text('{root}/artifacts/../../secret.csv')", "SELECT * FROM read_blob('{root}/artifacts/*')",
    "SELECT * FROM '{root}/artifacts/link'", "SELECT * FROM glob('{root}/artifacts/folder/*')",
    "SELECT * FROM read_parquet('file://{root}/../secret.csv')", "SELECT * FROM sniff_csv('{root}/../secret.csv')",
    "SELECT getenv('HOME')", "SELECT * FROM duckdb_secrets(), read_text('/etc/passwd')", "SELECT * FROM query('COPY runs TO ''/tmp/x''')",
    "SELECT current_setting('enable_external_access') AS v FROM (SELECT set_config('enable_external_access', true))",
    "SELECT * FROM pragma_database_list(); SET enable_external_access = true", "SELECT write_log('x')", "FROM which_secret('s3://x', 's3')",
    "SELECT * FROM sqlite_scan('/etc/passwd', 'x')", "SELECT * FROM read_csv('/proc/self/environ')", "SELECT * FROM query_table('/etc/passwd')",
    "WITH x AS (INSERT INTO latest.runs DEFAULT VALUES RETURNING 1) FROM x", "RESET enable_external_access", "FORCE INSTALL httpfs",
]  # fmt: skip


@pytest.mark.parametrize("text", ATTEMPTS)
def test_attempts_to_break_out(store: Store, text: str) -> None:
    outside = store.root.parent / "secret.csv"
    outside.write_text("the,canary\n1,2\n")
    artifacts = store.root / "artifacts"
    artifacts.mkdir(exist_ok=True)
    for name, target in (("link", outside), ("folder", store.root.parent)):
        if not (artifacts / name).is_symlink():
            (artifacts / name).symlink_to(target)
    try:
        shown = repr(frames.sql(store, text.format(root=store.root)).to_dict("list"))
    except TrackerError:
        shown = ""
    assert "canary" not in shown and "root:" not in shown and "secret.csv" not in shown and "PATH=" not in shown
    assert frames.sql(store, "SELECT current_setting('enable_external_access') AS v")["v"][0] in (False, "false")
