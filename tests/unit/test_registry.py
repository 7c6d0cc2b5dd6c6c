"""The registry of models: names, versions, stages, aliases, search, rename and delete, as MLflow's client knows them."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import orjson
import pytest

import tracker
from tracker import MlflowClient
from tracker.exceptions import AlreadyExists, FilterError, InvalidValue, NotFound, TrackerError
from tracker.models.registry import resolve
from tracker.store.registry import registry_of, runs_in_use


@pytest.fixture
def client() -> MlflowClient:
    return MlflowClient()


def model_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "MLmodel").write_text("flavors: {}\n")
    return path


def logged_model(name: str = "model") -> str:
    with tracker.start_run() as run:
        tracker.log_text("flavors: {}\n", f"{name}/MLmodel")
    return run.info.run_id


def fresh(client: MlflowClient) -> MlflowClient:
    """A reader that has seen nothing yet, as another process's."""
    registry_of(client.store)._forget()
    return client


def test_registering_a_runs_model_makes_the_model_and_its_versions() -> None:
    run_id = logged_model("my model")
    first = tracker.register_model(f"runs:/{run_id}/my model", "iris", tags={"by": 1})
    second = tracker.register_model(f"runs:/{run_id}/my%20model", "iris")
    assert (first.name, first.version, second.version) == ("iris", 1, 2)
    assert (first.run_id, first.status, first.current_stage, first.tags) == (run_id, "READY", "None", {"by": "1"})
    client = MlflowClient()
    assert client.get_registered_model("iris").latest_versions == [client.get_model_version("iris", "2")]
    assert Path(client.get_model_version_download_uri("iris", 1), "MLmodel").is_file()
    assert (
        resolve("models:/iris/1") == resolve("models:/iris/latest") == client.store.artifact_root(run_id) / "my model"
    )


def test_a_version_keeps_its_model_when_the_run_logs_another_under_its_name() -> None:
    pytest.importorskip("skops")
    from sklearn.dummy import DummyRegressor

    import tracker.sklearn

    with tracker.start_run():
        for value in (1.0, 2.0):
            model = DummyRegressor(strategy="constant", constant=value).fit([[0.0]], [0.0])
            tracker.sklearn.log_model(model, name="model", registered_model_name="constant")
    shutil.move(tracker.MlflowClient().store.root, "moved")
    tracker.set_tracking_uri("moved")
    try:
        told = [float(tracker.sklearn.load_model(f"models:/constant/{n}").constant) for n in (1, 2)]
    finally:
        tracker.set_tracking_uri(None)
    assert told == [1.0, 2.0]


def test_what_is_no_model_is_not_registered(tmp_path: Path, client: MlflowClient) -> None:
    run_id = logged_model()
    for uri in (f"runs:/{run_id}/other", "runs:/nothing/model", str(tmp_path / "no"), "models:/none/1"):
        with pytest.raises(NotFound):
            tracker.register_model(uri, "iris")
    for uri in (f"runs:/{run_id}/../../journal", "runs:/../x", "s3://bucket/model", "models:/x", "models:/a/b/c"):
        with pytest.raises(InvalidValue):
            tracker.register_model(uri, "iris")
    assert client.search_registered_models() == []


def test_stages(client: MlflowClient, tmp_path: Path) -> None:
    client.create_registered_model("m", {"a": 1}, "first")
    source = model_folder(tmp_path / "out")
    for _ in range(3):
        client.create_model_version("m", source)
    client.transition_model_version_stage("m", 1, "production")
    client.transition_model_version_stage("m", "2", "Production", archive_existing_versions=True)
    assert [v.current_stage for v in client.search_model_versions("name='m'", order_by=["version_number"])] == [
        "Archived", "Production", "None",
    ]  # fmt: skip
    assert [v.version for v in client.get_latest_versions("m")] == [3, 2, 1]
    assert [v.version for v in client.get_latest_versions("m", ["PRODUCTION"])] == [2]
    assert client.get_model_version_stages("m", 1) == ["None", "Staging", "Production", "Archived"]
    assert resolve("models:/m/Production") == source
    with pytest.raises(NotFound, match="Staging"):
        resolve("models:/m/staging")
    for stage, archive in (("Shipped", False), ("None", True), ("Archived", True), (None, False)):
        with pytest.raises(InvalidValue):
            client.transition_model_version_stage("m", 1, stage, archive)
    client.set_model_version_tag("m", key="k", value=1, stage="Production")
    assert client.get_model_version("m", 2).tags == {"k": "1"}
    assert fresh(client).get_model_version("m", 2).current_stage == "Production"


