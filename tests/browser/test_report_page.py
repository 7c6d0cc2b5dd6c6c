"""A report in a browser without a network, under its own policy: nothing is asked for, raised, refused or logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from full_run import EVIL, EVILS, rich_run
from playwright.sync_api import Browser, Page, expect
from test_run_view import INTRUDERS

import tracker
from tracker.pages.report import LIMIT


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[[Path], Page]]:
    tracker.set_tracking_uri(tmp_path / "store")
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_offline(True)
    page, faults, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text))
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    context.on("page", lambda other: faults.append(f"opened {other.url}"))

    def show(path: Path) -> Page:
        page.goto(path.resolve().as_uri())
        page.locator(".js-plotly-plot").first.wait_for()
        return page

    yield show
    context.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == 1


def logged(runs: int = 3, steps: int = 40) -> None:
    tracker.set_experiment("iris")
    client = tracker.MlflowClient()
    for i in range(runs):
        with tracker.start_run(run_name=f"run {i}") as run:
            tracker.log_params({"C": 10.0**i, "kernel": "rbf" if i % 2 else "linear"})
            points = [tracker.entities.Metric("loss", 1 / (1 + s) + i / 10, 1_000 + s, s) for s in range(steps)]
            client.log_batch(run.info.run_id, metrics=points)


def test_charts_are_drawn_and_zoom(opened: Callable[[Path], Page]) -> None:
    logged()
    page = opened(tracker.report(path="r.html"))
    expect(page.get_by_role("heading", name="iris", exact=True)).to_be_visible()
    expect(page.get_by_role("gridcell", name="run 2").first).to_be_visible()
    chart = page.locator(".js-plotly-plot").first
    assert chart.evaluate("node => node.data.map(line => line.x.length)") == [40, 40, 40]
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 42, steps=5)
    page.mouse.up()
    page.wait_for_function("node => node.layout.xaxis.range[1] < 30", arg=chart.element_handle())
    for tab in ("Parallel coordinates", "Scatter", "Distribution", "Bars", "Table"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tabpanel", name=tab)).to_be_visible()


def test_a_run_opens_in_full_with_its_files(opened: Callable[[Path], Page]) -> None:
    rich_run()
    page = opened(tracker.report(path="r.html"))
    page.get_by_role("gridcell", name="rich").first.dblclick()
    detail = page.locator(".trk-detail")
    expect(detail.get_by_text("ValueError:")).to_be_visible()
    expect(detail.get_by_role("button", name="Rename")).to_have_count(0)
    detail.get_by_role("tab", name="Metrics").click()
    expect(detail.locator(".js-plotly-plot").first).to_be_visible()
    detail.get_by_role("tab", name="Files").click()
    detail.locator('[data-path="files"] > .trk-line').click()
    detail.locator('[data-path="files/picture.png"] > .trk-line').click()
    picture = detail.locator(".trk-preview img")
    page.wait_for_function("image => image.naturalWidth === 64", arg=picture.element_handle())
    detail.locator('[data-path="files/blob.bin"] > .trk-line').click()
    expect(detail.get_by_text("does not hold the content")).to_be_visible()


def test_markup_stays_text(opened: Callable[[Path], Page]) -> None:
    rich_run(EVIL)
    page = opened(tracker.report(path="r.html", title=EVIL))
    expect(page.locator("h1")).to_contain_text(EVILS[3])
    assert page.evaluate(INTRUDERS) == []
    page.get_by_role("gridcell", name="rich").first.dblclick()
    detail = page.locator(".trk-detail")
    for name in ("Overview", "Metrics", "Code", "Output", "Data", "Files"):
        detail.get_by_role("tab", name=name).click()
        page.wait_for_timeout(100)
        assert page.evaluate(INTRUDERS) == [], name
    detail.locator('[data-path="files"] > .trk-line').click()
    for name in ("drawing.svg", "figure.plotly.json", "note.md", "tree.json", "rows.csv", "text.txt"):
        detail.locator(f'[data-path="files/{name}"] > .trk-line').click()
        page.wait_for_timeout(100)
        assert page.evaluate(INTRUDERS) == [], name


def test_the_selection_chooses_the_curves(opened: Callable[[Path], Page]) -> None:
    logged()
    page = opened(tracker.report(path="r.html"))
    page.get_by_role("gridcell", name="run 1").first.click()
    page.keyboard.press("Space")
    chart = page.locator(".js-plotly-plot").first
    page.wait_for_function("node => node.data.length === 1", arg=chart.element_handle())


def test_two_hundred_runs_fit(opened: Callable[[Path], Page]) -> None:
    logged(200, 60)
    path = tracker.report(path="r.html")
    assert path.stat().st_size <= LIMIT
    page = opened(path)
    expect(page.get_by_text("200 runs, written by tracker")).to_be_visible()
