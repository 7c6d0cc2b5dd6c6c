"""A page that is loaded again while its kernel lives: table and comparison go on where they were."""

from __future__ import annotations

from playwright.sync_api import expect
from test_quickstart import SIX_RUNS


def test_displays_go_on_after_a_reload(open_notebook) -> None:
    notebook = open_notebook("%load_ext tracker", SIX_RUNS, "t = tracker.table('six'); t", "%compare six")
    for i in range(4):
        notebook.run(i)
    page, output = notebook.page, notebook.output(2)
    box = output.get_by_role("combobox").locator("visible=true")
    box.fill("params.C >= 1")
    box.press("Enter")
    count = output.locator(".count").locator("visible=true")
    expect(count).to_contain_text(" of 6 runs")
    told = count.inner_text()
    notebook.output(3).get_by_role("tab", name="Table").locator("visible=true").click()
    notebook.save()
    page.reload()
    notebook.ready()
    notebook.output(2).scroll_into_view_if_needed()
    expect(count).to_have_text(told, timeout=30_000)
    expect(box).to_have_value("params.C >= 1")
    # the kernel is still behind it: an edit reaches the store
    output.locator(".row .star").locator("visible=true").first.click()
    expect(output.locator(".star.on").locator("visible=true")).to_have_count(1)
    expect(output.locator(".value.waits").locator("visible=true")).to_have_count(0)
    notebook.output(3).scroll_into_view_if_needed()
    tab = notebook.output(3).get_by_role("tab", name="Table").locator("visible=true")
    expect(tab).to_have_attribute("aria-selected", "true")
    notebook.shot("again", notebook.output(2))
