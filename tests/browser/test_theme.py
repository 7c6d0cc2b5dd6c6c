"""Light and dark: the displays take the page's colours, and axe finds nothing serious in either."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import expect
from test_quickstart import QUICKSTART, place

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = (".trk-card", ".trk-table", ".trk-compare")
# The background of a view, or of the frame in its shadow root.
BACKGROUND = "view => getComputedStyle(view.shadowRoot?.querySelector('.card, .app') ?? view).backgroundColor"
SERIOUS = """async selectors => {
  const include = selectors.flatMap(selector => [...document.querySelectorAll(selector)]);
  const { violations } = await axe.run({ include }, { resultTypes: ['violations'] });
  return violations.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => {
    const places = each.nodes.slice(0, 5).map(node => `${node.target.join(' ')}: ${node.failureSummary}`);
    return `${each.id} ${each.help}\\n${places.join('\\n')}`;
  });
}"""


def test_displays_follow_the_theme_and_serve_everyone(open_notebook) -> None:
    document = nbformat.read(QUICKSTART, as_version=4)
    notebook = open_notebook(notebook=QUICKSTART)
    page = notebook.page
    # All displays in the page at once, whatever is scrolled into view.
    page.set_viewport_size({"width": 1280, "height": 6000})
    table, compare = (notebook.output(place(document, word)) for word in ("%runs", "%compare"))
    failed = notebook.output(place(document, '%%track --experiment iris --name "no folds"'))
    for output in (table, compare):
        output.scroll_into_view_if_needed()
    expect(table.get_by_role("grid")).to_be_visible()
    expect(compare.locator(".js-plotly-plot").first).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    seen = {}
    try:
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            notebook.theme(theme)
            expect(page.locator(".trk-card").first).to_have_attribute("data-trk-theme", theme.split()[1].lower())
            seen[theme] = [page.locator(view).first.evaluate(BACKGROUND) for view in VIEWS]
            findings = page.evaluate(SERIOUS, list(VIEWS))
            for tab in ("Parallel coordinates", "Scatter", "Table", "Metrics"):
                compare.get_by_role("tab", name=tab).click()
                findings += page.evaluate(SERIOUS, [".trk-compare"])
            assert findings == []
            for name, output in (("card", failed), ("table", table), ("compare", compare)):
                notebook.shot(f"{theme.split()[1].lower()}-{name}", output)
    finally:
        notebook.theme("JupyterLab Light")
    for light, dark in zip(*seen.values(), strict=True):
        assert light != dark
