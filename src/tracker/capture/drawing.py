"""The figures that pyplot keeps open, where a front end does not close them after each cell: what a cell that draws
without naming a figure stands on, and what it changes.

Invariants: nothing is called; figures are told by identity, and none is kept alive.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .effects import Use
from .reachable import NOTHING, Objects

Figures = tuple[int, ...]
_MAKING: Final = frozenset({"figure", "subplots", "subplot_mosaic"})


def open_figures() -> Figures:
    """The open figures by identity, the one that is drawn on last."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return ()
    return tuple(id(getattr(manager.canvas, "figure", None)) for manager in list(helpers.Gcf.figs.values()))


def drawn_on(before: Figures, uses: Iterable[Use], namespace: Mapping[str, Any]) -> Objects:
    """Those of the figures that were open before a cell which its calls of pyplot may draw on or look at."""
    calls = _calls(uses, namespace) if before else []
    if not calls:
        return NOTHING
    if any(_asks_for_one(use) for use in calls):
        return Objects(frozenset(before), False)
    return NOTHING if calls[0].path[-1] in _MAKING else Objects(frozenset(before[-1:]), False)


def drawn(before: Figures, uses: Iterable[Use], namespace: Mapping[str, Any]) -> set[int]:
    """The figures now open that a cell's calls of pyplot may have drawn on, with pyplot itself where it closed some."""
    after = open_figures()
    closed = {id(sys.modules.get("matplotlib.pyplot"))} if not set(before) <= set(after) else set()
    calls = _calls(uses, namespace) if after else []
    if not calls:
        return closed
    earlier = () if calls[0].path[-1] in _MAKING else before[-1:]
    return closed | (set(after) - set(before)) | {*after[-1:], *earlier}


def _calls(uses: Iterable[Use], namespace: Mapping[str, Any]) -> list[Use]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return [use for use in uses if use.path and use.direct is not None and namespace.get(use.direct) is pyplot]


def _asks_for_one(use: Use) -> bool:
    """Whether a figure is asked for by its number or label."""
    return use.path[-1] == "figure" and (bool(use.arguments) or any(name == "num" for name, _ in use.keywords))
