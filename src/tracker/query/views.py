"""The SQL of the reader: how journals and segments become tables, and tables the views that users see.

    hot.settled_*, hot.live_*   in memory: what dead writers left, journals or segments, and the journals of the living;
                                of each its events, its metric points, its series (one row a metric of a run and writer;
                                of the living one for each time that the journal was read)
    hot.events, hot.series      both together
    hot.metrics                 both together, and beside them the points of segments, which stay in their files
    hot.purged                  runs that are gone for good: what else was read of them is taken out at once
    latest.*                    what holds now, by run: computed anew for the runs that a change touched
    main.*                      the views of `tracker.sql`

Times are µs since the epoch until the views make them timestamps. For all but metrics the latest event by
(time, journal) holds; of a metric the point that is greatest by (step, time, value), NaN lowest.
"""

# ruff: noqa: S608 (only this module's own names are put together)

from __future__ import annotations

from collections.abc import Iterable

from tracker.store import rows
from tracker.store.rows import FIRST_TIME, LAST_TIME

LAYERS = ("settled", "live")
TABLES_OF_LAYER = ("events", "metrics", "series")

_OF_RUNS = ("run", "resume", "end", "state", "purge", "param", "tag", "input", "artifact")
_IS_EVENT = f"(e IN {_OF_RUNS} AND r IS NOT NULL OR e = 'journal')"
ANY_KIND = {*_OF_RUNS, "journal", "metric"}


def empty_batch(layer: str) -> str:
    """A table for what is read of the layer's journals, line by line."""
    return f"CREATE OR REPLACE TEMP TABLE {layer}_batch({rows.FIELDS})"


def read_batch(layer: str) -> str:
    """Reads the journals `$files`; a line that is no event becomes a row of NULLs."""
    return f"INSERT INTO {layer}_batch {rows.OF_JOURNALS}"


READ_TEXTS = f"INSERT INTO live_batch {rows.OF_TEXTS}"


def damaged(layer: str) -> str:
    """Counts the lines of each journal that are no events."""
    return f"SELECT w, count(*) FROM {layer}_batch WHERE e IS NULL GROUP BY w"


def _batch(table: str, layer: str) -> str:
    batch = f"{layer}_batch"
    if table == "events":
        return f"SELECT e, r, x, k, v, t, w, NULL::BOOLEAN AS last FROM {batch} WHERE {_IS_EVENT}"
    return rows.points(batch) if table == "metrics" else rows.series(rows.points(batch))


# -- segments

_CHECKED = {
    "events": f"""SELECT e, r, x, k, v, {rows.TIME} AS t, w, last FROM {{file}}
        WHERE {_IS_EVENT} AND w IS NOT NULL AND json_valid(v::VARCHAR)""",
    "series": """SELECT r, k, w, best, points, first_s, first_t, last_t FROM {file}
        WHERE r IS NOT NULL AND k IS NOT NULL AND w IS NOT NULL AND best.v IS NOT NULL""",
}


def read_sealed(table: str, whole: bool) -> str:
    """Reads from the segments' `$files` everything, or what belongs to the writers `$w`."""
    checked = _CHECKED[table].format(file="read_parquet($files)")
    return f"INSERT INTO hot.settled_{table} {checked}{'' if whole else ' AND w IN (SELECT unnest($w::VARCHAR[]))'}"


def all_metrics(files: Iterable[str], parts: Iterable[tuple[str, Iterable[str]]], purged: bool) -> str:
    """The view hot.metrics over whole files of points, and over parts of others: those of some writers.

    `purged`: some of it may be of purged runs.
    """
    sealed = []
    whole = ", ".join(map(_quoted, files))
    if whole:
        sealed.append(f"SELECT r, k, s, t, v, w FROM read_parquet([{whole}])")
    for file, writers in parts:
        names = ", ".join(map(_quoted, writers))
        sealed.append(f"SELECT r, k, s, t, v, w FROM read_parquet({_quoted(file)}) WHERE w IN ({names})")
    every = " UNION ALL ".join(["FROM hot.settled_metrics", "FROM hot.live_metrics", *sealed])
    return f"CREATE OR REPLACE VIEW hot.metrics AS FROM ({every}){' ANTI JOIN hot.purged USING (r)' if purged else ''}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# -- taking in what was read

