"""One run as the comparison needs it, out of the store's views and the run's own files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound
from tracker.query import Reader
from tracker.store import Store
from tracker.store.artifacts import resolve_inside

MAX_FILE_BYTES: Final = 20_000_000
_SHOWN_TAGS: Final = {
    "mlflow.source.git.commit": "git.commit", "mlflow.source.git.branch": "git.branch",
    "mlflow.source.name": "notebook", "mlflow.source.git.repoURL": "git.remote", "mlflow.user": "user",
}  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """A dataset that the run read; `columns` are (name, dtype, digest)."""

    digest: str
    shape: tuple[int, ...] = ()
    columns: tuple[tuple[str, str, str], ...] = ()
    coverage: str = "full"


@dataclass(frozen=True)
class RunFacts:
    """What is compared of one run."""

    id: str
    name: str
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Dataset] = field(default_factory=dict)
    cells: tuple[str, ...] = ()


def facts(store: Reader, run_id: str) -> RunFacts:
    """The facts of a run. Raises NotFound."""
    ask = store.cursor()
    row = ask.execute("SELECT name FROM runs WHERE run_id = ?", [run_id]).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in the store at {store.store.root}.")
    params = ask.execute("SELECT key, json::VARCHAR FROM params WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    metrics = ask.execute("SELECT key, value FROM latest_metrics WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    tags = dict(ask.execute("SELECT key, value FROM tags WHERE run_id = ?", [run_id]).fetchall())
    data = ask.execute("SELECT name, digest, profile FROM datasets WHERE run_id = ? ORDER BY name", [run_id]).fetchall()
    environment = {shown: tags[tag] for tag, shown in _SHOWN_TAGS.items() if tag in tags}
    return RunFacts(
        run_id,
        row[0] or "",
        {key: _json(text) for key, text in params},
        dict(metrics),
        environment | _flat(environment_of(store.store, run_id)),
        {name: _dataset(digest, profile) for name, digest, profile in data},
        _cells(store.store, run_id),
    )


def environment_of(store: Store, run_id: str) -> dict[str, Any]:
    """The `environment.json` that a run keeps; empty where there is none that can be read."""
    return _object(_file(store, run_id, "environment.json"))


def _cells(store: Store, run_id: str) -> tuple[str, ...]:
    kept = _object(_file(store, run_id, "code/cells.json")).get("cells")
    if isinstance(kept, list):
        sources = [str(cell.get("source", "")) for cell in kept if isinstance(cell, dict)]
        if sources:
            return tuple(sources)
    source = _file(store, run_id, "code/cell.py")
    return (source,) if source else ()


def _dataset(digest: str | None, profile: str | None) -> Dataset:
    told = _object(profile or "").get("fingerprint")
    if not isinstance(told, dict):
        return Dataset(digest or "")
    shape = told.get("shape")
    columns = told.get("columns")
    whole = [int(n) for n in shape if isinstance(n, int)] if isinstance(shape, list) else []
    kept = [c for c in columns if isinstance(c, list) and len(c) == 3] if isinstance(columns, list) else []
    triples = tuple((str(name), str(dtype), str(own)) for name, dtype, own in kept)
    return Dataset(digest or "", tuple(whole), triples, str(told.get("coverage", "full")))


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            found |= _flat(item, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = item
    return found


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def _object(text: str) -> dict[str, Any]:
    found = _json(text) if text else {}
    return found if isinstance(found, dict) else {}


def _file(store: Store, run_id: str, name: str) -> str:
    """A text file of the run; empty if there is none."""
    try:
        with open(resolve_inside(store.artifact_root(run_id), name), "rb") as file:
            return file.read(MAX_FILE_BYTES).decode("utf-8", "replace")
    except (OSError, InvalidValue):
        return ""
