"""The trainer by JSON: what `track-experiment` and `deploy-model` of the server extension do.

Invariants: what is asked is text from outside; data is read only below the folder that the server serves, and of
bounded size; models are served from this store only.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound
from tracker.store.artifacts import resolve_inside
from tracker.training.data import data_of
from tracker.training.gridsearch import Training

MOST_TRAININGS: Final = 20
MOST_BYTES: Final = 256 << 20
_READERS: Final = {".csv": "read_csv", ".tsv": "read_table", ".parquet": "read_parquet", ".json": "read_json"}
_KNOWN: Final = frozenset({"estimator", "grid", "data", "rows", "target", "scoring", "cv", "experiment", "jobs"})

_trainings: dict[str, Training] = {}
_servers: dict[str, Any] = {}
_lock = threading.Lock()


def track_experiment(asked: Any, folder: Path) -> dict[str, Any]:
    """Start a grid search: {"estimator", "grid", "target", and "data" (a file below `folder`) or "rows" (a list of
    objects); "scoring", "cv", "experiment", "jobs"}. What `state` gives. Raises InvalidValue, NotFound."""
    if not isinstance(asked, Mapping):
        raise InvalidValue('An experiment is asked for as {"estimator": …, "grid": …, "data": …, "target": …}.')
    unknown = sorted(set(map(str, asked)) - _KNOWN)
    if unknown:
        raise InvalidValue(f"track-experiment knows no {unknown[0]!r}; it knows: {', '.join(sorted(_KNOWN))}.")
    for name in ("estimator", "target"):
        if not isinstance(asked.get(name), str):
            raise InvalidValue(f"track-experiment needs {name!r}, a text.")
    table = _table(asked, folder)
    with _lock:
        if sum(training.running for training in _trainings.values()) >= MOST_TRAININGS:
            raise InvalidValue(f"{MOST_TRAININGS} trainings run already; wait for one to end.")
    training = Training(
        data_of(table, asked["target"]), asked["estimator"], asked.get("grid") or {}, asked.get("scoring"),
        asked.get("cv", 5), asked.get("experiment"), asked.get("jobs"),
    )  # fmt: skip
    with _lock:
        _trainings[training.sweep.run_id] = training
        for run_id in [key for key, one in _trainings.items() if not one.running][:-MOST_TRAININGS]:
            del _trainings[run_id]
    return state(training.sweep.run_id)


def state(run_id: str) -> dict[str, Any]:
    """How far a training is. Raises NotFound for one that this server did not start."""
    training = _trainings.get(run_id)
    if training is None:
        raise NotFound(f"This server has started no training {run_id!r}.")
    best = training.sweep.best
    return {
        "run_id": run_id, "status": "RUNNING" if training.running else training.sweep.status,
        "total": training.sweep.total, "finished": sum(trial.status == "FINISHED" for trial in training.sweep.trials),
        "scoring": training.scoring, "best": None if best is None else {"values": best.values, "score": best.value},
        "model_uri": training.model_uri, "error": training.error,
    }  # fmt: skip


def stop_experiment(run_id: str) -> dict[str, Any]:
    """Stop a training. Raises NotFound."""
    told = state(run_id)
    _trainings[run_id].sweep.stop()
    return told


def deploy_model(asked: Any) -> dict[str, Any]:
    """Serve a model: {"run_id": of a training} or {"model_uri": "models:/…" or "runs:/…"}; its address."""
    if not isinstance(asked, Mapping):
        raise InvalidValue('A model is deployed by {"run_id": …} or {"model_uri": …}.')
    uri = asked.get("model_uri")
    if uri is None and asked.get("run_id") is not None:
        uri = state(str(asked["run_id"]))["model_uri"]
        if uri is None:
            raise InvalidValue("This training has no model yet.")
    if not isinstance(uri, str) or not uri.startswith(("models:/", "runs:/")):
        raise InvalidValue(
            "deploy-model needs the run_id of a training, or a model_uri that begins with models:/ or runs:/."
        )
    from tracker.models.serving.handle import serve

    with _lock:
        server = _servers.get(uri)
        if server is None or not server.running:
            server = _servers[uri] = serve(uri)
    return {"model_uri": uri, "url": f"{server.url}/invocations", "port": server.port}


def _table(asked: Mapping[str, Any], folder: Path) -> Any:
    import pandas as pd

    rows, path = asked.get("rows"), asked.get("data")
    if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows):
        return pd.DataFrame(rows)
    if not isinstance(path, str):
        raise InvalidValue('track-experiment needs "data", a file, or "rows", a list of objects.')
    file = resolve_inside(folder, path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InvalidValue(f"{path} cannot be read: a table ends in {', '.join(_READERS)}.")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InvalidValue(f"{path} has more than {MOST_BYTES >> 20} MB.")
        return getattr(pd, reader)(file)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, UnicodeError) as error:
        raise InvalidValue(f"{path} is no table: {error}"[:300]) from None
