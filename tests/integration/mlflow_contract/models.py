"""Logged models and the registry."""

from __future__ import annotations

import warnings
from typing import Any

import mlflow

from .place import Place, code, program

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
