"""`search_runs` by pages, views and several keys: what MLflow 3.17.2 gives for the same runs."""

from __future__ import annotations

import pytest

import tracker
from tracker.exceptions import TrackerError

METRICS = [1.0, float("nan"), 3, 3, 2, -1, 0.5]
ORDERS = {
    ("metrics.m",): "r5 r6 r0 r4 r3 r1",
    ("metrics.m DESC",): "r3 r4 r0 r6 r5 r1",
    ("params.p DESC", "metrics.m ASC"): "r5 r3 r1 r6 r0 r4",
    ("metrics.q DESC", "attributes.start_time ASC"): "r5 r1 r0 r3 r6 r4",
    ("tags.`mlflow.runName` DESC",): "r6 r5 r4 r3 r1 r0",
    ("attributes.start_time ASC",): "r0 r1 r3 r4 r5 r6",
}


@pytest.fixture
def experiment() -> str:
    identifier = tracker.set_experiment("e").experiment_id
    client = tracker.MlflowClient()
    for i, value in enumerate(METRICS):
        run = client.create_run(identifier, start_time=1_790_000_000_000 + i, run_name=f"r{i}").info.run_id
        client.log_param(run, "p", "ab"[i % 2])
        client.log_metric(run, "m", value)
        if i != 4:
            client.log_metric(run, "q", i % 3)
        client.set_terminated(run)
        if i == 2:
            client.delete_run(run)
    return identifier


def names(runs: object) -> str:
    return " ".join(run.info.run_name for run in runs)  # type: ignore[attr-defined]


def test_views_orders_and_pages(experiment: str) -> None:
    client = tracker.MlflowClient()
    views = [names(client.search_runs([experiment], run_view_type=view)) for view in (1, 2, 3)]
    assert views == ["r6 r5 r4 r3 r1 r0", "r2", "r6 r5 r4 r3 r2 r1 r0"]
    for order, expected in ORDERS.items():
        assert names(client.search_runs([experiment], order_by=list(order))) == expected, order
    pages, token = [], None
    while not pages or token:
        page = client.search_runs([experiment], order_by=["params.p", "metrics.m"], max_results=2, page_token=token)
        pages, token = [*pages, names(page)], page.token
    assert pages == ["r6 r0", "r4 r5", "r3 r1"]
    assert client.search_runs([experiment], max_results=6).token is None


@pytest.mark.parametrize(
    "bad",
    [{"max_results": 0}, {"max_results": 50_001}, {"page_token": "zzz"}, {"order_by": ["nope"]}, {"order_by": ["metrics.m SIDEWAYS"]}],
)  # fmt: skip
def test_mistakes_have_mlflows_code(experiment: str, bad: dict[str, object]) -> None:
    with pytest.raises(TrackerError) as error:
        tracker.MlflowClient().search_runs([experiment], **bad)  # type: ignore[arg-type]
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