# Runs whose values several journals tell, or one that is not sealed: these must be compared. For the others a segment
# says what is last, which is ten times faster.
MIXED = """
CREATE OR REPLACE TEMP TABLE mixed AS
SELECT r FROM (SELECT DISTINCT r, w FROM (SELECT r, w FROM hot.events UNION ALL SELECT r, w FROM hot.series))
WHERE r IS NOT NULL GROUP BY r HAVING count(*) > 1
UNION
SELECT r FROM hot.events WHERE last IS NULL AND r IS NOT NULL
UNION
SELECT r FROM hot.live_series
"""
MIXED_TOUCHED = (
    "CREATE OR REPLACE TEMP TABLE mixed AS FROM touched",
    "CREATE OR REPLACE TEMP TABLE touched_series AS FROM hot.series WHERE r IN (FROM touched)",
)
TOUCHED_EVENTS = "CREATE OR REPLACE TEMP TABLE touched_events AS FROM hot.events WHERE r IN (FROM touched)"

# The runs that a change touches: their rows of latest.* are computed anew.
TOUCHED_BY_NEW = """
CREATE OR REPLACE TEMP TABLE touched AS
SELECT DISTINCT r FROM (SELECT r FROM settled_batch UNION ALL SELECT r FROM live_batch) WHERE r IS NOT NULL
"""
TOUCHED_BY_LEFT = """
INSERT INTO touched
SELECT DISTINCT r FROM (SELECT r, w FROM hot.events UNION ALL SELECT r, w FROM hot.series)
WHERE r IS NOT NULL AND w IN (SELECT unnest($left::VARCHAR[]))
"""
TOUCHED_BY_SEALED = """
INSERT INTO touched
SELECT DISTINCT r FROM (SELECT r, w FROM hot.settled_events UNION ALL SELECT r, w FROM hot.settled_series)
WHERE r IS NOT NULL AND w IN (SELECT unnest($w::VARCHAR[]))
"""
# Those that run, and those that were taken for lost until the journal that goes on from theirs was seen.
TOUCHED_BY_LIFE = """
INSERT INTO touched
SELECT run_id FROM latest.runs WHERE status = 'RUNNING' OR status = 'KILLED' AND run_id IN (
    SELECT r FROM hot.events WHERE e IN ('run', 'resume') AND w IN (FROM latest.live_writers))
"""
KINDS = "SELECT DISTINCT e FROM (SELECT e FROM settled_batch UNION ALL SELECT e FROM live_batch) WHERE e IS NOT NULL"

# `$left`: journals that are gone, or were read again whole.
TAKE_OUT_LEFT = tuple(
    f"DELETE FROM hot.{layer}_{table} WHERE w IN (SELECT unnest($left::VARCHAR[]))"
    for layer in LAYERS
    for table in TABLES_OF_LAYER
)


def take_in(layer: str) -> tuple[str, ...]:
    """Adds what was read to the tables of the layer, and empties the batch."""
    return (
        *(f"INSERT INTO hot.{layer}_{table} {_batch(table, layer)}" for table in TABLES_OF_LAYER),
        f"TRUNCATE {layer}_batch",
    )


COMPACT_LIVE_SERIES = """
CREATE OR REPLACE TABLE hot.live_series AS
SELECT r, k, w, max(best) AS best, sum(points)::BIGINT AS points,
       min(first_s) AS first_s, min(first_t) AS first_t, max(last_t) AS last_t
FROM hot.live_series GROUP BY r, k, w
"""

FIND_PURGED = """
INSERT INTO hot.purged SELECT DISTINCT r FROM hot.events WHERE e = 'purge' AND r NOT IN (FROM hot.purged)
"""
TOUCHES_PURGED = "SELECT 1 FROM touched WHERE r IN (FROM hot.purged) LIMIT 1"
PURGED_NO_LONGER = """
SELECT 1 FROM hot.purged WHERE r NOT IN (SELECT r FROM hot.events WHERE e = 'purge' AND r IS NOT NULL) LIMIT 1
"""
TAKE_OUT_PURGED = tuple(
    f"DELETE FROM hot.{layer}_{table} WHERE r IN (FROM hot.purged)" + (" AND e <> 'purge'" if table == "events" else "")
    for layer in LAYERS
    for table in TABLES_OF_LAYER
)

