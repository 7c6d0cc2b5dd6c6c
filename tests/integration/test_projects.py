"""Projects, notebooks and packages run for real: processes, a git repository, kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import kernel

import tracker
import tracker.projects
from tracker.exceptions import ExecutionException, InvalidState, NotFound
from tracker.projects import notebooks

# The shape of MLflow's own example sklearn_elasticnet_wine: its file, a script with positional arguments, and within
# `start_run` parameters, metrics and an artifact.
ELASTICNET = """
name: tutorial
python_env: python_env.yaml
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      l1_ratio: {type: float, default: 0.1}
    command: "python train.py {alpha} {l1_ratio}"
  said:
    parameters: {word: string, path: {type: path, default: train.py}}
    command: "python -c 'import sys; print(sys.argv[1:])' {word} {path} && printf '%s' {word} > said.txt"
  fails:
    command: "python -c 'import sys; [print(i) for i in range(40)]; sys.exit(\\"the end\\")'"
  sleeps:
    command: "python sleeps.py"
"""
TRAIN = """
import sys
import tracker as mlflow

with mlflow.start_run():
    alpha = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
    mlflow.log_param("alpha", alpha)
    mlflow.log_metric("rmse", alpha * float(sys.argv[2]))
    mlflow.log_text("x", "model/kind.txt")
    print("trained", sys.argv[1:])
