"""Pipelines built for real: functions, a script and a notebook, each in a process and a run of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_projects import notebook

import tracker
from tracker.exceptions import ExecutionException, NotFound
from tracker.projects.pipelines.pipeline import Pipeline

PIPELINE = """
tasks:
  - {source: steps.clean, product: {data: out/clean.csv}, params: {scale: 2}}
  - {source: steps.total, product: out/total.txt}
  - {source: steps.aside, product: out/aside.txt}
"""
STEPS = """
from pathlib import Path
import helper
import tracker


def clean(product, scale):
    Path(product["data"]).write_text("\\n".join(str(helper.ONE * scale * i) for i in range(4)))
    tracker.log_metric("rows", 4)


def total(product, upstream):
    product.write_text(str(sum(int(x) for x in upstream["clean"]["data"].read_text().split())))


def aside(product, upstream):
    with open(product, "w") as file:
        file.write(_shout(upstream["total"].read_text()))


def _shout(text):
    return text + "!"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "sums"
    place.mkdir()
    (place / "pipeline.yaml").write_text(PIPELINE)
    (place / "steps.py").write_text(STEPS)
    (place / "helper.py").write_text("ONE = 1\n")
    return place


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def why(pipeline: Pipeline) -> dict[str, str]:
    return {status.task: f"{status.standing} {status.why}".strip() for status in pipeline.status()}


def test_only_what_changed_runs(folder: Path) -> None:
    pipeline = tracker.pipeline(folder)
    assert set(why(pipeline).values()) == {"outdated never ran"}
    built = pipeline.run()
    assert built.ran == ["clean", "total", "aside"] and (folder / "out" / "aside.txt").read_text() == "12!"
    parent = tracker.get_run(str(built.run_id))
    assert parent.info.status == "FINISHED" and parent.info.run_name == "sums"
    steps = {step.task: tracker.get_run(str(step.run_id)) for step in built.steps}
    assert {run.data.tags["mlflow.parentRunId"] for run in steps.values()} == {parent.info.run_id}
    assert steps["clean"].data.params == {"scale": "2"} and steps["clean"].data.metrics == {"rows": 4}
    (read,) = steps["total"].inputs.dataset_inputs
    assert read.dataset.name == "out/clean.csv"

    assert pipeline.run().ran == [] and pipeline.run().run_id is None
    replace(folder / "steps.py", "def clean", "# a comment\ndef clean")
    assert pipeline.run().ran == []
    replace(folder / "steps.py", 'text + "!"', 'text + "?"')
    assert why(pipeline) == {"clean": "up to date", "total": "up to date", "aside": "outdated its source changed"}
    assert pipeline.run().ran == ["aside"]
    replace(folder / "helper.py", "1", "1 * 1")  # another source, the same content: nothing after it
    assert why(pipeline)["total"] == "waits for clean"
    assert pipeline.run().ran == ["clean"]
    replace(folder / "pipeline.yaml", "scale: 2", "scale: 3")
    assert why(pipeline)["clean"] == "outdated scale changed"
    assert (
        pipeline.run("total").ran == ["clean", "total"]
        and why(pipeline)["aside"] == "outdated what total makes changed"
    )
    (folder / "out" / "total.txt").write_text("7")
    assert why(pipeline)["total"] == "outdated out/total.txt was changed"
    (folder / "out" / "total.txt").unlink()
    assert why(pipeline)["total"] == "outdated out/total.txt is not there"
    assert pipeline.run().ran == ["total", "aside"] and (folder / "out" / "aside.txt").read_text() == "18?"
    with pytest.raises(NotFound, match=r"no task 'nope'\. It has: clean, total, aside"):
        pipeline.run("nope")


def test_a_step_that_fails_stops_those_that_wait(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace(folder / "steps.py", 'return text + "!"', "raise RuntimeError('hoarse')")
    replace(
        folder / "pipeline.yaml",
        "tasks:",
        "tasks:\n  - {source: steps.aside, name: twice, product: out/b, upstream: total}",
    )
    replace(folder / "steps.py", "def total(product, upstream):", "def total(product, upstream):\n    return")
    with pytest.raises(ExecutionException) as caught:
        tracker.pipeline(folder).run()
    assert "The task 'total' failed. It ended well, and did not make out/total.txt." in str(caught.value)
    assert "aside was not run, since total failed." in str(caught.value)
    said = capsys.readouterr().out
    assert "✓ clean: ran" in said and "✗ total: failed" in said and "– aside: not run" in said
    replace(folder / "steps.py", "upstream):\n    return\n", "upstream):\n")
    with pytest.raises(ExecutionException, match="RuntimeError: hoarse"):
        tracker.pipeline(folder).run()
    statuses = {run.info.run_name: run.info.status for run in tracker.search_runs(output_format="list")[::-1]}
    assert statuses == {
        "sums": "FAILED",
        "clean": "FINISHED",
        "total": "FINISHED",
        "aside": "FAILED",
        "twice": "FAILED",
    }
    replace(folder / "pipeline.yaml", "scale: 2", "skale: 2")
    with pytest.raises(ExecutionException, match=r"steps.clean does not take skale; it is given product, skale"):
        tracker.pipeline(folder).run("clean")


def test_notebooks_and_scripts_are_steps(folder: Path) -> None:
    notebook(
        folder / "train.ipynb", ("%load_ext tracker",), ("upstream = ['clean']\nproduct = None\nlr = 0.1", "parameters"),
        ("%%track --name inner\nscore = len(open(upstream['clean']['data']).read()) * lr",),
        ("with open(product['model'], 'w') as file:\n    file.write(str(score))",),
    )  # fmt: skip
    (folder / "look.py").write_text(
        '# %% tags=["parameters"]\nupstream = ["train"]\nproduct = None\n# %%\nfrom pathlib import Path\n'
        "print('seen', Path(upstream['train']['model']).read_text())\nPath(product['seen']).write_text('x')\n"
    )
    replace(folder / "pipeline.yaml", "  - {source: steps.total", "  - {source: train.ipynb, product: {nb: out/train.ipynb, "
            "model: out/model.txt}, params: {lr: 0.5}}\n  - {source: look.py, product: {nb: out/look.ipynb, seen: out/seen}}"
            "\n  - {source: steps.total")  # fmt: skip
    pipeline = tracker.pipeline(folder)
    built = pipeline.run("look")
    assert built.ran == ["clean", "train", "look"] and (folder / "out" / "model.txt").read_text() == "3.5"
    assert "seen 3.5" in (folder / "out" / "look.ipynb").read_text()
    executed = json.loads((folder / "out" / "train.ipynb").read_text())
    assert "lr = 0.5" in "".join(executed["cells"][2]["source"])
    train = next(step.run_id for step in built.steps if step.task == "train")
    (inner,) = tracker.search_runs(filter_string=f"tags.`mlflow.parentRunId` = '{train}'", output_format="list")
    assert inner.info.run_name == "inner" and inner.data.metrics == {"score": 3.5}
    told = pipeline._repr_mimebundle_()
    assert "3 up to date, 2 outdated" in told["text/html"] and told["text/html"].count("<svg") == 1
    assert pipeline.run("look").ran == []
