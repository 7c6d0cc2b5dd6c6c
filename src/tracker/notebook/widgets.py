"""The live widgets: what Python holds of a card, a table, a comparison, and the page's modules that draw them.

The page needs the kernel only to begin with and to hand over what a person selected: data goes to the page once, in
columns; sorting, filtering and zooming happen there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import anywidget
import traitlets

from tracker.exceptions import TrackerError
from tracker.pages.columns import buffer
from tracker.pages.modules import page_module


class Page(anywidget.AnyWidget):
    """A widget whose module is read when the first of its kind is made: what is missing breaks no other."""

    _file: ClassVar[str]

    @property
    def _esm(self) -> str:
        return page_module(self._file)


class LiveCard(Page):
    """The run card while its cell runs; nothing comes back from the page."""

    _file = "card.js"
    run = traitlets.Dict().tag(sync=True)


class Asking(Page):
    """A widget whose page asks questions: `answers` gives what is sent back: tables (as Arrow streams) and bytes."""

    answers: Callable[[Any], tuple[dict[str, Any], list[Any]]] | None = None

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._asked)

    def _asked(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict) or "ask" not in content or self.answers is None:
            return
        about = {"answer": content["ask"], "page": content.get("page")}
        try:
            answer, tables = self.answers(content.get("question"))
            self.send({**answer, **about}, [buffer(table) for table in tables])
        except TrackerError as error:
            self.send({"error": str(error), **about})
        except Exception as error:  # a fault of ours is told in the page; the kernel goes on
            self.send({"error": f"tracker could not answer: {type(error).__name__}: {error}", **about})


class TableWidget(Asking):
    """The run table's page side: `runs` is an Arrow stream, `selected` and `state` go both ways.

    `changes` are the runs that changed since `runs` was set, `gone` the ids of those that are no longer there.
    """

    _file = "table.js"
    detail = anywidget.WidgetTrait().tag(sync=True)
    plotly = anywidget.WidgetTrait().tag(sync=True)
    changes = traitlets.Bytes().tag(sync=True)
    gone = traitlets.List(traitlets.Unicode()).tag(sync=True)
    sparks = traitlets.Bytes().tag(sync=True)
    views = traitlets.Dict().tag(sync=True)
    trouble = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    runs = traitlets.Bytes().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)


class RegistryWidget(Asking):
    """The registry's page side: `models` are `ModelData` of js/core/types.ts."""

    _file = "registry.js"
    models = traitlets.List(traitlets.Dict()).tag(sync=True)


class PlaygroundWidget(Asking):
    """The playground's page side: `form` is `PlaygroundForm` of js/core/types.ts."""

    _file = "playground.js"
    form = traitlets.Dict().tag(sync=True)


class SweepWidget(Asking):
    """The page side of a sweep that runs: `sweep` is `SweepView` of js/core/sweep.ts."""

    _file = "sweep.js"
    sweep = traitlets.Dict().tag(sync=True)


class TrainerWidget(Asking):
    """The trainer's page side: the `TrainerData` of js/core/trainer.ts."""

    _file = "trainer.js"
    panel = traitlets.Dict().tag(sync=True)
    sweep = traitlets.Dict().tag(sync=True)
    form = traitlets.Dict().tag(sync=True)


class Asset(Page):
    """A module that is sent to the page once; widgets hold a reference to it."""

    _shared: ClassVar[Any] = None

    @classmethod
    def shared(cls) -> Self:
        """The one of this kernel."""
        if cls._shared is None or cls._shared.comm is None:
            cls._shared = cls()
        shared: Self = cls._shared
        return shared


class PlotlyAsset(Asset):
    """plotly.js as text, for the charts: run when the first is drawn."""

    _file = "charts.js"
    source = traitlets.Unicode().tag(sync=True)

    @traitlets.default("source")
    def _library(self) -> str:
        return page_module("plotly.js")


class RunAsset(Asset):
    """The run view, for a table's detail pane."""

    _file = "run.js"


class RunWidget(Asking):
    """The run view's page side: `run` is `RunDetail` of js/core/run.ts, `id` the run that is shown, which goes both
    ways."""

    _file = "run.js"
    id = traitlets.Unicode().tag(sync=True)
    run = traitlets.Dict().tag(sync=True)
    plotly = anywidget.WidgetTrait().tag(sync=True)


class CompareWidget(Asking):
    """The comparison's page side: `runs` and `curves` are Arrow streams.

    `changes` and `fresh` are the runs that changed since those were set and their curves, `gone` the ids of runs that
    are no longer there.
    """

    _file = "compare.js"
    title = traitlets.Unicode().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    runs = traitlets.Bytes().tag(sync=True)
    curves = traitlets.Bytes().tag(sync=True)
    changes = traitlets.Bytes().tag(sync=True)
    fresh = traitlets.Bytes().tag(sync=True)
    trouble = traitlets.Unicode().tag(sync=True)
    gone = traitlets.List(traitlets.Unicode()).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    selected = traitlets.List(traitlets.Unicode()).tag(sync=True)
    plotly = anywidget.WidgetTrait().tag(sync=True)
