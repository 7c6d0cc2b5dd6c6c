"""Runs of a store as the events that make the same runs elsewhere: what holds of each, to the last bit.

Of what was changed only the last event is given, since only it holds. A run without an end (its process is gone, or
still at it) is given the end that it has for readers: KILLED, at the time of its last event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tracker.store import Experiment, events
from tracker.store.experiments import ACTIVE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_ROWS_AT_ONCE = 50_000

_CHOOSE = """CREATE OR REPLACE TEMP TABLE exported AS
    SELECT run_id AS r, epoch_us(end_time) AS end_t, status, experiment_id FROM latest.runs"""
_RUNS = """
SELECT r, arg_min(x, (t, w)) FILTER (e = 'run'), (arg_min(v, (t, w)) FILTER (e = 'run'))::VARCHAR,
       min(t) FILTER (e = 'run') AS t,
       arg_max({e: e, v: v::VARCHAR, t: t}, (t, w)) FILTER (e IN ('run', 'resume', 'end')),
       any_value(end_t), max(t)
FROM hot.events JOIN exported USING (r) GROUP BY r HAVING bool_or(e = 'run') ORDER BY t, r
"""
_VALUES = """
SELECT e, r, k, v::VARCHAR, t FROM hot.events SEMI JOIN exported USING (r)
WHERE e IN ('param', 'tag', 'input', 'artifact', 'state')
QUALIFY row_number() OVER (
    PARTITION BY e, r, k, CASE e WHEN 'input' THEN v ->> '$.digest' END,
                 CASE e WHEN 'input' THEN v ->> '$.tags."mlflow.data.context"' END
    ORDER BY t DESC, w DESC) = 1
ORDER BY r, t, e, k
"""
_POINTS = "SELECT r, k, v, s, t FROM hot.metrics SEMI JOIN exported USING (r) ORDER BY r, k, s, t, v"


def choose(cursor: Connection, runs: Iterable[str] | None) -> list[str]:
    """Note on the cursor which runs are meant (None: all, those in the bin too); their ids, oldest first."""
    if runs is None:
        cursor.execute(_CHOOSE)
    else:
        cursor.execute(f"{_CHOOSE} WHERE run_id IN (SELECT unnest($ids::VARCHAR[]))", {"ids": list(runs)})
    return [row[0] for row in cursor.execute("SELECT r FROM exported ORDER BY r").fetchall()]


def running(cursor: Connection) -> list[str]:
    """The ids of the chosen runs that have not ended, whose processes are alive."""
    return [row[0] for row in cursor.execute("SELECT r FROM exported WHERE status = 'RUNNING' ORDER BY r").fetchall()]


def experiments_chosen(cursor: Connection) -> set[str]:
    """The ids of the chosen runs' experiments."""
    return {row[0] for row in cursor.execute("SELECT DISTINCT experiment_id FROM exported").fetchall()}


def experiment_lines(experiments: Iterable[Experiment]) -> Iterator[bytes]:
    """The events that make these experiments."""
    for one in experiments:
        made, edited = one.created * 1000, one.updated * 1000
        value = {"name": one.name} | ({"artifact_location": one.artifact_location} if one.artifact_location else {})
        yield events.event("experiment", x=one.id, v=value, t=made)
        if one.updated != one.created:
            yield events.event("experiment.name", x=one.id, v=one.name, t=edited)
        for key, text in one.tags.items():
            yield events.event("experiment.tag", x=one.id, k=key, v=text, t=edited)
        if one.state != ACTIVE:
            yield events.event("experiment.state", x=one.id, v=one.state, t=edited)


def run_lines(cursor: Connection, experiment_there: Mapping[str, str]) -> Iterator[bytes]:
    """The events of the chosen runs but their points; `experiment_there` gives experiments other ids."""
    for r, x, opened, t, last, end_t, _ in _fetch(cursor, _RUNS):
        x = experiment_there.get(x, x)
        yield _line("run", r, opened, t, x=x)
        if last["e"] == "end":
            yield _line("end", r, last["v"], last["t"])
        else:
            yield _line("end", r, '{"status":"KILLED"}', max(t + 1, end_t if end_t is not None else last["t"]))
    for e, r, k, v, t in _fetch(cursor, _VALUES):
        yield _line(e, r, v, t, k=k)


def point_lines(cursor: Connection) -> Iterator[bytes]:
    """The points of the chosen runs."""
    run, key, prefix = None, None, ""
    for r, k, v, s, t in _fetch(cursor, _POINTS):
        if r != run or k != key:
            run, key, prefix = r, k, events.metric_prefix(r, k)
        yield events.metric_line(prefix, v, s, t)


def _fetch(cursor: Connection, query: str) -> Iterator[tuple[Any, ...]]:
    cursor.execute(query)
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _line(kind: str, run: str, json: str | None, t: int, *, x: str | None = None, k: str | None = None) -> bytes:
    """An event whose value is JSON already; a line break in it can only be space between its tokens."""
    value = "null" if json is None else json.replace("\n", " ").replace("\r", " ")
    parts = [f'{{"e":"{kind}","r":{events.json_text(run)}']
    parts += [f'"{name}":{events.json_text(text)}' for name, text in (("x", x), ("k", k)) if text is not None]
    return f'{",".join(parts)},"v":{value},"t":{t}}}\n'.encode("utf-8", "replace")
