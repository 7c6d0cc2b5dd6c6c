"""MLflow's contracts on our store: programs on its public API give the same answers as on its SQLite store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.mlflow
pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'jupyter-tracker[mlflow]'")

from mlflow_contract import PROGRAMS, Place  # noqa: E402


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """MLflow's own store, made once: it migrates an empty database for seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"tracker:{tmp_path_factory.mktemp('ours') / '.tracker'}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_answers_as_mlflows_own_store(name: str, store: str, database: str, tmp_path: Path) -> None:
    def answer(uri: str, folder: str) -> Any:
        (tmp_path / folder).mkdir()
        return PROGRAMS[name](Place(uri, name, tmp_path / folder))

    assert answer(store, "ours") == answer(database, "theirs")