TABLES = [
    "CREATE SCHEMA hot",
    "CREATE TABLE hot.purged(r VARCHAR)",
    "CREATE SCHEMA latest",
    *(empty_batch(layer) for layer in LAYERS),
    *(f"CREATE TABLE hot.settled_{table} AS {_batch(table, 'settled')}" for table in TABLES_OF_LAYER),
    *(f"CREATE TABLE hot.live_{table} AS FROM hot.settled_{table}" for table in TABLES_OF_LAYER),
    "CREATE TEMP TABLE mixed(r VARCHAR)",
    "CREATE VIEW hot.events AS FROM hot.settled_events UNION ALL FROM hot.live_events",
    "CREATE VIEW hot.series AS FROM hot.settled_series UNION ALL FROM hot.live_series",
    all_metrics([], [], purged=False),
    """CREATE TABLE latest.experiments(
        experiment_id VARCHAR, name VARCHAR, lifecycle_stage VARCHAR, created BIGINT, updated BIGINT,
        artifact_location VARCHAR, tags MAP(VARCHAR, VARCHAR))""",
    "CREATE TABLE latest.live_writers(w VARCHAR)",
    "CREATE TABLE latest.chains(w VARCHAR, first VARCHAR)",
    f"""CREATE MACRO valid_time(t) AS
        CASE WHEN t IS NOT NULL THEN CAST(greatest({FIRST_TIME}, least({LAST_TIME}, t)) AS BIGINT) END""",
    """CREATE MACRO as_number(value) AS
        CASE WHEN regexp_full_match(value, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')
        THEN TRY_CAST(value AS DOUBLE) END""",
]

INSERT_EXPERIMENTS = """
INSERT INTO latest.experiments
SELECT unnest($ids), unnest($names), unnest($states), unnest($created), unnest($updated), unnest($locations),
       CAST(CAST(unnest($tags) AS JSON) AS MAP(VARCHAR, VARCHAR))
"""

# Journals of one process: each with the first of them. A rotated journal lives while the last of its chain is held.
CHAINS = """
INSERT INTO latest.chains
SELECT DISTINCT w, first FROM (
    SELECT w, v ->> '$[0]' AS first FROM hot.events WHERE e = 'journal' AND json_type(v) = 'ARRAY'
    UNION ALL
    SELECT unnest(CASE WHEN json_type(v) = 'ARRAY' THEN v ->> '$[*]' END) AS w, v ->> '$[0]' AS first
    FROM hot.events WHERE e = 'journal')
WHERE w IS NOT NULL AND first IS NOT NULL
"""

LIVE_WRITERS = """
INSERT INTO latest.live_writers
SELECT unnest($w::VARCHAR[])
UNION
SELECT earlier.w FROM latest.chains earlier JOIN latest.chains held USING (first)
WHERE held.w IN (SELECT unnest($w::VARCHAR[]))
"""


def _latest(kind: str) -> str:
    return f"""SELECT r AS run_id, k AS key, v
        FROM {{events}} events ANTI JOIN mixed USING (r) WHERE e = '{kind}' AND k IS NOT NULL AND last
        UNION ALL
        SELECT r AS run_id, k AS key, arg_max(v, (t, w)) AS v
        FROM {{events}} events SEMI JOIN mixed USING (r) WHERE e = '{kind}' AND k IS NOT NULL GROUP BY r, k"""


LATEST_PARAMS = f"""
SELECT run_id, key, kind, json,
       CASE kind WHEN 'null' THEN NULL WHEN 'string' THEN json ->> '$' ELSE json::VARCHAR END AS text,
       CASE WHEN kind IN ('int', 'float') THEN TRY_CAST(json AS DOUBLE)
            WHEN kind = 'string' THEN as_number(json ->> '$') END AS num,
       CASE WHEN kind = 'int' THEN TRY_CAST(json AS BIGINT) END AS int
FROM (SELECT run_id, key, v AS json,
             CASE json_type(v)
                  WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'bool' WHEN 'NULL' THEN 'null'
                  WHEN 'DOUBLE' THEN 'float' WHEN 'BIGINT' THEN 'int'
                  WHEN 'UBIGINT' THEN if(TRY_CAST(v AS BIGINT) IS NULL, 'float', 'int')
                  ELSE 'json' END AS kind
      FROM ({_latest("param")}))
"""

