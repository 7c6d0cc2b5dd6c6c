"""A kernel killed in mid-cell: the card stays, and says later that its run was running when the notebook was saved."""

from __future__ import annotations

import os
import re
import signal

from playwright.sync_api import expect
from test_card import LOOP


def test_a_card_outlives_its_kernel(open_notebook) -> None:
    notebook = open_notebook("%load_ext tracker\nimport os; print('pid', os.getpid())", LOOP.format(passes=2000))
    notebook.run(0)
    pid = int(re.search(r"pid (\d+)", notebook.output(0).inner_text()).group(1))
    notebook.run(1, wait=False)
    step = notebook.output(1).get_by_text(re.compile(r"^step \d+$")).locator("visible=true")
    expect(step).to_be_visible()
    os.kill(pid, signal.SIGKILL)
    dialog = notebook.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("died")
    dialog.get_by_role("button").last.click()
    expect(notebook.output(1).get_by_text("slow loop", exact=True).locator("visible=true")).to_be_visible()
    notebook.shot("killed", notebook.output(1))
    notebook.save()
    again = open_notebook()
    card = again.output(1)
    expect(card.get_by_text("Was running when saved")).to_be_visible()
    expect(card.get_by_text("slow loop", exact=True)).to_be_visible()
    expect(again.page.get_by_text("Error displaying widget")).to_have_count(0)
    again.shot("reopened", card)
