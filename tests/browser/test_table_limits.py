"""The run table at its limits: 100,000 runs by 200 columns, 5,000 columns, mixed types, names of every script.

What is asserted are counts: nodes in the page, made and changed by a scroll, layouts by a frame, messages sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page, expect
from widget_page import WidgetPage, widget_page

from tracker.notebook.widgets import TableWidget
from tracker.pages.columns import arrow_stream

FRAMES = 60
# Scrolls frame by frame, and counts what that does to the page.
SCROLL = """async ([frames, dy, dx]) => {
  const grid = document.querySelector('.trk-table').shadowRoot.querySelector('.grid');
  const counts = { added: 0, removed: 0, texts: 0 };
  const watch = new MutationObserver(changes => {
    for (const { type, addedNodes, removedNodes } of changes) {
      counts.added += addedNodes.length;
      counts.removed += removedNodes.length;
      if (type === 'characterData') counts.texts += 1;
    }
  });
  watch.observe(grid, { childList: true, characterData: true, subtree: true });
  for (let i = 0; i < frames; i++) {
    grid.scrollTop += dy;
    grid.scrollLeft += dx;
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  watch.disconnect();
  const rows = [...grid.querySelectorAll('.row')].filter(row => row.style.display !== 'none');
  return { ...counts, rows: rows.length, nodes: grid.querySelectorAll('*').length, top: grid.scrollTop };
}"""


class Shown:
    """A table widget over made-up runs."""

    def __init__(self, table: pa.Table) -> None:
        state: dict[str, Any] = {"where": "", "sort": [], "hidden": []}
        self.widget = TableWidget(runs=arrow_stream(table), title="limits", total=table.num_rows, state=state)


def runs(count: int, columns: dict[str, Any]) -> pa.Table:
    facts = {
        "run_id": [f"{i:032x}" for i in range(count)],
        "name": [f"run {i}" for i in range(count)],
        "status": ["FINISHED"] * count,
    }
    return pa.table({name: pa.array(values) for name, values in {**facts, **columns}.items()})


def numbers(count: int, columns: int) -> dict[str, Any]:
    values = np.random.default_rng(0).random(count)
    whole = (1_000 * values).astype(np.int16)  # small, so that the test is
    return {f"{'metrics' if i % 2 else 'params'}.n{i}": np.roll(values if i % 2 else whole, i) for i in range(columns)}


@pytest.fixture
def opened(browser: Browser) -> Any:
    with widget_page(browser) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def counted(page: Page, work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What `work` gives, and how many layouts and style recalculations the browser made for it."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    told = [{each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}]
    result = work()
    told.append({each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]})
    return result, {name: told[1][name] - told[0][name] for name in ("LayoutCount", "RecalcStyleCount")}


def test_a_hundred_thousand_runs_scroll_without_making_a_node(opened: WidgetPage) -> None:
    small = opened.show(Shown(runs(100, numbers(100, 200))))
    opened.reload()
    large = opened.show(Shown(runs(100_000, numbers(100_000, 200))))
    assert large < 20 * max(small, 40), "the first paint looks at more than it shows"
    page = opened.page
    page.wait_for_timeout(300)  # what is counted after the first paint
    page.evaluate(SCROLL, [5, 300, 60])  # the pool has grown to what a scroll needs
    sent = page.evaluate("window.trkCount ?? 0")
    for dy, dx in ((7, 0), (280, 0), (9_000, 0), (0, 60), (280, 60)):
        found, did = counted(page, lambda dy=dy, dx=dx: page.evaluate(SCROLL, [FRAMES, dy, dx]))
        assert (found["added"], found["removed"]) == (0, 0), (dy, dx)
        assert found["rows"] <= 16 and found["nodes"] < 1_000
        assert did["LayoutCount"] <= 2 * FRAMES + 10 and did["RecalcStyleCount"] <= 2 * FRAMES + 10
    # 7 px a frame pass a row in four frames: only that row's cells are written
    found = page.evaluate(SCROLL, [FRAMES, 7, 0])
    passed = FRAMES * 7 / 28 + 1
    assert found["texts"] <= passed * 20
    assert page.evaluate("window.trkCount ?? 0") == sent


def test_five_thousand_columns(opened: WidgetPage) -> None:
    opened.show(Shown(runs(300, numbers(300, 5_000))))
    page = opened.page
    grid = page.get_by_role("grid")
    assert int(grid.get_attribute("aria-colcount") or 0) > 5_000
    assert page.evaluate(SCROLL, [1, 0, 0])["nodes"] < 1_000
    grid.get_by_text("run 3", exact=True).click()
    page.keyboard.press("End")
    expect(grid.get_by_role("columnheader", name="metrics.n4999")).to_be_visible()
    found = page.evaluate(SCROLL, [FRAMES, 0, -200])
    assert found["nodes"] < 1_000
    page.get_by_role("button", name="Columns").click()
    expect(page.get_by_text("There are more: type a part of the name.")).to_be_visible()
    page.get_by_role("searchbox", name="Find a column").fill("n4998")
    expect(page.locator(".choices label")).to_have_count(1)


def test_mixed_types_and_nothing_but_nan(opened: WidgetPage) -> None:
    mixed = ["7", "rbf", None, "1e3", "true", ""]
    columns = {"params.mixed": mixed, "metrics.nothing": [float("nan")] * 6, "metrics.some": [1.0, None, 3, 4, 5, 6]}
    opened.show(Shown(runs(6, columns)))
    page = opened.page
    for name in ("params.mixed", "metrics.nothing", "metrics.some"):
        for _ in range(2):
            page.get_by_role("columnheader", name=name).click()
        assert page.locator(".row:visible").count() == 6
    page.get_by_role("combobox").fill("metrics.nothing > 0")
    expect(page.get_by_text("No run matches this filter")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").first.click()
    expect(page.locator(".row:visible")).to_have_count(6)


def test_names_of_every_script_sort_filter_and_stand_in_their_direction(opened: WidgetPage) -> None:
    names = ["שלום עולם", "مرحبا", "🚀🔥 launch", "ﬁ ligature", "a\u202e reversed", "Ωμέγα", "名前", "x" * 4_000]
    table = runs(len(names), {"params.שם": names, "params.🎛️": list(range(len(names)))})
    table = table.set_column(1, "name", pa.array(names))
    opened.show(Shown(table))
    page = opened.page
    for name in names[:7]:
        expect(page.locator(".value.runname").get_by_text(name, exact=True)).to_be_visible()
    hebrew = page.locator(".value.runname", has_text="שלום").evaluate("node => getComputedStyle(node).unicodeBidi")
    assert hebrew == "plaintext"
    page.get_by_role("columnheader", name="params.🎛️").click()
    box = page.get_by_role("combobox")
    box.fill("params.`🎛️` >= 2 and params.`שם` like '🚀%'")
    expect(page.locator(".count")).to_have_text("1 of 8 runs")
    assert page.locator(".row:visible .runname").inner_text() == "🚀🔥 launch"
