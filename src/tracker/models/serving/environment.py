"""Serving a model in a new environment, made of the model's requirements; it is removed when the server ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidState
from tracker.models.loading import Saved
from tracker.models.prediction import make_environment, needed
from tracker.models.serving.server import Settings
from tracker.models.trust import is_vouched_for
from tracker.models.uris import local_path
from tracker.tracking.location import current_store

_SERVER = ["uvicorn", "starlette", "httptools"]
_STOP_SECONDS = 10


def run_in_environment(settings: Settings, manager: str) -> None:
    """Serve until interrupted; `manager`: "uv" or "virtualenv". Raises TrackerError if that cannot be."""
    saved = Saved(local_path(settings.model), settings.trust)
    trust = settings.trust or is_vouched_for(current_store(), saved.folder)
    with tempfile.TemporaryDirectory(prefix="tracker-env-") as place:
        root = Path(place)
        print(f"Making an environment for {settings.model} with {manager} …", flush=True)
        python = make_environment(root / "env", manager, needed(saved, _SERVER), saved.folder)
        left = shutil.ignore_patterns("static", "labextension", "__pycache__")
        shutil.copytree(Path(__file__).parents[2], root / "lib" / "tracker", ignore=left)
        told = replace(settings, model=str(saved.folder), trust=trust)
        _wait_for([str(python), "-m", "tracker.models.serving", "--run", told.to_json()], root / "lib")


def _wait_for(command: list[str], library: Path) -> None:
    server = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(library)})  # noqa: S603 - no shell

    def end(*_: Any) -> None:
        server.terminate()

    before = signal.signal(signal.SIGTERM, end)
    try:
        code = server.wait()
    except KeyboardInterrupt:  # the server heard it too
        code = 0
    finally:
        signal.signal(signal.SIGTERM, before)
        server.terminate()
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
    if code not in (0, -signal.SIGTERM, -signal.SIGINT):
        raise InvalidState("The server in the model's environment has failed; what it said stands above.")
