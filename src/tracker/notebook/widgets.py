"""The live widgets: what Python holds of a card, a table, a comparison, and the page's modules that draw them.

The page needs the kernel only to begin with and to hand over what a person selected: data goes to the page once, in
columns; sorting, filtering and zooming happen there.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import anywidget
import traitlets

from tracker.exceptions import TrackerError

_STATIC = Path(__file__).parent.parent / "static"


def _module(name: str) -> Path:
    path = _STATIC / name
    if not path.exists():
        raise TrackerError(
            f"{path.name} is missing: the page's modules were not built. Build them: npm ci && npm run build."
        )
    return path


class LiveCard(anywidget.AnyWidget):
    """The run card while its cell runs; nothing comes back from the page."""

    _esm = _module("card.js")
    run = traitlets.Dict().tag(sync=True)


class TableWidget(anywidget.AnyWidget):
    """The run table's page side: `runs` is an Arrow stream, `selected` and `state` go both ways."""

    _esm = _module("table.js")
    title = traitlets.Unicode().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    runs = traitlets.Bytes().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)


class PlotlyAsset(anywidget.AnyWidget):
    """plotly.js, sent to the page once; comparisons hold a reference to it."""

    _esm = _module("plotly.js")
    _shared: ClassVar[PlotlyAsset | None] = None

    @classmethod
    def shared(cls) -> PlotlyAsset:
        """The one of this kernel."""
        if cls._shared is None or cls._shared.comm is None:
            cls._shared = cls()
        return cls._shared


class CompareWidget(anywidget.AnyWidget):
    """The comparison's page side: `runs` and `curves` are Arrow streams."""

    _esm = _module("compare.js")
    title = traitlets.Unicode().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    runs = traitlets.Bytes().tag(sync=True)
    curves = traitlets.Bytes().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    plotly = anywidget.WidgetTrait().tag(sync=True)
