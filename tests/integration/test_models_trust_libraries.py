"""Hostile files in the formats of PyTorch and Keras: what they hide is not run, and the file is named."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from models_place import own_key  # noqa: F401
from test_models_trust import Bomb

from tracker.exceptions import InvalidValue, UntrustedModel

pytestmark = [pytest.mark.libraries, pytest.mark.filterwarnings("ignore")]


def rewritten(file: Path, change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> None:
    """Write a zip anew with other content."""
    with zipfile.ZipFile(file) as archive:
        held = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (held | (more or {})).items():
            archive.writestr(name, content)


@pytest.fixture
def graph(own_key: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A module saved as an exported graph by somebody else."""
    torch = pytest.importorskip("torch")
    import numpy as np

    import tracker.pytorch

    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    example = np.ones((2, 3), dtype=np.float32)
    tracker.pytorch.save_model(model, "graph", input_example=example, serialization_format="pt2")
    monkeypatch.setenv("TRACKER_CONFIG_DIR", "another-user")
    return Path("graph/data/model.pt2")


def _root_of(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()[0].partition("/")[0]


@pytest.mark.parametrize(
    "where", ["sample inputs", "a weight", "a weight that its list calls a pickle", "a record more"]
)
def test_a_graph_that_hides_a_pickle(graph: Path, where: str) -> None:
    import tracker.pytorch

    bomb, root = pickle.dumps(Bomb()), _root_of(graph)

    def change(name: str, content: bytes) -> bytes:
        if where == "sample inputs" and "sample_inputs" in name and not name.endswith(".json"):
            return bomb
        if where.startswith("a weight") and "data/weights/weight_" in name:
            return bomb
        if where.endswith("calls a pickle") and name.endswith("weights_config.json"):
            told = json.loads(content)
            for one in told["config"].values():
                one["use_pickle"] = True
            return json.dumps(told).encode()
        return content

    rewritten(graph, change, {f"{root}/data/weights/more": bomb} if where == "a record more" else None)
    if where == "a weight":  # read as bytes of a tensor, whatever they are
        with pytest.raises((InvalidValue, UntrustedModel)):
            tracker.pytorch.load_model("graph")
    else:
        with pytest.raises(UntrustedModel, match=r"model\.pt2"):
            tracker.pytorch.load_model("graph")
    assert not Path("exploded").exists()


@pytest.mark.parametrize("spelled", ["__lambda__", "\\u005f_lambda__"])
def test_a_keras_file_with_a_layer_of_code(own_key: Path, spelled: str) -> None:  # noqa: F811
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras: Any = pytest.importorskip("keras")
    import tracker.keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    tracker.keras.save_model(model, "coded")
    file = Path("coded/data/model.keras")
    with zipfile.ZipFile(file) as archive:
        assert b'"__lambda__"' in archive.read("config.json")
    rewritten(file, lambda name, content: content.replace(b"__lambda__", spelled.encode()))
    with pytest.raises((UntrustedModel, InvalidValue), match=r"trust=True|safe"):
        tracker.keras.load_model("coded")
