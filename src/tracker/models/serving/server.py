"""Running the scoring server: in the foreground, in one or several processes, or in the background of another program.

A background server ends when the pipe to its standard input closes, which the system does when the program that
started it dies, however it dies.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tracker.exceptions import InvalidValue, TrackerError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

VARIABLE = "TRACKER_SERVING"
MAX_BODY_BYTES = 100 << 20
TIMEOUT_SECONDS = 60.0
_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Settings:
    """What is served, and how. `store`: the store's folder; `max_body` in bytes; `timeout` of a prediction in s."""

    model: str
    store: str
    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    trust: bool = False
    max_body: int = MAX_BODY_BYTES
    timeout: float = TIMEOUT_SECONDS

    def to_json(self) -> str:
        """The settings as a text for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """The settings that `to_json` gave."""
        return cls(**json.loads(text))


def run(settings: Settings) -> None:
    """Serve until interrupted. Raises TrackerError if the model cannot be loaded or the port is taken."""
    uvicorn = require_uvicorn()
    _refuse_taken(settings)
    app = load_app(settings)
    where = f"http://{settings.host}:{settings.port}"
    print(f"Serving {settings.model} at {where}: POST {where}/invocations; what it takes: {where}/docs", flush=True)
    shared: dict[str, Any] = {"host": settings.host, "port": settings.port, "log_level": "warning"}
    if settings.workers == 1:
        uvicorn.run(app, **shared)
        return
    os.environ[VARIABLE] = settings.to_json()
    uvicorn.run(f"{__name__}:app_of_worker", factory=True, workers=settings.workers, **shared)


def app_of_worker() -> Starlette:
    """The application in one of several processes."""
    return load_app(Settings.from_json(os.environ[VARIABLE]))


def load_app(settings: Settings) -> Starlette:
    """Load the model and make the application that serves it. Raises TrackerError."""
    from tracker.models.loading import Saved
    from tracker.models.pyfunc import load_pyfunc
    from tracker.models.serving.app import create_app
    from tracker.models.uris import local_path
    from tracker.tracking.location import set_tracking_uri

    set_tracking_uri(settings.store)
    folder = local_path(settings.model)
    model = load_pyfunc(Saved(folder, settings.trust))
    return create_app(model, settings.max_body, settings.timeout, _example(model.metadata, folder))


def _example(metadata: Any, folder: Path) -> Any:
    try:
        text = metadata.get_serving_input(folder)
        return json.loads(text) if text else None
    except (TrackerError, ValueError, OSError):
        return None


def require_uvicorn() -> Any:
    """The module of the server. Raises InvalidValue, naming what to install."""
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise InvalidValue(
            f"Serving a model needs {error.name}, which is not installed: pip install 'jupyter-tracker[serve]'."
        ) from error
    return uvicorn


def _refuse_taken(settings: Settings) -> None:
    if not 0 <= settings.port < 1 << 16 or settings.workers < 1:
        raise InvalidValue(f"A port is 0 to 65535 and workers are 1 or more; got {settings.port}, {settings.workers}.")
    try:
        bound(settings.host, settings.port).close()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise InvalidValue(f"The server cannot listen at {where}: {error.strerror}. Choose another port.") from error


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises OSError."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


# -- in the background


def background(settings: Settings) -> int:
    """Serve until standard input ends; the exit code. Says on standard output {"port"} when ready, else {"error"}."""
    told = sys.stdout
    sys.stdout = sys.stderr  # what a model prints is no answer
    try:
        uvicorn = require_uvicorn()
        listening = bound(settings.host, settings.port)
        config = uvicorn.Config(load_app(settings), log_level="warning")
    except (TrackerError, OSError) as error:
        print(json.dumps({"error": str(error)}), file=told, flush=True)
        return 1
    server = uvicorn.Server(config)
    for watch in (_until_input_ends, _until_parent_dies):
        threading.Thread(target=watch, args=(server,), daemon=True).start()
    print(json.dumps({"port": listening.getsockname()[1]}), file=told, flush=True)
    server.run(sockets=[listening])
    return 0


def _until_input_ends(server: uvicorn.Server) -> None:
    while sys.stdin.buffer.read(1):
        pass
    _end(server)


def _until_parent_dies(server: uvicorn.Server) -> None:
    """A child that the parent forked may keep the pipe open beyond the parent's death."""
    parent = os.getppid()
    while os.name == "posix" and os.getppid() == parent:
        time.sleep(1)
    if os.name == "posix":
        _end(server)


def _end(server: uvicorn.Server) -> NoReturn:
    server.should_exit = True
    time.sleep(_GRACE_SECONDS)
    os._exit(0)
