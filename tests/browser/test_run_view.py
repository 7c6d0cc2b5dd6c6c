"""The run view in a browser, its Python half answering: everything of a run, its files, edits, and what goes wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from full_run import EVIL, EVILS, files, rich_run
from playwright.sync_api import Browser, Locator, Page, expect
from widget_page import WidgetPage, widget_page

import tracker
from tracker.tracking.context import current_store

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# What no text may become: a script, a handler, something fetched, a frame or link that may do things.
INTRUDERS = """() => {
  const found = [];
  const walk = root => {
    for (const node of root.querySelectorAll('*')) {
      const names = [...node.attributes].map(each => each.name);
      const source = node.getAttribute('src') ?? '';
      const script = node.tagName === 'SCRIPT' && !['module', 'application/octet-stream'].includes(node.type);
      const fetched = ['IMG', 'AUDIO', 'VIDEO', 'IFRAME'].includes(node.tagName) && source && !/^(data|blob):/.test(source);
      const frame = node.tagName === 'IFRAME' && node.getAttribute('sandbox') !== '';
      const link = node.tagName === 'A' && !/^(https?|mailto|blob):/.test(node.href);
      if (script || fetched || frame || link || names.some(name => name.startsWith('on'))) found.push(node.outerHTML.slice(0, 200));
      if (node.shadowRoot) walk(node.shadowRoot);
    }
  };
  walk(document.body);
  return found;
}"""


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[WidgetPage]:
    """A page; nothing may be raised, logged as an error, asked elsewhere, or said in a dialog."""
    tracker.set_tracking_uri(tmp_path / "store")
    with widget_page(browser, width=1200, height=900) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        page.page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        page.page.on("request", lambda request: faults.append(request.url) if "evil.example" in request.url else None)
        page.page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        yield page
        assert faults == []


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def open_file(page: Page, path: str) -> Locator:
    """Chooses a file in the tree; its preview."""
    parts = path.split("/")
    for i in range(1, len(parts)):
        folder = page.locator(f'[data-path="{"/".join(parts[:i])}"]')
        if folder.get_attribute("aria-expanded") != "true":
            folder.locator("> .trk-line").click()
    page.locator(f'[data-path="{path}"] > .trk-line').click()
    preview = page.get_by_label("Preview", exact=True)
    expect(preview.locator(".trk-path")).to_have_text(path)
    expect(preview.get_by_text("Reading …")).to_have_count(0)
    return preview


def test_everything_that_a_run_holds_is_there(shown: WidgetPage) -> None:
    shown.show(tracker.show(rich_run()))
    page = shown.page
    for text in ("rich", "C", "1.5", "family", "svm", "child", "ValueError:"):
        expect(page.get_by_text(text).first).to_be_visible()
    tab(page, "Metrics")
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(2)
    expect(page.get_by_text("0.93")).to_be_visible()
    tab(page, "Output")
    expect(page.get_by_text("epoch 1")).to_be_visible()
    tab(page, "Code")
    expect(page.get_by_text("C = 1.5")).to_be_visible()
    tab(page, "Data")
    expect(page.get_by_text("python", exact=True)).to_be_visible()


def test_each_kind_of_file_has_its_preview(shown: WidgetPage) -> None:
    shown.show(tracker.show(rich_run()))
    page = shown.page
    tab(page, "Files")
    for name, wanted in {
        "picture.png": "img", "drawing.svg": "img", "tone.wav": "audio", "page.html": "iframe", "text.txt": None,
        "note.md": ".trk-md h3", "tree.json": ".trk-json details", "figure.plotly.json": ".js-plotly-plot",
        "rows.csv": ".trk-rows td", "notebook.ipynb": ".trk-cell", "model.pkl": ".trk-none", "blob.bin": ".trk-none",
    }.items():  # fmt: skip
        preview = open_file(page, f"files/{name}")
        if wanted:
            expect(preview.locator(wanted).first).to_be_visible()
    picture = open_file(page, "files/picture.png").locator("img")
    page.wait_for_function("image => image.naturalWidth === 64", arg=picture.element_handle())
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert Path(saved.value.path()).read_bytes() == files("")["picture.png"]


def test_markup_stays_text_wherever_it_stands(shown: WidgetPage) -> None:
    shown.show(tracker.show(rich_run(EVIL)))
    page = shown.page
    for name in ("Overview", "Metrics", "Code", "Output", "Data", "Files"):
        tab(page, name)
        page.wait_for_timeout(150)
        assert page.evaluate(INTRUDERS) == [], name
    for name in files(EVIL):
        open_file(page, f"files/{name}")
        page.wait_for_timeout(150)
        assert page.evaluate(INTRUDERS) == [], name
    tab(page, "Output")
    for evil in EVILS:
        expect(page.get_by_label("Output", exact=True).last).to_contain_text(evil)


def test_a_table_opens_a_run_below_itself_by_keyboard(shown: WidgetPage) -> None:
    rich_run()
    shown.show(tracker.table())
    page = shown.page
    page.get_by_role("gridcell", name="rich").first.click()
    page.keyboard.press("Enter")
    detail = page.locator(".trk-detail")
    expect(detail.get_by_role("heading", name="rich")).to_be_visible()
    detail.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    expect(detail.locator(".js-plotly-plot").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    expect(page.locator("[role=gridcell]:focus")).to_contain_text("rich")


def test_the_tree_is_walked_by_keys(shown: WidgetPage) -> None:
    shown.show(tracker.show(rich_run()))
    page = shown.page
    tab(page, "Files")
    page.locator('[role="treeitem"]').first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    expect(page.locator(".trk-path")).to_have_text("files/blob.bin")
    page.keyboard.press("ArrowLeft")
    expect(page.locator('[data-path="files"]')).to_be_focused()


def test_what_is_edited_reaches_the_store(shown: WidgetPage) -> None:
    run = rich_run()
    shown.show(tracker.show(run))
    page = shown.page
    page.get_by_role("button", name="Edit note").click()
    page.get_by_label("Note (Markdown)").fill("**new**")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".trk-note strong")).to_have_text("new")
    page.get_by_role("button", name="Star this run").click()
    expect(page.get_by_role("button", name="Remove the star")).to_be_visible()
    page.get_by_label("Key of a new tag").fill("stage")
    page.get_by_label("Its value").fill("done")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("done×")).to_be_visible()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("renamed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="renamed")).to_be_visible()
    tags = tracker.get_run(run).data.tags
    assert (tags["mlflow.note.content"], tags["tracker.star"], tags["stage"]) == ("**new**", "true", "done")
    assert tracker.get_run(run).info.run_name == "renamed"


def test_a_related_run_is_a_click_away(shown: WidgetPage) -> None:
    run = rich_run()
    view = tracker.show(run)
    shown.show(view)
    shown.page.get_by_role("button", name="child").click()
    expect(shown.page.get_by_role("heading", name="child")).to_be_visible()
    assert view.run_id != run
    shown.page.get_by_role("button", name="rich").click()
    expect(shown.page.get_by_role("heading", name="rich")).to_be_visible()


def test_a_run_that_goes_on_is_followed(shown: WidgetPage) -> None:
    with tracker.start_run(run_name="going") as run:
        tracker.log_metric("loss", 0.5, step=0)
        shown.show(tracker.show(run.info.run_id))
        expect(shown.page.get_by_text("Running")).to_be_visible()
        tracker.log_metric("loss", 0.25, step=1)
        expect(shown.page.get_by_text("0.25")).to_be_visible()
    expect(shown.page.get_by_text("Finished")).to_be_visible()


def test_what_is_gone_is_said_in_plain_words(shown: WidgetPage, tmp_path: Path) -> None:
    run = rich_run()
    shown.show(tracker.show(run))
    page = shown.page
    tab(page, "Files")
    open_file(page, "files/text.txt")
    (current_store().artifact_root(run) / "files" / "note.md").unlink()
    page.locator('[data-path="files/note.md"] > .trk-line').click()
    expect(page.get_by_text("The run keeps no file 'files/note.md' (any more).")).to_be_visible()
    shutil.rmtree(tmp_path / "store")
    page.locator('[data-path="files/rows.csv"] > .trk-line').click()
    expect(page.get_by_text("The run keeps no file 'files/rows.csv' (any more).")).to_be_visible()


def test_a_kernel_that_is_gone_is_said(shown: WidgetPage) -> None:
    rich_run()
    shown.show(tracker.table())
    page = shown.page
    shown.busy()
    page.get_by_role("gridcell", name="rich").first.dblclick()
    expect(page.get_by_text("Waiting for the run …")).to_be_visible()
    page.evaluate("() => window.trkModels.forEach(model => model.tell('comm:close'))")
    expect(page.get_by_text("The kernel that this was asked of has ended")).to_be_visible()


def test_a_busy_kernel_leaves_what_has_come(shown: WidgetPage) -> None:
    shown.show(tracker.show(rich_run()))
    page = shown.page
    tab(page, "Metrics")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shown.busy()
    tab(page, "Files")
    expect(page.get_by_text("Reading …")).to_be_visible()
    tab(page, "Metrics")
    page.get_by_label("Log y").check()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shown.idle()
    tab(page, "Files")
    expect(page.get_by_role("treeitem", name="files", exact=True)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_any_part(shown: WidgetPage, theme: str) -> None:
    shown.page.evaluate("theme => document.body.classList.toggle('dark', theme === 'dark')", theme)
    shown.show(tracker.show(rich_run()))
    page = shown.page
    page.evaluate(AXE.read_text())
    for name in ("Overview", "Metrics", "Code", "Output", "Data", "Files"):
        tab(page, name)
        if name == "Files":
            open_file(page, "files/rows.csv")
        told = page.evaluate("axe.run('.trk-detail', { runOnly: ['wcag2a', 'wcag2aa'] })")
        assert [(each["id"], each["nodes"][0]["html"][:120]) for each in told["violations"]] == [], name
