"""MLflow's databases, read by plain SQL: SQLite by Python itself, others by SQLAlchemy from their URI.

Schema: mlflow/store/tracking/dbmodels/models.py. Older schemas lack tables and columns: what is not there is NULL. A
SQLite file is opened read-only.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tracker.exceptions import InvalidValue
from tracker.interop import sqlite_files
from tracker.interop.logged_models import MADE, READ
from tracker.interop.mlflow_files import DELETED_STAGE, LOGGED_STATUSES, model_point
from tracker.interop.records import (
    DatasetRecord,
    ExperimentRecord,
    LoggedModelRecord,
    ModelRecord,
    Point,
    RunRecord,
    Skipped,
    Source,
    VersionRecord,
    typed,
)

_INFINITE = 1.7976931348623157e308  # what MLflow writes for an infinity
_COLUMNS = {
    "experiments": ("experiment_id", "name", "lifecycle_stage"),
    "experiment_tags": ("experiment_id", "key", "value"),
    "runs": (
        "run_uuid", "experiment_id", "name", "user_id", "status", "start_time", "end_time", "lifecycle_stage",
        "artifact_uri",
    ),
    "params": ("run_uuid", "key", "value"),
    "tags": ("run_uuid", "key", "value"),
    "metrics": ("run_uuid", "key", "value", "step", "timestamp", "is_nan"),
    "inputs": ("input_uuid", "source_type", "source_id", "destination_type", "destination_id"),
    "input_tags": ("input_uuid", "name", "value"),
    "datasets": (
        "dataset_uuid", "name", "digest", "dataset_source_type", "dataset_source", "dataset_schema", "dataset_profile",
    ),
    "logged_models": (
        "model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms", "status", "lifecycle_stage",
        "model_type", "source_run_id",
    ),
    "logged_model_tags": ("model_id", "tag_key", "tag_value"),
    "logged_model_params": ("model_id", "param_key", "param_value"),
    "logged_model_metrics": (
        "model_id", "metric_name", "metric_value", "metric_step", "metric_timestamp_ms", "run_id", "dataset_name",
        "dataset_digest",
    ),
    "registered_models": ("name", "description"),
    "registered_model_tags": ("name", "key", "value"),
    "registered_model_aliases": ("name", "alias", "version"),
    "model_versions": ("name", "version", "source", "run_id", "run_link", "description", "current_stage"),
    "model_version_tags": ("name", "version", "key", "value"),
}  # fmt: skip
Ask = Callable[[str, dict[str, Any]], Iterator[tuple[Any, ...]]]
Opened = tuple[Ask, Callable[[str], set[str]], Callable[[], None]]
"""What asks a query, what tells a table's columns (none: no such table), what closes."""


def is_source(path: Path) -> bool:
    """Whether the file is a SQLite database with MLflow's runs."""
    return path.is_file() and sqlite_files.answers(path, "SELECT run_uuid, experiment_id FROM runs LIMIT 0")


