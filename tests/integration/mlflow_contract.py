"""What MLflow's stores promise, as small programs on its public API: each gives an answer that any store must give.

A program gets a client and a place of its own. Ids and times stay out of the answers, or stand in them as the order in
which they came up. An error is answered by its code.
"""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

Program = Callable[["Place"], Any]
PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    PROGRAMS[function.__name__] = function
    return function


class Place:
    """A client, and names and files that no other program has."""

    def __init__(self, uri: str, name: str, folder: Path) -> None:
        self.uri, self.name, self.folder = uri, name, folder
        self.client = MlflowClient(uri, uri)
        self._labels: dict[str, str] = {}

    def experiment(self, suffix: str = "", **options: Any) -> str:
        return str(self.client.create_experiment(f"{self.name}{suffix}", **options))

    def run(self, experiment: str, **options: Any) -> str:
        return str(self.client.create_run(experiment, **options).info.run_id)

    def label(self, value: str | None) -> str | None:
        """The same word for the same id, by the order in which ids came up."""
        return None if value is None else self._labels.setdefault(value, f"#{len(self._labels)}")


def code(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """How a call fails: its error's code. What it gives, if it does not fail."""
    try:
        return call(*args, **options)
    except MlflowException as error:
        return f"error {error.error_code}"


def tags(told: dict[str, str], *hidden: str) -> dict[str, str]:
    return {key: value for key, value in sorted(told.items()) if key not in ("mlflow.runName", *hidden)}


def names(runs: Iterable[Any]) -> list[str]:
    return [run.info.run_name for run in runs]


def shown(run: Any) -> dict[str, Any]:
    metrics = {key: "nan" if math.isnan(value) else value for key, value in sorted(run.data.metrics.items())}
    return {
        "name": run.info.run_name, "status": run.info.status, "stage": run.info.lifecycle_stage,
        "user": run.info.user_id, "start": run.info.start_time, "ended": run.info.end_time is not None,
        "params": dict(sorted(run.data.params.items())), "metrics": metrics, "tags": tags(run.data.tags),
    }  # fmt: skip


# -- experiments


@program
def default_experiment(p: Place) -> Any:
    found = p.client.get_experiment("0")
    assert found.creation_time is not None
    assert found.creation_time <= p.client.get_experiment(p.experiment()).creation_time
    return found.name, found.experiment_id, found.lifecycle_stage, p.client.get_experiment_by_name("Default").name


@program
def experiment_is_as_it_was_made(p: Place) -> Any:
    made = p.client.get_experiment(p.experiment(tags={"a": "1", "ü": "ö"}))
    same = p.client.get_experiment_by_name(p.name)
    return (
        made.name == p.name, made.lifecycle_stage, made.tags, made.creation_time is not None,
        made.last_update_time is not None, same.experiment_id == made.experiment_id,
        p.client.get_experiment_by_name("nobody"),
    )  # fmt: skip


@program
def experiment_names(p: Place) -> Any:
    c = p.client
    first = p.experiment()
    return [
        code(c.create_experiment, p.name), code(c.create_experiment, ""), code(c.create_experiment, "x" * 501),
        len(code(c.create_experiment, "y" * 500)) > 0, code(c.create_experiment, 17),
        code(c.rename_experiment, first, ""), code(c.rename_experiment, "77777", "z"),
        code(c.rename_experiment, first, f"{p.name} again"), c.get_experiment(first).name == f"{p.name} again",
        code(c.get_experiment, "12345678"), code(c.get_experiment, "no number"),
    ]  # fmt: skip


@program
def deleted_experiment(p: Place) -> Any:
    c, one = p.client, p.experiment()
    run, deleted = p.run(one, run_name="r"), p.run(one, run_name="deleted", start_time=1)
    c.delete_run(deleted)
    c.delete_experiment(one)
    seen = [
        c.get_experiment(one).lifecycle_stage, c.get_experiment_by_name(p.name).lifecycle_stage,
        code(c.delete_experiment, one), code(c.create_experiment, p.name), code(c.create_run, one),
        code(c.rename_experiment, one, "other"), code(c.set_experiment_tag, one, "k", "v"),
        c.get_run(run).info.lifecycle_stage, names(c.search_runs([one])),
        names(c.search_runs([one], run_view_type=ViewType.DELETED_ONLY)),
        code(c.log_metric, run, "m", 1.0), code(c.log_param, run, "m", 1.0), code(c.set_tag, run, "m", 1.0),
    ]  # fmt: skip
    c.restore_experiment(one)
    return [
        *seen, c.get_experiment(one).lifecycle_stage, code(c.restore_experiment, one),
        c.get_run(run).info.lifecycle_stage, c.get_run(deleted).info.lifecycle_stage, names(c.search_runs([one])),
        code(c.delete_experiment, "4242"),
    ]  # fmt: skip


@program
def experiment_tags(p: Place) -> Any:
    c, one = p.client, p.experiment(tags={"a": "1"})
    c.set_experiment_tag(one, "b", "2")
    c.set_experiment_tag(one, "a", "3")
    c.set_experiment_tag(one, "multi", "a\nb")
    seen = dict(c.get_experiment(one).tags)
    c.delete_experiment_tag(one, "b")
    return [
        seen, c.get_experiment(one).tags, code(c.delete_experiment_tag, one, "b"),
        code(c.set_experiment_tag, one, "k" * 251, "v"), code(c.set_experiment_tag, one, "k", "v" * 5001),
        code(c.set_experiment_tag, one, None, "v"), code(c.set_experiment_tag, "999999", "k", "v"),
    ]  # fmt: skip


@program
def searching_experiments(p: Place) -> Any:
    c = p.client
    ids = {}
    for s in ("Alpha", "beta", "gamma"):
        ids[s] = p.experiment(s, tags={"kind": s, "of": p.name})
        time.sleep(0.002)  # each has a time of its own
    c.delete_experiment(ids["gamma"])
    of = f"tags.of = '{p.name}'"

    def found(text: str, **options: Any) -> Any:
        answer = code(c.search_experiments, filter_string=text, **options)
        return answer if isinstance(answer, str) else [one.name.removeprefix(p.name) for one in answer]

    page = c.search_experiments(filter_string=of, max_results=1, order_by=["name"])
    rest = c.search_experiments(filter_string=of, max_results=1, order_by=["name"], page_token=page.token)
    return [
        found(of), found(of, view_type=ViewType.ALL), found(of, view_type=ViewType.DELETED_ONLY),
        found(of, order_by=["name ASC"]), found(of, order_by=["name DESC"]), found(of, order_by=["experiment_id"])[:0],
        found(f"{of} AND name LIKE '%a'", order_by=["name"]), found(f"{of} AND name ILIKE '%ALPHA'"),
        found(f"name = '{p.name}beta'"), found(f"{of} AND name != '{p.name}beta'"), found(f"{of} AND tags.kind = 'beta'"),
        found(f"{of} AND tags.kind IS NULL"), found(f"{of} AND tags.kind IS NOT NULL", order_by=["name"]),
        found(f"{of} AND creation_time > 0", order_by=["name"]), found(f"{of} AND last_update_time < 5"),
        found("name = 5"), found("nothing = 'x'"), found("name !! 'x'"), found(of, order_by=["bad_key"]),
        found(of, max_results=0), found(of, max_results=50_001),
        [one.name.removeprefix(p.name) for one in page], page.token is not None,
        [one.name.removeprefix(p.name) for one in rest], rest.token,
    ]  # fmt: skip


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


# -- searching runs


def _searchable(p: Place) -> str:
    one = p.experiment()
    rows = [
        ("a", {"lr": "0.1", "opt": "Adam", "flag": True}, {"acc": 0.5, "loss": float("nan")}, {"team": "red"}),
        ("b", {"lr": "0.10", "opt": "sgd"}, {"acc": 0.9}, {"team": "Blue", "odd key": "x"}),
        ("c", {"lr": "1e-05", "opt": "adamw", "flag": False}, {"acc": -1.0, "loss": 2.0}, {}),
        ("d", {"lr": "10"}, {"loss": 0.0}, {"team": "red"}),
        ("e", {}, {}, {}),
    ]  # fmt: skip
    for start, (name, params, values, told) in enumerate(rows):
        run = p.run(one, run_name=name, start_time=1000 + start * 10, tags={"mlflow.user": f"u{start % 2}", **told})
        for key, value in params.items():
            p.client.log_param(run, key, value)
        for key, number in values.items():
            p.client.log_metric(run, key, number, timestamp=10, step=0)
        if name in "ab":
            data = Dataset(f"data {name}", f"digest {name}", "local", "src")
            p.client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", f"ctx {name}")])])
        if name != "e":
            p.client.set_terminated(run, "FAILED" if name == "d" else "FINISHED", end_time=2000 + start)
    return one


FILTERS = [
    "", "params.lr = '0.1'", "params.lr = '0.10'", "params.lr != '0.1'", "params.lr = '1e-05'", "params.lr LIKE '1%'",
    "params.lr LIKE '%e-05'", "params.lr ILIKE '%E-05'", "params.flag = 'True'", "params.flag = 'true'",
    "params.flag LIKE 'F%'", "params.opt LIKE 'a%'", "params.opt ILIKE 'A%'", "params.opt LIKE '_d%'",
    "params.opt IS NULL", "params.opt IS NOT NULL", "params.lr = '10' AND metrics.loss = 0", "param.lr = '10'",
    "parameters.lr = '10'", "metrics.acc > 0", "metrics.acc >= 0.5", "metrics.acc < 0", "metrics.acc <= -1",
    "metrics.acc = 0.9", "metrics.acc != 0.9", "metrics.loss != 2", "metrics.loss = 0", "metrics.loss < 5",
    "metric.acc > 1e-3 and metric.acc < 1", "metrics.loss IS NULL", "metrics.acc > 'x'", "tags.team = 'red'",
    "tags.team != 'red'", "tags.team ILIKE 'b%'", "tags.team LIKE 'b%'", "tag.team = 'red'", "tags.team IS NULL",
    "tags.team IS NOT NULL", "tags.`odd key` = 'x'", 'tags."odd key" = \'x\'', "tags.team = red", "params.lr = 0.1",
    "attributes.run_name = 'a'", "attributes.run_name LIKE '%'", "run_name != 'a'", "attr.run_name = 'b'",
    "run.run_name = 'b'", "attributes.`Run name` = 'a'", "attributes.status = 'FINISHED'", "status = 'RUNNING'",
    "status != 'FINISHED'", "attributes.start_time > 1010", "start_time <= 1010", "created = 1020",
    "attributes.end_time = 2001", "end_time != 2001", "attributes.user_id = 'u0'", "user_id ILIKE 'U1'",
    "start_time = 'x'", "start_time > 1.5", "datasets.name = 'data a'", "dataset.name LIKE 'data%'",
    "datasets.digest = 'digest b'", "datasets.context = 'ctx a'", "datasets.context != 'ctx a'",
    "datasets.name IN ('data a', 'data b')", "datasets.name = 'data a' AND datasets.context = 'ctx b'",
    "run_id IN ('x', 'y')", "run_id NOT IN ('x')", "attributes.run_id = 'x'", "nonsense", "params.lr", "= 5",
    "params.lr = '1' OR params.lr = '2'", "unknown.x = '1'", "attributes.nothing = 'x'", "metrics.acc LIKE 'x'",
    "params.lr > '1'", "params.lr = '1' params.opt = '2'", "run_name IN ('a', 'b')", "status IN ('FINISHED')",
    "tags.team IN ('red')", "params.`opt` = 'sgd'", "params.opt = \"sgd\"", "metrics.acc > 0.1 AND metrics.acc < 0.6",
    "artifact_uri LIKE '%'", "artifact_uri = 'nowhere'", "NOT params.lr = '1'", "params.lr = ''", "tags.team = ''",
]  # fmt: skip


@program
def searching_runs(p: Place) -> Any:
    one = _searchable(p)

    def found(text: str) -> Any:
        answer = code(p.client.search_runs, [one], text)
        return answer if isinstance(answer, str) else sorted(names(answer))

    return {text: found(text) for text in FILTERS}


ORDERS: list[list[str]] = [
    [], ["metrics.acc"], ["metrics.acc DESC"], ["metrics.loss"], ["metrics.loss DESC"], ["params.lr"],
    ["params.lr DESC"], ["params.opt ASC", "start_time"], ["tags.team"], ["tags.team DESC", "start_time ASC"],
    ["attributes.start_time ASC"], ["start_time DESC"], ["attributes.end_time DESC"], ["status", "run_name DESC"],
    ["attributes.run_name DESC"], ["`metrics`.acc"], ["metrics.`acc` DESC"], ["metrics.nothing"], ["created ASC"],
    ["nonsense"], ["unknown.x"], ["metrics.acc UP"], ["metrics.acc", "metrics.acc DESC"], ["user_id", "run_name"],
    ["datasets.name"], ["tags.`odd key`", "run_name"], ["attributes.`Run name`"],
]  # fmt: skip


@program
def ordering_runs(p: Place) -> Any:
    one = _searchable(p)
    answers = {}
    for order in ORDERS:
        answer = code(p.client.search_runs, [one], order_by=order)
        answers[json.dumps(order)] = answer if isinstance(answer, str) else names(answer)
    return answers


@program
def paging_runs(p: Place) -> Any:
    c, one, two = p.client, p.experiment(), p.experiment("2")
    for i in range(7):
        p.run(one if i % 2 else two, run_name=f"r{i}", start_time=1000 + i)
    pages, token = [], None
    while True:
        page = c.search_runs([one, two], max_results=3, page_token=token)
        pages.append(names(page))
        token = page.token
        if token is None:
            break
    whole = c.search_runs([one, two], max_results=7)
    return [
        pages, names(whole), whole.token, names(c.search_runs([two])), names(c.search_runs([])),
        code(c.search_runs, [one], max_results=0), code(c.search_runs, [one], max_results=50_001),
        code(c.search_runs, [one], page_token="nonsense"), names(c.search_runs([one, "123454321"])),
    ]  # fmt: skip


@program
def found_runs_are_whole(p: Place) -> Any:
    one = _searchable(p)
    runs = p.client.search_runs([one], order_by=["attributes.run_name"])
    inputs = [[(i.dataset.name, [t.value for t in i.tags]) for i in run.inputs.dataset_inputs] for run in runs]
    return [shown(run) for run in runs], inputs


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


# -- datasets


@program
def datasets(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    first = Dataset("d", "1", "local", "src", "schema", "profile")
    c.log_inputs(run, [DatasetInput(first, [InputTag("mlflow.data.context", "train"), InputTag("x", "y")])])
    c.log_inputs(run, [DatasetInput(first, [InputTag("mlflow.data.context", "other")])])
    c.log_inputs(run, [DatasetInput(Dataset("d", "2", "local", "src")), DatasetInput(Dataset("e", "1", "s", "t"))])
    told = sorted(
        (i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source, i.dataset.schema,
         i.dataset.profile, sorted((t.key, t.value) for t in i.tags))
        for i in c.get_run(run).inputs.dataset_inputs
    )  # fmt: skip
    one = c.get_run(run).info.experiment_id
    summaries = c._tracking_client.store._search_datasets([one])
    long = Dataset("n" * 501, "1", "local", "src")
    return [
        told, sorted((s.name, s.digest, str(s.context), s.experiment_id == one) for s in summaries),
        code(c.log_inputs, run, [DatasetInput(long)]), code(c.log_inputs, "nobody", [DatasetInput(first)]),
        code(c.log_inputs, run, [DatasetInput(Dataset("x", "d" * 37, "local", "s"))]),
    ]  # fmt: skip


# -- artifacts


@program
def artifacts(p: Place) -> Any:
    c, run = p.client, p.run(p.experiment())
    (p.folder / "sub" / "deep").mkdir(parents=True)
    (p.folder / "a.txt").write_text("hello")
    (p.folder / "sub" / "b ü.txt").write_text("b")
    (p.folder / "sub" / "deep" / "c.bin").write_bytes(b"\0\1")
    c.log_artifact(run, str(p.folder / "a.txt"))
    c.log_artifact(run, str(p.folder / "a.txt"), "in/side")
    c.log_artifacts(run, str(p.folder / "sub"), "folder")
    c.log_text(run, "text", "texts/one.txt")
    c.log_dict(run, {"k": [1, 2]}, "one.json")

    def listed(path: str | None = None) -> Any:
        return sorted((f.path, f.is_dir, f.file_size) for f in c.list_artifacts(run, path))

    got = Path(c.download_artifacts(run, "folder", str(p.folder)))
    return [
        listed(), listed("in"), listed("in/side"), listed("folder"), listed("folder/deep"), listed("a.txt"),
        listed("nothing"), sorted(x.name for x in got.rglob("*")), Path(c.download_artifacts(run, "a.txt")).read_text(),
        mlflow.artifacts.load_dict(f"{c.get_run(run).info.artifact_uri}/one.json"),
        code(c.download_artifacts, run, "nothing"), code(c.log_artifact, run, str(p.folder / "a.txt"), "../up"),
        code(c.list_artifacts, run, "../.."),
    ]  # fmt: skip


@program
def artifact_location_of_an_experiment(p: Place) -> Any:
    root = p.folder / "elsewhere"
    one = p.experiment(artifact_location=root.as_uri())
    run = p.client.create_run(one)
    p.client.log_text(run.info.run_id, "x", "t.txt")
    place = run.info.artifact_uri.removeprefix(root.as_uri()).replace(run.info.run_id, "RUN")
    return (
        place,
        [path.name for path in root.rglob("t.txt")],
        p.client.get_experiment(one).artifact_location == root.as_uri(),
    )


# -- logged models


@program
def logged_models(p: Place) -> Any:
    c, one = p.client, p.experiment()
    run = p.run(one)
    model = c.create_logged_model(
        one, name="m", source_run_id=run, tags={"a": "1"}, params={"p": "2"}, model_type="agent"
    )
    c.log_model_params(model.model_id, {"q": "3"})
    c.set_logged_model_tags(model.model_id, {"b": "2", "a": "9"})
    c.log_outputs(run, [mlflow.entities.LoggedModelOutput(model.model_id, 4)])
    c.log_metric(run, "acc", 0.5, step=1, timestamp=7, model_id=model.model_id, dataset_name="d", dataset_digest="1")
    done = c.finalize_logged_model(model.model_id, "READY")
    c.delete_logged_model_tag(model.model_id, "b")
    told = c.get_logged_model(model.model_id)
    nameless = c.create_logged_model(one)
    out = c.get_run(run).outputs.model_outputs
    c.delete_logged_model(nameless.model_id)
    return [
        model.status.value, done.status.value, told.name, told.tags, told.params, told.model_type,
        told.source_run_id == run, told.experiment_id == one,
        [(m.key, m.value, m.step, m.timestamp, m.dataset_name, m.dataset_digest, m.run_id == run) for m in told.metrics],
        [(o.model_id == model.model_id, o.step) for o in out], bool(nameless.name), nameless.source_run_id,
        code(c.get_logged_model, nameless.model_id), code(c.get_logged_model, "m-nobody"),
        code(c.delete_logged_model_tag, model.model_id, "b"), code(c.create_logged_model, one, name="a/b"),
        code(c.create_logged_model, "999999999"), code(c.finalize_logged_model, "m-nobody", "READY"),
        c.get_run(run).data.metrics,
    ]  # fmt: skip


@program
def searching_logged_models(p: Place) -> Any:
    c, one = p.client, p.experiment()
    run = p.run(one)
    for number, name in enumerate(("x", "y", "z")):
        model = c.create_logged_model(one, name=name, source_run_id=run, params={"n": str(number)}, tags={"t": name})
        c.log_metric(run, "acc", number / 2, step=0, timestamp=number + 1, model_id=model.model_id,
                     dataset_name=f"d{number % 2}", dataset_digest="1")  # fmt: skip
        if name != "z":
            c.finalize_logged_model(model.model_id, "READY")

    def found(text: str | None = None, **options: Any) -> Any:
        answer = code(c.search_logged_models, [one], text, **options)
        return answer if isinstance(answer, str) else [m.name for m in answer]

    by = [{"field_name": "metrics.acc", "ascending": True}]
    page = c.search_logged_models([one], max_results=2, order_by=by)
    return [
        sorted(found()), found("name = 'x'"), sorted(found("name != 'x'")), found("name LIKE 'y%'"), found("params.n = '1'"),
        sorted(found("tags.t ILIKE 'X'")), found("metrics.acc >= 0.5", order_by=by), found(order_by=by),
        found(order_by=[{"field_name": "metrics.acc", "ascending": False}]),
        found(order_by=[{"field_name": "name", "ascending": False}]),
        sorted(found("metrics.acc >= 0", datasets=[{"dataset_name": "d0"}])), sorted(found(datasets=[{"dataset_name": "d1"}])),
        found(order_by=[{"field_name": "nothing"}]), found(order_by=[{"field_name": "params.n"}]), found("nonsense !"),
        found("name IN ('x', 'z')", order_by=by), found(datasets=[{}]), [m.name for m in page],
        [m.name for m in c.search_logged_models([one], max_results=2, order_by=by, page_token=page.token)],
        code(c.search_logged_models, [one], "name = 'x'", page_token=page.token), found(f"source_run_id = '{run}'", order_by=by),
    ]  # fmt: skip


# -- the registry


@program
def registered_models(p: Place) -> Any:
    c, name = p.client, f"{p.name} model"
    made = c.create_registered_model(name, {"a": "1"}, "text")
    c.set_registered_model_tag(name, "b", "2")
    c.delete_registered_model_tag(name, "a")
    c.update_registered_model(name, "other text")
    told = c.get_registered_model(name)
    seen = [
        made.name == name,
        made.tags,
        made.description,
        told.tags,
        told.description,
        told.latest_versions,
        told.aliases,
    ]
    c.rename_registered_model(name, f"{name} 2")
    seen += [
        code(c.get_registered_model, name), c.get_registered_model(f"{name} 2").tags,
        code(c.create_registered_model, f"{name} 2"), code(c.create_registered_model, ""), code(c.create_registered_model, "a/b"),
        code(c.create_registered_model, "a:b"), code(c.rename_registered_model, "nobody", "x"),
        code(c.update_registered_model, "nobody", "x"), code(c.set_registered_model_tag, "nobody", "a", "b"),
        code(c.set_registered_model_tag, f"{name} 2", "k" * 251, "v"), code(c.delete_registered_model_tag, f"{name} 2", "nothing"),
        code(c.delete_registered_model, "nobody"),
    ]  # fmt: skip
    c.delete_registered_model(f"{name} 2")
    again = c.create_registered_model(f"{name} 2")
    return [*seen, again.tags, code(c.get_registered_model, name)]


@program
def model_versions(p: Place) -> Any:
    c, name = p.client, f"{p.name} model"
    run = p.run(p.experiment())
    c.create_registered_model(name)
    source = f"{c.get_run(run).info.artifact_uri}/model"
    first = c.create_model_version(name, source, run, {"k": "v"}, description="one")
    c.create_model_version(name, source)
    c.create_model_version(name, source)
    c.delete_model_version(name, "3")
    fourth = c.create_model_version(name, source)
    c.update_model_version(name, "1", "new")
    c.set_model_version_tag(name, "1", "t", "2")
    c.delete_model_version_tag(name, "1", "k")
    told = c.get_model_version(name, "1")
    return [
        str(first.version), first.description, first.tags, first.run_id == run, first.status, first.current_stage,
        str(fourth.version), told.description, told.tags, told.source == source, told.aliases, told.user_id,
        c.get_model_version_download_uri(name, "1") == source, code(c.get_model_version, name, "3"),
        code(c.get_model_version, name, "99"), code(c.get_model_version, "nobody", "1"),
        code(c.get_model_version, name, "text"), code(c.create_model_version, "nobody", source),
        code(c.delete_model_version, name, "3"), code(c.update_model_version, name, "3", "x"),
        code(c.set_model_version_tag, name, "3", "a", "b"), code(c.delete_model_version_tag, name, "1", "nothing"),
        code(c.get_model_version_download_uri, name, "3"),
        [str(v.version) for v in c.get_registered_model(name).latest_versions],
        sorted(str(v.version) for v in c.search_model_versions(f"name = '{name}'")),
    ]  # fmt: skip


@program
def aliases(p: Place) -> Any:
    c, name = p.client, f"{p.name} model"
    c.create_registered_model(name)
    for _ in range(2):
        c.create_model_version(name, "file:///nowhere")
    c.set_registered_model_alias(name, "champion", "1")
    c.set_registered_model_alias(name, "other", "1")
    before = str(c.get_model_version_by_alias(name, "champion").version)
    c.set_registered_model_alias(name, "champion", "2")
    told = {key: str(value) for key, value in c.get_registered_model(name).aliases.items()}
    seen = [
        before, told, c.get_model_version(name, "2").aliases, str(c.get_model_version_by_alias(name, "champion").version),
        code(c.set_registered_model_alias, name, "latest", "1"), code(c.set_registered_model_alias, name, "v1", "1"),
        code(c.set_registered_model_alias, name, "a b", "1"), code(c.set_registered_model_alias, name, "x", "9"),
        code(c.get_model_version_by_alias, name, "nobody"), code(c.get_model_version_by_alias, "nobody", "x"),
        code(c.delete_registered_model_alias, name, "nothing"),
    ]  # fmt: skip
    c.delete_registered_model_alias(name, "other")
    c.delete_model_version(name, "2")
    return [*seen, c.get_registered_model(name).aliases, code(c.get_model_version_by_alias, name, "champion")]


@program
def stages(p: Place) -> Any:
    c, name = p.client, f"{p.name} model"
    warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated
    c.create_registered_model(name)
    for _ in range(4):
        c.create_model_version(name, "file:///nowhere")
    moved = [
        c.transition_model_version_stage(name, v, s).current_stage
        for v, s in (("1", "staging"), ("2", "Production"), ("3", "PRODUCTION"))
    ]
    c.transition_model_version_stage(name, "4", "Production", archive_existing_versions=True)
    return [
        moved, [c.get_model_version(name, str(v)).current_stage for v in range(1, 5)],
        sorted((str(v.version), v.current_stage) for v in c.get_latest_versions(name)),
        [str(v.version) for v in c.get_latest_versions(name, ["production"])],
        code(c.transition_model_version_stage, name, "1", "nowhere"), code(c.transition_model_version_stage, name, "9", "None"),
        code(c.transition_model_version_stage, name, "1", "None", archive_existing_versions=True),
        code(c.get_latest_versions, "nobody"), code(c.get_latest_versions, name, ["nowhere"]),
    ]  # fmt: skip


@program
def searching_the_registry(p: Place) -> Any:
    c = p.client
    made = [f"{p.name} {s}" for s in ("Apple", "banana", "cherry")]
    for number, name in enumerate(made):
        c.create_registered_model(name, {"of": p.name, "n": str(number)})
        for version in range(number + 1):
            c.create_model_version(name, f"file:///source{version}", tags={"of": p.name, "v": str(version)})
    of = f"tags.of = '{p.name}'"

    def models(text: str, **options: Any) -> Any:
        answer = code(c.search_registered_models, text, **options)
        return answer if isinstance(answer, str) else [m.name.removeprefix(f"{p.name} ") for m in answer]

    def versions(text: str, **options: Any) -> Any:
        answer = code(c.search_model_versions, text, **options)
        return (
            answer if isinstance(answer, str) else [(v.name.removeprefix(f"{p.name} "), str(v.version)) for v in answer]
        )

    page = c.search_registered_models(of, max_results=2)
    return [
        models(of), models(of, order_by=["name DESC"]), models(f"name = '{made[1]}'"), models(f"{of} AND name LIKE '%rr%'"),
        models(f"{of} AND name ILIKE '%APPLE'"), models(f"{of} AND tags.n = '1'"), models(f"{of} AND tags.n != '1'"),
        models("nonsense"), models("name > 'x'"), models("unknown = 'x'"), models(of, order_by=["nothing"]),
        models(of, max_results=0), models(of, max_results=1001), [m.name for m in page] == made[:2],
        models(of, max_results=2, page_token=page.token), sorted(versions(of)), versions(f"name = '{made[2]}'", order_by=["version_number ASC"]),
        sorted(versions(f"{of} AND tags.v = '0'")), versions(f"{of} AND version_number > 2"), versions(f"{of} AND source_path = 'file:///source2'"),
        sorted(versions(f"name IN ('{made[0]}', '{made[1]}')")), versions(f"name = '{made[2]}'", order_by=["version_number DESC"], max_results=1),
        versions("nonsense"), versions("unknown = 'x'"), versions(of, order_by=["nothing"]), versions(f"{of} AND version_number > 'x'"),
        sorted(versions(f"{of} AND name LIKE '%an%'")), versions(of, max_results=200_001),
    ]  # fmt: skip
