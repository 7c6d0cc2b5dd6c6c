"""The run card in JupyterLab: live while its cell runs, and there in a saved notebook with no kernel."""

from __future__ import annotations

import re

from playwright.sync_api import expect

MIME = "application/vnd.tracker.v1+json"
LOOP = """%%track --experiment live --name "slow loop"
import time
rate = 0.5
for i in range({passes}):
    loss = 1 / (1 + rate * i)
    time.sleep(0.05)
"""


def test_the_card_moves_while_its_cell_runs(open_notebook) -> None:
    notebook = open_notebook("%load_ext tracker", LOOP.format(passes=200))
    notebook.run(0)
    notebook.run(1, wait=False)
    prompt = notebook.cell(1).locator(".jp-InputPrompt")
    step = notebook.output(1).get_by_text(re.compile(r"^step \d+$")).locator("visible=true")
    expect(step).to_be_visible()
    first = step.inner_text()
    expect(step).not_to_have_text(first)
    assert prompt.inner_text() == "[*]:"
    notebook.shot("running", notebook.output(1))
    expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=60_000)
    expect(notebook.output(1).get_by_text("Finished")).to_be_visible()
    expect(step).to_have_text("step 199")
    notebook.shot("finished", notebook.output(1))


def test_a_saved_card_needs_no_kernel(open_notebook) -> None:
    load = "%load_ext tracker\nimport numpy as np\nweights = np.ones(3)"
    notebook = open_notebook(load, LOOP.format(passes=30) + "total = weights.sum()")
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1).get_by_text("made by 2 of 2 cells · read weights")).to_be_visible()
    document = notebook.save()
    (output,) = document.cells[1].outputs
    assert MIME in output.data and "application/vnd.jupyter.widget-view+json" not in output.data
    assert "widgets" not in document.metadata
    again = open_notebook()
    expect(again.output(1).get_by_text("slow loop", exact=True)).to_be_visible()
    expect(again.output(1).get_by_text("read weights")).to_be_visible()
    again.shot("reopened", again.output(1))