LATEST_TAGS = f"""
SELECT run_id, key, value FROM (SELECT run_id, key, v ->> '$' AS value FROM ({_latest("tag")})) WHERE value IS NOT NULL
"""

LATEST_ARTIFACTS = f"""
SELECT run_id, key AS path, TRY_CAST(v ->> '$.size' AS BIGINT) AS size
FROM ({_latest("artifact")}) WHERE json_type(v) = 'OBJECT'
"""

LATEST_DATASETS = """
SELECT run_id, name, digest, context, v ->> '$.source_type' AS source_type, v ->> '$.source' AS source,
       v ->> '$.schema' AS schema, v ->> '$.profile' AS profile, v -> '$.tags' AS tags
FROM (SELECT r AS run_id, k AS name, v ->> '$.digest' AS digest,
             v ->> '$.tags."mlflow.data.context"' AS context, arg_max(v, (t, w)) AS v
      FROM {events} WHERE e = 'input' AND k IS NOT NULL AND json_type(v) = 'OBJECT' GROUP BY ALL)
"""

LATEST_METRICS = """
SELECT run_id, key, best.v AS value, best.s AS step, best.t AS t, points, first_s, first_t, last_t
FROM (SELECT r AS run_id, k AS key, best, points, first_s, first_t, last_t
      FROM {series} series ANTI JOIN mixed USING (r)
      UNION ALL
      SELECT r AS run_id, k AS key, max(best) AS best, sum(points)::BIGINT AS points,
             min(first_s) AS first_s, min(first_t) AS first_t, max(last_t) AS last_t
      FROM {series} series SEMI JOIN mixed USING (r) GROUP BY r, k)
"""

LATEST_RUNS = """
WITH told AS (
    SELECT r AS run_id,
           arg_min(x, (t, w)) FILTER (e = 'run') AS experiment_id,
           arg_min(v, (t, w)) FILTER (e = 'run') AS opened,
           min(t) FILTER (e = 'run') AS t,
           arg_max({e: e, v: v, t: t, w: w}, (t, w)) FILTER (e IN ('run', 'resume', 'end')) AS last,
           arg_max(v, (t, w)) FILTER (e = 'state') ->> '$' AS state
    FROM {events} WHERE e IN ('run', 'resume', 'end', 'state') GROUP BY r HAVING bool_or(e = 'run')
), seen AS (
    SELECT *, TRY_CAST(opened ->> '$.start' AS BIGINT) AS told_start,
           TRY_CAST(last.v ->> '$.end' AS BIGINT) AS told_end,
           CASE WHEN last.e = 'end' THEN
                    if(last.v ->> '$.status' IN ('FINISHED', 'FAILED', 'KILLED', 'RUNNING', 'SCHEDULED'),
                       last.v ->> '$.status', 'KILLED')
                WHEN last.w IN (SELECT w FROM latest.live_writers) THEN 'RUNNING' ELSE 'KILLED' END AS status
    FROM told
), lost AS (
    SELECT run_id, last.w AS w FROM seen WHERE last.e <> 'end' AND status = 'KILLED'
), family AS (
    SELECT run_id, coalesce(kin.w, lost.w) AS w
    FROM lost LEFT JOIN latest.chains own ON own.w = lost.w LEFT JOIN latest.chains kin ON kin.first = own.first
), last_events AS (
    SELECT run_id, max(t) AS t FROM (
        SELECT run_id, seen.t FROM family JOIN {events} seen ON seen.r = run_id AND seen.w = family.w
        UNION ALL
        SELECT run_id, seen.last_t FROM family JOIN {series} seen ON seen.r = run_id AND seen.w = family.w)
    GROUP BY run_id
), named AS (
    SELECT run_id, any_value(value) FILTER (key = 'mlflow.runName') AS name,
           any_value(value) FILTER (key = 'mlflow.parentRunId') AS parent_run_id,
           any_value(value) FILTER (key = 'mlflow.user') AS "user",
           any_value(value) FILTER (key = 'mlflow.note.content') AS note,
           any_value(lower(value)) FILTER (key = 'tracker.star') = 'true' AS star
    FROM {tags}
    WHERE key IN (
        'mlflow.runName', 'mlflow.parentRunId', 'mlflow.user', 'mlflow.note.content', 'tracker.star')
    GROUP BY run_id
), timed AS (
    SELECT *, valid_time(coalesce(told_start::HUGEINT * 1000, seen.t)) AS start_t,
           valid_time(CASE
                WHEN status IN ('RUNNING', 'SCHEDULED') THEN NULL
                WHEN last.e = 'end' THEN coalesce(told_end::HUGEINT * 1000, last.t)
                ELSE last_events.t END) AS end_t
    FROM seen LEFT JOIN last_events USING (run_id)
)
SELECT run_id, coalesce(named.name, '') AS name, status,
       coalesce(experiments.name, if(experiment_id = '0', 'Default', experiment_id)) AS experiment,
       experiment_id,
       make_timestamptz(start_t) AS start_time, make_timestamptz(end_t) AS end_time,
       (end_t - start_t) / 1e6 AS duration, parent_run_id, "user", note, coalesce(star, false) AS star,
       if('deleted' IN (coalesce(state, 'active'), coalesce(experiments.lifecycle_stage, 'active')),
          'deleted', 'active') AS lifecycle_stage,
       $artifacts || run_id AS artifact_uri
FROM timed LEFT JOIN named USING (run_id) LEFT JOIN latest.experiments experiments USING (experiment_id)
"""