class MlflowDatabase(Source):
    """The runs of an MLflow database: the path of a SQLite file, or a database's URI."""

    kind = "MLflow database"

    def __init__(self, place: Path | str) -> None:
        self.skipped: list[Skipped] = []
        self._ask, self._columns, self._close = _open(place)
        self._base = place.parent if isinstance(place, Path) else None
        if not self._columns("runs"):
            raise InvalidValue(f"{place} has no table of runs, so it is no MLflow database.")

    def close(self) -> None:
        """Close the database."""
        self._close()

    def count(self) -> int:
        """How many runs there are."""
        return int(next(iter(self._ask("SELECT count(*) FROM runs", {})))[0])

    def experiments(self) -> Iterator[ExperimentRecord]:
        """All experiments, deleted ones too."""
        tags = _nested(self._rows("experiment_tags"))
        for identifier, name, stage in self._rows("experiments", order="experiment_id"):
            yield ExperimentRecord(str(identifier), name, stage == "deleted", tags.get(identifier, {}))

    def runs(self) -> Iterator[RunRecord]:
        """All runs, deleted ones too."""
        for row in list(self._rows("runs", order="run_uuid")):
            run, experiment, name, user, status, start, end, stage, artifacts = row
            tags = {key: value or "" for _, key, value in self._rows("tags", run)}
            if user:
                tags.setdefault("mlflow.user", user)
            tags |= self._model_links(run)
            folder = self._local(artifacts)
            yield RunRecord(
                id=run,
                experiment_id=str(experiment),
                name=tags.get("mlflow.runName") or name or None,
                status=status or "RUNNING",
                start=start,
                end=end,
                deleted=stage == "deleted",
                params={key: typed(value) for _, key, value in self._rows("params", run)},
                tags=tags,
                points=lambda run=run: self._points(run),  # type: ignore[misc]
                inputs=tuple(self._inputs(run)),
                artifacts=folder,
                artifacts_elsewhere=None if folder or not artifacts else artifacts,
            )

    def logged_models(self) -> Iterator[LoggedModelRecord]:
        """The models that runs logged."""
        tags, params = _nested(self._rows("logged_model_tags")), _nested(self._rows("logged_model_params"))
        points: dict[str, list[dict[str, Any]]] = {}
        for model, key, value, step, time, run, dataset, digest in self._rows("logged_model_metrics"):
            told = model_point(
                key, _infinite(value if value is not None else math.nan), step, time, run, dataset, digest
            )
            points.setdefault(model, []).append(told)
        for row in self._rows("logged_models", order="model_id"):
            model, experiment, name, place, created, status, stage, kind, run = row
            yield LoggedModelRecord(
                id=model,
                experiment_id=str(experiment),
                name=name,
                created=created or 0,
                run_id=run or None,
                model_type=kind,
                status=LOGGED_STATUSES.get(status, "READY"),
                deleted=stage == "deleted",
                tags=tags.get(model, {}),
                params=params.get(model, {}),
                metrics=tuple(points.get(model, ())),
                artifacts=self._local(place),
                artifacts_elsewhere=None if self._local(place) else place or None,
            )

    def models(self) -> Iterator[ModelRecord]:
        """The registered models, deleted versions as gaps."""
        tags = _nested(self._rows("registered_model_tags"))
        aliases = _nested(self._rows("registered_model_aliases"))
        of_versions = _nested(((name, n), key, value) for name, n, key, value in self._rows("model_version_tags"))
        versions: dict[str, list[VersionRecord]] = {}
        for name, n, source, run, link, about, stage in self._rows("model_versions", order="version"):
            versions.setdefault(name, []).append(
                VersionRecord(
                    n,
                    source or "",
                    run or None,
                    link or None,
                    _model_id(source),
                    about,
                    stage or "None",
                    of_versions.get((name, n), {}),
                    deleted=stage == DELETED_STAGE,
                )
            )
        for name, about in self._rows("registered_models", order="name"):
            found = tuple(versions.get(name, ()))
            yield ModelRecord(name, about, tags.get(name, {}), aliases.get(name, {}), found)

    def _points(self, run: str) -> Iterator[Point]:
        for _, key, value, step, time, is_nan in self._rows("metrics", run, order="key, timestamp, step, value"):
            yield key, float("nan") if is_nan else _infinite(value), step or 0, time or 0

    def _model_links(self, run: str) -> dict[str, str]:
        """The tags that say which models the run made and read."""
        there = self._columns("inputs")
        if not there:
            return {}
        found = self._ask(
            f"SELECT source_type, destination_id, {'step' if 'step' in there else '0'} FROM inputs "  # noqa: S608
            "WHERE source_id = :id AND source_type IN ('RUN_INPUT', 'RUN_OUTPUT')",
            {"id": run},
        )
        return {
            (MADE if kind == "RUN_OUTPUT" else READ) + model: str(step or 0) if kind == "RUN_OUTPUT" else ""
            for kind, model, step in found
        }

    def _inputs(self, run: str) -> Iterator[DatasetRecord]:
        if not all(self._columns(table) for table in ("inputs", "datasets", "input_tags")):
            return
        found = self._ask(
            "SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema, "
            "d.dataset_profile FROM inputs i JOIN datasets d ON i.source_id = d.dataset_uuid "
            "WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = :id ORDER BY 1",
            {"id": run},
        )
        for link, name, digest, kind, source, schema, profile in list(found):
            tags: dict[Any, Any] = dict(
                self._ask("SELECT name, value FROM input_tags WHERE input_uuid = :id", {"id": link})
            )
            facts = {"digest": digest, "source_type": kind, "source": source, "schema": schema, "profile": profile}
            yield DatasetRecord(name, {**facts, "tags": tags})

    def _rows(self, table: str, run: str | None = None, order: str | None = None) -> Iterator[tuple[Any, ...]]:
        """A table's rows with the columns that we know, NULL where this schema has none; of one run, if told."""
        there = self._columns(table)
        if not there:
            return iter(())
        wanted = ", ".join(f"t.{c}" if c in there else f"NULL AS {c}" for c in _COLUMNS[table])
        where = " WHERE t.run_uuid = :id" if run is not None else ""
        # By the table's name: in MySQL's language `key` alone is a word of its own.
        known = ", ".join(f"t.{c}" for c in (order or "key").split(", ") if c in there)
        sort = f" ORDER BY {known}" if known else ""
        return self._ask(f"SELECT {wanted} FROM {table} t{where}{sort}", {"id": run} if where else {})  # noqa: S608

    def _local(self, uri: str | None) -> Path | None:
        """The folder of a run's artifacts, if it lies on this machine."""
        parts = urlsplit(uri or "")
        if not uri or parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
            return None
        path = Path(unquote(parts.path) if parts.scheme else uri)
        path = path if path.is_absolute() or self._base is None else self._base / path
        return path if path.is_dir() else None


