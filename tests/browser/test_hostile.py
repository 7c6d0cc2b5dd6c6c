"""Markup in whatever a person can name or log stays text: in every display, live, saved, untrusted and static."""

from __future__ import annotations

import nbformat
from playwright.sync_api import Locator, Page, expect

EVIL = "<img src=x onerror=alert(1)>"
SCRIPT = "<script>alert(2)</script>"
RUNS = f"""
import tracker
EVIL, SCRIPT = {EVIL!r}, {SCRIPT!r}
tracker.set_experiment(EVIL)
for i in range(3):
    with tracker.start_run(run_name=EVIL + str(i), description=EVIL + SCRIPT):
        tracker.log_params({{EVIL: EVIL + str(i), SCRIPT: i}})
        for step in range(5):
            tracker.log_metric(EVIL, step * i, step=step)
        tracker.log_metric(SCRIPT, i)
        tracker.set_tag(EVIL, SCRIPT + str(i))
        tracker.log_text(EVIL, "evil.html")
"""
CARD = f"""%%track --experiment "{EVIL}" --name "{EVIL}" --note "{EVIL}{SCRIPT}" --tag "evil={EVIL}"
word = EVIL
print(EVIL, SCRIPT)
tracker.log_param(EVIL, EVIL)
tracker.log_metric(EVIL, 1.0)
raise ValueError(EVIL + SCRIPT)
"""
TABS = ("Parallel coordinates", "Scatter", "Table", "Metrics")
# Every element in the outputs, shadow roots included.
INTRUDERS = """() => {
  const found = [];
  const walk = root => {
    for (const node of root.querySelectorAll('*')) {
      const evil = node.tagName === 'SCRIPT' || [...node.attributes].some(each => each.name.startsWith('on'));
      const image = node.tagName === 'IMG' && !node.src.startsWith('data:');
      if (evil || image) found.push(node.outerHTML.slice(0, 200));
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  document.querySelectorAll('.jp-OutputArea-output').forEach(walk);
  return found;
}"""


def check_displays(page: Page, card: Locator, table: Locator, compare: Locator) -> None:
    """Opens all there is to open in the three displays, and sees text, and nothing but text."""
    for title in ("Output", "Traceback", "Source"):
        card.locator("summary").filter(has_text=title).locator("visible=true").click()
    for text in (f"{EVIL}{SCRIPT}", f"ValueError: {EVIL}{SCRIPT}"):
        expect(card.get_by_text(text).locator("visible=true").first).to_be_visible()
    table.scroll_into_view_if_needed()
    expect(table.get_by_text(f"{EVIL}2", exact=True).locator("visible=true").first).to_be_visible()
    compare.scroll_into_view_if_needed()
    for tab in TABS:
        compare.get_by_role("tab", name=tab).locator("visible=true").click()
        expect(compare.get_by_text(f"{EVIL}2", exact=True).locator("visible=true").first).to_be_visible()
    chart = compare.locator(".js-plotly-plot").locator("visible=true").first
    expect(chart).to_be_visible()
    chart.locator(".nsewdrag").first.hover()
    expect(chart.locator(".hoverlayer")).to_contain_text(EVIL)
    assert page.evaluate(INTRUDERS) == []


def test_markup_in_names_and_values_stays_text(open_notebook, open_static) -> None:
    notebook = open_notebook("%load_ext tracker", RUNS, CARD, "%runs", "%compare")
    asked: list[str] = []
    notebook.page.on("request", lambda request: asked.append(request.url))
    for i in range(5):
        notebook.run(i)
    check_displays(notebook.page, *(notebook.output(i) for i in (2, 3, 4)))
    notebook.shot("live")

    document = notebook.save()
    document.cells[0].source += "\n# changed outside of JupyterLab, which so trusts it no longer"
    nbformat.write(document, notebook.path)
    again = open_notebook()
    assert not again.page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.at(-1).model.trusted")
    check_displays(again.page, *(again.output(i) for i in (2, 3, 4)))
    again.shot("untrusted")
    assert not [url for url in asked if url.endswith("/x")]

    page = open_static(document)
    for i in (2, 3, 4):
        assert EVIL in page.locator(".jp-Cell").nth(i).locator(".jp-OutputArea").inner_text()
    assert page.evaluate(INTRUDERS) == []