def test_an_alias_names_one_version(client: MlflowClient) -> None:
    client.create_registered_model("m")
    client.create_model_version("m", "here")
    client.create_model_version("m", "there")
    client.set_registered_model_alias("m", "champion", 1)
    client.set_registered_model_alias("m", "champion", "2")
    client.set_registered_model_alias("m", "old-one", 1)
    assert client.get_registered_model("m").aliases == {"champion": 2, "old-one": 1}
    assert client.get_model_version_by_alias("m", "champion").version == 2
    assert client.get_model_version("m", 1).aliases == ["old-one"]
    for alias in ("latest", "Latest", "v1", "V22", "", "a b", "a/b", "x" * 256, None):
        with pytest.raises(InvalidValue):
            client.set_registered_model_alias("m", alias, 1)
    with pytest.raises(NotFound):
        client.set_registered_model_alias("m", "next", 99)
    with pytest.raises(InvalidValue, match="champion, old-one"):
        client.get_model_version_by_alias("m", "next")
    client.delete_registered_model_alias("m", "old-one")
    client.delete_registered_model_alias("m", "never-was")
    client.delete_model_version("m", 2)
    assert client.get_registered_model("m").aliases == fresh(client).get_registered_model("m").aliases == {}


def test_descriptions_and_tags(client: MlflowClient) -> None:
    made = client.create_registered_model("m", {"team": "a"}, "text")
    assert (made.description, made.tags) == ("text", {"team": "a"})
    version = client.create_model_version("m", "x", "run", {"k": 1}, "http://link", "why")
    assert (version.run_id, version.run_link, version.description, version.tags) == (
        "run", "http://link", "why", {"k": "1"},
    )  # fmt: skip
    assert client.update_registered_model("m", "better").description == "better"
    assert client.update_model_version("m", 1, None).description is None
    client.set_registered_model_tag("m", "team", 2)
    client.set_model_version_tag("m", 1, "new", "<b>")
    client.delete_model_version_tag("m", 1, "k")
    client.delete_registered_model_tag("m", "none")
    assert fresh(client).get_registered_model("m").tags == {"team": "2"}
    assert client.get_model_version("m", 1).tags == {"new": "<b>"}
    client.delete_registered_model_tag("m", "team")
    assert client.get_registered_model("m").tags == {}
    for key, value in (("", 1), ("k" * 251, 1), ("k", "v" * 100_001), (None, 1)):
        with pytest.raises(InvalidValue):
            client.set_model_version_tag("m", 1, key, value)


@pytest.mark.parametrize("name", ["", "  ", None, 7, "a/b", "a:b", "..", "../x", "x\0y", "x" * 300])
def test_names_that_no_model_can_have(client: MlflowClient, name: str) -> None:
    for call in (client.create_registered_model, client.get_registered_model, client.delete_registered_model):
        with pytest.raises(InvalidValue):
            call(name)


def test_what_is_not_there_is_told(client: MlflowClient) -> None:
    with pytest.raises(NotFound, match="no registered model named 'm'"):
        client.get_registered_model("m")
    with pytest.raises(NotFound):
        client.create_model_version("m", "x")
    client.create_registered_model("m")
    with pytest.raises(AlreadyExists):
        client.create_registered_model("m")
    with pytest.raises(NotFound, match="has none yet"):
        client.get_model_version("m", 1)
    for version in ("one", 1.5, None, True):
        with pytest.raises(InvalidValue):
            client.get_model_version("m", version)


