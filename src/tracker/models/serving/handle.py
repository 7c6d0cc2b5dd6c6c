"""`tracker.serve(model)`: a scoring server in a background process, which ends with this one."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import weakref
from pathlib import Path
from typing import IO, Any

from tracker.entities_registry import ModelVersion
from tracker.exceptions import InvalidValue, TrackerError
from tracker.models.serving.payloads import JSON
from tracker.models.serving.server import MAX_BODY_BYTES, TIMEOUT_SECONDS, Settings, require_uvicorn
from tracker.tracking.location import current_store

START_SECONDS = 120.0
_STOP_SECONDS = 5.0

_open: weakref.WeakSet[ModelServer] = weakref.WeakSet()


class ServerError(TrackerError):
    """A scoring server that did not start, has ended, or failed."""


class ModelServer:
    """A scoring server in a process of its own: `url`, `predict`, `stop`; a context manager.

    The process ends with `stop`, with the `with` block, or when this program ends, even if it is killed.
    """

    def __init__(self, settings: Settings, source: str, holding: Any = None) -> None:
        require_uvicorn()
        self.model = source
        self.timeout = settings.timeout
        self._holding = holding
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the server
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, no shell
            [sys.executable, "-m", "tracker.models.serving", settings.to_json()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, env=_environment(), start_new_session=True,
        )  # fmt: skip
        _open.add(self)
        try:
            self.port = self._started()
        except BaseException:
            self.stop()
            raise
        self.url = f"http://{settings.host}:{self.port}"

    def _started(self) -> int:
        assert self._process.stdout is not None
        told = _line_within(self._process.stdout, START_SECONDS)
        try:
            said = json.loads(told)
        except ValueError:
            raise ServerError(f"The server of {self.model} did not start.{self._last_words()}") from None
        if "port" not in said:
            raise ServerError(f"{self.model} cannot be served. {said.get('error')}")
        return int(said["port"])

    def _last_words(self) -> str:
        words = self.log()[-2000:].strip()
        return f" It said:\n{words}" if words else ""

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server is there."""
        return self._process.poll() is None

    def log(self) -> str:
        """What the server wrote: the tracebacks of a model that failed, and what it prints."""
        with contextlib.suppress(ValueError, OSError):
            self._log.seek(0)
            return self._log.read().decode("utf-8", "replace")
        return ""

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the server answers for `data`, asked by HTTP as any client would.

        A list of rows comes back as a DataFrame, numbers as an array. Raises InvalidValue with the server's reason if
        it refuses the input, ServerError if it does not answer.
        """
        from tracker.models.examples import convert_input_example_to_serving_input

        body = convert_input_example_to_serving_input((data, params) if params is not None else data) or "{}"
        answer = json.loads(self._posted(body.encode()))
        return _as_data(answer["predictions"] if isinstance(answer, dict) and "predictions" in answer else answer)

    def _posted(self, body: bytes) -> bytes:
        if not self.running:
            raise ServerError(f"The server of {self.model} has ended.{self._last_words()}")
        request = urllib.request.Request(  # noqa: S310 - http to our own server
            f"{self.url}/invocations", data=body, headers={"Content-Type": JSON}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self.timeout + 5) as response:
                answer: bytes = response.read()
            return answer
        except urllib.error.HTTPError as error:
            raise _refused(error) from None
        except OSError as error:
            raise ServerError(f"The server at {self.url} does not answer: {error}.") from error

    def stop(self) -> None:
        """End the server; a second time does nothing."""
        process = self._process
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._log.close()
        if self._holding is not None:
            self._holding.cleanup()
            self._holding = None

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<ModelServer of {self.model} at {self.url}{'' if self.running else ', ended'}>"


def serve(
    model: Any,
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    trust: bool = False,
    timeout: float = TIMEOUT_SECONDS,
    max_body: int = MAX_BODY_BYTES,
) -> ModelServer:
    """Serve a model in a background process of this program; gives back when it answers.

    `model`: a URI (`models:/…`, `runs:/…`), a path, what `log_model` or `register_model` gave, or a fitted model that a
    flavor knows. `port` 0 takes a free one. `trust` as in `load_model`. `timeout`: the seconds that a prediction may
    take; `max_body`: the bytes that a request may have. Raises ServerError if the model cannot be served.
    """
    uri, name, holding = located(model)
    store = str(current_store().root)
    return ModelServer(
        Settings(uri, store, host, port, trust=trust or holding is not None, max_body=max_body, timeout=timeout),
        name,
        holding,
    )


def located(model: Any) -> tuple[str, str, Any]:
    """A URI, what to call the model, and what holds its files if it was not saved yet."""
    if isinstance(model, ModelVersion):
        uri = f"models:/{model.name}/{model.version}"
        return uri, uri, None
    if isinstance(model, str | os.PathLike):
        return os.fspath(model), os.fspath(model), None
    logged = getattr(model, "model_uri", None)
    if isinstance(logged, str):
        return logged, logged, None
    folder = tempfile.TemporaryDirectory(prefix="tracker-serve-")
    try:
        _saved(model, Path(folder.name, "model"))
    except BaseException:
        folder.cleanup()
        raise
    return str(Path(folder.name, "model")), type(model).__name__, folder


def _saved(model: Any, path: Path) -> None:
    import importlib

    for base in type(model).__mro__:
        flavor = _FLAVORS.get(base.__module__.partition(".")[0])
        if flavor is not None:
            importlib.import_module(f"tracker.{flavor}").save_model(model, path)
            return
    raise InvalidValue(
        f"A {type(model).__name__} cannot be served as it is: log it with its flavor, and serve its URI."
    )


_FLAVORS = {
    "sklearn": "sklearn", "xgboost": "xgboost", "lightgbm": "lightgbm", "torch": "pytorch", "keras": "keras",
    "tensorflow": "keras", "statsmodels": "statsmodels", "onnx": "onnx",
}  # fmt: skip


def _environment() -> dict[str, str]:
    """This process's environment, with the package where the child finds it too."""
    package = str(Path(__file__).parents[3])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [package, path]))}


def _line_within(stream: IO[bytes], seconds: float) -> bytes:
    """The next line, or what there is of it when the process ends or the time is over."""
    import threading

    found: list[bytes] = []
    reading = threading.Thread(target=lambda: found.append(stream.readline()), daemon=True)
    reading.start()
    deadline = time.monotonic() + seconds
    while reading.is_alive() and time.monotonic() < deadline:
        reading.join(0.1)  # short, so that an interrupt is heard
    return found[0] if found else b""


def _refused(error: urllib.error.HTTPError) -> TrackerError:
    text = error.read().decode("utf-8", "replace")
    try:
        told = json.loads(text)
        message, code = str(told["message"]), str(told["error_code"])
    except (ValueError, KeyError, TypeError):
        message, code = text, "BAD_REQUEST"
    return InvalidValue(message, code) if error.code < 500 else ServerError(message, code)


def _as_data(told: Any) -> Any:
    if not isinstance(told, list):
        return told
    if told and all(isinstance(one, dict) for one in told):
        import pandas as pd

        return pd.DataFrame(told)
    import numpy as np

    try:
        return np.array(told)
    except ValueError:  # lists of different lengths
        return told


def _stop_all() -> None:
    for server in list(_open):
        with contextlib.suppress(Exception):
            server.stop()


atexit.register(_stop_all)
