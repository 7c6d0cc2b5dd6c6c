"""Experiments: made, renamed, deleted, tagged, found."""

from __future__ import annotations

import time
from typing import Any

from mlflow.entities import ViewType

from .place import Place, code, names, program


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
