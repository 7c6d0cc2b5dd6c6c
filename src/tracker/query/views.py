"""The SQL of the reader: how journals become tables, and tables the views that users see.

    hot.settled_*, hot.live_*   the events of journals whose owner is gone, and of those still written
    hot.events, hot.metrics     both together: the one place where a cold layer joins in
    latest.*                    what holds now, computed after each change of the above
    main.*                      the views of `tracker.sql`

Times are µs since the epoch until the views make them timestamps. For all but metrics the latest event by
(time, journal) holds; of a metric the point that is greatest by (step, time, value), NaN lowest.
"""

# ruff: noqa: S608 (only this module's own names are put together)

from __future__ import annotations

_COLUMNS = "{e: 'VARCHAR', r: 'VARCHAR', x: 'VARCHAR', k: 'VARCHAR', v: 'JSON', s: 'BIGINT', t: 'BIGINT'}"

# Years 1 to 9999: what timestamps can show. A journal from elsewhere may say anything.
EARLIEST, LATEST = -62135596800000000, 253402300799999999
_TIME = f"greatest({EARLIEST}, least({LATEST}, coalesce(t, 0)))"

LAYERS = ("settled", "live")


def empty_batch(layer: str) -> str:
    """A table for what is read of the layer's journals, line by line."""
    return f"""CREATE OR REPLACE TEMP TABLE {layer}_batch(
        e VARCHAR, r VARCHAR, x VARCHAR, k VARCHAR, v JSON, s BIGINT, t BIGINT, w VARCHAR)"""


def read_batch(layer: str) -> str:
    """Reads the journals `$files`; a line that is no event becomes a row of NULLs."""
    return f"""INSERT INTO {layer}_batch
        SELECT e, r, x, k, coalesce(v, 'null') AS v, s, {_TIME} AS t, parse_filename(filename, true) AS w
        FROM read_json($files, format = 'newline_delimited', ignore_errors = true, filename = true,
                       maximum_object_size = 16777216, columns = {_COLUMNS})"""


def damaged(layer: str) -> str:
    """Counts the lines of each journal that are no events."""
    return f"SELECT w, count(*) FROM {layer}_batch WHERE e IS NULL GROUP BY w"


def _batch_events(layer: str) -> str:
    return f"""SELECT e, r, x, k, v, t, w FROM {layer}_batch
        WHERE e IN ('run', 'resume', 'end', 'state', 'param', 'tag', 'input', 'artifact') AND r IS NOT NULL"""


def _batch_metrics(layer: str) -> str:
    return f"""SELECT r, k, coalesce(s, 0) AS s, t, value AS v, w
        FROM (SELECT *, TRY_CAST(v ->> '$' AS DOUBLE) AS value FROM {layer}_batch WHERE e = 'metric')
        WHERE r IS NOT NULL AND k IS NOT NULL AND value IS NOT NULL"""


def take_batch(layer: str) -> tuple[str, ...]:
    """Adds what was read to the layer's tables, and empties the batch."""
    return (
        f"INSERT INTO hot.{layer}_events {_batch_events(layer)}",
        f"INSERT INTO hot.{layer}_metrics {_batch_metrics(layer)}",
        f"TRUNCATE {layer}_batch",
    )


TABLES = [
    "CREATE SCHEMA hot",
    "CREATE SCHEMA latest",
    *(empty_batch(layer) for layer in LAYERS),
    *(f"CREATE TABLE hot.{layer}_events AS {_batch_events(layer)}" for layer in LAYERS),
    *(f"CREATE TABLE hot.{layer}_metrics AS {_batch_metrics(layer)}" for layer in LAYERS),
    "CREATE VIEW hot.events AS FROM hot.settled_events UNION ALL FROM hot.live_events",
    "CREATE VIEW hot.metrics AS FROM hot.settled_metrics UNION ALL FROM hot.live_metrics",
    """CREATE TABLE latest.experiments(
        experiment_id VARCHAR, name VARCHAR, lifecycle_stage VARCHAR, created BIGINT, updated BIGINT,
        artifact_location VARCHAR, tags MAP(VARCHAR, VARCHAR))""",
    "CREATE TABLE latest.live_writers(w VARCHAR)",
    f"""CREATE MACRO valid_time(t) AS
        CASE WHEN t IS NOT NULL THEN CAST(greatest({EARLIEST}, least({LATEST}, t)) AS BIGINT) END""",
    """CREATE MACRO as_number(value) AS
        CASE WHEN regexp_full_match(value, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')
        THEN TRY_CAST(value AS DOUBLE) END""",
]

INSERT_EXPERIMENTS = """
INSERT INTO latest.experiments
SELECT unnest($ids), unnest($names), unnest($states), unnest($created), unnest($updated), unnest($locations),
       CAST(CAST(unnest($tags) AS JSON) AS MAP(VARCHAR, VARCHAR))
"""


KIND_COUNTS = """
SELECT e, count(*) FROM hot.events GROUP BY e UNION ALL SELECT 'metric', count(*) FROM hot.metrics
"""