# In the order in which they build on each other.
LATEST = {
    "params": LATEST_PARAMS, "tags": LATEST_TAGS, "artifacts": LATEST_ARTIFACTS, "datasets": LATEST_DATASETS,
    "metrics": LATEST_METRICS, "runs": LATEST_RUNS,
}  # fmt: skip


def compute(table: str) -> str:
    """Computes a table of latest.* for all runs."""
    return f"CREATE OR REPLACE TABLE latest.{table} AS {_over(table, touched=False)}"


def compute_touched(table: str) -> tuple[str, str]:
    """Computes it anew for the touched runs: takes their rows out, puts new ones in."""
    return (
        f"DELETE FROM latest.{table} WHERE run_id IN (SELECT r FROM touched)",
        f"INSERT INTO latest.{table} {_over(table, touched=True)}",
    )


def _over(table: str, touched: bool) -> str:
    query = LATEST[table]
    for name, every, few in (
        ("{events}", "hot.events", "touched_events"),
        ("{series}", "hot.series", "touched_series"),
        ("{tags}", "latest.tags", "(FROM latest.tags WHERE run_id IN (FROM touched))"),
    ):
        query = query.replace(name, few if touched else every)
    return query


VIEWS = [
    "CREATE OR REPLACE VIEW runs AS FROM latest.runs",
    """CREATE OR REPLACE VIEW params AS
        SELECT run_id, key, text AS value, num AS number, kind AS type, json FROM latest.params""",
    """CREATE OR REPLACE VIEW metrics AS
        SELECT r AS run_id, k AS key, s AS step, make_timestamptz(valid_time(t)) AS time, v AS value
        FROM hot.metrics""",
    """CREATE OR REPLACE VIEW latest_metrics AS
        SELECT run_id, key, value, step, make_timestamptz(valid_time(t)) AS time, points FROM latest.metrics""",
    "CREATE OR REPLACE VIEW tags AS FROM latest.tags",
    "CREATE OR REPLACE VIEW artifacts AS FROM latest.artifacts",
    "CREATE OR REPLACE VIEW datasets AS FROM latest.datasets",
    """CREATE OR REPLACE VIEW experiments AS
        SELECT experiment_id, name, lifecycle_stage, make_timestamptz(created * 1000) AS created,
               make_timestamptz(updated * 1000) AS updated, artifact_location, tags
        FROM latest.experiments""",
]
