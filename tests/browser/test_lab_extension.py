"""Runs in JupyterLab with no kernel asked: the panel, the tab, the marks on cells, the status bar, the commands."""

from __future__ import annotations

import re
import subprocess
import sys

from playwright.sync_api import Locator, Page, expect

SETUP = "%load_ext tracker\nimport tracker\nrate = 0.1"
TRACKED = """%%track --experiment iris --name first
C = 1.5 + rate
accuracy = 0.5 + C / 10
tracker.log_text("hello", "notes/hello.txt")
"""
FAILING = """%%track --experiment iris --name "goes wrong"
C = 0
accuracy = 1 / C
"""
LONG = """%%track --experiment iris --name long
import time
time.sleep(300)
"""
ELSEWHERE = """
import sys, tracker
tracker.set_tracking_uri(sys.argv[1])
tracker.set_experiment("elsewhere")
with tracker.start_run(run_name="from a script"):
    tracker.log_metric("loss", 0.5)
    print("running", flush=True)
    sys.stdin.read()
"""


def panel(page: Page) -> Locator:
    return page.locator("#jupyter-tracker-panel")


def mark(notebook, i: int) -> Locator:
    return notebook.cell(i).locator(".jp-tracker-mark")


def status(page: Page) -> Locator:
    return page.locator(".jp-tracker-status")


def command(page: Page, name: str, args: object = None) -> None:
    page.evaluate("([name, args]) => void window.jupyterapp.commands.execute(name, args ?? {})", [name, args])


def show_panel(page: Page) -> None:
    command(page, "jupyter-tracker:show-panel")
    expect(panel(page).get_by_role("searchbox")).to_be_visible()


def test_runs_are_beside_the_notebook(open_notebook) -> None:
    notebook = open_notebook(SETUP, TRACKED, FAILING)
    page = notebook.page
    for i in range(3):
        notebook.run(i)
    expect(mark(notebook, 1)).to_have_attribute("data-status", "FINISHED")
    expect(mark(notebook, 2)).to_have_attribute("data-status", "FAILED")
    expect(mark(notebook, 0)).to_have_count(0)
    expect(status(page)).to_have_text("1 failed")

    show_panel(page)
    first = panel(page).get_by_role("button", name="Run first in iris, finished")
    expect(first).to_be_visible()
    panel(page).get_by_role("searchbox").fill("wrong")
    expect(first).to_have_count(0)
    panel(page).get_by_role("searchbox").fill("")
    notebook.shot("panel")

    panel(page).get_by_role("button", name="Experiment iris, 2 runs").click()
    bench = page.locator(".trk-bench")
    bench.get_by_role("grid").get_by_text("first", exact=True).dblclick()
    expect(bench.locator(".trk-detail")).to_contain_text("accuracy")
    notebook.shot("run")
    bench.get_by_role("button", name="‹ Runs").click()
    expect(bench.get_by_role("grid")).to_be_visible()

    page.get_by_role("tab", name=re.compile(r"\.ipynb")).first.click()
    mark(notebook, 2).click()
    expect(bench.get_by_role("heading", name="goes wrong")).to_be_visible()
    expect(page.get_by_role("tab", name="goes wrong")).to_have_attribute("aria-selected", "true")


def test_runs_are_seen_while_the_kernel_is_busy_and_when_they_are_killed(open_notebook) -> None:
    notebook = open_notebook(SETUP, LONG)
    page = notebook.page
    show_panel(page)
    expect(panel(page)).to_contain_text("No runs yet")
    notebook.run(0)
    notebook.run(1, wait=False)
    expect(mark(notebook, 1)).to_have_attribute("data-status", "RUNNING")
    store = str(notebook.path.parent / ".tracker")
    with subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        running = panel(page).get_by_role("list", name="Running")
        expect(running).to_contain_text("from a script")
        expect(running).to_contain_text("long")
        expect(status(page)).to_have_text("2 runs running")
        mark(notebook, 1).click()
        detail = page.locator(".trk-detail")
        expect(detail.get_by_role("heading", name="long")).to_be_visible()
        expect(detail).to_have_attribute("data-status", "RUNNING")
        notebook.shot("running")
        process.kill()
    expect(panel(page).get_by_role("button", name="Run from a script in elsewhere, killed")).to_be_visible()
    expect(status(page)).to_have_text("1 run running · 1 failed")
    page.get_by_role("tab", name=re.compile(r"\.ipynb")).first.click()
    notebook.command("notebook:interrupt-kernel")
    expect(mark(notebook, 1)).to_have_attribute("data-status", "KILLED")
    expect(status(page)).to_have_text("2 failed")
    status(page).click()
    expect(status(page)).to_have_text("Runs")


def test_a_run_becomes_cells_and_runs_again_and_its_files_have_a_menu(open_notebook) -> None:
    notebook = open_notebook(SETUP, TRACKED, "print('below')")
    page = notebook.page
    for i in range(2):
        notebook.run(i)
    expect(mark(notebook, 1)).to_have_attribute("data-status", "FINISHED")
    card = notebook.output(1)
    card.locator("summary").filter(has_text="Artifacts").locator("visible=true").click()
    card.get_by_text("notes/hello.txt").locator("visible=true").click(button="right")
    menu = page.locator(".lm-Menu")
    expect(menu).to_contain_text("Copy the artifact’s URI")
    with page.expect_download() as download:
        menu.get_by_text("Download the artifact").click()
    assert download.value.path().read_text() == "hello"
    assert download.value.suggested_filename == "hello.txt"

    notebook.cell(1).locator(".jp-InputPrompt").click()
    command(page, "jupyter-tracker:insert-cells")
    expect(notebook.cell(2)).to_contain_text("rate = 0.1")
    expect(notebook.cell(3)).to_contain_text("C = 1.5 + rate")
    expect(notebook.cell(4)).to_contain_text("below")
    notebook.cell(1).locator(".jp-InputPrompt").click()
    command(page, "jupyter-tracker:rerun")
    expect(notebook.cell(2)).to_contain_text("tracker.rerun(")
    expect(notebook.output(2)).to_contain_text("eproduced", timeout=60_000)
    notebook.cell(0).locator(".jp-InputPrompt").click()
    assert not page.evaluate("window.jupyterapp.commands.isEnabled('jupyter-tracker:rerun')")

    for command_name, shown in (("toggle-marks", mark(notebook, 1)), ("toggle-status", status(page))):
        command(page, f"jupyter-tracker:{command_name}")
        expect(shown).to_be_hidden()
        command(page, f"jupyter-tracker:{command_name}")
        expect(shown).to_be_visible()
