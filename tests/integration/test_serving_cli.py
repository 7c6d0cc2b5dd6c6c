"""`tracker models …`, as programs run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from tracker import MlflowClient
from tracker.models import infer_signature
from tracker.models.serving.server import bound

pytest.importorskip("uvicorn")
pytest.importorskip("skops")


def command(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tracker", "models", *arguments]
    return subprocess.run(program, input=given, capture_output=True, text=True, timeout=120)


@pytest.fixture
def registered(tmp_path: Path) -> str:
    from sklearn.linear_model import LinearRegression

    import tracker.sklearn

    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
    model = LinearRegression().fit(table, table["a"] * 2)
    with tracker.start_run():
        signature = infer_signature(table, model.predict(table))
        tracker.sklearn.log_model(model, name="model", signature=signature, registered_model_name="double")
    return "models:/double/1"


def test_list_show_promote(registered: str) -> None:
    MlflowClient().set_registered_model_tag("double", "by", "me\x1b[31m")
    listed = command("list")
    assert listed.stdout.split("\n")[1].split()[:2] == ["double", "1"]
    done = command("promote", "double", "latest", "--stage", "production", "--alias", "champion")
    assert done.returncode == 0
    shown = command("show", "double")
    assert "Production" in shown.stdout
    assert "champion" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "double" in command("list", "--filter", "name LIKE 'dou%'").stdout
    assert "double" not in command("list", "--filter", "name = 'x'").stdout
    for wrong in (("show", "none"), ("promote", "double", "9", "--stage", "Production"), ("promote", "double", "1"),
                  ("promote", "double", "1", "--alias", "v1"), ("list", "--filter", "name ="), ("predict", "-m", "models:/x/1")):  # fmt: skip
        told = command(*wrong, given="{}")
        assert told.returncode == 1, wrong
        assert told.stderr.startswith("tracker: ")
        assert "Traceback" not in told.stderr


def test_predict(registered: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n4,0\n5,1\n")
    command("predict", "-m", registered, "-i", "in.csv", "-o", "out.json", "-t", "csv")
    assert json.loads((tmp_path / "out.json").read_text())["predictions"] == pytest.approx([8, 10])
    told = command("predict", "-m", registered, given='{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 1]]}}')
    assert json.loads(told.stdout)["predictions"] == pytest.approx([2])


@pytest.mark.skipif(os.name != "posix", reason="by signals")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_until_interrupted(registered: str, workers: str) -> None:
    with bound("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    program = [sys.executable, "-m", "tracker", "models", "serve", "-m", registered, "-p", str(port), "-w", workers]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
        try:
            assert server.stdout is not None
            assert f"http://127.0.0.1:{port}/invocations" in server.stdout.readline()
            body = b'{"dataframe_records": [{"a": 2, "b": 0}]}'
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"}
            )
            assert json.load(_answered(request))["predictions"] == pytest.approx([4])
            taken = command("serve", "-m", registered, "-p", str(port))
            assert taken.returncode == 1
            assert "another port" in taken.stderr
        finally:
            os.killpg(server.pid, signal.SIGINT)
            server.wait(60)


def _answered(request: urllib.request.Request):  # type: ignore[no-untyped-def]
    import time

    end = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
