"""The run table in a browser, its Python half answering: groups, nested runs, edits with undo, kept views, a busy kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect
from widget_page import WidgetPage, widget_page

import tracker
from tracker.notebook.run_table import RunTable
from tracker.notebook.views import table


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[WidgetPage]:
    tracker.set_tracking_uri(tmp_path / "store")
    with widget_page(browser) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def logged(count: int = 6) -> None:
    tracker.set_experiment("iris")
    for i in range(count):
        with tracker.start_run(run_name=f"run {i}"):
            tracker.log_params({"C": 1 if i % 2 else 10, "seed": i})
            for step in range(5):
                tracker.log_metric("loss", 1 / (1 + step) + i, step=step)


def names(page: WidgetPage) -> list[str]:
    rows = page.page.locator(".row:visible")
    found = [(int(row.get_attribute("aria-rowindex") or 0), row.locator(".runname").inner_text()) for row in rows.all()]
    return [name for _, name in sorted(found)]


def menu(page: WidgetPage, cell: Locator, item: str) -> None:
    cell.click(button="right")
    page.page.get_by_role("menu").get_by_text(item, exact=True).click()


def runs(display: RunTable) -> dict[str, object]:
    return tracker.runs("iris").set_index("name").to_dict("index")


def test_groups_fold_out_and_select_their_runs(shown: WidgetPage) -> None:
    logged()
    display = table("iris")
    shown.show(display)
    menu(shown, shown.page.get_by_role("columnheader", name="params.C"), "Group by this")
    assert names(shown) == ["C = 1 (3)", "C = 10 (3)"]
    expect(shown.page.locator(".count")).to_have_text("6 runs in 2 groups")
    expect(shown.page.get_by_text("3 ± 2")).to_be_visible()  # seeds 1, 3, 5
    shown.page.get_by_text("C = 1 (3)").click()
    assert names(shown) == ["C = 1 (3)", "run 5", "run 3", "run 1", "C = 10 (3)"]
    shown.page.locator(".row", has_text="C = 10").locator(".box").click()
    ids = {name: row["run_id"] for name, row in runs(display).items()}
    assert set(display.selected) == {ids["run 0"], ids["run 2"], ids["run 4"]}
    assert display.state["group"] == ["params.C"]


def test_nested_runs_by_keyboard(shown: WidgetPage) -> None:
    tracker.set_experiment("iris")
    with tracker.start_run(run_name="sweep"):
        for i in range(2):
            with tracker.start_run(run_name=f"trial {i}", nested=True):
                tracker.log_metric("loss", i)
    shown.show(table("iris"))
    assert names(shown) == ["sweep (2)"]
    shown.page.get_by_text("sweep").click(position={"x": 60, "y": 5})
    shown.page.keyboard.press("ArrowRight")
    assert names(shown) == ["sweep (2)", "trial 1", "trial 0"]
    row = shown.page.locator(".row", has_text="sweep")
    assert (row.get_attribute("aria-expanded"), row.get_attribute("aria-level")) == ("true", "1")
    assert shown.page.locator(".row", has_text="trial 0").get_attribute("aria-level") == "2"
    shown.page.keyboard.press("ArrowLeft")
    assert names(shown) == ["sweep (2)"]
    shown.page.get_by_role("button", name="Nested").click()
    assert len(names(shown)) == 3


def test_edits_reach_the_store_and_are_taken_back(shown: WidgetPage) -> None:
    logged(3)
    display = table("iris")
    shown.show(display)
    page = shown.page
    menu(shown, page.get_by_text("run 1"), "Rename…")
    page.get_by_role("textbox", name="Name").fill("the best <b>one</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_text("the best <b>one</b>", exact=True)).to_be_visible()
    expect(page.locator(".value.waits")).to_have_count(0)
    assert "the best <b>one</b>" in runs(display)
    page.locator(".row", has_text="run 2").locator(".star").click()
    expect(page.locator(".star.on")).to_have_count(1)
    assert runs(display)["run 2"]["star"]
    menu(shown, page.get_by_text("run 0"), "Delete")
    expect(page.locator(".count")).to_have_text("2 runs")
    assert len(runs(display)) == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".count")).to_have_text("3 runs")
    assert len(runs(display)) == 3


def test_many_are_tagged_at_once_and_the_deleted_come_back(shown: WidgetPage) -> None:
    logged(3)
    display = table("iris")
    shown.show(display)
    page = shown.page
    page.get_by_role("columnheader").first.click()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Tag…").click()
    page.get_by_label("Key").fill("team")
    page.get_by_label("Value").fill("vision")
    page.keyboard.press("Enter")
    expect(page.get_by_text("vision", exact=True)).to_have_count(3)
    assert {row["tags.team"] for row in runs(display).values()} == {"vision"}
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator(".count")).to_have_text("0 runs")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitemcheckbox", name="Deleted runs").click()
    expect(page.locator(".count")).to_have_text("3 runs")
    menu(shown, page.get_by_text("run 1"), "Restore")
    expect(page.locator(".count")).to_have_text("2 runs")
    assert list(runs(display)) == ["run 1"]


def test_a_busy_kernel_leaves_edits_pending(shown: WidgetPage) -> None:
    logged(2)
    display = table("iris")
    shown.show(display)
    shown.busy()
    shown.page.locator(".row", has_text="run 1").locator(".star").click()
    expect(shown.page.locator(".star.on.waits")).to_have_count(1)
    expect(shown.page.get_by_text("1 change waits until the kernel has time.")).to_be_visible()
    assert not runs(display)["run 1"]["star"]
    shown.page.get_by_role("columnheader", name="metrics.loss").click()
    assert names(shown) == ["run 0", "run 1"]
    shown.idle()
    expect(shown.page.locator(".waits:visible")).to_have_count(0)
    assert runs(display)["run 1"]["star"]


def test_kept_views_and_directions_are_there_again(shown: WidgetPage) -> None:
    logged()
    shown.show(table("iris"))
    page = shown.page
    menu(shown, page.get_by_role("columnheader", name="metrics.loss"), "Higher is better")
    menu(shown, page.get_by_role("columnheader", name="params.C"), "Group by this")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Keep this view…").click()
    page.get_by_role("textbox", name="Name").fill("by C")
    page.keyboard.press("Enter")
    again = table("iris")
    assert again.state["directions"] == {"metrics.loss": "higher"}
    shown.reload()
    shown.show(again)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitemcheckbox", name="by C").click()
    assert names(shown) == ["C = 1 (3)", "C = 10 (3)"]


def test_minimum_and_histories_come_from_python(shown: WidgetPage) -> None:
    logged(3)
    shown.show(table("iris"))
    page = shown.page
    expect(page.locator(".cell .line path[d^=M]:visible")).to_have_count(3)
    menu(shown, page.get_by_role("columnheader", name="metrics.loss"), "Maximum")
    expect(page.get_by_text("loss (max)")).to_be_visible()
    highest = page.locator(".row", has_text="run 2").get_by_role("gridcell").last
    expect(highest).to_have_text("3")


def test_selection_filter_and_columns_go_both_ways(shown: WidgetPage) -> None:
    logged(3)
    display = table("iris")
    shown.show(display)
    ids = {name: row["run_id"] for name, row in runs(display).items()}
    display.selected = [ids["run 1"]]
    display.where = "params.seed >= 1"
    shown.deliver()
    expect(shown.page.locator(".row[aria-selected=true]")).to_have_count(1)
    assert names(shown) == ["run 2", "run 1"]
    display.columns = ["metrics.loss", "status"]
    shown.deliver()
    heads = [head.get_attribute("aria-label") for head in shown.page.get_by_role("columnheader").all()]
    assert heads[1:] == ["name", "metrics.loss", "status"]
    assert display.columns == ["name", "metrics.loss", "status"]


def test_runs_of_another_process_and_deleted_elsewhere(shown: WidgetPage) -> None:
    logged(2)
    display = table("iris")
    shown.show(display)
    logged(3)
    tracker.delete_run(tracker.runs("iris", "name = 'run 2'").run_id[0])
    display._look()
    shown.deliver()
    expect(shown.page.locator(".count")).to_have_text("4 runs")
    tracker.delete_run(tracker.runs("iris").run_id[0])
    display._look()
    shown.deliver()
    expect(shown.page.locator(".count")).to_have_text("3 runs")


def test_a_kernel_that_is_gone_is_said_to_be(shown: WidgetPage) -> None:
    logged(1)
    display = table("iris")
    shown.show(display)
    display.widget.close()
    shown.deliver()
    expect(shown.page.get_by_text("The kernel of this table is gone")).to_be_visible()
