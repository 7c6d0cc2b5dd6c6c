"""The trainer by JSON: what `track-experiment` and `deploy-model` of the server extension do.

Invariants: what is asked is text from outside; each training is a process of its own, which reads data only below the
folder that it is given, of bounded size, and ends with the server; models are served from the given store only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.store import Store

MOST_AT_ONCE: Final = 4
_MOST_KEPT: Final = 100
_START_SECONDS: Final = 120.0
_KNOWN: Final = ("estimator", "grid", "data", "rows", "target", "scoring", "cv", "experiment", "jobs")

_trainings: dict[str, _Training] = {}
_servers: dict[tuple[str, str], Any] = {}
_lock = threading.Lock()


class _Training:
    """A training's process, and what it said last."""

    def __init__(self, asked: Any, folder: Path, store: Store) -> None:
        self.store = store.root
        self._told: dict[str, Any] = {}
        self._first = threading.Event()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tracker.training"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._said, cwd=folder, env=_environment(), start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        question = {"asked": asked, "folder": str(folder), "store": str(store.root)}
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        threading.Thread(target=self._listen, name="tracker-training", daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._told = json.loads(line)
            self._first.set()
        code = self._process.wait()
        if not self._told or self._told.get("status") == "RUNNING":
            self._told = {**self._told, "status": "FAILED", "error": f"The training's process ended with code {code}."}
        self._first.set()

    def begun(self) -> dict[str, Any]:
        """What it said first. Raises InvalidValue with its reason, if it did not begin."""
        if not self._first.wait(_START_SECONDS):
            self.stop()
            raise InvalidState(f"The training did not begin within {_START_SECONDS:g} s.")
        if "run_id" not in self._told:
            raise InvalidValue(str(self._told.get("error", "The training did not begin.")))
        return self._told

    @property
    def state(self) -> dict[str, Any]:
        """What it said last."""
        return self._told

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop: the trials that have finished are kept."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()


def track_experiment(asked: Any, folder: Path, store: Store) -> dict[str, Any]:
    """Start a grid search in the background: {"estimator", "grid", "target", and "data" (a file below `folder`) or
    "rows" (a list of objects); "scoring", "cv", "experiment", "jobs"}.

    Gives {"run_id", "status", "total", "finished", "scoring", "best", "model_uri", "error"}. Raises InvalidValue.
    """
    _check(asked)
    with _lock:
        if sum(training.running for training in _trainings.values()) >= MOST_AT_ONCE:
            raise InvalidState(f"{MOST_AT_ONCE} trainings run already: wait for one to end, or stop it.")
        training = _Training(asked, folder, store)
    told = training.begun()
    with _lock:
        _trainings[str(told["run_id"])] = training
        for run_id in [key for key, one in _trainings.items() if not one.running][:-_MOST_KEPT]:
            del _trainings[run_id]
    return told


def _check(asked: Any) -> None:
    """What can be told without a process."""
    if not isinstance(asked, Mapping):
        raise InvalidValue('An experiment is asked for as {"estimator": …, "grid": …, "data": …, "target": …}.')
    unknown = sorted(set(map(str, asked)) - set(_KNOWN))
    if unknown:
        raise InvalidValue(f"track-experiment knows no {unknown[0]!r}; it knows: {', '.join(_KNOWN)}.")
    for name in ("estimator", "target"):
        if not isinstance(asked.get(name), str):
            raise InvalidValue(f"track-experiment needs {name!r}, a text.")


def state(run_id: str, store: Store) -> dict[str, Any]:
    """How far a training is, as `track_experiment` tells it. Raises NotFound for one that was not started here."""
    return _training(run_id, store).state


def stop_experiment(run_id: str, store: Store) -> dict[str, Any]:
    """Stop a training. Raises NotFound."""
    training = _training(run_id, store)
    training.stop()
    return training.state


def _training(run_id: str, store: Store) -> _Training:
    training = _trainings.get(run_id)
    if training is None or training.store != store.root:
        raise NotFound(f"This server has started no training {run_id!r}.")
    return training


def deploy_model(asked: Any, store: Store) -> dict[str, Any]:
    """Serve a model in the background: {"run_id": of a training} or {"model_uri": "models:/…" or "runs:/…"}.

    Gives {"model_uri", "url", "port"}. Raises InvalidValue, NotFound, ServerError.
    """
    from tracker.models.serving.handle import ModelServer
    from tracker.models.serving.server import Settings

    if not isinstance(asked, Mapping):
        raise InvalidValue('A model is deployed by {"run_id": …} or {"model_uri": …}.')
    uri = asked.get("model_uri")
    if uri is None and asked.get("run_id") is not None:
        uri = state(str(asked["run_id"]), store).get("model_uri")
        if uri is None:
            raise InvalidState("This training has no model yet.")
    if not isinstance(uri, str) or not uri.startswith(("models:/", "runs:/")):
        raise InvalidValue("deploy-model takes the run_id of a training, or a model_uri: models:/… or runs:/….")
    key = (str(store.root), uri)
    with _lock:
        server = _servers.get(key)
        if server is None or not server.running:
            server = _servers[key] = ModelServer(Settings(uri, str(store.root), "127.0.0.1", 0), uri)
    return {"model_uri": uri, "url": f"{server.url}/invocations", "port": server.port}


def _environment() -> dict[str, str]:
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
