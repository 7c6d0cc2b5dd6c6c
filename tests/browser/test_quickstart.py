"""The quickstart as a person goes through it, and its displays: table, comparison, what stays without a kernel."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
MIME = "application/vnd.tracker.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"

SIX_RUNS = """
import tracker
tracker.set_experiment("six")
for C in (0.1, 0.5, 1, 5, 10, 50):
    with tracker.start_run(run_name=f"C={C}"):
        tracker.log_params({"C": C, "solver": "lbfgs"})
        for epoch in range(20):
            tracker.log_metric("loss", 1 / (1 + C * epoch), step=epoch)
        tracker.log_metric("accuracy", C / (1 + C))
"""


def place(document: nbformat.NotebookNode, source: str) -> int:
    """The index of the cell that begins so (after its magic line, if it has one)."""
    return next(i for i, cell in enumerate(document.cells) if cell.source.startswith(source))


def test_the_quickstart_runs_from_top_to_bottom(open_notebook) -> None:
    document = nbformat.read(QUICKSTART, as_version=4)
    notebook = open_notebook(notebook=QUICKSTART)
    notebook.command("notebook:clear-all-cell-outputs")
    for i, cell in enumerate(document.cells):
        if cell.cell_type != "code":
            continue
        notebook.run(i)
        if cell.source.startswith("%%track"):
            status = "Failed" if "raises-exception" in cell.metadata.get("tags", []) else "Finished"
            expect(notebook.output(i).get_by_text(status, exact=True).locator("visible=true").first).to_be_visible()
            notebook.shot(f"cell-{i:02d}", notebook.output(i))
    table, compare = place(document, "%runs"), place(document, "%compare")
    notebook.cell(table).scroll_into_view_if_needed()
    expect(notebook.output(table).get_by_role("grid").locator("visible=true")).to_be_visible()
    notebook.shot("table", notebook.output(table))
    notebook.cell(compare).scroll_into_view_if_needed()
    expect(notebook.output(compare).locator(".js-plotly-plot").first).to_be_visible()
    notebook.shot("compare", notebook.output(compare))
    saved = notebook.save()
    bundles = [o.data for c in saved.cells for o in c.get("outputs", []) if MIME in o.get("data", {})]
    assert len(bundles) == 7 and "widgets" not in saved.metadata
    assert all("text/html" in data and "text/plain" in data for data in bundles)


def test_the_saved_quickstart_reads_without_a_kernel(open_notebook) -> None:
    document = nbformat.read(QUICKSTART, as_version=4)
    bundles = [o.data for c in document.cells for o in c.get("outputs", []) if MIME in o.get("data", {})]
    assert len(bundles) == 7 and not any(WIDGET in data for data in bundles)
    notebook = open_notebook(notebook=QUICKSTART)
    table, compare = place(document, "%runs"), place(document, "%compare")
    notebook.cell(table).scroll_into_view_if_needed()
    expect(notebook.output(table).get_by_role("grid")).to_be_visible()
    notebook.shot("saved-table", notebook.output(table))
    notebook.cell(compare).scroll_into_view_if_needed()
    expect(notebook.output(compare).locator(".js-plotly-plot").first).to_be_visible()
    notebook.shot("saved-compare", notebook.output(compare))


@pytest.fixture
def six_runs(open_notebook):
    notebook = open_notebook(
        "%load_ext tracker", SIX_RUNS, "t = tracker.table('six'); t", "sorted(t.selected), t.where", "%compare"
    )
    for i in range(3):
        notebook.run(i)
    expect(notebook.output(2).get_by_role("grid").locator("visible=true")).to_be_visible()
    return notebook


def names(notebook) -> list[str]:
    cells = notebook.output(2).get_by_text(re.compile(r"^C=[\d.]+$")).locator("visible=true")
    return [cell.inner_text() for cell in cells.all()]


def test_the_table_sorts_and_filters(six_runs) -> None:
    grid = six_runs.output(2)
    assert names(six_runs) == ["C=50", "C=10", "C=5", "C=1", "C=0.5", "C=0.1"]
    grid.get_by_role("columnheader").filter(has_text=re.compile("^C")).locator("visible=true").click()
    expect(grid.get_by_text(re.compile(r"^C=[\d.]+$")).locator("visible=true").first).to_have_text("C=0.1")
    assert names(six_runs) == ["C=0.1", "C=0.5", "C=1", "C=5", "C=10", "C=50"]
    box = (
        grid.get_by_role("combobox")
        .or_(grid.get_by_role("textbox"))
        .or_(grid.get_by_role("searchbox"))
        .locator("visible=true")
        .first
    )
    box.fill("metrics.accuracy > 0.6 and params.C < 50")
    expect(grid.get_by_text("C=0.5", exact=True).locator("visible=true")).to_have_count(0)
    assert names(six_runs) == ["C=5", "C=10"]
    six_runs.run(3)
    expect(six_runs.output(3)).to_contain_text("metrics.accuracy > 0.6 and params.C < 50")
    box.fill("metrics.accuracy >> 1")
    expect(grid.get_by_text(re.compile("expected", re.I)).locator("visible=true").first).to_be_visible()
    six_runs.shot("filter-mistake", grid)


def test_three_selected_runs_are_compared(six_runs) -> None:
    grid = six_runs.output(2)
    for name in ("C=0.1", "C=1", "C=50"):
        grid.get_by_role("row").filter(has_text=re.compile(rf"{re.escape(name)}(?![\d.])")).locator(
            "visible=true"
        ).get_by_role("gridcell").first.click()
    six_runs.run(4)
    compare = six_runs.output(4)
    expect(compare.locator(".js-plotly-plot").first).to_be_visible()
    expect(compare.locator(".js-plotly-plot").first.locator(".scatterlayer .trace")).to_have_count(3)
    six_runs.shot("three", compare)
    six_runs.run(3)
    expect(six_runs.output(3)).not_to_contain_text("([],")