def test_rename(client: MlflowClient) -> None:
    client.create_registered_model("a", description="kept")
    client.create_model_version("a", "x")
    client.set_registered_model_alias("a", "best", 1)
    client.create_registered_model("taken")
    with pytest.raises(AlreadyExists):
        client.rename_registered_model("a", "taken")
    renamed = client.rename_registered_model("a", "b")
    assert (renamed.name, renamed.description, renamed.aliases) == ("b", "kept", {"best": 1})
    assert client.get_model_version_by_alias("b", "best").name == "b"
    with pytest.raises(NotFound):
        client.get_registered_model("a")
    client.create_registered_model("a")
    client.rename_registered_model("b", "c")
    client.rename_registered_model("a", "b")
    assert [model.name for model in fresh(client).search_registered_models()] == ["b", "c", "taken"]
    assert client.get_model_version("c", 1).source == "x"
    assert client.rename_registered_model("c", "a").aliases == {"best": 1}
    with pytest.raises(InvalidValue):
        client.rename_registered_model("a", " ")


def test_delete(client: MlflowClient) -> None:
    client.create_registered_model("m")
    for source in "xyz":
        client.create_model_version("m", source)
    client.delete_model_version("m", 3)
    with pytest.raises(NotFound, match="it has 1, 2"):
        client.get_model_version("m", 3)
    assert client.create_model_version("m", "again").version == 4
    client.delete_registered_model("m")
    with pytest.raises(NotFound):
        client.get_registered_model("m")
    assert client.search_model_versions() == []
    client.create_registered_model("m")
    assert fresh(client).create_model_version("m", "new").version == 1


def test_search(client: MlflowClient) -> None:
    for name, team in (("iris", "a"), ("Iris-2", "b"), ("cancer", None)):
        client.create_registered_model(name, {"team": team} if team else None)
        for number in range(3):
            client.create_model_version(name, f"/place/{name}/{number}", f"run{number}", {"n": number})

    def models(where: str | None = None, **more: object) -> list[str]:
        return [model.name for model in client.search_registered_models(where, **more)]

    def versions(where: str, **more: object) -> list[str]:
        found = client.search_model_versions(where, **more)
        return [f"{version.name}/{version.version}" for version in found]

    assert models() == ["Iris-2", "cancer", "iris"]
    assert models("name LIKE 'iris%'") == ["iris"]
    assert models("name ILIKE 'iris%'", order_by=["name DESC"]) == ["iris", "Iris-2"]
    assert models("tags.team = 'a' OR tags.team IS NULL") == ["cancer", "iris"]
    assert models("tags.team != 'a'") == ["Iris-2"]
    assert models("name IN ('iris', 'x')") == ["iris"]
    assert models(order_by=["last_updated_timestamp DESC"])[0] == "cancer"
    assert versions("name = 'iris' AND run_id IN ('run0', 'run2')") == ["iris/3", "iris/1"]
    assert versions("version_number > 2", order_by=["name", "version_number"]) == ["Iris-2/3", "cancer/3", "iris/3"]
    assert versions("source_path LIKE '%cancer/1'") == ["cancer/2"]
    assert versions("tags.n = '0' AND name ILIKE 'IRIS%'", order_by=["name ASC"]) == ["Iris-2/1", "iris/1"]
    first = client.search_model_versions(max_results=4, order_by=["name", "version_number DESC"])
    rest = client.search_model_versions(max_results=9, order_by=["name", "version_number DESC"], page_token=first.token)
    assert [len(first), len(rest), rest.token] == [4, 5, None]
    assert {(v.name, v.version) for v in [*first, *rest]} == {
        (n, i) for n in ("iris", "Iris-2", "cancer") for i in (1, 2, 3)
    }
    assert [m.name for m in tracker.search_registered_models(filter_string="name='iris'")] == ["iris"]
    assert len(tracker.search_model_versions(max_results=2)) == 2
    for where in ("nam = 'x'", "params.x = 1", "metrics.acc > 1", "name = ", "name ~ 'x'"):
        with pytest.raises(FilterError):
            client.search_model_versions(where)
    for most in (0, -1, 1001, "x"):
        with pytest.raises(InvalidValue):
            client.search_registered_models(max_results=most)
    with pytest.raises(InvalidValue):
        client.search_registered_models(page_token="x")


