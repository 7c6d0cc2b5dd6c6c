"""The comparison's charts as plotly figures: `tracker.plots.curves(runs, "loss")` and the like.

`analysis.py` computes what charts show (importance, a gridded surface), `figures.py` draws. plotly is imported on first
use; every figure takes run ids, a DataFrame, a table's selection, or whatever else holds runs.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "bar": "figures", "box": "figures", "contour": "figures", "correlation": "figures", "curves": "figures",
    "importance": "figures", "parallel": "figures", "scatter": "figures", "violin": "figures",
    "contour_grid": "analysis", "importance_table": "analysis",
}  # fmt: skip

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tracker.plots' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tracker.plots.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
