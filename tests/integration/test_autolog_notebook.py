"""Autologging in a real kernel: in a tracked cell it is the cell's run that learns more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from kernels import Kernel, kernel

pytest.importorskip("sklearn")

DATA = "import numpy as np\nX = np.random.default_rng(0).normal(size=(60, 3)); y = (X.sum(axis=1) > 0).astype(int)"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("autolog")) as fresh:
        fresh.run("%load_ext tracker\nimport tracker")
        fresh.run(f"from sklearn.svm import SVC\nfrom sklearn.metrics import f1_score\n{DATA}")
        fresh.run("tracker.autolog(log_models=False)")
        yield fresh


def told(card: dict[str, Any], kind: str) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in card[kind]}


def test_a_tracked_cell_has_both_its_own_and_the_fits(shell: Kernel) -> None:
    before = int(shell.value("len(tracker.runs())"))
    card = shell.run(
        "%%track --experiment svm\nstrength = 2.0\nmodel = SVC(C=strength).fit(X, y)\nscore = model.score(X, y)"
    ).card
    assert told(card, "params")["strength"] == "2.0"
    assert told(card, "params")["C"] == "2.0"
    assert {"score", "training_score", "SVC_score_X"} <= set(told(card, "metrics"))
    assert card["notices"] == []
    assert int(shell.value("len(tracker.runs())")) == before + 1


def test_elsewhere_a_fit_is_a_run_of_its_own_and_later_cells_score_into_it(shell: Kernel) -> None:
    shell.run("alone = SVC(C=7.0).fit(X, y)")
    outputs = shell.run("f1_score(y, alone.predict(X))")
    assert outputs.status == "ok"
    run = "tracker.search_runs(search_all_experiments=True, filter_string=\"params.C = '7.0'\", output_format='list')"
    assert shell.value(f"[(len({run}), {run}[0].info.status, 'f1_score_X' in {run}[0].data.metrics)]") == (
        "[(1, 'FINISHED', True)]"
    )


def test_a_fits_own_error_shows_the_frames_that_it_has_without_us(shell: Kernel) -> None:
    code = "SVC().fit(X, y[:-1])"
    with_us = shell.run(code).plain
    shell.run("tracker.autolog(disable=True)")
    without = shell.run(code).plain
    shell.run("tracker.autolog(log_models=False)")
    ours = re.compile(r" *\[\.\.\. skipping hidden \d+ frame\](\\n)+|\d+")  # IPython's word for frames that hide
    assert ours.sub("", str(with_us)) == ours.sub("", str(without))
    assert "tracker" not in str(with_us)


@pytest.mark.libraries
def test_a_plain_pytorch_loop_needs_no_call(shell: Kernel) -> None:
    pytest.importorskip("torch")
    shell.run(
        "import torch\nT = torch.tensor(X, dtype=torch.float32); target = T.sum(dim=1, keepdim=True)", timeout=120
    )
    card = shell.run(
        """%%track
lr = 0.1
torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=lr)
for epoch in range(20):
    loss = torch.nn.functional.mse_loss(net(T), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    train_loss = loss.item()
""",
        timeout=120,
    ).card
    assert told(card, "params")["lr"] == "0.1"
    history = "tracker.history(tracker.last_active_run().info.run_id, keys=['train_loss'])"
    assert int(shell.value(f"len({history})")) == 20
    assert told(card, "metrics")["train_loss"] < 0.5