def _latest(kind: str) -> str:
    return f"""SELECT r AS run_id, k AS key, arg_max(v, (t, w)) AS v
        FROM hot.events WHERE e = '{kind}' AND k IS NOT NULL GROUP BY r, k"""


LATEST_PARAMS = f"""
CREATE OR REPLACE TABLE latest.params AS
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
CREATE OR REPLACE TABLE latest.tags AS
SELECT run_id, key, v ->> '$' AS value FROM ({_latest("tag")}) WHERE json_type(v) <> 'NULL'
"""

LATEST_ARTIFACTS = f"""
CREATE OR REPLACE TABLE latest.artifacts AS
SELECT run_id, key AS path, TRY_CAST(v ->> '$.size' AS BIGINT) AS size
FROM ({_latest("artifact")}) WHERE json_type(v) = 'OBJECT'
"""

LATEST_DATASETS = """
CREATE OR REPLACE TABLE latest.datasets AS
SELECT run_id, name, digest, context, v ->> '$.source_type' AS source_type, v ->> '$.source' AS source,
       v ->> '$.schema' AS schema, v ->> '$.profile' AS profile, v -> '$.tags' AS tags
FROM (SELECT r AS run_id, k AS name, v ->> '$.digest' AS digest,
             v ->> '$.tags."mlflow.data.context"' AS context, arg_max(v, (t, w)) AS v
      FROM hot.events WHERE e = 'input' AND k IS NOT NULL AND json_type(v) = 'OBJECT' GROUP BY ALL)
"""

LATEST_METRICS = """
CREATE OR REPLACE TABLE latest.metrics AS
SELECT run_id, key, best.v AS value, best.s AS step, best.t AS t, points, first_s, first_t, last_t
FROM (SELECT r AS run_id, k AS key, max({s: s, t: t, real: NOT isnan(v), v: v}) AS best, count(*) AS points,
             min(s) AS first_s, min(t) AS first_t, max(t) AS last_t
      FROM hot.metrics GROUP BY r, k)
"""

LATEST_RUNS = """
CREATE OR REPLACE TABLE latest.runs AS
WITH told AS (
    SELECT r AS run_id,
           arg_min(x, (t, w)) FILTER (e = 'run') AS experiment_id,
           arg_min(v, (t, w)) FILTER (e = 'run') AS opened,
           min(t) FILTER (e = 'run') AS t,
           arg_max({e: e, v: v, t: t, w: w}, (t, w)) FILTER (e IN ('run', 'resume', 'end')) AS last,
           arg_max(v, (t, w)) FILTER (e = 'state') ->> '$' AS state
    FROM hot.events WHERE e IN ('run', 'resume', 'end', 'state') GROUP BY r HAVING bool_or(e = 'run')
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
), last_events AS (
    SELECT run_id, max(t) AS t FROM (
        SELECT run_id, seen.t FROM lost JOIN hot.events seen ON seen.r = run_id AND seen.w = lost.w
        UNION ALL
        SELECT run_id, seen.t FROM lost JOIN hot.metrics seen ON seen.r = run_id AND seen.w = lost.w)
    GROUP BY run_id
), named AS (
    SELECT run_id, any_value(value) FILTER (key = 'mlflow.runName') AS name,
           any_value(value) FILTER (key = 'mlflow.parentRunId') AS parent_run_id,
           any_value(value) FILTER (key = 'mlflow.user') AS "user",
           any_value(value) FILTER (key = 'mlflow.note.content') AS note,
           any_value(lower(value)) FILTER (key = 'tracker.star') = 'true' AS star
    FROM latest.tags
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

# Each with the kind of event that it is made from.
LATEST_BY_KIND = {
    "param": LATEST_PARAMS, "tag": LATEST_TAGS, "artifact": LATEST_ARTIFACTS, "input": LATEST_DATASETS,
    "metric": LATEST_METRICS,
}  # fmt: skip

VIEWS = [
    "CREATE OR REPLACE VIEW runs AS FROM latest.runs",
    """CREATE OR REPLACE VIEW params AS
        SELECT run_id, key, text AS value, num AS number, kind AS type, json FROM latest.params""",
    """CREATE OR REPLACE VIEW metrics AS
        SELECT r AS run_id, k AS key, s AS step, make_timestamptz(t) AS time, v AS value FROM hot.metrics""",
    """CREATE OR REPLACE VIEW latest_metrics AS
        SELECT run_id, key, value, step, make_timestamptz(t) AS time, points FROM latest.metrics""",
    "CREATE OR REPLACE VIEW tags AS FROM latest.tags",
    "CREATE OR REPLACE VIEW artifacts AS FROM latest.artifacts",
    "CREATE OR REPLACE VIEW datasets AS FROM latest.datasets",
    """CREATE OR REPLACE VIEW experiments AS
        SELECT experiment_id, name, lifecycle_stage, make_timestamptz(created * 1000) AS created,
               make_timestamptz(updated * 1000) AS updated, artifact_location, tags
        FROM latest.experiments""",
]