def test_a_copy_keeps_its_origin(client: MlflowClient) -> None:
    run_id = logged_model()
    tracker.register_model(f"runs:/{run_id}/model", "dev", tags={"k": "v"})
    client.set_registered_model_alias("dev", "good", 1)
    copy = client.copy_model_version("models:/dev@good", "prod")
    assert (copy.name, copy.version, copy.run_id, copy.tags) == ("prod", 1, run_id, {"k": "v"})
    client.delete_registered_model("dev")
    assert resolve("models:/prod/1") == client.store.artifact_root(run_id) / "model"
    assert tracker.register_model("models:/prod/1", "prod").version == 2


def test_registered_files_are_told_to_the_collector(client: MlflowClient, tmp_path: Path) -> None:
    run_id = logged_model()
    tracker.register_model(f"runs:/{run_id}/model", "m")
    tracker.register_model(model_folder(tmp_path / "elsewhere"), "m")
    assert runs_in_use(client.store) == {run_id}
    client.delete_model_version("m", 1)
    assert runs_in_use(client.store) == set()


def test_a_damaged_file_costs_itself(client: MlflowClient) -> None:
    for name in ("a", "b"):
        client.create_registered_model(name)
        client.create_model_version(name, "x")
        client.create_model_version(name, "y")
    folder = client.store.root / "models"
    old = 1_600_000_000
    (victim,) = (p for p in (folder / "names").iterdir() if orjson.loads(p.read_bytes())["name"] == "a")
    torn = next(p for p in (folder / "versions").glob("*/1.json") if p.parent.name != victim.stem)
    link = folder / "versions" / torn.parent.name / "3.json"
    for path, text in ((victim, b'{"name": "a", "mod'), (torn, b"[1]"), (torn.with_name("x.json"), b"{}")):
        path.write_bytes(text)
        shutil.os.utime(path, (old, old))
    link.symlink_to("/etc/hostname")
    shutil.os.utime(link, (old, old), follow_symlinks=False)
    (journal,) = (folder / "events").iterdir() if (folder / "events").exists() else [folder / "events" / "w.ndjson"]
    journal.parent.mkdir(exist_ok=True)
    with open(journal, "ab") as file:
        file.write(
            b'nonsense\n{"e":"tag","m":5}\n{"e":"alias","m":"%s","k":"z","v":2,"t":1}\n{"e":'
            % torn.parent.name.encode()
        )
    with pytest.warns(UserWarning, match="passed over"):
        found = fresh(client).search_registered_models()
    assert [model.name for model in found] == ["b"]
    assert found[0].aliases == {"z": 2}
    assert [v.version for v in client.search_model_versions()] == [2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert client.create_model_version("b", "new").version == 4
        client.create_registered_model("a")  # the damaged name does not stand in its way
    assert resolve_fails("models:/b/1")


def resolve_fails(uri: str) -> bool:
    try:
        resolve(uri)
    except TrackerError:
        return True
    return False


def test_two_stores_copied_into_one_keep_what_both_had(tmp_path: Path) -> None:
    one, two = MlflowClient(str(tmp_path / "one")), MlflowClient(str(tmp_path / "two"))
    for client, name in ((one, "a"), (two, "b")):
        client.create_registered_model(name)
        client.create_model_version(name, f"from {name}")
        client.set_registered_model_alias(name, "best", 1)
    shutil.copytree(two.store.root / "models", one.store.root / "models", dirs_exist_ok=True)
    assert [model.name for model in one.search_registered_models()] == ["a", "b"]
    assert one.get_model_version_by_alias("b", "best").source == "from b"


def test_looking_writes_nothing(client: MlflowClient, tmp_path: Path) -> None:
    assert client.search_registered_models() == client.search_model_versions() == []
    assert list(tmp_path.iterdir()) == []
