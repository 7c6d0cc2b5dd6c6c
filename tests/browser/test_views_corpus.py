"""A corpus of markup through every field that the table and the comparison show: no script, no request, no dialog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from test_views_everyone import PANELS
from widget_page import WidgetPage, widget_page

import tracker
from tracker.notebook.views import compare, table

CORPUS = (
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script>",
    "\"><iframe srcdoc='<script>parent.alert(1)</script>'>",
    "'+alert(1)+'",
    "javascript:alert(1)//",
    "</style><script>alert(1)</script><style>",
    "{{constructor.constructor('alert(1)')()}}",
    "%{x}<a href='javascript:alert(1)'>link</a><b>bold</b>",
    "[link](javascript:alert(1)) ![picture](http://elsewhere.invalid/p.png) <http://elsewhere.invalid/>",
    "url(http://elsewhere.invalid/x.png);background:url(//elsewhere.invalid/y)",
    "$x$ \\(\\href{javascript:alert(1)}{x}\\) &lt;img src=x&gt;",
    "\u202e<img src=x>\ufeff",
)
SVG = (
    f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script><text>{CORPUS[0]}</text></svg>"
)
# Scripts, handlers, pictures from elsewhere and links that run, anywhere in the page, shadow roots included.
INTRUDERS = """() => {
  const found = [];
  const walk = root => {
    for (const node of root.querySelectorAll('*')) {
      const handler = [...node.attributes].some(each => each.name.startsWith('on'));
      const source = node.getAttribute('src') ?? node.getAttribute('href') ?? node.getAttribute('xlink:href') ?? '';
      const runs = /^\\s*(javascript|data:text|vbscript)/i.test(source);
      const frame = ['IFRAME', 'OBJECT', 'EMBED', 'FORM'].includes(node.tagName) && !node.matches('form.dialog');
      const image = node.tagName === 'IMG' && !source.startsWith('blob:');
      const script = node.tagName === 'SCRIPT' && !node.matches('head script, body > script');
      if (handler || runs || frame || image || script) found.push(node.outerHTML.slice(0, 200));
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  document.querySelectorAll('main').forEach(walk);
  return found;
}"""


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[WidgetPage]:
    tracker.set_tracking_uri(tmp_path / "store")
    log()
    with widget_page(browser, height=1400) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(f"raised: {error}"))
        page.page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        allowed = (page.pages.url, f"blob:{page.pages.url}", "data:")
        page.page.on("request", lambda asked: None if asked.url.startswith(allowed) else faults.append(asked.url))
        yield page
        assert faults == []


def log() -> None:
    tracker.set_experiment(CORPUS[0])
    for i, evil in enumerate(CORPUS):
        with tracker.start_run(run_name=evil, description=evil) as run:
            client = tracker.MlflowClient()
            tracker.log_params({evil: evil, "shared": CORPUS[i // 2 * 2], "number": i})
            tracker.set_tags({evil: evil, "tag": evil})
            for key in (evil, "shared"):
                points = [tracker.entities.Metric(key, float(i + s), 1_000 + s, s) for s in range(3)]
                client.log_batch(run.info.run_id, metrics=points)
            tracker.log_text(f"word = {evil!r}\n{evil}", "code/cell.py")
            tracker.log_text(SVG, "evil.svg")
            tracker.log_image(np.zeros((4, 4, 3), dtype=np.uint8), key="samples", step=i)


def check(page: Page, where: str) -> None:
    assert page.evaluate(INTRUDERS) == [], where


def test_the_table(shown: WidgetPage) -> None:
    page = shown.page
    shown.show(table())
    for evil in CORPUS[:9]:
        expect(page.locator(".runname").get_by_text(evil, exact=True)).to_be_visible()
    check(page, "cells")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Keep this view…").click()
    page.get_by_role("textbox", name="Name").fill(CORPUS[0])
    page.keyboard.press("Enter")
    for button in ("Group", "Views", "Columns", "Copy"):
        page.get_by_role("button", name=button, exact=True).click()
        check(page, button)
        page.keyboard.press("Escape")
    for i in range(len(CORPUS)):
        page.locator(".row:visible .runname").nth(i).click(button="right")
        page.get_by_role("menuitem", name="Note…").click()
        check(page, "note")
        page.keyboard.press("Escape")
    page.get_by_role("combobox").fill("params.")
    check(page, "suggestions")
    page.get_by_role("combobox").fill(f"params.{CORPUS[0]} = 'x'")
    page.keyboard.press("Enter")
    check(page, "a mistake")
    page.get_by_role("combobox").fill("")
    page.get_by_role("button", name="Group", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="params.shared").click()
    expect(page.locator(".count")).to_have_text(f"{len(CORPUS)} runs in {len(CORPUS) // 2} groups")
    check(page, "groups")


def test_the_comparison(shown: WidgetPage) -> None:
    page = shown.page
    page.add_init_script("window.open = () => { throw new Error('opened'); }")
    shown.show(compare())
    for panel in PANELS:
        page.get_by_role("tab", name=panel).click()
        if panel in ("Metrics", "Scatter", "Distribution", "Bars"):
            chart = page.locator(".js-plotly-plot").first
            expect(chart).to_be_visible()
            chart.locator(".nsewdrag").first.hover()
        if panel == "Scatter":
            page.get_by_label("Colour").select_option("params.shared")
        if panel == "Distribution":
            page.get_by_label("Group by").select_option("params.shared")
        if panel == "Differences":
            expect(page.locator(".trk-cells").first).to_be_visible()
        if panel == "Images":
            page.get_by_label("Show").select_option("evil.svg")
            expect(page.locator(".trk-picture img")).to_have_count(len(CORPUS))
        page.wait_for_timeout(150)
        check(page, panel)
