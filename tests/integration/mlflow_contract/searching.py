"""Runs that are searched, ordered and paged."""

from __future__ import annotations

import json
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag

from .place import Place, code, names, program, shown


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
