"""What the tests of models share: data, and a configuration folder of the test's own for the user's key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(folder))
    return folder


def iris() -> tuple[Any, Any]:
    """Features with short names, and classes."""
    from sklearn.datasets import load_iris

    features, classes = load_iris(return_X_y=True, as_frame=True)
    return features.set_axis(["a", "b", "c", "d"], axis=1), classes
