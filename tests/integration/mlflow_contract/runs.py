"""Runs, and their parameters, metrics and tags."""

from __future__ import annotations

import math
from typing import Any

from mlflow.entities import Metric, Param, RunTag, ViewType

from .place import Place, code, names, program, shown, tags

# -- runs


@program
def run_is_as_it_was_made(p: Place) -> Any:
    c, one = p.client, p.experiment()
    made = c.create_run(one, start_time=123456, tags={"a": "1", "mlflow.user": "ann"}, run_name="named")
    again = c.get_run(made.info.run_id)
    by_tag = c.create_run(one, tags={"mlflow.runName": "tagged"}, start_time=1)
    nameless = c.create_run(one)
    return [
        shown(made), shown(again), shown(by_tag), bool(nameless.info.run_name), nameless.info.user_id,
        nameless.data.tags["mlflow.runName"] == nameless.info.run_name, nameless.info.start_time > 1_600_000_000_000,
        code(c.create_run, one, tags={"mlflow.runName": "x"}, run_name="y"), code(c.create_run, "31313131"),
        code(c.get_run, "nobody"), code(c.get_run, "0" * 32), again.info.experiment_id == one,
        again.info.artifact_uri is not None, made.info.end_time,
    ]  # fmt: skip


@program
def run_ends(p: Place) -> Any:
    c, one = p.client, p.experiment()
    answers = []
    for status in ("FINISHED", "FAILED", "KILLED"):
        run = p.run(one)
        c.set_terminated(run, status, end_time=5_000_000)
        answers.append((c.get_run(run).info.status, c.get_run(run).info.end_time))
    run = p.run(one)
    c.set_terminated(run)
    answers.append((c.get_run(run).info.status, c.get_run(run).info.end_time is not None))
    c.update_run(run, status="RUNNING")
    answers.append(c.get_run(run).info.status)
    c.update_run(run, status="SCHEDULED")
    answers.append(c.get_run(run).info.status)
    c.update_run(run, name="new name")
    told = c.get_run(run)
    return [*answers, told.info.status, told.info.run_name, told.data.tags["mlflow.runName"],
            code(c.update_run, "nobody", name="x"), code(c.set_terminated, "nobody")]  # fmt: skip


@program
def run_is_renamed_by_its_tag(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment(), run_name="first")
    c.set_tag(run, "mlflow.runName", "second")
    one = c.get_run(run)
    c.log_batch(run, tags=[RunTag("mlflow.runName", "third")])
    return one.info.run_name, one.data.tags["mlflow.runName"], c.get_run(run).info.run_name


@program
def deleted_run(p: Place) -> Any:
    c, one = p.client, p.experiment()
    run = p.run(one, run_name="r")
    c.delete_run(run)
    seen = [
        c.get_run(run).info.lifecycle_stage, names(c.search_runs([one])),
        names(c.search_runs([one], run_view_type=ViewType.DELETED_ONLY)),
        names(c.search_runs([one], run_view_type=ViewType.ALL)),
        code(c.log_metric, run, "m", 1.0), code(c.log_param, run, "p", "1"), code(c.set_tag, run, "t", "1"),
        code(c.log_batch, run, params=[Param("a", "1")]), code(c.update_run, run, name="x"),
        code(c.set_terminated, run), code(c.delete_tag, run, "t"), code(c.delete_run, run),
    ]  # fmt: skip
    c.restore_run(run)
    c.log_metric(run, "m", 1.0)
    return [*seen, c.get_run(run).info.lifecycle_stage, c.get_run(run).data.metrics, code(c.restore_run, run),
            code(c.delete_run, "nobody"), code(c.restore_run, "nobody")]  # fmt: skip


@program
def nested_runs(p: Place) -> Any:
    c, one = p.client, p.experiment()
    parent = p.run(one, run_name="parent")
    children = [p.run(one, run_name=f"child {i}", tags={"mlflow.parentRunId": parent}) for i in range(2)]
    found = c.search_runs([one], f"tags.mlflow.parentRunId = '{parent}'", order_by=["attributes.run_name"])
    return names(found), c.get_parent_run(children[0]).info.run_name, c.get_parent_run(parent)


# -- parameters, metrics, tags


