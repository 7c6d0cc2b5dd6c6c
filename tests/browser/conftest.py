"""One JupyterLab server and one Chromium a session; a fresh page and notebook a test, and nothing but silence expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from chromium import ARGUMENTS, find_chromium
from lab import Lab, jupyter_lab
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Route, expect, sync_playwright

SHOTS = Path(__file__).parents[2] / "test-results"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path, "no Chromium found: run tests/run.sh, which installs one"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


class Notebook:
    """A notebook in a page, driven as a person would."""

    def __init__(self, page: Page, path: Path, name: str) -> None:
        self.page, self.path, self._name = page, path, name

    def cell(self, i: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(i)

    def output(self, i: int) -> Locator:
        return self.cell(i).locator(".jp-OutputArea")

    def run(self, i: int, wait: bool = True) -> None:
        """Runs the cell; with `wait`, until its prompt has a number."""
        self.cell(i).locator(".jp-InputPrompt").click()
        # "void": the command's promise settles only when the cell has finished
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-cell')")
        if wait:
            expect(self.cell(i).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]"), timeout=90_000)

    def theme(self, name: str) -> None:
        """Changes JupyterLab's theme, and waits for the page to have it."""
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        self.page.locator(f'body[data-jp-theme-name="{name}"]').wait_for(state="attached")

    def command(self, name: str) -> Any:
        return self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    def save(self) -> nbformat.NotebookNode:
        """Saves, and reads the file back."""
        self.command("docmanager:save")
        return nbformat.read(self.path, as_version=4)

    def shot(self, label: str, of: Locator | None = None) -> None:
        """Keeps a picture under test-results/ for a person to look at."""
        SHOTS.mkdir(exist_ok=True)
        target: Any = of if of is not None else self.page
        target.screenshot(path=str(SHOTS / f"{self._name}-{label}.png"))

    def ready(self) -> None:
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=90_000)
        # "idle" can precede the kernel's socket: what is asked before kernel info arrives is lost
        self.page.evaluate(
            """async () => {
              const panel = window.jupyterapp.shell.currentWidget;
              await panel.context.ready;
              await panel.sessionContext.ready;
              await panel.sessionContext.session.kernel.info;
            }"""
        )


class Silence:
    """What a page must not do: raise, log errors, open dialogs, ask anything of an address that is not in `allowed`.

    `answered` are addresses that get an empty answer; every other one elsewhere gets none at all.
    """

    def __init__(self, context: BrowserContext, allowed: tuple[str, ...], answered: tuple[str, ...] = ()) -> None:
        self.faults: list[str] = []
        self._allowed, self._answered = allowed, answered
        context.on("weberror", lambda error: self.faults.append(f"raised: {error.error}"))
        context.on("console", lambda said: self.faults.append(f"logged: {said.text}") if said.type == "error" else None)
        context.on("dialog", self._dialog)
        context.route(lambda url: not url.startswith(allowed), self._elsewhere)

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()
        else:
            self.faults.append(f"opened a dialog: {dialog.message}")
            dialog.dismiss()

    def _elsewhere(self, route: Route) -> None:
        if route.request.url in self._answered:
            route.fulfill(body="", content_type="text/javascript")
        else:
            self.faults.append(f"asked elsewhere: {route.request.url}")
            route.abort()


@pytest.fixture
def open_notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook with these sources (or a copy of a file); at the end the page has kept the silence."""
    slug = _slug(request)
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    silence = Silence(context, (lab.base, lab.base.replace("http", "ws"), "data:", "blob:"))
    page = context.new_page()

    def opened(*sources: str, notebook: Path | None = None) -> Notebook:
        folder = lab.root / slug
        (folder / ".tracker").mkdir(parents=True, exist_ok=True)  # its own store, whatever lies above
        path = folder / f"{slug}.ipynb"
        if notebook is not None:
            document = nbformat.read(notebook, as_version=4)
        elif sources:
            document = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
            document.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        else:
            document = nbformat.read(path, as_version=4)
        nbformat.write(document, path)
        page.goto(lab.url(f"{slug}/{path.name}", slug))
        result = Notebook(page, path, slug)
        result.ready()
        return result

    yield opened
    _keep_failure(request, page, slug)
    context.close()
    assert not silence.faults, silence.faults


@pytest.fixture
def open_static(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens what nbconvert makes of a notebook from the disk, with no network; the page must keep the silence too."""
    exporter = HTMLExporter()
    libraries = (exporter.require_js_url, exporter.mathjax_url)  # nbconvert's own: they get an empty answer
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    silence = Silence(context, ("file:", "data:"), libraries)
    page = context.new_page()

    def opened(document: nbformat.NotebookNode) -> Page:
        body, _ = exporter.from_notebook_node(document)
        path = tmp_path / "notebook.html"
        path.write_text(body, encoding="utf-8")
        page.goto(path.as_uri())
        return page

    yield opened
    _keep_failure(request, page, f"{_slug(request)}-static")
    context.close()
    assert not silence.faults, silence.faults


def _slug(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W+", "-", request.node.name).strip("-")


def _keep_failure(request: pytest.FixtureRequest, page: Page, label: str) -> None:
    if request.node.stash.get(_FAILED, False):
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"{label}-failed.png"), full_page=True)


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":  # type: ignore[attr-defined]
        item.stash[_FAILED] = report.failed  # type: ignore[attr-defined]
    return report  # type: ignore[return-value]
