"""Metric histories as MLflow pages, samples and orders them."""

# ruff: noqa: S608 (only this module's own queries are put together)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow.entities import Metric
from mlflow.entities.metric import MetricWithRunId
from mlflow.store.entities import PagedList
from mlflow.utils.search_utils import SearchUtils

from tracker.mlflow_plugin.errors import refuse, translates
from tracker.query import reader
from tracker.store import Store

# MLflow keeps a point that was logged twice once.
_POINTS = """SELECT DISTINCT run_id, step, time, value FROM metrics WHERE key = $key
    AND run_id IN (SELECT unnest($ids::VARCHAR[]))"""
_HISTORY = f"""SELECT step, epoch_ms(time), value FROM ({_POINTS})
    ORDER BY time, step, value LIMIT $limit OFFSET $offset"""
_BULK = f"""SELECT run_id, step, epoch_ms(time), value FROM ({_POINTS})
    ORDER BY run_id, time, step, value LIMIT $limit"""
_STEPS = f"""SELECT run_id, step, epoch_ms(time), value FROM ({_POINTS} AND step IN (SELECT unnest($steps::BIGINT[])))
    ORDER BY run_id, step, time, value LIMIT $limit"""
# Of each of `most` parts of equal length the first point; of the last one the last: where the metric is now.
_SAMPLED = f"""
WITH points AS (
    SELECT *, ntile($most) OVER each AS part, lead(time) OVER each IS NULL AS is_last
    FROM ({_POINTS} AND step BETWEEN $first AND $last)
    WINDOW each AS (PARTITION BY run_id ORDER BY step, time, value)
), firsts AS (
    SELECT *, row_number() OVER (PARTITION BY run_id, part ORDER BY step, time, value) = 1 AS is_first,
           max(part) OVER (PARTITION BY run_id) AS parts
    FROM points)
SELECT run_id, step, epoch_ms(time), value FROM firsts WHERE is_last OR (is_first AND part < parts)
ORDER BY run_id, step, time, value
"""
_EVERY = (-(1 << 63), (1 << 63) - 1)
_MOST = 1 << 62


@translates
class HistoryCalls:
    """The calls of a tracking store on metric histories."""

    store: Store

    def get_metric_history(
        self, run_id: str, metric_key: str, max_results: int | None = None, page_token: str | None = None
    ) -> PagedList[Metric]:
        offset = SearchUtils.parse_start_offset_from_page_token(page_token)
        most = _MOST if max_results is None else max_results + 1
        rows = self._rows(_HISTORY, [run_id], metric_key, limit=most, offset=offset)
        points = [Metric(metric_key, value, time, step, run_id=run_id) for step, time, value in rows]
        if len(points) < most:
            return PagedList(points, None)
        return PagedList(points[:max_results], SearchUtils.create_page_token(offset + int(max_results or 0)))

    def get_metric_history_bulk(
        self, run_ids: Sequence[str], metric_key: str, max_results: int
    ) -> list[MetricWithRunId]:
        return _with_runs(metric_key, self._rows(_BULK, run_ids, metric_key, limit=max_results))

    def get_metric_history_bulk_interval_from_steps(
        self, run_id: str, metric_key: str, steps: Sequence[int], max_results: int
    ) -> list[MetricWithRunId]:
        rows = self._rows(_STEPS, [run_id], metric_key, steps=list(steps), limit=max_results)
        return _with_runs(metric_key, rows)

    def get_metric_history_bulk_interval(
        self, run_ids: list[str], metric_key: str, max_results: int, start_step: int | None, end_step: int | None
    ) -> list[MetricWithRunId]:
        if (start_step is None) != (end_step is None):
            refuse("Both start_step and end_step must be specified together, or neither may be specified.")
        first, last = _EVERY if start_step is None or end_step is None else (start_step, end_step)
        rows = self._rows(_SAMPLED, run_ids, metric_key, first=first, last=last, most=max(1, max_results))
        place = {run_id: number for number, run_id in enumerate(run_ids)}
        return _with_runs(metric_key, sorted(rows, key=lambda row: place[row[0]]))

    def get_max_step_for_metric(self, run_id: str, metric_key: str) -> int:
        query = "SELECT max(step) FROM metrics WHERE run_id = $run AND key = $key"
        row = reader(self.store).cursor().execute(query, {"run": run_id, "key": metric_key}).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def _rows(self, query: str, run_ids: Sequence[str], key: str, **bindings: Any) -> list[tuple[Any, ...]]:
        given = {"ids": list(run_ids), "key": key, **bindings}
        return reader(self.store).cursor().execute(query, given).fetchall()


def _with_runs(key: str, rows: list[tuple[Any, ...]]) -> list[MetricWithRunId]:
    return [MetricWithRunId(Metric(key, value, time, step), run_id) for run_id, step, time, value in rows]
