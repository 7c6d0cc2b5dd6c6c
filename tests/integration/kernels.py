"""A real kernel, driven through its sockets: what a cell printed, displayed and raised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

MIME = "application/vnd.tracker.v1+json"
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
# A cell's file name is a hash of its raw text, which holds our line.
_FILE = re.compile(r"(\S*ipykernel_\d+/)?\b\d{6,}\.py")


@dataclass
class Outputs:
    """What one cell gave, our own displays apart from the rest."""

    status: str = ""
    plain: list[Any] = field(default_factory=list)
    ours: list[dict[str, Any]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    """Of the messages, in order, neighbouring ones of streams once; of ours "card", and "card again" for an update."""

    @property
    def text(self) -> str:
        """Everything printed, in order."""
        return "".join(text for kind, *rest in self.plain if kind == "stream" for text in rest[1:])

    @property
    def card(self) -> dict[str, Any]:
        """The run of the last card that was shown."""
        return dict(self.ours[-1][MIME]["run"])


class Kernel:
    """Runs cells one after another."""

    def __init__(self, client: Any, manager: Any) -> None:
        self.client, self.manager = client, manager

    def run(self, source: str, timeout: float = 60) -> Outputs:
        outputs = Outputs()

        def take(message: dict[str, Any]) -> None:
            self._take(outputs, message["header"]["msg_type"], message["content"])

        reply = self.client.execute_interactive(source, timeout=timeout, output_hook=take, allow_stdin=False)
        outputs.status = reply["content"]["status"]
        outputs.plain, outputs.kinds = _joined(outputs.plain), _one_stream(outputs.kinds)
        return outputs

    def value(self, expression: str) -> str:
        """The repr of an expression, evaluated beside the cells."""
        reply = self.client.execute("", silent=True, user_expressions={"v": expression}, reply=True, timeout=30)
        return str(reply["content"]["user_expressions"]["v"]["data"]["text/plain"])

    def _take(self, outputs: Outputs, kind: str, content: dict[str, Any]) -> None:
        if MIME in content.get("data", {}):
            outputs.kinds.append("card again" if kind == "update_display_data" else "card")
            outputs.ours.append(content["data"])
            return
        if kind not in ("status", "execute_input"):
            outputs.kinds.append(kind)
        if kind == "stream":
            outputs.plain.append(("stream", content["name"], _plain(content["text"])))
        elif kind in ("display_data", "update_display_data", "execute_result"):
            outputs.plain.append((kind, {k: _plain(v) for k, v in content["data"].items() if k != "image/png"}))
        elif kind == "error":
            outputs.plain.append(
                ("error", content["ename"], _plain(content["evalue"]), _plain("\n".join(content["traceback"])))
            )
        elif kind == "clear_output":
            outputs.plain.append((kind, content["wait"]))


def _plain(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return _FILE.sub("FILE", _ADDRESS.sub("0xADDRESS", _ANSI.sub("", text)))


def _joined(plain: list[Any]) -> list[Any]:
    """Neighbouring pieces of one stream as one: how a stream is cut into messages is a matter of time."""
    joined: list[Any] = []
    for output in plain:
        if output[0] == "stream" and joined and joined[-1][:2] == output[:2]:
            joined[-1] = (*output[:2], joined[-1][2] + output[2])
        else:
            joined.append(output)
    return joined


def _one_stream(kinds: list[str]) -> list[str]:
    return [kind for n, kind in enumerate(kinds) if kind != "stream" or kinds[n - 1 : n] != ["stream"]]


@contextmanager
def kernel(folder: Path, **environment: str) -> Iterator[Kernel]:
    """A fresh kernel in this folder."""
    import os

    unlike_users = ("JPY_", "PYTEST_")  # ipykernel does not watch the system's streams where pytest runs
    env = {k: v for k, v in os.environ.items() if not k.startswith(unlike_users)} | environment
    manager, client = start_new_kernel(cwd=str(folder), env=env)
    try:
        yield Kernel(client, manager)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
