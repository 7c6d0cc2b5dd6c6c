"""The run table by the keyboard alone: arrows move, Space selects, Enter sorts, and one sees where one is."""

from __future__ import annotations

from playwright.sync_api import expect
from test_quickstart import SIX_RUNS

# What has the focus, through shadow roots: its text, and whether an outline is drawn.
FOCUSED = """() => {
  let node = document.activeElement;
  while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  const style = getComputedStyle(node);
  return { role: node.getAttribute('role'), text: node.textContent.trim(), seen: style.outlineStyle !== 'none' };
}"""


def test_the_table_by_keyboard(open_notebook) -> None:
    notebook = open_notebook("%load_ext tracker", SIX_RUNS, "t = tracker.table('six'); t")
    for i in range(3):
        notebook.run(i)
    page, output = notebook.page, notebook.output(2)
    grid = output.get_by_role("grid").locator("visible=true")
    rows = grid.get_by_role("row")
    grid.get_by_role("gridcell").filter(has_text="C=50").click()
    focused = page.evaluate(FOCUSED)
    assert (focused["role"], focused["text"], focused["seen"]) == ("gridcell", "C=50", True)
    already = grid.locator("[aria-selected=true]").count()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED)["text"] == "C=10"
    page.keyboard.press("Space")
    expect(rows.filter(has_text="C=10")).to_have_attribute("aria-selected", "true")
    assert grid.locator("[aria-selected=true]").count() == already + 1
    notebook.shot("selected", output)
    for key in ("ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    focused = page.evaluate(FOCUSED)
    assert (focused["role"], focused["seen"]) == ("columnheader", True)
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text("C=0.1")
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text("C=50")
    notebook.shot("sorted", output)
