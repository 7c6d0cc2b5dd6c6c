"""A sweep and the trainer's panel in a browser, their Python halves answering: progress, stops, a training from form to
prediction."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from widget_page import WidgetPage, widget_page

import tracker

pytest.importorskip("joblib")
PICTURES = Path(__file__).parents[2] / "test-results"


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[WidgetPage]:
    tracker.set_tracking_uri(tmp_path / "store")
    with widget_page(browser) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def follow(shown: WidgetPage, until: Callable[[], bool], seconds: float = 60) -> None:
    """Take to the page what Python's threads say, until a condition holds."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        shown.deliver()
        shown.page.wait_for_timeout(50)
    shown.deliver()


def test_a_sweep_is_followed_and_stopped(shown: WidgetPage, tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    cell = f"import os, time\nwhile n > 1 and os.path.exists({str(hold)!r}): time.sleep(0.1)\nscore = (n + 1) / 4"
    sweep = tracker.sweep(cell, {"n": [0, 1, 2, 3, 4]}, metric="score", jobs=2, name="<b>held</b>", wait=False)
    shown.show(sweep)
    page = shown.page
    expect(page.get_by_text("<b>held</b>")).to_be_visible()
    follow(shown, lambda: [trial.status for trial in sweep.trials] == ["FINISHED"] * 2 + ["RUNNING"] * 2)
    follow(shown, lambda: page.get_by_text("2 of 5 · 2 running").count() == 1)
    page.screenshot(path=str(PICTURES / "sweep.png"))
    page.get_by_role("button", name="Stop trial 2").click()
    follow(shown, lambda: sweep.trials[2].status == "KILLED")
    page.get_by_role("button", name="Stop", exact=True).first.click()
    follow(shown, lambda: not sweep.running)
    expect(page.locator("tr.best td").nth(1)).to_have_text("1")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert sweep.status == "KILLED" and sum(t.status == "FINISHED" for t in sweep.trials) == 2


def test_a_training_from_the_form_to_a_prediction(shown: WidgetPage) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("skops")
    pytest.importorskip("uvicorn")
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True, as_frame=True)
    panel = tracker.trainer(X.iloc[::3], y.iloc[::3], experiment="panel")
    shown.show(panel)
    page = shown.page
    page.get_by_label("Estimator").select_option("LinearRegression")
    expect(page.get_by_label("Parameter, row 1")).to_have_value("fit_intercept")
    page.get_by_label("Estimator").select_option("LogisticRegression")
    expect(page.get_by_label("Parameter, row 1")).to_have_value("C")
    page.get_by_label("Values, row 1").fill("0.01, 1.0")
    page.get_by_role("button", name="+ Parameter").click()
    page.get_by_label("Parameter, row 2").fill("max_iters")
    page.get_by_label("Values, row 2").fill("2000")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("no parameter 'max_iters'; it has: C,")
    page.get_by_label("Parameter, row 2").fill("max_iter")
    page.get_by_role("button", name="Train", exact=True).click()
    follow(shown, lambda: page.get_by_role("button", name="Deploy").count() == 1, 120)
    assert panel.training is not None and panel.training.best == {"C": 1.0, "max_iter": 2000}
    expect(page.locator("tr.best td").nth(1)).to_have_text("1")
    page.get_by_role("button", name="Deploy").click()
    follow(shown, lambda: page.get_by_text("/invocations").count() >= 1)
    server = panel.deploy()
    asked = urllib.request.Request(
        f"{server.url}/invocations", json.dumps({"dataframe_records": X.head(1).to_dict("records")}).encode(),
        {"Content-Type": "application/json"},
    )  # fmt: skip
    assert json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked))["predictions"] == [0]
    page.get_by_label("petal length (cm), row 1").fill("6")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("td.best").last).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept in playground.json")).to_be_visible()
    shown.deliver()
    page.get_by_text("As Python").click()
    expect(page.locator("pre")).to_contain_text("trainer.deploy()")
    page.screenshot(path=str(PICTURES / "trainer.png"), full_page=True)
    for word in ("tracker.trainer(", "'C': [0.01, 1.0]", "trainer.deploy()", "trainer.predict(", "trainer.keep()"):
        assert word in panel.code
    page.get_by_role("button", name="Stop serving").click()
    follow(shown, lambda: not server.running)
