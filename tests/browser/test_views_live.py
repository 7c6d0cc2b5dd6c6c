"""Views that go on while runs do: what changes arrives, what is gone is said, two pages and two views agree."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from test_compare_flows import traces
from widget_page import WidgetPage, widget_page

import tracker
from tracker.notebook.comparison_view import Comparison
from tracker.notebook.follow import looked
from tracker.notebook.run_table import RunTable
from tracker.notebook.views import compare, table


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[WidgetPage]:
    tracker.set_tracking_uri(tmp_path / "store")
    tracker.set_experiment("iris")
    with widget_page(browser, height=1400) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def log(name: str, points: int = 5, **params: object) -> str:
    with tracker.start_run(run_name=name) as run:
        tracker.log_params(params)
        for step in range(points):
            tracker.log_metric("loss", 1 / (1 + step), step=step)
    return str(run.info.run_id)


def look(page: WidgetPage, display: RunTable | Comparison) -> None:
    """What the timer of the kernel's event loop does."""
    display.widget.trouble = looked(display, display._store.store, type(display)._look)
    page.deliver()


def test_a_comparison_follows_its_experiment(shown: WidgetPage) -> None:
    log("first", C=1)
    display = compare(experiment="iris")
    shown.show(display)
    assert len(traces(shown)) == 1
    client = tracker.MlflowClient()
    running = client.create_run(tracker.get_experiment_by_name("iris").experiment_id, run_name="running").info.run_id
    for step in range(3):
        client.log_metric(running, "loss", step, step=step)
    look(shown, display)
    expect(shown.page.locator(".trk-run")).to_have_count(2)
    chart = shown.page.locator(".js-plotly-plot").first.element_handle()
    shown.page.wait_for_function("node => node.data.length === 2 && node.data[1].x.length === 3", arg=chart)
    client.log_metric(running, "loss", 9, step=3)
    look(shown, display)
    shown.page.wait_for_function("node => node.data[1].x.length === 4", arg=chart)
    assert len(display.widget.changes) < len(display.widget.runs) + 3_000
    tracker.delete_run(running)
    look(shown, display)
    expect(shown.page.locator(".trk-run")).to_have_count(1)


def test_what_is_selected_in_the_table_is_compared(shown: WidgetPage) -> None:
    ids = [log(f"run {i}", C=i) for i in range(3)]
    chooser = table("iris")
    chooser.selected = ids[:2]
    display = compare(chooser)
    shown.show(chooser)
    shown.show(display)
    page = shown.page
    expect(page.locator(".trk-run")).to_have_count(2)
    page.locator(".row", has_text="run 2").locator(".box").click()
    expect(page.locator(".trk-run")).to_have_count(3)
    page.locator(".row", has_text="run 0").locator(".box").click()
    expect(page.locator(".trk-run")).to_have_text(["run 2", "run 1"])
    page.get_by_role("button", name="2 selected").click()
    expect(page.locator(".trk-run")).to_have_count(2)


def test_the_run_that_is_pointed_at_stands_out_everywhere(shown: WidgetPage) -> None:
    for i in range(3):
        log(f"run {i}", C=i)
    shown.show(table("iris"))
    shown.show(compare(experiment="iris"))
    page = shown.page
    traces(shown)
    page.locator(".row", has_text="run 1").hover()
    expect(page.locator(".trk-run.trk-lit")).to_have_text("run 1")
    lines = page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace")
    for i, opacity in enumerate(("0.12", "1", "0.12")):
        expect(lines.nth(i)).to_have_css("opacity", opacity)
    page.locator(".trk-run", has_text="run 2").hover()
    expect(page.locator(".row.lit .runname")).to_have_text("run 2")
    page.get_by_role("tab", name="Table").click()
    page.locator(".trk-table td").nth(0).hover()
    expect(page.locator(".row.lit .runname")).to_have_text("run 2")
    page.get_by_role("tab", name="Bars").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.locator(".row", has_text="run 0").hover()
    bars = page.locator(".js-plotly-plot").first.element_handle()
    page.wait_for_function("node => node.data[0].selectedpoints?.length === 1", arg=bars)
    page.locator(".count").hover()
    expect(page.locator(".row.lit")).to_have_count(0)


