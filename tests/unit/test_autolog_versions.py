"""`disable_for_unsupported_versions` leaves a library of a version that is not supported as it is, and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = """
import sys
sys.path.insert(0, "elsewhere")
import tracker
tracker.statsmodels.autolog(disable_for_unsupported_versions={asked})
import statsmodels
"""


@pytest.mark.parametrize(
    ("version", "asked", "told"), [("9.1", True, True), ("9.1", False, False), ("0.14.2", True, False)]
)
def test_another_version(tmp_path: Path, python: Callable, version: str, asked: bool, told: bool) -> None:
    package = tmp_path / "elsewhere"
    (package / "statsmodels").mkdir(parents=True)
    (package / "statsmodels" / "__init__.py").write_text("")
    (package / f"statsmodels-{version}.dist-info").mkdir()
    done = python(SCRIPT.format(asked=asked))
    assert (f"statsmodels {version} is not supported (0.0 up to 1.0 is)" in done.stderr) == told, done.stderr
