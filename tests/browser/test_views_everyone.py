"""The table and the comparison for everyone: axe finds nothing in any panel, menu or form, and the keyboard does it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from test_theme import AXE, SERIOUS
from widget_page import WidgetPage, widget_page

import tracker
from tracker.notebook.views import compare, table

PANELS = (
    "Metrics", "Parallel coordinates", "Scatter", "Distribution", "Bars", "Contour", "Importance", "Table",
    "Differences", "Images",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("everyone") / "store"


@pytest.fixture
def shown(browser: Browser, store: Path) -> Iterator[WidgetPage]:
    tracker.set_tracking_uri(store)
    if not store.exists():
        log()
    with widget_page(browser, height=1400) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def log() -> None:
    tracker.set_experiment("iris")
    for i in range(6):
        with tracker.start_run(run_name=f"run {i}", description="a *note*") as run:
            tracker.log_params({"C": 10.0 ** (i % 3), "gamma": i / 7, "kernel": "rbf" if i % 2 else "linear"})
            points = [tracker.entities.Metric("loss", 1 / (1 + s) + i / 10, 1_000 + s, s) for s in range(20)]
            tracker.MlflowClient().log_batch(run.info.run_id, metrics=points)
            tracker.log_metric("accuracy", i / 6)
            tracker.log_text(f"C = {i}\nmodel = SVC(C=C).fit(X, y)", "code/cell.py")
            tracker.log_image(np.full((8, 8, 3), 40 * i, dtype=np.uint8), key="samples", step=3)


def findings(page: Page) -> list[str]:
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(SERIOUS, [".trk-table", ".trk-compare"])
    return found


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_in_any_panel(shown: WidgetPage, dark: bool) -> None:
    page = shown.page
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    shown.show(compare(experiment="iris"))
    for panel in ("Metrics", "Differences") if dark else PANELS:
        page.get_by_role("tab", name=panel).click()
        if panel == "Differences":
            expect(page.locator(".trk-cells")).to_be_visible()
        if panel == "Images":
            expect(page.locator(".trk-picture img")).to_have_count(6)
        assert findings(page) == [], panel


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_in_menus_and_forms(shown: WidgetPage, dark: bool) -> None:
    page = shown.page
    page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
    shown.show(table("iris"))
    page.locator(".row:visible .box").first.click()
    for button in ("Actions",) if dark else ("Actions", "Group", "Views", "Columns", "Copy"):
        page.get_by_role("button", name=button, exact=True).click()
        assert findings(page) == [], button
        page.keyboard.press("Escape")
    page.get_by_role("combobox").fill("params.")
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("combobox").fill("params.C >")
    page.keyboard.press("Enter")
    assert findings(page) == []
    page.get_by_role("button", name="Clear the filter").click()
    for item in ("Note…",) if dark else ("Rename…", "Note…", "Tag…"):
        page.locator(".row:visible .runname").first.click(button="right")
        page.get_by_role("menuitem", name=item).click()
        assert findings(page) == [], item
        page.keyboard.press("Escape")


def test_the_table_with_no_mouse(shown: WidgetPage) -> None:
    display = table("iris")
    shown.show(display)
    page, key = shown.page, shown.page.keyboard
    for _ in range(12):
        key.press("Tab")
        if page.evaluate("document.activeElement.shadowRoot?.activeElement?.getAttribute('role')") == "gridcell":
            break
    key.press("F2")
    page.get_by_role("textbox", name="Name").wait_for()
    key.press("Control+A")
    key.type("by hand")
    key.press("Enter")
    expect(page.locator(".runname", has_text="by hand")).to_be_visible()
    assert len(tracker.runs("iris", "name = 'by hand'")) == 1
    key.press("ContextMenu")
    page.get_by_role("menuitem", name="Star").wait_for()
    key.press("Enter")
    expect(page.locator(".star.on")).to_have_count(1)
    key.press("Control+Z")
    expect(page.locator(".star.on")).to_have_count(0)
    key.press("Space")
    key.press("Shift+ArrowDown")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(2)
    assert len(display.selected) == 2
    key.press("Shift+F10")
    page.get_by_role("menuitem", name="Delete").focus()
    key.press("Enter")
    expect(page.locator(".count")).to_have_text("4 runs")
    key.press("Control+Z")
    expect(page.locator(".count")).to_have_text("6 runs")
    tracker.MlflowClient().update_run(tracker.runs("iris", "name = 'by hand'").run_id[0], name="run 5")


def test_the_comparison_with_no_mouse(shown: WidgetPage) -> None:
    display = compare(experiment="iris")
    shown.show(display)
    page, key = shown.page, shown.page.keyboard
    page.get_by_role("tab", selected=True).focus()  # which one is remembered with the experiment
    key.press("Home")
    key.press("ArrowRight")
    axis = page.get_by_role("slider", name="Runs kept by C:")
    axis.focus()
    key.press("ArrowUp")
    expect(page.get_by_text("2 of 6 runs selected")).to_be_visible()
    assert set(display.selected) == set(tracker.runs("iris", "params.C = 100").run_id)
    assert "75 %" in (axis.get_attribute("aria-valuetext") or "")
    key.press("Escape")
    expect(page.get_by_text("Drag along an axis")).to_be_visible()
    assert display.selected == []
    page.get_by_role("tab", name="Parallel coordinates").focus()
    key.press("End")
    expect(page.locator(".trk-picture img").first).to_be_visible()
    page.locator(".trk-run").first.focus()
    key.press("Enter")
    expect(page.locator(".trk-picture img")).to_have_count(5)
