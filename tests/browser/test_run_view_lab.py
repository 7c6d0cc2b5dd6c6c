"""The run view in JupyterLab: live in a cell and below a table, and there in a saved notebook with no kernel."""

from __future__ import annotations

from playwright.sync_api import expect

MIME = "application/vnd.tracker.v1+json"
CELL = """%%track --experiment lab --name "shown run" --note "**a note**"
C = 1.5
for i in range(30):
    loss = 1 / (1 + C * i)
print("done")
"""


def test_a_run_is_shown_live_below_a_table_and_saved(open_notebook) -> None:
    show = "import tracker\ntracker.show(tracker.runs('lab').run_id[0])"
    notebook = open_notebook("%load_ext tracker", CELL, show, "%runs lab")
    for i in range(4):
        notebook.run(i)
    view = notebook.output(2).locator(".trk-detail").locator("visible=true")
    expect(view.get_by_role("heading", name="shown run")).to_be_visible()
    expect(view.get_by_role("button", name="Rename")).to_be_visible()
    view.get_by_role("tab", name="Metrics").click()
    expect(view.locator(".js-plotly-plot").first).to_be_visible()
    view.get_by_role("tab", name="Files").click()
    view.locator('[data-path="code"] > .trk-line').click()
    view.locator('[data-path="code/cell.py"] > .trk-line').click()
    expect(view.locator(".trk-preview pre")).to_contain_text("C = 1.5")
    notebook.shot("live", notebook.output(2))

    table = notebook.output(3)
    table.get_by_role("gridcell", name="shown run").locator("visible=true").first.dblclick()
    below = table.locator(".trk-detail").locator("visible=true")
    expect(below.get_by_text("a note")).to_be_visible()
    notebook.shot("below", table)

    document = notebook.save()
    (output,) = document.cells[2].outputs
    assert output.data[MIME]["view"] == "run" and "shown run" in output.data["text/html"]
    notebook.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    again = open_notebook()
    saved = again.output(2).locator(".trk-detail").locator("visible=true")
    expect(saved.get_by_role("heading", name="shown run")).to_be_visible()
    saved.get_by_role("tab", name="Metrics").click()
    expect(saved.locator(".js-plotly-plot").first).to_be_visible()
    again.shot("saved", again.output(2))
    again.page.wait_for_timeout(4_000)  # a widget that is gone would be looked for for two seconds, and then missed
