"""Every test has a store of its own, and no setting of the person who runs them; a store that lies in a folder above
the tests' own is never found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _nothing_above(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also for kernels and servers that live longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKER_CEILING", str(tmp_path_factory.getbasetemp()))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, help="how many processes the fault tests kill (else a few)")
    parser.addoption("--processes", type=int, help="how many processes start at once in the fault tests (else a few)")


def pytest_configure(config: pytest.Config) -> None:
    for name in ("kills", "processes"):  # modules read them when they are imported
        if config.getoption(name) is not None:
            os.environ[f"TRACKER_TEST_{name.upper()}"] = str(config.getoption(name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Playwright keeps an event loop running in this thread: whatever runs one of its own comes before.
    items.sort(key=lambda item: "browser" in item.path.parts)


_FOREIGN = ("MLFLOW_", "TRACKER_", "JPY_", "VSCODE_")
_KEPT = ("TRACKER_TEST_CHROMIUM", "TRACKER_CEILING")


def _forget_settings() -> None:
    """Those of the person who runs the tests, and those that a test left: MLflow notes its experiment in one."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN) and name not in _KEPT:
            del os.environ[name]


@pytest.fixture(scope="module", autouse=True)
def _nothing_left() -> Iterator[None]:
    _forget_settings()
    yield
    from tracker.tracking import set_tracking_uri

    set_tracking_uri(None)


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    _forget_settings()
    monkeypatch.chdir(tmp_path)
    from tracker.tracking import get_tracking_uri, is_tracking_uri_set, set_tracking_uri

    was = get_tracking_uri() if is_tracking_uri_set() else None  # a module's own store outlives the test
    yield
    set_tracking_uri(was)


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a script in a fresh Python process in this test's folder; fails the test if it fails (unless `check=False`)."""

    def run(script: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done

    return run
