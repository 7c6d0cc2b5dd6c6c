"""MLflow's searching of runs: its grammar, read by its own parser, as SQL over the store.

It differs from the grammar of `tracker.query`: parameters compare as their text, conditions are joined by AND only. A
parameter is kept with its type where its text says one, and compares by that: `0.1` is the one text of the number 0.1,
so that `params.lr = '0.10'` finds only runs that were told that very text.
"""

# ruff: noqa: S608 (every literal and key is a bound value; the names come from the tables below)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlflow.utils.search_utils import SearchUtils

from tracker.interop.records import typed
from tracker.mlflow_plugin.errors import refuse
from tracker.mlflow_plugin.places import ArtifactRoot
from tracker.mlflow_plugin.runs import ARTIFACTS, USER_ID
from tracker.query import reader
from tracker.store import Store

_TIMES = {"start_time": "epoch_ms(r.start_time)", "end_time": "epoch_ms(r.end_time)"}
_TEXTS = {"run_id": "r.run_id", "run_name": "r.name", "status": "r.status"}
_DATASET = {"name": "name", "digest": "digest", "context": "context"}
_ORDER = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LISTS = {"IN": "IN", "NOT IN": "NOT IN"}
_PATTERNS = {"LIKE": "LIKE", "ILIKE": "ILIKE"}
_OF_RUN = "SELECT value FROM latest.tags t WHERE t.run_id = r.run_id AND t.key"
# A value's text as Python writes it: DuckDB writes a double as Python does.
_PYTHON = (
    """CASE kind WHEN 'bool' THEN if(text = 'true', 'True', 'False') WHEN 'float' THEN num::VARCHAR ELSE text END"""
)


