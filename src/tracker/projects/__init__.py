"""Running again: projects, packages and pipelines, and reruns of the slices that runs keep.

`run` runs an entry point of a project (`specification`, `sources`, `parameters`, `command`, `environments`), or a
notebook (`notebooks`), as a `SubmittedRun`. `slices` reads what a run kept, `substitution` puts other parameter values
into it, `folder` gives the new process a working folder that reads like the run's, `rerun` executes and `comparison`
says whether the numbers are the same.
The process itself (`tracker.notebook.replay`) is started by name: this package knows no IPython.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.projects.launching import run
    from tracker.projects.submitted import LocalSubmittedRun, SubmittedRun

__all__ = ["LocalSubmittedRun", "SubmittedRun", "run"]
_HOME = {"run": "launching", "SubmittedRun": "submitted", "LocalSubmittedRun": "submitted"}


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _HOME:
        raise AttributeError(f"module 'tracker.projects' has no attribute {name!r}")
    return getattr(importlib.import_module(f"tracker.projects.{_HOME[name]}"), name)