@program
def parameters(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    values: list[Any] = [
        1,
        0.1,
        1e-05,
        1e20,
        True,
        None,
        "",
        " x ",
        "1.0",
        "0.10",
        [1, 2],
        {"a": 1},
        "ü\n",
        float("nan"),
        "-0.0",
        "1_000",
    ]
    for number, value in enumerate(values):
        c.log_param(run, f"p{number:02}", value)
    return [
        dict(sorted(c.get_run(run).data.params.items())),
        code(c.log_param, run, "p00", 1), code(c.log_param, run, "p00", "1"), code(c.log_param, run, "p00", "1.0"),
        code(c.log_param, run, "p01", 0.10), code(c.log_param, run, "p02", "0.00001"), code(c.log_param, run, "p04", "true"),
        code(c.log_batch, run, params=[Param("p00", "2")]), code(c.log_batch, run, params=[Param("p00", "1")]),
        code(c.log_batch, run, params=[Param("q", "1"), Param("q", "1")]),
        code(c.log_batch, run, params=[Param("r", "1"), Param("r", "2")]),
        code(c.log_param, run, "", "1"), code(c.log_param, run, "a@b", "1"), code(c.log_param, run, "../a", "1"),
        code(c.log_param, run, "k" * 251, "1"), len(code(c.log_param, run, "long", "v" * 6000)),
        code(c.log_param, run, "a/b-c.d e:f", "1"), code(c.log_param, "nobody", "a", "1"), code(c.log_param, run, None, "1"),
        sorted(c.get_run(run).data.params)[-4:], len(c.get_run(run).data.params),
    ]  # fmt: skip


@program
def metrics(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    for step, value in enumerate([3.0, 1.0, 2.0]):
        c.log_metric(run, "loss", value, timestamp=1000 + step, step=step)
    c.log_metric(run, "back", 1.0, timestamp=50, step=5)
    c.log_metric(run, "back", 2.0, timestamp=60, step=1)
    c.log_metric(run, "tie", 1.0, timestamp=5, step=0)
    c.log_metric(run, "tie", 3.0, timestamp=5, step=0)
    c.log_metric(run, "tie", 2.0, timestamp=5, step=0)
    c.log_metric(run, "nan", float("nan"), timestamp=5, step=0)
    c.log_metric(run, "neg", -1.5, timestamp=7, step=-3)
    c.log_metric(run, "int", 7, timestamp=7, step=0)
    c.log_metric(run, "zero step", 1.0)
    c.log_metric(run, "loss", 3.0, timestamp=1000, step=0)
    latest = {k: "nan" if math.isnan(v) else v for k, v in sorted(c.get_run(run).data.metrics.items())}
    history = [(m.key, m.value, m.timestamp, m.step) for m in c.get_metric_history(run, "loss")]
    return [
        latest, history, [(m.value, m.step) for m in c.get_metric_history(run, "back")],
        [m.value for m in c.get_metric_history(run, "tie")], c.get_metric_history(run, "nothing"),
        c.get_metric_history(run, "zero step")[0].step, code(c.get_metric_history, "nobody", "x")[:0],
        code(c.log_metric, run, "m", "text"), code(c.log_metric, run, "m", None), code(c.log_metric, run, "m", "1.5"),
        code(c.log_metric, run, "a@b", 1.0), code(c.log_metric, run, "m" * 251, 1.0), code(c.log_metric, run, "", 1.0),
        code(c.log_metric, "nobody", "m", 1.0), code(c.log_metric, run, "m", 1.0, timestamp=-1),
        code(c.log_batch, run, metrics=[Metric("x", 1.0, 5, 0), Metric("y", "z", 5, 0)]),  # type: ignore[arg-type]
        sorted(c.get_run(run).data.metrics),
    ]  # fmt: skip


@program
def run_tags(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    c.set_tag(run, "a", 1)
    c.set_tag(run, "a", 2)
    c.set_tag(run, "gone", "x")
    c.set_tag(run, "long", "v" * 9000)
    c.delete_tag(run, "gone")
    told = c.get_run(run).data.tags
    return [
        tags(told, "long"), len(told["long"]), code(c.delete_tag, run, "gone"), code(c.delete_tag, "nobody", "a"),
        code(c.set_tag, run, "a@b", "1"), code(c.set_tag, run, "", "1"), code(c.set_tag, run, "k" * 251, "1"),
        code(c.set_tag, run, "x/y z.w:v", "1"), code(c.set_tag, run, "..", "1"),
    ]  # fmt: skip


@program
def batches(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    c.log_batch(
        run, [Metric("m", float(i), i, i) for i in range(50)], [Param("p", "1"), Param("q", "0.5")],
        [RunTag("t", "1"), RunTag("t", "2")],
    )  # fmt: skip
    many = [Metric("n", 1.0, i, i) for i in range(1001)]
    refused = code(c.log_batch, run, [Metric("before", 1.0, 1, 1)], [Param("p", "other")], [RunTag("after", "1")])
    told = c.get_run(run).data
    return [
        dict(told.metrics), dict(told.params), tags(told.tags), refused, len(c.get_metric_history(run, "m")),
        len(c.get_metric_history(run, "n")), code(c.log_batch, run, many), len(c.get_metric_history(run, "n")),
        code(c.log_batch, run, params=[Param(f"x{i}", "1") for i in range(101)]),
        code(c.log_batch, run, tags=[RunTag(f"x{i}", "1") for i in range(101)]),
        code(c.log_batch, "nobody", params=[Param("x", "1")]), code(c.log_batch, run), len(c.get_run(run).data.params),
    ]  # fmt: skip


# -- histories


@program
def paging_a_history(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    c.log_batch(run, [Metric("m", float(i % 7), 1000 + i, i) for i in range(100)])
    store = c._tracking_client.store
    pages, token = [], None
    while True:
        page = store.get_metric_history(run, "m", max_results=40, page_token=token)
        pages.append([m.step for m in page])
        token = page.token
        if token is None:
            break
    bulk = store.get_metric_history_bulk([run], "m", 1000)
    some = store.get_metric_history_bulk_interval([run], "m", 10, None, None)
    part = store.get_metric_history_bulk_interval([run], "m", 5, 20, 40)
    few = store.get_metric_history_bulk_interval([run], "m", 5, 20, 22)
    steps = store.get_metric_history_bulk_interval_from_steps(run, "m", [3, 5, 500], 10)
    return [
        pages, [(m.run_id == run, m.step, m.value) for m in bulk], [m.step for m in some], [m.step for m in part],
        [m.step for m in few], [m.step for m in steps], code(store.get_metric_history_bulk_interval, [run], "m", 5, 1, None),
        store.get_metric_history_bulk_interval([run], "nothing", 5, None, None),
        [m.step for m in store.get_metric_history_bulk_interval([run], "m", 1, None, None)],
    ]  # fmt: skip
