"""`tracker ui` in a browser: the page alone, when its server goes and comes, when its store does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Silence
from playwright.sync_api import Browser, Page, expect
from test_theme import AXE, SERIOUS

from tracker.tracking import MlflowClient

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))
from servers import page_server

EVIL = "<img src=x onerror=alert(1)>"


def made(store: Path, names: tuple[str, ...] = ("one", "two", "three")) -> MlflowClient:
    client = MlflowClient(tracking_uri=str(store))
    experiment = client.create_experiment(f"iris {EVIL}")
    for i, name in enumerate(names):
        run = client.create_run(experiment, run_name=name).info.run_id
        client.log_param(run, "depth", i)
        for step in range(5):
            client.log_metric(run, "loss", 1 / (step + 1 + i), step=step)
        client.log_text(run, f"<script>alert(1)</script>{EVIL}", "page.html")
        client.set_terminated(run)
    return client


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """A store, and a home for its server."""
    home = tmp_path / "home"
    home.mkdir()
    return tmp_path / "project" / ".tracker", home


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 700})
    yield context.new_page()
    context.close()


def address(printed: str) -> str:
    return printed.split()[-1]


def test_the_page_shows_table_comparison_and_run(place: tuple[Path, Path], page: Page) -> None:
    store, home = place
    made(store)
    with page_server(store, home, "/hub/user/me/") as server:
        base = f"http://127.0.0.1:{server.port}{server.base}"
        silence = Silence(page.context, (base, base.replace("http", "ws"), "data:", "blob:"))
        page.goto(address(server.printed))
        assert "token=" not in page.url
        grid = page.get_by_role("grid", name="Runs")
        expect(grid).to_contain_text("three")
        for _ in range(2):
            grid.press("ArrowDown")
            page.keyboard.press("Space")
        page.get_by_role("button", name="Compare 2 runs").click()
        expect(page.locator(".js-plotly-plot").first).to_be_visible()
        page.get_by_role("button", name=re.compile("^Run two in")).click()
        expect(page.get_by_role("heading", name="two")).to_be_visible()
        expect(page).to_have_title("two · tracker")
        expect(page.locator("aside [aria-current=true]")).to_have_count(1)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(SERIOUS, [".trk-bench", ".trk-panel"]) == []
        page.go_back()
        expect(page.locator(".trk-compare")).to_be_visible()
        page.reload()
        expect(page.locator(".trk-compare")).to_be_visible()
        assert page.locator("#tracker img").count() == 0
    assert not [fault for fault in silence.faults if "ERR_CONNECTION" not in fault and "WebSocket" not in fault]


def test_what_changes_elsewhere_is_seen_and_what_is_gone_is_told(place: tuple[Path, Path], page: Page) -> None:
    store, home = place
    client = made(store)
    row = page.get_by_role("row")
    with page_server(store, home) as server:
        page.goto(address(server.printed))
        expect(row).to_have_count(4)
        experiments = [each.experiment_id for each in client.search_experiments()]
        client.delete_run(client.search_runs(experiments, "attributes.run_name = 'one'")[0].info.run_id)
        expect(row).to_have_count(3)
        client.set_terminated(client.create_run(experiments[0], run_name="a fourth").info.run_id)
        expect(row.filter(has_text="a fourth")).to_be_visible()

        moved, told = store.with_name("moved"), page.get_by_role("status").filter(has_text="There is no store at")
        store.rename(moved)
        expect(told).to_be_visible()
        moved.rename(store)
        expect(told).to_be_hidden()
        expect(row).to_have_count(4)
    said = page.get_by_text("The server does not answer. It is tried again until it does.")
    expect(said.first).to_be_visible()
    expect(row).to_have_count(4)
    client.set_terminated(client.create_run(experiments[0], run_name="meanwhile").info.run_id)
    with page_server(store, home, port=server.port, token=server.token):
        expect(row.filter(has_text="meanwhile")).to_be_visible(timeout=40_000)
        expect(said.first).to_be_hidden()
