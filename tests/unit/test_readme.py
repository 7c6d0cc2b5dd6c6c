"""The README tells the truth: what it names exists, and what exists is named."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import tracker
from tracker.notebook.options import FLAGS

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_every_call_it_names_exists() -> None:
    named = set(re.findall(r"\btracker\.([a-z_]+)\b(?!\.org)", README))
    missing = [name for name in named if not hasattr(tracker, name)]
    assert named and not missing


def test_every_public_name_is_told() -> None:
    hidden = {"__version__", "load_ipython_extension", "unload_ipython_extension", "ActiveRun", "Experiment", "Run"}
    hidden |= {"MlflowException", "TrackerError"}
    untold = [name for name in tracker.__all__ if name not in hidden and not re.search(rf"[`.]{name}\b", README)]
    assert not untold


def test_every_public_name_can_be_loaded() -> None:
    assert [name for name in tracker.__all__ if getattr(tracker, name, None) is None] == []
    for name in tracker._SUBMODULES:
        importlib.import_module(f"tracker.{name}")


def test_every_option_is_told_and_exists() -> None:
    told = re.search(r"`%%track` takes (.*?)\. ", README.replace("\n", " "))
    assert told is not None
    assert set(re.findall(r"--?[a-z-]+(?=[` /])", told[1])) == set(FLAGS)


def test_importing_it_imports_nothing_heavy(python: object) -> None:
    script = """
import sys
import tracker
tracker.set_experiment("x")
with tracker.start_run():
    tracker.log_metric("a", 1.0)
    tracker.log_param("b", 2)
heavy = {"pandas", "numpy", "plotly", "duckdb", "pyarrow", "IPython", "ipywidgets", "anywidget"} & set(sys.modules)
assert not heavy, heavy
"""
    python(script)  # type: ignore[operator]