def test_a_store_that_is_deleted_is_said_to_be_gone(shown: WidgetPage, tmp_path: Path) -> None:
    log("run", C=1)
    displays = (table("iris"), compare(experiment="iris"))
    for display in displays:
        shown.show(display)
    shutil.rmtree(tmp_path / "store")
    for display in displays:
        look(shown, display)
    page = shown.page
    told = f"The store at {tmp_path / 'store'} is gone: what had arrived stays."
    expect(page.get_by_text(told)).to_have_count(2)
    expect(page.locator(".row:visible")).to_have_count(1)
    page.locator(".row:visible .star").click()
    expect(page.locator(".told:visible").last).to_contain_text("is gone")
    expect(page.locator(".star.on")).to_have_count(0)
    assert not (tmp_path / "store" / "journal").exists() or not list((tmp_path / "store" / "journal").iterdir())
    for panel in ("Differences", "Images", "Importance", "Contour"):
        page.get_by_role("tab", name=panel).click()
    expect(page.locator(".trk-compare")).to_be_visible()


def test_two_pages_edit_one_run(shown: WidgetPage, browser: Browser) -> None:
    log("run", C=1)
    first, second = table("iris"), table("iris")
    shown.show(first)
    shown.show(second)
    views = [shown.page.locator(".trk-table").nth(i) for i in (0, 1)]
    views[0].locator(".star:visible").click()
    views[1].locator(".runname:visible").click()
    shown.page.keyboard.press("F2")
    views[1].get_by_role("textbox", name="Name").fill("renamed")
    shown.page.keyboard.press("Enter")
    expect(views[1].get_by_text("renamed", exact=True)).to_be_visible()
    look(shown, first)
    look(shown, second)
    for view in views:
        expect(view.get_by_text("renamed", exact=True)).to_be_visible()
        expect(view.locator(".star.on")).to_have_count(1)
    tracker.delete_runs(tracker.runs("iris").run_id[0])
    views[1].locator(".runname:visible").click()
    shown.page.keyboard.press("F2")
    views[1].get_by_role("textbox", name="Name").fill("too late")
    shown.page.keyboard.press("Enter")
    expect(views[1].locator(".told:not(.waits):visible")).to_contain_text("deleted")


def test_images_by_key_and_step_and_code_by_token(shown: WidgetPage) -> None:
    for i in range(3):
        with tracker.start_run(run_name=f"run {i}"):
            for step in (0, 10):
                tracker.log_image(np.full((6, 6, 3), 20 * i + step, dtype=np.uint8), key="samples", step=step)
            tracker.log_text(f"C = {i}\nmodel = SVC(C=C).fit(X, y)", "code/cell.py")
            figure = {"data": [{"type": "bar", "y": [1, i]}], "layout": {"images": [{"source": "//elsewhere.invalid"}]}}
            tracker.log_text(json.dumps(figure), "figures/shares.plotly.json")
    shown.show(compare(experiment="iris"))
    page = shown.page
    page.get_by_role("tab", name="Images").click()
    expect(page.locator(".trk-picture img")).to_have_count(3)
    expect(page.locator(".trk-pictures figcaption").first).to_have_text("run 2 · step 10")
    page.get_by_label("Step").press("Home")
    expect(page.locator(".trk-pictures figcaption").first).to_have_text("run 2 · step 0")
    assert page.locator(".trk-picture img").first.evaluate("node => node.decode().then(() => node.naturalWidth)") == 6
    page.get_by_label("Show").select_option("figures/shares.plotly.json")
    expect(page.locator(".trk-picture .js-plotly-plot")).to_have_count(3)
    assert page.locator(".trk-picture .js-plotly-plot").first.evaluate("node => node.layout.images ?? null") is None
    page.get_by_role("tab", name="Differences").click()
    page.get_by_label("From").select_option(label="run 0")
    expect(page.locator(".trk-code del")).to_have_text("0")
    expect(page.locator(".trk-code ins")).to_have_text("2")
    shown.busy()
    page.get_by_role("combobox", name="To").select_option(label="run 1")
    expect(page.get_by_text("Waits until the kernel has time.")).to_be_visible()
    shown.idle()
    expect(page.locator(".trk-code ins")).to_have_text("1")


def test_a_layout_is_there_again(shown: WidgetPage) -> None:
    for i in range(2):
        log(f"run {i}", C=i)
    shown.show(compare(experiment="iris"))
    page = shown.page
    page.get_by_label("x axis").select_option("relative")
    page.get_by_label("Charts").select_option("large")
    page.locator("figcaption", has_text="loss").hover()
    page.get_by_role("button", name="Wide: loss").click()
    page.wait_for_timeout(2_000)
    shown.deliver()
    again = compare(experiment="iris")
    assert (again.state["x"], again.state["size"]) == ("relative", "large")
    assert again.state["chosen"] == {"Metrics.wide.loss": "wide"}
