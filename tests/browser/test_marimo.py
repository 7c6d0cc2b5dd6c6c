"""The widgets in marimo, which is no Jupyter: the same modules, drawn and answered by a marimo server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

pytestmark = [
    pytest.mark.libraries,
    # Looked for, not imported: where marimo is imported, a display is a widget.
    pytest.mark.skipif(find_spec("marimo") is None, reason="needs marimo"),
]

APP = """
import marimo

app = marimo.App()


@app.cell
def _():
    import tracker

    for i in range(5):
        with tracker.start_run(run_name=f"run {i}"):
            tracker.log_param("C", i)
            for step in range(20):
                tracker.log_metric("loss", 1 / (step + 1) + i / 10)
    tracker.table()
    return (tracker,)


@app.cell
def _(tracker):
    tracker.compare(tracker.runs())
    return


@app.cell
def _(tracker):
    tracker.show(tracker.runs().run_id[0])
    return
"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "app.py").write_text(APP)
    with subprocess.Popen(
        [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token", "--host", "127.0.0.1"],
        cwd=tmp_path, env={**os.environ, "TRACKER_STORE": str(tmp_path / ".tracker"), "NO_COLOR": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as served:  # fmt: skip
        assert served.stdout is not None
        yield next(found[0] for line in served.stdout if (found := re.search(r"http://\S+:\d+", line)))
        served.terminate()


def test_table_comparison_and_run(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 2000})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    expect(page.get_by_role("grid").locator(".runname")).to_have_count(5)
    expect(page.locator("svg.main-svg").first).to_be_visible()
    page.get_by_placeholder(re.compile("Filter runs")).fill("metrics.loss < 0.2")
    expect(page.get_by_role("grid").locator(".runname:visible")).to_have_count(2)
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    page.get_by_role("tab", name="Code").click()
    assert faults == []
    page.close()
