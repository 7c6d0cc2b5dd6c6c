"""Slices of many notebooks, executed out of order with edits and re-executions, run anew and give the same numbers.

TRACKER_SLICE_NOTEBOOKS=500 plays so many of each corpus instead of the few that fit into a test.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

COUNT = int(os.environ.get("TRACKER_SLICE_NOTEBOOKS", "0"))


def figures() -> ModuleType:
    path = Path(__file__).parent.parent / "slice_corpus" / "figures.py"
    spec = importlib.util.spec_from_file_location("slice_figures", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules["slice_figures"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("corpus", "seed", "notebooks"),
    [("known", 0, 26), ("blind", 0, 16), ("unseen", 0, 8), ("wide", 0, 8), ("stateful", 0, 3)],
)
def test_slices_run_and_give_the_same_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, corpus: str, seed: int, notebooks: int
) -> None:
    monkeypatch.setenv("TRACKER_STORE", str(tmp_path / "store"))
    found = figures().measure(corpus, seed, COUNT or notebooks, tmp_path)
    told = "\n\n".join([str(found), *found.wrong])
    assert found.slices >= 1.5 * found.notebooks, told  # a tracked cell that raised in its session is not counted
    assert found.ran >= 0.95 * found.slices and found.same >= 0.95 * found.slices, told
    assert found.median_share <= 0.5, told
