"""What a person sees and does in the notebook: the magics, the run card, the run table, the comparison.

This is the only layer that knows IPython and widgets. `cell.py` puts a run around a marked cell (`run.py`), `live.py`
shows it; `views.py` holds the displays over the store, `bundle.py` and `static.py` what they are in a
saved notebook.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "card": "tracker.notebook.views",
    "compare": "tracker.notebook.views",
    "playground": "tracker.notebook.playground_view",
    "last_sweep": "tracker.notebook.sweeping",
    "registry": "tracker.notebook.registry_view",
    "sweep": "tracker.notebook.sweeping",
    "trainer": "tracker.notebook.trainer_view",
    "show": "tracker.notebook.views",
    "table": "tracker.notebook.views",
    "load": "tracker.notebook.magics",
    "unload": "tracker.notebook.magics",
}

__all__ = ["card", "compare", "load", "playground", "registry", "show", "table", "unload"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tracker.notebook' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