class Search:
    """One search, built condition by condition."""

    def __init__(self, root: ArtifactRoot) -> None:
        self._root = root
        self.bindings: dict[str, Any] = {}
        self._conditions: list[str] = []
        self._joins: list[str] = []

    def bind(self, value: Any) -> str:
        name = f"b{len(self.bindings)}"
        self.bindings[name] = value
        return f"${name}"

    def add(self, condition: str) -> None:
        self._conditions.append(condition)

    def where(self, filter_string: str | None) -> None:
        """Take in MLflow's filter. Raises MlflowException for a mistake in it."""
        for term in SearchUtils.parse_search_filter(filter_string):
            kind, key, operator, value = term["type"], term["key"], term["comparator"].upper(), term["value"]
            key = SearchUtils.translate_key_alias(key)
            self.add(self._condition(kind, key, operator, value))

    def _condition(self, kind: str, key: str, operator: str, value: Any) -> str:
        if SearchUtils.is_string_attribute(kind, key, operator):
            return self._of_text(self._attribute(key), operator, value)
        if SearchUtils.is_numeric_attribute(kind, key, operator):
            return self._compared(_TIMES[key], operator, float(value))
        if SearchUtils.is_metric(kind, operator):
            return self._among("metrics", key, self._of_metric(operator, float(value)))
        for name, test in (("params", SearchUtils.is_param), ("tags", SearchUtils.is_tag)):
            if test(kind, operator):
                if operator in ("IS NULL", "IS NOT NULL"):
                    return ("NOT " if operator == "IS NULL" else "") + self._among(name, key, "true")
                told = self._of_param(operator, value) if name == "params" else self._of_text("value", operator, value)
                return self._among(name, key, told)
        if SearchUtils.is_dataset(kind, operator):
            condition = self._of_text(_DATASET[key], operator, value)
            return f"r.run_id IN (SELECT run_id FROM latest.datasets WHERE {condition})"
        refuse(f"Invalid search expression type '{kind}'")

    def _among(self, table: str, key: str, condition: str) -> str:
        return f"(r.run_id IN (SELECT run_id FROM latest.{table} WHERE key = {self.bind(key)} AND {condition}))"

    def _attribute(self, key: str) -> str:
        if key in _TEXTS:
            return _TEXTS[key]
        if key == "user_id":
            return f"""coalesce(({_OF_RUN} = '{USER_ID}'), r."user", 'unknown')"""
        if key == "artifact_uri":
            parts = self._root.of_run("\0", "\1").replace("\0", "\1").split("\1")
            columns = ["r.experiment_id"] * (len(parts) - 2) + ["r.run_id"]
            text = " || ".join(
                f"{self.bind(part)}{f' || {columns[i]}' if i < len(columns) else ''}" for i, part in enumerate(parts)
            )
            return f"coalesce(({_OF_RUN} = '{ARTIFACTS}'), {text})"
        refuse(f"Invalid attribute key '{key}' specified.")

    def _compared(self, column: str, operator: str, value: Any) -> str:
        if operator not in _ORDER:
            refuse(f"Invalid comparator '{operator}'.")
        return f"({column} {_ORDER[operator]} {self.bind(value)})"

    def _of_text(self, column: str, operator: str, value: Any) -> str:
        if operator in _LISTS:
            return f"({column} {_LISTS[operator]} (SELECT unnest({self.bind([str(v) for v in value])}::VARCHAR[])))"
        if operator in _PATTERNS:
            return f"({column} {_PATTERNS[operator]} {self.bind(value)})"
        return self._compared(column, operator, value)

    def _of_metric(self, operator: str, value: float) -> str:
        condition = self._compared("value", operator, value)
        return f"(isnan(value) OR {condition})" if operator == "!=" else f"(NOT isnan(value) AND {condition})"

    def _of_param(self, operator: str, value: Any) -> str:
        if operator in _PATTERNS:
            return self._of_text(_PYTHON, operator, value)
        known = typed(value)
        if isinstance(known, bool):
            same = f"(kind = 'bool' AND text = {self.bind(str(known).lower())})"
        elif isinstance(known, float):
            same = f"(kind = 'float' AND num = {self.bind(known)})"
        else:
            same = f"(kind = {self.bind('int' if isinstance(known, int) else 'string')} AND text = {self.bind(value)})"
        if isinstance(known, bool | int | float):
            same = f"({same} OR (kind = 'string' AND text = {self.bind(value)}))"
        return f"(NOT {same})" if operator == "!=" else same

    # -- ordering

    def order(self, order_by: Sequence[str] | None) -> str:
        """MLflow's ordering: its keys with what is missing last, then the newest run, then by id."""
        parts: list[str] = []
        seen: set[tuple[str, str]] = set()
        for clause in order_by or ():
            kind, key, ascending = SearchUtils.parse_order_by_for_search_runs(clause)
            key = SearchUtils.translate_key_alias(key)
            if (kind, key) in seen:
                refuse(f"`order_by` contains duplicate fields: {order_by}", 1)
            seen.add((kind, key))
            parts += self._ordered(kind, key, "ASC" if ascending else "DESC")
        if ("attribute", "start_time") not in seen:
            parts.append("r.start_time DESC NULLS LAST")
        return ", ".join([*parts, "r.run_id"])

    def _ordered(self, kind: str, key: str, direction: str) -> list[str]:
        if kind == "attribute":
            column = _TIMES.get(key) or self._attribute(key)
            return [f"{column} {direction} NULLS LAST"]
        table = {"metric": "metrics", "parameter": "params", "tag": "tags"}.get(kind)
        if table is None:
            refuse(f"Invalid identifier type '{kind}'")
        value = f"{_PYTHON} AS value" if table == "params" else "value"
        alias = f"o{len(self._joins)}"
        source = f"(SELECT run_id, {value} FROM latest.{table} WHERE key = {self.bind(key)})"
        self._joins.append(f"LEFT JOIN {source} {alias} ON {alias}.run_id = r.run_id")
        column = f"{alias}.value"
        rank = f"CASE WHEN {column} IS NULL THEN 2 WHEN isnan({column}) THEN 1 ELSE 0 END" if kind == "metric" else None
        return [*([rank] if rank else []), f"{column} {direction} NULLS LAST"]

    def run_ids(self, store: Store, order_by: Sequence[str] | None, limit: int | None, offset: int) -> list[str]:
        """The ids of the runs that pass, in order."""
        order = self.order(order_by)
        page = f"{'' if limit is None else f'LIMIT {int(limit)}'} OFFSET {int(offset)}"
        query = f"""SELECT r.run_id FROM latest.runs r {" ".join(self._joins)}
            WHERE {" AND ".join(self._conditions) or "true"} ORDER BY {order} {page}"""
        return [row[0] for row in reader(store).cursor().execute(query, self.bindings).fetchall()]


def search_run_ids(
    store: Store,
    root: ArtifactRoot,
    experiment_ids: Sequence[str],
    filter_string: str | None,
    stages: Sequence[str],
    order_by: Sequence[str] | None,
    limit: int | None,
    offset: int,
) -> list[str]:
    """The ids of the runs that pass, in order. Raises MlflowException for a mistake in the filter or the ordering."""
    search = Search(root)
    search.add(f"r.experiment_id IN (SELECT unnest({search.bind([str(i) for i in experiment_ids])}::VARCHAR[]))")
    search.add(f"r.lifecycle_stage IN (SELECT unnest({search.bind(list(stages))}::VARCHAR[]))")
    search.where(filter_string)
    return search.run_ids(store, order_by, limit, offset)
