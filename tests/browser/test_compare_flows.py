"""The comparison in a browser, its Python half answering: bands, zoom, brushing, charts that Python computes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from widget_page import WidgetPage, widget_page

import tracker
from tracker.notebook.comparison_view import Comparison
from tracker.notebook.views import compare

POINTS = 5_000


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[WidgetPage]:
    tracker.set_tracking_uri(tmp_path / "store")
    with widget_page(browser) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def logged(runs: int = 12, steps: int = 20) -> Comparison:
    tracker.set_experiment("iris")
    rng = random.Random(0)
    for i in range(runs):
        with tracker.start_run(run_name=f"run {i}") as run:
            tracker.log_params({"C": 10.0 ** (i % 3), "gamma": rng.random(), "kernel": "rbf" if i % 2 else "linear"})
            client = tracker.MlflowClient()
            points = [tracker.entities.Metric("loss", 1 / (1 + s) + i / 10, 1_000 + s, s) for s in range(steps)]
            points += [tracker.entities.Metric("acc", s / steps, 1_000 + s, s) for s in range(steps)]
            client.log_batch(run.info.run_id, metrics=points)
    return compare(experiment="iris")


def traces(page: WidgetPage, chart: int = 0) -> list[dict[str, object]]:
    page.page.locator(".js-plotly-plot").nth(chart).wait_for()
    found: list[dict[str, object]] = (
        page.page.locator(".js-plotly-plot")
        .nth(chart)
        .evaluate(
            "node => node.data.map(({ type, name, meta, x, y }) => ({ type, name, meta, points: x?.length, x, y }))"
        )
    )
    return found


def test_groups_become_means_with_bands(shown: WidgetPage) -> None:
    display = logged()
    shown.show(display)
    assert len(traces(shown, 1)) == 12
    shown.page.get_by_label("Group by").select_option("params.C")
    expect(shown.page.get_by_text("10 (n = 4)").first).to_be_visible()
    lines = traces(shown, 1)
    assert len(lines) == 9
    first = next(line for line in lines if line["name"] == "1 (n = 4)")
    assert first["y"][0] == pytest.approx(1 + (0 + 3 + 6 + 9) / 40)  # type: ignore[index]
    assert display.state["group"] == "params.C"


def test_over_another_metric_and_without_outliers(shown: WidgetPage) -> None:
    shown.show(logged(3))
    shown.page.get_by_label("x axis").select_option("metric:acc")
    expect(shown.page.locator(".xtitle").get_by_text("acc").first).to_be_visible()
    assert traces(shown, 1)[0]["x"][:3] == pytest.approx([0, 0.05, 0.1])  # type: ignore[index]
    shown.page.get_by_label("Ignore outliers").check()
    low, high = shown.page.locator(".js-plotly-plot").nth(1).evaluate("node => node.layout.yaxis.range")
    assert high < 1.2 and low > 0


def test_zoom_gets_the_points_between(shown: WidgetPage) -> None:
    shown.show(logged(2, POINTS))
    before = max(int(line["points"]) for line in traces(shown, 1))  # type: ignore[call-overload]
    assert before < POINTS / 2
    shown.page.locator(".js-plotly-plot").nth(1).evaluate(
        "async node => { await (await window.trkPlotly()).relayout(node, { 'xaxis.range': [100, 200] }); }"
    )
    chart = shown.page.locator(".js-plotly-plot").nth(1)
    shown.page.wait_for_function("node => node.data[0].x.length > 95", arg=chart.element_handle())
    steps = traces(shown, 1)[0]["x"]
    assert [step for step in steps if 100 <= step <= 200] == list(range(100, 201))  # type: ignore[attr-defined]


def test_a_brush_selects_runs_in_python(shown: WidgetPage) -> None:
    display = logged(6)
    shown.show(display)
    shown.page.get_by_role("tab", name="Parallel coordinates").click()
    zone = shown.page.locator(".trk-zone").first.bounding_box()
    assert zone is not None
    shown.page.mouse.move(zone["x"] + 14, zone["y"] + 4)
    shown.page.mouse.down()
    shown.page.mouse.move(zone["x"] + 14, zone["y"] + 60, steps=4)
    shown.page.mouse.up()
    expect(shown.page.get_by_text("2 of 6 runs selected")).to_be_visible()
    chosen = set(tracker.runs("iris", "params.C = 100").run_id)
    assert set(display.selected) == chosen and len(chosen) == 2


@pytest.mark.parametrize(
    ("tab", "kinds"),
    [
        ("Scatter", {"scatter"}),
        ("Distribution", {"box"}),
        ("Bars", {"bar"}),
        ("Contour", {"contour", "scatter"}),
        ("Importance", {"bar"}),
    ],
)
def test_every_tab_draws_and_is_open_again(shown: WidgetPage, tab: str, kinds: set[str]) -> None:
    display = logged()
    shown.show(display)
    shown.page.get_by_role("tab", name=tab).click()
    assert {str(line["type"]) for line in traces(shown)} == kinds
    assert display.state["tab"] == tab
    shown.reload()
    again = compare(experiment="iris")
    again._state = display.state
    shown.show(again)
    expect(shown.page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
    assert {str(line["type"]) for line in traces(shown)} == kinds


def test_the_python_call_draws_the_same(shown: WidgetPage) -> None:
    shown.show(logged(3))
    shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    traces(shown, 1)
    shown.page.locator("figcaption", has_text="loss").hover()
    shown.page.get_by_role("button", name="Copy as Python: loss").click()
    expect(shown.page.get_by_text("Copied the Python call.")).to_be_visible()
    call = shown.page.evaluate("navigator.clipboard.readText()")
    assert call.startswith("tracker.plots.curves([") and call.endswith('], "loss")')
    with shown.page.expect_download() as saved:
        shown.page.get_by_role("button", name="Save as SVG: loss").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"<svg")
