"""Datasets and artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag

from .place import Place, code, program

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
