"""10,000 runs in the table: few nodes, right counts, and the last run at its end."""

from __future__ import annotations

import re

from playwright.sync_api import expect

COUNT = 10_000
RUNS = f"""
import tracker
tracker.set_experiment("large")
for i in range({COUNT}):
    with tracker.start_run(run_name=f"run-{{i:05d}}"):
        tracker.log_params({{"i": i, "half": i % 2}})
        tracker.log_metric("accuracy", i / {COUNT})
"""
NODES = "grid => grid.querySelectorAll('*').length"


def test_ten_thousand_runs(open_notebook) -> None:
    notebook = open_notebook("%load_ext tracker", RUNS, "%runs large")
    for i in range(3):
        notebook.run(i)
    output = notebook.output(2)
    grid = output.get_by_role("grid").locator("visible=true")
    names = grid.get_by_text(re.compile(r"^run-\d{5}$"))
    expect(output.get_by_text("10,000 runs", exact=True).locator("visible=true")).to_be_visible()
    assert grid.get_attribute("aria-rowcount") == str(COUNT + 1)
    assert grid.evaluate(NODES) < 2_000

    grid.get_by_role("columnheader").filter(has_text="accuracy").click()
    expect(names.first).to_have_text("run-09999")
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    expect(grid.get_by_text("run-00000", exact=True)).to_be_visible()
    assert grid.evaluate(NODES) < 2_000
    notebook.shot("end", output)

    box = output.get_by_role("combobox").locator("visible=true")
    for where, count in (("metrics.accuracy >= 0.9", 1_000), ("params.half = 1 and params.i < 100", 50), ("", COUNT)):
        box.fill(where)
        expect(grid).to_have_attribute("aria-rowcount", str(count + 1))
    grid.focus()
    notebook.page.keyboard.press("Control+End")
    expect(grid.get_by_text("run-00000", exact=True)).to_be_visible()
    assert grid.evaluate(NODES) < 2_000
