"""The same in Notebook 7, which has no tabs: marks, panel, commands, and the page alone for tables and runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from conftest import KERNEL, Silence
from lab import Lab, jupyter_lab
from playwright.sync_api import Browser, expect

CELLS = (
    "%load_ext tracker",
    "%%track --experiment iris --name first\nC = 1.5\naccuracy = 0.5 + C / 10",
    "%runs iris",
)
# Notebook 7.6 raises this by itself, in a page without any extension.
ITS_OWN = "raised: Cannot read properties of undefined (reading 'schema')"
# "idle" can precede the kernel's socket: what is asked before kernel info arrives is lost
READY = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server of its own: what JupyterLab keeps of its workspace confuses Notebook."""
    with jupyter_lab(tmp_path_factory.mktemp("seven"), tmp_path_factory.mktemp("private")) as server:
        yield server


def test_notebook_7_shows_runs_too(lab: Lab, browser: Browser) -> None:
    folder = lab.root / "seven"
    (folder / ".tracker").mkdir(parents=True)
    document = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    document.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(document, folder / "seven.ipynb")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    silence = Silence(context, (lab.base, lab.base.replace("http", "ws"), "data:", "blob:"))
    page = context.new_page()
    page.goto(f"{lab.base}/notebooks/seven/seven.ipynb?token={lab.token}")
    cell = page.locator(".jp-Notebook .jp-Cell")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=90_000)
    page.evaluate(READY)
    cell.first.locator(".cm-content").click()
    for i in range(len(CELLS)):
        page.keyboard.press("Shift+Enter")
        expect(cell.nth(i).locator(".jp-InputPrompt")).to_have_text(f"[{i + 1}]:", timeout=90_000)
    mark = cell.nth(1).locator(".jp-tracker-mark")
    expect(mark).to_have_attribute("data-status", "FINISHED")
    expect(cell.nth(1).locator(".trk-card")).to_contain_text("0.65")
    expect(cell.nth(2).get_by_role("grid")).to_contain_text("first")

    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name="Show Experiments and Runs").click()
    panel = page.locator("#jupyter-tracker-panel")
    expect(panel.get_by_role("button", name="Experiment iris, 1 run")).to_be_visible()
    Path("test-results").mkdir(exist_ok=True)
    page.screenshot(path=str(Path(__file__).parents[2] / "test-results" / "notebook7.png"))

    with context.expect_page() as opened:
        mark.click()
    alone = opened.value
    expect(alone.get_by_role("heading", name="first")).to_be_visible()
    assert alone.url.startswith(f"{lab.base}/tracker?folder=seven#run=")
    context.close()
    assert not [fault for fault in silence.faults if fault != ITS_OWN], silence.faults
