"""The registry and the playground in a browser, their Python halves answering: promote, alias, undo; rows and predictions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from widget_page import WidgetPage, widget_page

import tracker

pytest.importorskip("sklearn")
pytest.importorskip("skops")


@pytest.fixture
def shown(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WidgetPage]:
    monkeypatch.setenv("TRACKER_CONFIG_DIR", str(tmp_path / "config"))
    tracker.set_tracking_uri(tmp_path / "store")
    with widget_page(browser) as page:
        faults: list[str] = []
        page.page.on("pageerror", lambda error: faults.append(str(error)))
        yield page
        assert faults == []


def registered(count: int) -> None:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    import tracker.sklearn

    features, classes = load_iris(return_X_y=True, as_frame=True)
    features = features.set_axis(["sepal", "sepal width", "petal", "petal width"], axis=1)
    for i in range(count):
        with tracker.start_run(run_name=f"C={10**i}"):
            model = LogisticRegression(C=10**i, max_iter=1000).fit(features, classes)
            tracker.log_metric("accuracy", model.score(features, classes))
            tracker.sklearn.log_model(model, "model", input_example=features.head(2), registered_model_name="iris")


def test_versions_are_promoted_named_and_put_back(shown: WidgetPage) -> None:
    registered(3)
    shown.show(tracker.registry())
    client = tracker.MlflowClient()
    page = shown.page
    expect(page.get_by_role("article", name="Model iris")).to_be_visible()
    page.get_by_label("Stage of version 2 of iris").select_option("Production")
    expect(page.get_by_text("Version 2 is in Production now.")).to_be_visible()
    assert client.get_model_version("iris", "2").current_stage == "Production"
    page.get_by_label("A new alias for version 3").fill("champion")
    page.get_by_label("A new alias for version 3").press("Enter")
    expect(page.get_by_text("champion is version 3 now.")).to_be_visible()
    assert str(client.get_model_version_by_alias("iris", "champion").version) == "3"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert client.get_registered_model("iris").aliases == {}
    page.get_by_role("button", name="Load this").first.click()
    expect(page.get_by_label("Python that loads this version")).to_contain_text("load_model")
    page.screenshot(path=str(Path(__file__).parents[2] / "test-results" / "registry.png"))


def test_a_form_of_what_the_model_takes_predicts(shown: WidgetPage) -> None:
    registered(1)
    shown.show(tracker.playground("models:/iris/1"))
    page = shown.page
    page.get_by_label("petal, row 1", exact=True).fill("6.5")
    page.get_by_label("petal, row 1", exact=True).press("Enter")
    expect(page.locator("td.best").first).to_have_text("2")
    page.get_by_label("petal width, row 2").fill("wide")
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("status")).to_contain_text("petal width")
    page.get_by_label("petal width, row 2").fill("0.3")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("td.best")).to_have_text(["2", "0"])
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("status")).to_contain_text("Kept in playground.json")
    (run,) = tracker.search_runs(output_format="list", search_all_experiments=True)
    kept = tracker.load_table("playground.json", run_ids=[run.info.run_id])
    assert kept["petal"].tolist()[0] == 6.5 and len(kept) == 2
    page.screenshot(path=str(Path(__file__).parents[2] / "test-results" / "playground.png"))
