"""The live card: what it reads while it follows its run, and its widget where the cell ends at an unlucky moment."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tracker.notebook import widgets
from tracker.notebook.fold import Tail
from tracker.notebook.live import LiveCard
from tracker.store import events

FACTS = {
    "id": "a" * 32, "experiment": "iris", "status": "RUNNING", "started": 1e12, "ended": None, "output": "",
    "traceback": "", "source": "", "notices": [], "remarks": [],
}  # fmt: skip


def test_a_widget_made_while_its_cell_ends_is_not_closed_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is still loading a widget's module when the widget is closed reports an error."""
    journal = tmp_path / "journal"
    journal.touch()
    making, made = threading.Event(), []

    class Slow(widgets.LiveCard):
        def __init__(self, **traits: Any) -> None:
            making.set()
            time.sleep(0.2)  # `finish` is called meanwhile
            super().__init__(**traits)
            made.append(self)

    monkeypatch.setattr(widgets, "LiveCard", Slow)
    published: list[tuple[dict[str, Any], bool]] = []
    card = LiveCard(
        "a" * 32, dict(FACTS), Tail(lambda: journal), lambda bundle, update: published.append((bundle, update)),
        shell=SimpleNamespace(kernel=None), with_widget=True,
    )  # fmt: skip
    card.start(at_once=True)
    assert making.wait(30)
    card.finish({"status": "FINISHED", "ended": 1e12 + 400})
    assert [one.comm is not None for one in made] == [True]
    assert "application/vnd.jupyter.widget-view+json" not in published[-1][0]


def test_a_card_that_is_asked_while_it_follows_counts_each_point_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, run_id = tmp_path / "journal", "b" * 32
    journal.touch()
    read = os.read

    def slow_read(fd: int, size: int) -> bytes:
        data = read(fd, size)
        time.sleep(0.01)
        return data

    card = LiveCard(
        run_id, dict(FACTS), Tail(lambda: journal), lambda bundle, update: None,
        shell=SimpleNamespace(kernel=None), with_widget=False,
    )  # fmt: skip
    prefix = events.metric_prefix(run_id, "loss")
    journal.write_bytes(b"".join(events.metric_line(prefix, 1.0, step, step) for step in range(20)))
    monkeypatch.setattr(os, "read", slow_read)
    asking = [threading.Thread(target=card.metrics) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert [metric["points"] for metric in card.run()["metrics"]] == [20]
