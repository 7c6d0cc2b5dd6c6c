"""A real server in a process of its own, asked over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import tracker
from tracker.exceptions import InvalidValue
from tracker.models import infer_signature
from tracker.models.serving.handle import ModelServer, ServerError

pytest.importorskip("uvicorn")
pytest.importorskip("cloudpickle")

MAX_BODY = 50_000


def _waiting_model(folder: str) -> Any:
    """Adds two columns. Asked with a = -1 it waits for a file; with a = -2 it fails."""

    class Model(tracker.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            import pathlib
            import time

            first = model_input["a"].iloc[0]
            if first == -1:
                pathlib.Path(folder, "asked").touch()
                while not pathlib.Path(folder, "go").exists():
                    time.sleep(0.01)
            if first == -2:
                raise RuntimeError("the secret of <b>line 7</b>")
            return (model_input["a"] + model_input["b"] + (params or {}).get("shift", 0)).tolist()

    return Model()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving")


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[ModelServer]:
    import tracker.pyfunc

    tracker.set_tracking_uri(place / "store")
    example = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]})
    tracker.pyfunc.save_model(
        place / "model",
        python_model=_waiting_model(str(place)),
        signature=infer_signature(example, [4.0, 6.0], {"shift": 0}),
        input_example=example,
    )
    try:
        with tracker.serve(place / "model", max_body=MAX_BODY, timeout=20) as running:
            yield running
    finally:
        tracker.set_tracking_uri(None)


def ask(
    server: ModelServer, method: str, path: str, body: Any = None, kind: str | None = "application/json"
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_protocol(server: ModelServer) -> None:
    assert ask(server, "GET", "/ping") == ask(server, "GET", "/health") == (200, "\n")
    assert ask(server, "GET", "/version") == (200, tracker.__version__)
    body = json.dumps({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}, "params": {"shift": 10}})
    assert ask(server, "POST", "/invocations", body) == (200, '{"predictions":[13.0,17.0]}')
    assert ask(server, "POST", "/invocations", "a,b\n1,2\n", "text/csv") == (200, '{"predictions":[3.0]}')
    assert ask(server, "GET", "/invocations")[0] == 405
    assert ask(server, "GET", "/else")[0] == 404


@pytest.mark.parametrize(
    ("body", "kind", "status", "reason"),
    [
        ("{", "application/json", 400, "not valid JSON"),
        ("[]", "application/json", 400, "got a list"),
        ('{"inputs": {"a": [1]}}', "application/json", 400, "'b'"),
        ('{"inputs": {"a": ["x"], "b": [1]}}', "application/json", 400, "'a'"),
        ('{"inputs": {"a": [1], "b": [1]}, "params": {"shift": "far"}}', "application/json", 400, "shift"),
        ('{"inputs": {"a": [-2], "b": [1]}}', "application/json", 400, "RuntimeError: the secret of"),
        ("a,b\n1", "text/csv", 400, "'b'"),
        ("{}", "text/plain", 415, "content type"),
        ("{}", "application/json; charset=utf-16", 415, "UTF-8"),
        ("{}", None, 415, "content type"),
        ("x" * (MAX_BODY + 1), "application/json", 413, "more than 50,000 bytes"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_without_a_traceback(
    server: ModelServer, body: str, kind: str | None, status: int, reason: str
) -> None:
    answered, text = ask(server, "POST", "/invocations", body, kind)
    assert answered == status
    assert reason in text
    assert "Traceback" not in text
    assert ".py" not in text
    if status == 400:
        assert set(json.loads(text)) == {"error_code", "message"}
        assert json.loads(text)["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


def test_the_traceback_of_a_model_is_in_the_log(server: ModelServer) -> None:
    with pytest.raises(InvalidValue, match="RuntimeError"):
        server.predict(pd.DataFrame({"a": [-2.0], "b": [1]}))
    assert "Traceback" in server.log()


def test_a_large_body_is_refused_before_it_is_read(server: ModelServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()

    def parts() -> Iterator[bytes]:
        for _ in range(10):
            yield b"x" * 10_000

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", "/invocations", parts(), {"Content-Type": "application/json"}, encode_chunked=True)
        assert connection.getresponse().status == 413
    except OSError:
        pass  # it closed the connection while we were still sending
    finally:
        connection.close()
    assert ask(server, "GET", "/ping")[0] == 200


def test_ping_answers_while_the_model_predicts(server: ModelServer, place: Path) -> None:
    answers: list[Any] = []
    slow = threading.Thread(target=lambda: answers.append(server.predict(pd.DataFrame({"a": [-1.0], "b": [5]}))))
    slow.start()
    until(lambda: (place / "asked").exists())
    assert ask(server, "GET", "/ping")[0] == 200
    assert slow.is_alive()
    (place / "go").touch()
    slow.join(60)
    assert answers[0].tolist() == [4.0]


def test_what_the_model_takes_is_described(server: ModelServer) -> None:
    document = json.loads(ask(server, "GET", "/openapi.json")[1])
    content = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]
    forms = {form["title"]: form["properties"] for form in content["schema"]["oneOf"]}
    assert forms["inputs"]["inputs"]["properties"]["b"]["items"] == {"type": "integer", "format": "int64"}
    assert forms["inputs"]["params"]["properties"]["shift"]["default"] == 0
    assert ask(server, "POST", "/invocations", json.dumps(content["example"])) == (200, '{"predictions":[4.0,6.0]}')
    page = ask(server, "GET", "/docs")[1]
    assert "<script" not in page
    assert "shift" in page


def test_predict_by_the_handle(server: ModelServer) -> None:
    table = pd.DataFrame({"a": [1.0, 2.5], "b": [1, 2]})
    assert server.predict(table).tolist() == [2.0, 4.5]
    assert server.predict(table, {"shift": 1}).tolist() == [3.0, 5.5]
    assert server.running
    assert server.url in repr(server)


def test_a_fitted_model_is_served_as_it_is() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    pytest.importorskip("skops")
    model = linear.LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    with tracker.serve(model) as served:
        assert served.predict([[3.0]]) == pytest.approx([7.0])


def test_a_model_of_unknown_origin_is_not_served(server: ModelServer, place: Path, tmp_path: Path) -> None:
    tracker.set_tracking_uri(tmp_path / "other")
    try:
        with pytest.raises(ServerError, match="trust"):
            tracker.serve(place / "model")
    finally:
        tracker.set_tracking_uri(place / "store")


def test_what_cannot_be_served_is_told(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: [torn")
    for model in (tmp_path, tmp_path / "nothing", "models:/none/1"):
        with pytest.raises(ServerError, match="cannot be served"):
            tracker.serve(model)
    with pytest.raises(InvalidValue, match="log it with its flavor"):
        tracker.serve(object())


_SERVING = """
import sys, tracker
tracker.set_tracking_uri(sys.argv[1])
server = tracker.serve(sys.argv[2])
print(server.pid, server.port, flush=True)
{}
"""


_SLEEPS = "import time; time.sleep(600)"
_FORKS = "import os, time; os.fork(); time.sleep(600)"  # the child holds what the parent had open


@pytest.mark.parametrize("ending", [_SLEEPS, _FORKS, "pass"])
@pytest.mark.skipif(os.name != "posix", reason="by signals")
def test_the_server_ends_with_its_program(server: ModelServer, place: Path, ending: str) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", _SERVING.format(ending), str(place / "store"), str(place / "model")],
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert program.stdout is not None
    with program.stdout as told:
        pid = int(told.readline().split()[0])
    if ending != "pass":
        program.kill()
    program.wait(60)
    try:
        until(lambda: not _is_alive(pid))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
