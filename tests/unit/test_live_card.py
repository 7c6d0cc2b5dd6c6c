"""The live card's widget, where the cell ends at an unlucky moment."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tracker.notebook import widgets
from tracker.notebook.fold import Tail
from tracker.notebook.live import LiveCard

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
