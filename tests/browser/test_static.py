"""The quickstart as nbconvert writes it, opened from the disk with no network: cards, table and comparison are there."""

from __future__ import annotations

from pathlib import Path

import nbformat
from conftest import SHOTS
from playwright.sync_api import expect

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_the_quickstart_reads_as_html_from_the_disk(open_static) -> None:
    document = nbformat.read(QUICKSTART, as_version=4)
    page = open_static(document)
    cells = page.locator(".jp-Cell")

    def output(source: str, position: int = 0):
        found = [i for i, cell in enumerate(document.cells) if cell.source.startswith(source)]
        return cells.nth(found[position]).locator(".jp-OutputArea")

    for text in ("rbf baseline", "iris", "accuracy"):
        expect(output("%%track").get_by_text(text).first).to_be_visible()
    curves = output("%%track", 3).locator("img[src^='data:image/svg+xml']")
    expect(curves.first).to_be_visible()
    assert curves.first.evaluate("image => image.complete && image.naturalWidth > 0")
    expect(output("%%track", 4).get_by_text("Failed")).to_be_visible()
    expect(output("%runs").get_by_role("row")).to_have_count(6)
    expect(output("%compare").locator("img").first).to_be_visible()
    expect(output("%compare").get_by_text("rbf baseline").first).to_be_visible()
    for name, source in (("card", "%%track"), ("table", "%runs"), ("compare", "%compare")):
        output(source).screenshot(path=str(SHOTS / f"static-{name}.png"))
