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
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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


@pytest.fixture
def open_notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook with these sources (or a copy of a file); at the end no page error and no request elsewhere."""
    slug = re.sub(r"\W+", "-", request.node.name).strip("-")
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    errors: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    allowed = (lab.base, lab.base.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(allowed) else elsewhere.append(asked.url))

    def opened(*sources: str, notebook: Path | None = None) -> Notebook:
        folder = lab.root / slug
        folder.mkdir(exist_ok=True)
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
    if request.node.stash.get(_FAILED, False):
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=str(SHOTS / f"{slug}-failed.png"), full_page=True)
    context.close()
    assert not errors, errors
    assert not elsewhere, f"the page asked elsewhere: {elsewhere}"


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":  # type: ignore[attr-defined]
        item.stash[_FAILED] = report.failed  # type: ignore[attr-defined]
    return report  # type: ignore[return-value]
