"""A JupyterLab server for the tests: loopback, a free port, a token, folders of its own, nothing asked of the network."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60


@dataclass(frozen=True)
class Lab:
    """A running server: its address, its token, the folder that it serves."""

    base: str
    token: str
    root: Path

    def url(self, notebook: str, workspace: str) -> str:
        return f"{self.base}/lab/workspaces/{workspace}/tree/{notebook}?token={self.token}"


@contextmanager
def jupyter_lab(root: Path, private: Path, theme: str = "JupyterLab Light") -> Iterator[Lab]:
    """Starts a server on `root` that keeps its own files in `private`, and ends it by its process id."""
    port, token = _free_port(), secrets.token_hex(16)
    _settings(private, "notification", {"fetchNews": "false", "checkForUpdates": False})
    _settings(private, "themes", {"theme": theme})
    log_path = private / "server.log"
    with open(log_path, "w") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
                f"--ServerApp.root_dir={root}", "--ServerApp.allow_root=True", "--LabApp.news_url=",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.expose_app_in_browser=True",
                "--JupyterNotebookApp.expose_app_in_browser=True",
            ],
            env=_environment(private), stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            _await(process, f"http://127.0.0.1:{port}/api/status?token={token}", log_path)
            yield Lab(f"http://127.0.0.1:{port}", token, root)
        finally:
            _end(process)


def _environment(private: Path) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }  # fmt: skip
    foreign = ("JPY_", "TRACKER_", "VSCODE_", "MLFLOW_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign) or k == "TRACKER_CEILING"}
    return kept | {name: str(private / folder) for name, folder in folders.items()}


def _settings(private: Path, plugin: str, value: dict[str, object]) -> None:
    folder = private / "settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{plugin}.jupyterlab-settings").write_text(json.dumps(value))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
