"""`tracker ui` in a process of its own, and what a page asks it, over HTTP."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa

START_SECONDS = 60


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def unpacked(self) -> tuple[dict[str, Any], list[bytes]]:
        """The answer and its buffers, as js/remote/wire.ts reads them."""
        length = struct.unpack_from("<I", self.body)[0]
        told, at, buffers = json.loads(self.body[8 : 8 + length]), 8 + length + -length % 8, []
        for size in told.pop("sizes"):
            buffers.append(self.body[at : at + size])
            at += size + -size % 8
        assert at == len(self.body)
        return told, buffers


@dataclass(frozen=True)
class Page:
    """A running `tracker ui`: `base` is its base URL's path, ending in a slash."""

    port: int
    base: str
    token: str
    printed: str
    store: Path
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """A request for `path` below the base URL, with these headers and no others."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, self.base + path, data, {name.replace("_", "-"): v for name, v in headers.items()})
        answer = connection.getresponse()
        reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, None, Authorization=f"token {self.token}", **headers)

    def ask(self, question: Any, **headers: str) -> Reply:
        """What a page with the token asks."""
        body = {"question": question}
        return self.send("POST", "tracker/api/ask", body, Authorization=f"token {self.token}", **headers)


@contextmanager
def page_server(store: Path, home: Path, base: str = "/", port: int = 0, token: str = "") -> Iterator[Page]:
    """Starts `tracker ui` on `store`, and ends it. With a port and token of an earlier one it takes that one's place."""
    port = port or _free_port()
    command = [sys.executable, "-m", "tracker", "ui", str(store), "--port", str(port)]
    command += ["--option", f"ServerApp.base_url={base}"]
    if token:
        command += ["--option", f"IdentityProvider.token={token}"]
    folders = {name: str(home) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    with open(home / "server.log", "wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **folders}, stdout=subprocess.PIPE, stderr=log, text=True, cwd=home
        )
        try:
            assert process.stdout is not None
            printed = process.stdout.readline().strip()
            assert printed, (home / "server.log").read_text()
            token = token or parse_qs(urlsplit(printed.split()[-1]).query)["token"][0]
            page = Page(port, base, token, printed, store)
            _await(page)
            yield page
        finally:
            process.terminate()
            process.wait(15)
            process.stdout.close() if process.stdout else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(page: Page) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            page.send("GET", "login")
            return
        except OSError:
            assert time.monotonic() < give_up
            time.sleep(0.05)


def arrow(buffer: bytes) -> pa.Table:
    return pa.ipc.open_stream(buffer).read_all()
