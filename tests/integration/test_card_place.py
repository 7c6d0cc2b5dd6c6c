"""The card stands above whatever its cell shows, and a cell that shows nothing is one message."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from kernels import Kernel, kernel

DISPLAY = "from IPython.display import HTML, display\n"
CELLS = {
    "print": ("print(1)", "stream"),
    "standard error": ("import sys\nsys.stderr.write('careful')", "stream"),
    "the system's stream": ("import os, time\ndone = os.write(1, b'from below\\n')\ntime.sleep(0.5)", "stream"),
    "another process": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(2)'], check=True).args\nNone",
        "stream",
    ),
    "a writer from before the cell": ("early('from an early writer')\nimport sys\nsys.stdout.flush()", "stream"),
    "a thread": (
        "import threading\nt = threading.Thread(target=print, args=('apart',))\nt.start()\nt.join()",
        "stream",
    ),
    "a forked child": (
        "import os\npid = os.fork()\nif not pid:\n    print('child', flush=True)\n    os._exit(0)\nos.waitpid(pid, 0)\n"
        "import time\ntime.sleep(0.5)",
        "stream",
    ),
    "a display": (DISPLAY + "display(HTML('<b>x</b>'))", "display_data"),
    "a value": ("1 + 1", "execute_result"),
    "an exception": ("1 / 0", "error"),
    "an exception in the syntax": ("1 +", "error"),
    "a widget's output": ("with out:\n    print('inside')", "comm_msg"),
    "clearing": ("from IPython.display import clear_output\nclear_output()", "clear_output"),
    "a message by hand": (
        "k = get_ipython().kernel\nk.send_response(k.iopub_socket, 'stream', {'name': 'stdout', 'text': 'by hand'})",
        "stream",
    ),
}


LIVE = ("comm_open", "comm_msg")
"""What the live card of a cell that lasts sends between."""


@pytest.fixture(scope="module", params=["headless", "page"])
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("place"), TRACKER_DISPLAY=_display(request.param)) as fresh:
        fresh.run("import sys, ipywidgets\nearly, out = sys.stdout.write, ipywidgets.Output()\n%load_ext tracker")
        fresh.run("%%track\nprint('the first cell is slower')")
        yield fresh


def _display(front: str) -> str:
    return "widget" if front == "page" else "static"


@pytest.mark.parametrize("name", CELLS)
def test_the_card_comes_first(shell: Kernel, name: str) -> None:
    source, shown = CELLS[name]
    plain = shell.run(source)
    seen = shell.run(f"%%track\n{source}")
    kinds = [kind for kind, _ in groupby(seen.kinds) if kind == shown or kind not in LIVE]
    assert kinds[:2] == ["card", shown]
    assert set(kinds) - {"card", "card again"} == set(plain.kinds)
    assert kinds.count("card") == (2 if name == "clearing" else 1)
    assert kinds[-1] == ("card" if name == "clearing" else "card again")
    assert seen.card["status"] == ("FAILED" if shown == "error" else "FINISHED")


def test_a_silent_cell_is_one_message(shell: Kernel) -> None:
    seen = shell.run("%%track\nquiet = 1")
    assert seen.kinds == ["card"]
    assert seen.card["status"] == "FINISHED"


def test_a_silent_cell_that_lasts_shows_that_it_runs(tmp_path: Path) -> None:
    with kernel(tmp_path, TRACKER_DISPLAY="widget") as fresh:
        fresh.run("%load_ext tracker")
        seen = fresh.run("%%track\nimport time\ntime.sleep(2)")
    assert seen.kinds[0] == "card"
    assert "card again" in seen.kinds[1:]
    assert "application/vnd.jupyter.widget-view+json" in seen.ours[1]
    assert [display["application/vnd.tracker.v1+json"]["run"]["status"] for display in seen.ours][::len(seen.ours) - 1] == [
        "RUNNING", "FINISHED",
    ]  # fmt: skip
    assert "application/vnd.jupyter.widget-view+json" not in seen.ours[-1]


def test_without_capture_the_card_comes_at_once(shell: Kernel) -> None:
    assert shell.run("%%track --no-capture\nprint(1)").kinds == ["card", "stream", "card again"]


def test_the_kernels_session_is_as_it_was(shell: Kernel) -> None:
    shell.run("%%track\nprint(1)")
    shell.run("%%track\nquiet = 1")
    assert shell.value("'send' in vars(get_ipython().kernel.session)") == "False"