def _nested(rows: Iterable[tuple[Any, ...]]) -> dict[Any, dict[str, Any]]:
    """Rows `(owner, key, value)` by owner."""
    found: dict[Any, dict[str, Any]] = {}
    for owner, key, value in rows:
        found.setdefault(owner, {})[key] = "" if value is None else value
    return found


def _model_id(source: str | None) -> str | None:
    """The logged model that a version was made of, which its source names."""
    name = (source or "").removeprefix("models:/")
    return name if name.startswith("m-") and source != name else None


def _infinite(value: float) -> float:
    return value if abs(value) < _INFINITE else float("inf") if value > 0 else float("-inf")


def _open(place: Path | str) -> Opened:
    text = str(place)
    if text.startswith("sqlite:///"):
        place = Path(text.removeprefix("sqlite:///"))
        if not place.is_file():
            raise InvalidValue(f"There is no database file {place}.")
    return _by_python(place) if isinstance(place, Path) else _by_sqlalchemy(text)


def _by_python(path: Path) -> Opened:
    database = sqlite_files.connect(path)

    def ask(query: str, bound: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        try:
            yield from database.execute(query, bound)
        except sqlite3.Error as error:
            raise InvalidValue(f"{path} cannot be read as an MLflow database: {error}.") from error

    return ask, lambda table: {row[1] for row in ask(f"PRAGMA table_info({table})", {})}, database.close


def _by_sqlalchemy(uri: str) -> Opened:
    try:
        import sqlalchemy
    except ModuleNotFoundError as error:
        raise InvalidValue("Reading this database needs SQLAlchemy and its driver: pip install sqlalchemy.") from error
    try:
        engine = sqlalchemy.create_engine(uri)
        inspector = sqlalchemy.inspect(engine)
        tables = set(inspector.get_table_names())
    except (sqlalchemy.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidValue(f"The database {urlsplit(uri).hostname} cannot be read: {reason}") from error

    def ask(query: str, bound: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        with engine.connect() as connection:
            yield from map(tuple, connection.execution_options(stream_results=True).execute(
                sqlalchemy.text(query), bound
            ))  # fmt: skip

    def columns(table: str) -> set[str]:
        return {c["name"] for c in inspector.get_columns(table)} if table in tables else set()

    return ask, columns, engine.dispose
