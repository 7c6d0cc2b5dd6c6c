"""One run as the comparison needs it, out of the store's views and the run's own files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound
from tracker.query import Reader
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking.datasets import read_fingerprint

MAX_FILE_BYTES: Final = 20_000_000
MAX_DEPTH: Final = 20
"""Dicts within dicts are compared by their items down to this depth."""
MAX_MODULES, MAX_MODULE_BYTES = 200, 5_000_000
"""Of a run's modules no more files and bytes than these are compared."""
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "—"})()
"""Stands for a value that one of the runs does not have."""
_SHOWN_TAGS: Final = {
    "mlflow.source.git.commit": "git.commit", "mlflow.source.git.branch": "git.branch",
    "mlflow.source.name": "notebook", "mlflow.source.git.repoURL": "git.remote", "mlflow.user": "user",
}  # fmt: skip


_CURVES: Final = """
    WITH counted AS (
        SELECT key, max(points) FILTER (run_id = $a) AS a, max(points) FILTER (run_id = $b) AS b
        FROM latest_metrics WHERE run_id IN ($a, $b) GROUP BY key HAVING count(*) = 2 AND max(points) > 1),
    first AS (SELECT key, step, value FROM metrics WHERE run_id = $a AND key IN (SELECT key FROM counted)),
    second AS (SELECT key, step, value FROM metrics WHERE run_id = $b AND key IN (SELECT key FROM counted)),
    other AS ((FROM first EXCEPT ALL FROM second) UNION ALL (FROM second EXCEPT ALL FROM first))
    SELECT key, min(step), any_value(a), any_value(b) FROM other JOIN counted USING (key) GROUP BY key"""


@dataclass(frozen=True)
class Dataset:
    """A dataset that the run read; `columns` are (name, dtype, digest)."""

    digest: str
    shape: tuple[int, ...] = ()
    columns: tuple[tuple[str, str, str], ...] = ()
    coverage: str = "full"
    kind: str = ""
    """The class that it was: "pandas.DataFrame", "numpy.ndarray", "file"."""
    dtype: str = ""
    """Of an array."""


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
    modules: dict[str, str] = field(default_factory=dict)
    """The source files from beside the notebook that the run keeps."""


def facts(store: Reader, run_id: str) -> RunFacts:
    """The facts of a run. Raises NotFound."""
    ask = store.cursor()
    row = ask.execute("SELECT name, status FROM runs WHERE run_id = ?", [run_id]).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id!r} in the store at {store.store.root}.")
    params = ask.execute("SELECT key, json::VARCHAR FROM params WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    metrics = ask.execute("SELECT key, value FROM latest_metrics WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    tags = dict(ask.execute("SELECT key, value FROM tags WHERE run_id = ?", [run_id]).fetchall())
    data = ask.execute(
        "SELECT name, digest, profile, schema FROM datasets WHERE run_id = ? ORDER BY name", [run_id]
    ).fetchall()
    environment = {"status": row[1]} | {shown: tags[tag] for tag, shown in _SHOWN_TAGS.items() if tag in tags}
    changes = store.store.kept_text(run_id, "code/uncommitted.diff", MAX_FILE_BYTES)
    if changes:
        environment["git.uncommitted"] = f"{changes.count(chr(10)):,} lines [{_digest(changes)}]"
    return RunFacts(
        run_id,
        row[0] or "",
        {key: _json(text) for key, text in params},
        dict(metrics),
        environment | _flat(environment_of(store.store, run_id)),
        {name: _dataset(digest, profile, schema) for name, digest, profile, schema in data},
        _cells(store.store, run_id),
        _modules(store.store, run_id),
    )


def differing_curves(store: Reader, a: str, b: str) -> dict[str, str]:
    """Of metrics that both runs have, and of more than one point in one of them: where their curves differ."""
    rows = store.cursor().execute(_CURVES, {"a": a, "b": b}).fetchall()
    found = {}
    for key, step, first, second in rows:
        points = f"; {first:,} → {second:,} points" if first != second else ""
        found[key] = f"differs from step {step:,}{points}"
    return found


def environment_of(store: Store, run_id: str, most: int = MAX_FILE_BYTES) -> dict[str, Any]:
    """The `environment.json` that a run keeps; empty where there is none that can be read, or of more bytes."""
    return _object(store.kept_text(run_id, "environment.json", most))


def _cells(store: Store, run_id: str) -> tuple[str, ...]:
    kept = _object(store.kept_text(run_id, "code/cells.json", MAX_FILE_BYTES)).get("cells")
    if isinstance(kept, list):
        sources = [str(cell.get("source", "")) for cell in kept if isinstance(cell, dict)]
        if sources:
            return tuple(sources)
    source = store.kept_text(run_id, "code/cell.py", MAX_FILE_BYTES)
    return (source,) if source else ()


def _modules(store: Store, run_id: str) -> dict[str, str]:
    """The files below `code/files`, by their names; those that are links are passed over."""
    found: dict[str, str] = {}
    left = MAX_MODULE_BYTES
    try:
        root = resolve_inside(store.artifact_root(run_id), "code/files")
        paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    except (OSError, InvalidValue):
        return found
    for path in paths[:MAX_MODULES]:
        name = path.relative_to(root).as_posix()
        text = store.kept_text(run_id, f"code/files/{name}", MAX_FILE_BYTES)
        left -= len(text)
        if left < 0:
            break
        found[name] = text
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _dataset(digest: str | None, profile: str | None, schema: str | None) -> Dataset:
    try:
        told = read_fingerprint(profile)
    except RecursionError:
        told = {}
    if not told:
        return Dataset(digest or "")
    shape = told.get("shape")
    columns = told.get("columns")
    whole = [int(n) for n in shape if isinstance(n, int)] if isinstance(shape, list) else []
    kept = [c for c in columns if isinstance(c, list) and len(c) == 3] if isinstance(columns, list) else []
    triples = tuple((str(name), str(dtype), str(own)) for name, dtype, own in kept)
    return Dataset(digest or "", tuple(whole), triples, str(told.get("coverage", "full")), str(told.get("kind", "")),
                   _dtype(schema))  # fmt: skip


def _dtype(schema: str | None) -> str:
    """The dtype in MLflow's schema of an array; empty for anything else."""
    match _object(schema or ""):
        case {"mlflow_tensorspec": {"features": str(features)}}:
            match _json(features):
                case [{"tensor-spec": {"dtype": str(dtype)}}]:
                    return dtype
    return ""


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict) and prefix.count(".") < MAX_DEPTH:
            found |= _flat(item, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = item
    return found


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):  # what is kept may come from anywhere
        return text


def _object(text: str) -> dict[str, Any]:
    found = _json(text) if text else {}
    return found if isinstance(found, dict) else {}