"""
SLEEPS = """
import time
import tracker
with tracker.start_run():
    tracker.log_metric("begun", 1)
    print("begun")
    time.sleep(float(tracker.active_run().data.tags.get("seconds", 60)))
    tracker.log_metric("done", 1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    for name, text in {"MLproject": ELASTICNET, "train.py": TRAIN, "sleeps.py": SLEEPS,
                       "python_env.yaml": "dependencies: [six]\n"}.items():  # fmt: skip
        (place / name).write_text(text)
    return place


def run(place: Path | str, entry: str = "main", **options: Any) -> Any:
    return tracker.projects.run(str(place), entry, env_manager="local", **options)


def command_line(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tracker", *words], capture_output=True, text=True, timeout=120, check=False
    )


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_childs_tracking_joins_the_launchers_run(project: Path) -> None:
    done = command_line("run", str(project), "-P", "alpha=0.7", "--experiment-name", "wine", "--run-name", "first",
                        "--env-manager", "local")  # fmt: skip
    assert done.returncode == 0 and "trained ['0.7', '0.1']" in done.stdout
    (found,) = tracker.search_runs(experiment_names=["wine"], output_format="list")
    assert found.info.run_name == "first" and found.info.status == "FINISHED" and found.info.run_id in done.stdout
    assert found.data.params == {"alpha": "0.7", "l1_ratio": "0.1"} and found.data.metrics == {
        "rmse": pytest.approx(0.07)
    }
    assert found.data.tags["mlflow.source.type"] == "PROJECT" and found.data.tags["mlflow.project.env"] == "local"
    assert found.data.tags["mlflow.project.entryPoint"] == "main"
    kept = {file.path for file in tracker.MlflowClient().list_artifacts(found.info.run_id)}
    assert kept == {"model", "output"}


@pytest.mark.mlflow
def test_what_mlflow_itself_tracks_joins_too(project: Path) -> None:
    """MLflow's example as it is written: the plugin brings what it logs to the launcher's run."""
    pytest.importorskip("mlflow")
    (project / "train.py").write_text(TRAIN.replace("import tracker as mlflow", "import mlflow"))
    found = tracker.get_run(run(project, parameters={"alpha": 0.3}).run_id)
    assert found.info.status == "FINISHED" and found.data.params == {"alpha": "0.3", "l1_ratio": "0.1"}
    assert found.data.metrics == {"rmse": pytest.approx(0.03)}
    assert tracker.artifacts.load_text(f"runs:/{found.info.run_id}/model/kind.txt") == "x"
    assert len(tracker.search_runs(output_format="list")) == 1


def test_a_project_in_a_run_is_below_it(project: Path) -> None:
    with tracker.start_run() as outer:
        inner = run(project)
    assert tracker.get_parent_run(inner.run_id).info.run_id == outer.info.run_id
    assert tracker.get_run(outer.info.run_id).info.status == "FINISHED"


def test_scripts_need_no_file_that_says_so(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "MLproject").unlink()
    (project / "args.sh").write_text('echo "got:$*"')
    run(project, "args.sh", parameters={"a": "1 2"})
    run(project / "args.sh", parameters={"b": ";"})
    assert capfd.readouterr().out == "got:--a 1 2\ngot:--b ;\n"
    with pytest.raises(NotFound, match=r"no entry point 'main'.*args\.sh, sleeps\.py, train\.py"):
        run(project)


def test_a_hostile_value_is_text(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "kept").write_text("")
    value = "; rm -rf ~ $(rm kept) `rm kept` \" ' && rm kept"
    (project / "it's; rm kept").write_text("")
    found = run(project, "said", parameters={"word": value, "path": str(project / "it's; rm kept")})
    assert (project / "said.txt").read_text() == value and (project / "kept").exists()
    assert tracker.get_run(found.run_id).data.params["word"] == value
    assert repr([value, str(project / "it's; rm kept")]) in capfd.readouterr().out


def test_a_command_that_fails(project: Path) -> None:
    with pytest.raises(ExecutionException) as caught:
        run(project, "fails")
    said = str(caught.value)
    assert "failed with exit code 1" in said and said.rstrip().endswith("39\nthe end") and "\n12\n" not in said
    (found,) = tracker.search_runs(output_format="list")
    assert found.info.status == "FAILED"
    assert tracker.artifacts.load_text(f"runs:/{found.info.run_id}/output/output.txt").startswith("0\n1\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-e", "nope"], "no entry point 'nope'. It has: main, said, fails, sleeps"),
        (["-P", "alhpa=1"], "no parameter alhpa (is alpha meant?). It has: alpha, l1_ratio."),
        (["-P", "alpha=x"], "The parameter alpha is a number (float); got 'x'."),
        (["-e", "said"], "needs the parameter word"),
        (["-P", "alpha"], "-P name=value"),
        (["-v", "v1"], "no git repository"),
        (["--backend", "kubernetes"], "on this machine"),
    ],
)
def test_a_mistake_makes_no_run(project: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    from tracker.cli import main

    assert main(["run", str(project), "--env-manager", "local", *words]) == 1
    assert said in capsys.readouterr().err
    assert tracker.search_runs(output_format="list") == []


def test_a_program_that_is_not_there(project: Path) -> None:
    (project / "MLproject").write_text("entry_points: {main: {command: no-such-program-here}}")
    with pytest.raises(ExecutionException, match="no-such-program-here cannot be started"):
        run(project)
    assert tracker.search_runs(output_format="list")[0].info.status == "FAILED"


def test_cancel_ends_all_that_was_started(project: Path) -> None:
    (project / "MLproject").write_text("entry_points: {main: {command: 'python sleeps.py & echo $! > pid; wait'}}")
    submitted = run(project, synchronous=False)
    assert isinstance(submitted, tracker.projects.SubmittedRun) and submitted.get_status() == "RUNNING"
    wait_for(lambda: tracker.get_run(submitted.run_id).data.metrics)
    submitted.cancel()
    assert submitted.get_status() == "KILLED" and submitted.wait() is False
    assert tracker.get_run(submitted.run_id).info.status == "KILLED"
    status = Path("/proc", (project / "pid").read_text().strip(), "status")
    assert not status.exists() or "zombie" in status.read_text()  # where nobody collects what a container leaves


@pytest.mark.parametrize("killed", ["launcher", "terminal", "child"])
def test_kills(project: Path, killed: str) -> None:
    """A killed launcher does not stop its project, one that is told to end does; a killed project does not read
    FINISHED or RUNNING."""
    seconds = "1" if killed == "launcher" else "60"
    (project / "sleeps.py").write_text(SLEEPS.replace('"60"', "").replace(
        'tracker.active_run().data.tags.get("seconds", 60)', seconds) + "\n")  # fmt: skip
    (project / "MLproject").write_text("entry_points: {main: {command: python sleeps.py}}")
    launcher = subprocess.Popen(
        [sys.executable, "-m", "tracker", "run", str(project), "--env-manager", "local"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    run_id = launcher.stdout.readline().split()[-1]
    wait_for(lambda: "begun" in tracker.get_run(run_id).data.metrics)
    if killed == "terminal":
        launcher.terminate()
        assert launcher.wait(60) == 130 and tracker.get_run(run_id).info.status == "KILLED"
    elif killed == "launcher":
        launcher.kill()
        launcher.wait()
        wait_for(lambda: tracker.get_run(run_id).info.status == "FINISHED")
        assert tracker.get_run(run_id).data.metrics["done"] == 1
    else:
        (child,) = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        assert launcher.wait(60) == 1
        assert tracker.get_run(run_id).info.status == "KILLED"
    launcher.stdout.close()


# -- sources


def git(place: Path, *words: str) -> str:
    who = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=place, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(project: Path, tmp_path: Path) -> Path:
    place = tmp_path / "repository"
    place.mkdir()
    project.rename(place / "inner")
    git(place, "init", "--quiet", "--initial-branch=main")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "first")
    git(place, "tag", "v1")
    (place / "inner" / "train.py").write_text(TRAIN.replace('"trained"', '"trained anew"'))
    git(place, "commit", "--quiet", "-a", "-m", "second")
    return place


def test_a_repository_at_versions(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    uri = repository.as_uri() + "#inner"
    first = git(repository, "rev-parse", "v1")
    for version, said in [("v1", "trained ["), ("main", "trained anew"), (first, "trained [")]:
        found = run(uri, version=version)
        assert said in capfd.readouterr().out
        tags = tracker.get_run(found.run_id).data.tags
        assert tags["mlflow.source.git.commit"] == (
            first if said == "trained [" else git(repository, "rev-parse", "HEAD")
        )
        assert tags["mlflow.source.name"] == f"{repository}#inner"
    for where, version, said in [(uri, "v9", "no version 'v9'. It has: main, v1"), (uri, "--output=x", "no name"),
                                 (repository.as_uri() + "#nowhere", "v1", "no folder 'nowhere'"),
                                 (repository.as_uri() + "#../..", "v1", "leaves"), ("ext::sh -c id", None, "no project"),
                                 ("file:///nowhere/at/all", None, "no project")]:  # fmt: skip
        with pytest.raises(tracker.TrackerError, match=said):
            run(where, version=version)


def test_docker_without_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MLproject").write_text("docker_env: {image: busybox}\nentry_points: {main: {command: 'true'}}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidState, match="docker is not on the PATH"):
        tracker.projects.run(str(tmp_path))


@pytest.mark.libraries
@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_an_environment_of_its_own(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: str
) -> None:
    pytest.importorskip("uv")
    monkeypatch.setenv("TRACKER_CACHE", str(tmp_path / "cache"))
    (project / "python_env.yaml").write_text("dependencies: ['six==1.16.0']\n")
    (project / "train.py").write_text(TRAIN + "\n    import six; mlflow.set_tag('six', six.__version__ + sys.prefix)\n")
    for _ in range(2):
        found = tracker.projects.run(str(project), env_manager=manager)
        tag = tracker.get_run(found.run_id).data.tags["six"]
        assert tag.startswith("1.16.0" + str(tmp_path / "cache"))
    made = [file for file in (tmp_path / "cache" / "environments").iterdir() if (file / "pyvenv.cfg").exists()]
    assert len(made) == 1


# -- notebooks


def notebook(file: Path, *cells: tuple[str, ...]) -> Path:
    told = [{"cell_type": "code", "execution_count": None, "metadata": {"tags": list(tags)}, "outputs": [], "id": f"c{i}",
             "source": source} for i, (source, *tags) in enumerate(cells)]  # fmt: skip
    file.write_text(json.dumps({"cells": told, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return file


def test_a_notebook_is_a_program(tmp_path: Path) -> None:
    file = notebook(
        tmp_path / "train.ipynb",
        ("%load_ext tracker\nimport tracker",), ("lr = 0.5\nsteps = 3", "parameters"),
        ("%%track --name inner\nfor i in range(steps):\n    loss = lr * i",), ("print('after', lr)",),
        ("tracker.log_metric('joined', lr)\nif lr > 1:\n    raise ValueError('too fast')",),
    )  # fmt: skip
    before = file.read_bytes()
    done = run(file, parameters={"lr": "0.25"})
    found = tracker.get_run(done.run_id)
    assert found.info.status == "FINISHED" and found.data.params == {"lr": "0.25", "steps": "3"}
    assert found.data.metrics == {"joined": 0.25} and file.read_bytes() == before
    kept = tracker.artifacts.load_dict(f"runs:/{done.run_id}/train.ipynb")
    assert [cell["execution_count"] for cell in kept["cells"]] == [1, 2, 3, 4, 5, 6]
    assert "".join(kept["cells"][2]["source"]) == "# Parameters\nlr = 0.25" and "after 0.25" in str(
        kept["cells"][4]["outputs"]
    )
    (inner,) = tracker.search_runs(filter_string=f"tags.`mlflow.parentRunId` = '{done.run_id}'", output_format="list")
    assert inner.info.run_name == "inner" and inner.data.metrics == {"loss": 0.5}
    (tmp_path / "MLproject").write_text("entry_points: {main: {parameters: {lr: float}, command: train.ipynb}}")
    with pytest.raises(ExecutionException) as caught:
        run(tmp_path, parameters={"lr": 2})
    said = str(caught.value)
    assert "train.ipynb failed with exit code 1" in said and "Cell 6 of 6 failed." in said
    assert said.rstrip().endswith("ValueError: too fast")
    failed = tracker.search_runs(filter_string="status = 'FAILED'", output_format="list")[0]
    assert "too fast" in str(tracker.artifacts.load_dict(f"runs:/{failed.info.run_id}/train.ipynb"))


# -- packages


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A run that reads a file above its folder and a module beside it, made in a kernel and packaged there."""
    root = tmp_path_factory.mktemp("package")
    (root / "work" / "nb").mkdir(parents=True)
    (root / "work" / "data.csv").write_text("x\n1\n2\n4\n")
    (root / "work" / "nb" / "beside.py").write_text("def twice(x):\n    return 2 * x\n")
    with kernel(root / "work" / "nb", TRACKER_STORE=str(root / "store")) as fresh:
        fresh.run("%load_ext tracker\nimport tracker, random\nimport beside")
        fresh.run("random.seed(5)")
        fresh.run("rows = [float(x) for x in open('../data.csv').read().split()[1:]]")
        made = fresh.run(
            "%%track --name original\nC = 1.5\nlabel = 'a'\nfor i in range(3):\n    loss = random.random() / (i + C)\n"
            "total = beside.twice(sum(rows)) * C"
        )
        assert made.status == "ok"
        written = fresh.run("tracker.package('original', 'pack')\nprint('done')")
        assert "done" in written.text, written.plain
    pack = root / "work" / "nb" / "pack"
    (root / "work" / "data.csv").unlink()
    pack.rename(root / "pack")
    yield str(root / "store"), root / "pack"


def test_a_package_gives_the_same_numbers(packaged: tuple[str, Path]) -> None:
    store, pack = packaged
    tracker.set_tracking_uri(store)
    done = run(pack)
    assert done.report.status == "reproduced" and done.report.equal == ["loss", "total"]
    found = tracker.get_run(done.run_id)
    assert found.data.metrics["total"] == 21 and found.data.tags["tracker.rerun"] == "reproduced"
    assert found.info.status == "FINISHED" and found.data.params == {"C": "1.5", "label": "a"}
    asked = notebooks.question(pack / "nb" / "main.ipynb", {"C": "3", "label": "a"})
    assert asked["changed"] == {"C": 3} and "C = 3\nlabel = 'a'" in asked["notebook"]["cells"][-1]["source"]


def test_what_a_package_holds(packaged: tuple[str, Path]) -> None:
    store, pack = packaged
    files = {str(file.relative_to(pack)) for file in pack.rglob("*") if file.is_file()}
    assert {"MLproject", "python_env.yaml", "requirements.txt", "package.json", "nb/main.ipynb", "nb/beside.py",
            "data.csv"} <= files  # fmt: skip
    told = json.loads((pack / "package.json").read_text())
    (data,) = told["files"]
    assert data["kept"] and data["at"] == "data.csv" and data["size"] == 8
    assert any(line.startswith("orjson==") for line in (pack / "requirements.txt").read_text().splitlines())
    tracker.set_tracking_uri(store)
    with pytest.raises(tracker.TrackerError, match="holds something"):
        tracker.package("original", pack)
    text = (pack / "data.csv").read_bytes()
    (pack / "data.csv").unlink()
    with pytest.raises(NotFound, match=r"8 bytes.*which is not there"):
        run(pack)
    (pack / "data.csv").write_bytes(text)
    with tracker.start_run() as plain:
        pass
    with pytest.raises(NotFound, match="keeps no slice"):
        tracker.package(plain.info.run_id)
