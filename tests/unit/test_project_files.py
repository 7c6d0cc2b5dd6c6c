"""What projects and pipelines say, read without running them: files, parameters, commands, graphs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tracker.exceptions import InvalidState, InvalidValue, NotFound, TrackerError
from tracker.projects import docker, notebooks
from tracker.projects.command import Command, command_of
from tracker.projects.environments import choose_manager, environment_for, wanted_by
from tracker.projects.parameters import values_for
from tracker.projects.pipelines.pipeline import pipeline
from tracker.projects.pipelines.scripts import read_script
from tracker.projects.pipelines.specification import load
from tracker.projects.specification import EntryPoint, Parameter, load_project

HOSTILE = ["; touch owned", "$(touch owned)", "`touch owned`", "' ; touch owned '", '" ; touch owned "', "a  b", "*", "~",
           "-n", "\\", "$HOME", "a\nb", "'\"'\"'; touch owned", "{x}", "", "ü"]  # fmt: skip


def project(folder: Path, text: str, **files: str) -> Any:
    (folder / "MLproject").write_text(text)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return load_project(folder)


def command(template: str, **given: Any) -> Command:
    entry = EntryPoint("main", template, {name: Parameter(name) for name in given})
    return command_of(entry, values_for(entry, given, Path("storage")))


# -- MLproject


def test_the_whole_grammar(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        "name: all\ndocker_env:\n  image: busybox\n  volumes: ['/a:/b']\n  environment: [[K, V], HOME]\n"
        "entry_points:\n  main:\n    parameters:\n      a: float\n      b: {type: path, default: x}\n      c: {default: 'x y'}\n"
        "    command: 'python a.py {a} {b} {c}'\n",
    )
    assert found.name == "all" and found.environment == "docker" and found.docker.image == "busybox"
    assert found.docker.volumes == ("/a:/b",) and found.docker.variables == (("K", "V"), "HOME")
    main = found.entry_point("main")
    assert [(one.name, one.type, one.default) for one in main.parameters.values()] == [
        ("a", "float", None), ("b", "path", "x"), ("c", "string", "x y"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["mlproject", "MLPROJECT", "MLproject"])
def test_the_file_by_any_case(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("name: found\n")
    assert load_project(tmp_path).name == "found"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entry_points: [a]", "mapping"),
        ("entry_points: {main: {parameters: {}}}", "has no command"),
        ("entry_points: {main: {comand: x}}", "has comand"),
        ("enviroment: x", "has enviroment"),
        ("python_env: a.yaml\nconda_env: b.yaml", "one environment"),
        ("python_env: gone.yaml", "which is not there"),
        ("python_env: ../outside.yaml", "leaves"),
        ("docker_env: {volumes: []}", "no image"),
        ("docker_env: {image: --privileged}", "no image"),
        ("docker_env: {image: a, environment: [[1]]}", "pairs"),
        ("a: [", "is no YAML"),
        ("!!python/object/apply:os.system ['true']", "is no YAML"),
    ],
)
def test_a_mistake_in_the_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TrackerError, match=said):
        project(tmp_path, text)


def test_an_unknown_entry_point_names_what_there_is(tmp_path: Path) -> None:
    found = project(tmp_path, "entry_points: {train: {command: a}, test: {command: b}}")
    with pytest.raises(NotFound, match=r"no entry point 'trian'.*train, test"):
        found.entry_point("trian")
    with pytest.raises(NotFound, match=r"no file 'gone\.py'"):
        found.entry_point("gone.py")
    with pytest.raises(InvalidValue, match="leaves"):
        found.entry_point("../x.py")


# -- parameters


def test_parameters_are_checked() -> None:
    entry = EntryPoint("main", "x", {"alpha": Parameter("alpha", "float"), "n": Parameter("n", "int", 3),
                                     "where": Parameter("where", "uri", "s3://a/b")})  # fmt: skip
    found = values_for(entry, {"alpha": "1e-3", "beta": "two"}, Path("storage"))
    assert found.declared == {"alpha": "1e-3", "n": "3", "where": "s3://a/b"} and found.further == {"beta": "two"}
    assert found.logged == {"alpha": 0.001, "n": 3, "where": "s3://a/b", "beta": "two"}
    for given, said in [({}, "needs the parameter alpha"), ({"alpha": "x"}, "is a number"),
                        ({"alpha": 1, "n": 1.5}, "whole number"), ({"alpha": 1, "where": "x"}, "is a URI"),
                        ({"alpha": 1, "alpah": 2}, "is alpha meant"), ({"alpha": 1, "a;b": 2}, "no name")]:  # fmt: skip
        with pytest.raises(InvalidValue, match=said):
            values_for(entry, given, Path("storage"))


def test_a_path_is_absolute_and_there(tmp_path: Path) -> None:
    entry = EntryPoint("main", "x", {"data": Parameter("data", "path")})
    Path("a b.csv").write_text("1")
    assert values_for(entry, {"data": "a b.csv"}, Path("s")).declared["data"] == str(tmp_path / "a b.csv")
    assert values_for(entry, {"data": (tmp_path / "a b.csv").as_uri()}, Path("s")).declared["data"] == str(
        tmp_path / "a b.csv"
    )
    with pytest.raises(NotFound, match="no such file"):
        values_for(entry, {"data": "gone.csv"}, Path("s"))


# -- commands


def test_words_are_parted_before_values_come_in() -> None:
    assert command("python t.py --x {x} --y={y} {{z}}", x="a b; c", y="'").words == (
        "python", "t.py", "--x", "a b; c", "--y='", "{z}",
    )  # fmt: skip
    assert command("python 'a b.py' \"{x}\"", x="1").words == ("python", "a b.py", "1")
    with pytest.raises(InvalidValue, match=r"names {y}"):
        command("python {y}", x=1)
    with pytest.raises(InvalidValue, match=r"single '{'"):
        command("python { {x}", x=1)
    with pytest.raises(InvalidValue, match="cannot be read"):
        command("python 'a {x}", x=1)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_is_read_by_a_shell(value: str) -> None:
    """Each place of a template where a value can stand gives the value, and nothing is run."""
    templates = ["printf %s {x}", "printf %s {x} | cat", "true && printf %s \"{x}\"", "printf %s 'a'{x} && true | cat",
                 "printf %s '{x}' && true", "bash -c 'printf %s {x}'", "A=1 printf %s \"$(printf %s. \"{x}\")\""]  # fmt: skip
    for template in templates:
        made = command(template, x=value)
        done = subprocess.run(
            made.words, env={"PATH": "/usr/bin:/bin", **made.variables}, capture_output=True, timeout=20
        )
        text = done.stdout.decode()
        wanted = f"a{value}" if "'a'" in template else value + "." if "%s." in template else value
        assert text == wanted, (template, text)
        assert not Path("owned").exists()


def test_a_shell_in_a_shell_is_refused() -> None:
    with pytest.raises(InvalidValue, match="shell inside a shell"):
        command("cat x | bash -c 'echo {x}'", x=1)


def test_undeclared_parameters_are_passed_on() -> None:
    entry = EntryPoint("main", "python t.py | cat", {})
    made = command_of(entry, values_for(entry, {"b": "; x"}, Path("s")))
    assert made.words[-1].endswith('"${TRACKER_PARAMETER_FURTHER_0}" "${TRACKER_PARAMETER_FURTHER_1}"')
    assert sorted(made.variables.values()) == ["--b", "; x"]
    script = EntryPoint("t.py", "", script="t.py")
    assert command_of(script, values_for(script, {"b": "; x"}, Path("s"))).words == ("python", "t.py", "--b", "; x")


# -- environments


def test_what_an_environment_is_made_of(tmp_path: Path) -> None:
    found = project(tmp_path, "python_env: e.yaml", e__yaml="python: '3.11'\nbuild_dependencies: [pip]\ndependencies: [six, -r more.txt]\n",
                    more__txt="attrs\n")  # fmt: skip
    wanted = wanted_by(found)
    assert wanted.python == "3.11" and wanted.packages == ("six", f"-r {tmp_path / 'more.txt'}")
    (tmp_path / "e.yaml").write_text("dependencies: [--index-url http://elsewhere]\n")
    with pytest.raises(InvalidValue, match="option of pip"):
        wanted_by(found)


def test_a_conda_file_without_conda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "dependencies:\n- python=3.11\n- numpy=2.1\n- pip\n- pip:\n  - six>=1\n"
    found = project(tmp_path, "conda_env: conda.yaml", conda__yaml=text)
    assert wanted_by(found).packages == ("numpy==2.1", "six>=1") and wanted_by(found).python == "3.11"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose_manager(found, None) == "conda"
    with pytest.raises(InvalidState, match=r"conda, which is not on the PATH.*--env-manager"):
        environment_for(found, "conda")
    with pytest.raises(InvalidValue, match="'pipenv'"):
        choose_manager(found, "pipenv")


def test_a_containers_command(tmp_path: Path) -> None:
    text = "docker_env: {image: me/it, volumes: ['/a:/b'], environment: [[K, 'v; w'], HOME]}\nentry_points: {main: {command: x}}"
    inner = Command(("python", "t.py", "; rm -rf ~"), {"TRACKER_PARAMETER_0": "y"})
    words = docker.command(project(tmp_path, text), inner, {"gpus": "all", "t": True}, build=False).words
    assert words[:4] == ("docker", "run", "--rm", "--init") and words[-4:] == ("me/it", "python", "t.py", "; rm -rf ~")
    shown = " ".join(words)
    for part in ["--gpus all -t", "-v /a:/b", "-e K=v; w", "-e HOME", "-e MLFLOW_RUN_ID", "-e TRACKER_PARAMETER_0"]:
        assert part in shown


# -- notebooks


def write_notebook(file: Path, *cells: str, parameters: int | None = None) -> Path:
    told = [notebooks.code_cell(text, *(["parameters"] if i == parameters else [])) for i, text in enumerate(cells)]
    file.write_text(json.dumps({"cells": told, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return file


def test_a_notebooks_interface(tmp_path: Path) -> None:
    file = write_notebook(
        tmp_path / "n.ipynb", "x", "lr = 0.1\nn: int = 3\nname = 'a'\non = True\nsizes = [1]\nnothing = None\nmade = f()",
        parameters=1,
    )  # fmt: skip
    asked = notebooks.question(
        file, {"lr": "1", "n": "4", "name": "1.0", "on": "no", "sizes": "(2, 3)", "nothing": "x"}
    )
    assert asked["notebook"]["cells"][2]["source"] == (
        "# Parameters\nlr = 1\nn = 4\nname = '1.0'\non = False\nsizes = [2, 3]\nnothing = 'x'"
    )
    assert asked["notebook"]["cells"][2]["metadata"] == {"tags": ["injected-parameters"]}
    assert notebooks.question(file, {})["parameters"] == {
        "lr": 0.1, "n": 3, "name": "a", "on": True, "sizes": [1], "nothing": None,
    }  # fmt: skip
    for given, said in [({"lr": "a"}, "a number, as 0.1"), ({"n": "1.5"}, "whole number"), ({"on": "maybe"}, "true or false"),
                        ({"sizes": "1"}, "a list"), ({"l": 1}, "no parameter l. It has: lr, n,"),
                        ({"names": 1}, "is name meant")]:  # fmt: skip
        with pytest.raises(InvalidValue, match=said):
            notebooks.question(file, given)
    hostile = notebooks.question(file, {"name": "'; import os #\n"})["notebook"]["cells"][2]["source"]
    assert hostile == '# Parameters\nname = "\'; import os #\\n"'


def test_a_notebook_without_interface(tmp_path: Path) -> None:
    file = write_notebook(tmp_path / "n.ipynb", "x = 1")
    assert notebooks.question(file, {})["parameters"] == {}
    with pytest.raises(InvalidValue, match="no cell tagged 'parameters'"):
        notebooks.question(file, {"x": 1})
    (tmp_path / "bad.ipynb").write_text("[]")
    with pytest.raises(InvalidValue, match="is no notebook"):
        notebooks.question(tmp_path / "bad.ipynb", {})


# -- pipelines

STEPS = """
import helper
RATE = 2
def one(product): ...
def two(product, upstream, n=1):
    return upstream['one'], RATE
def three(product, upstream): return upstream["two"]
"""


def steps(folder: Path, text: str) -> Path:
    (folder / "steps.py").write_text(STEPS)
    (folder / "helper.py").write_text("X = 1\n")
    (folder / "pipeline.yaml").write_text(text)
    return folder


def test_the_order_is_what_the_sources_say(tmp_path: Path) -> None:
    text = "tasks:\n- {source: steps.three, product: c}\n- {source: steps.two, product: {a: b}, params: {n: 2}}\n- {source: steps.one, product: a}\n"
    found = load(steps(tmp_path, text))
    assert [(task.name, task.upstream) for task in found.tasks] == [
        ("one", ()), ("two", ("one",)), ("three", ("two",)),
    ]  # fmt: skip


def test_a_cycle_is_named(tmp_path: Path) -> None:
    text = "meta: {extract_upstream: false}\ntasks:\n" + "".join(
        f"- {{source: steps.one, name: {name}, product: {name}, upstream: [{before}]}}\n"
        for name, before in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]
    )
    with pytest.raises(InvalidValue, match=r"has a cycle: (a → c → b → a|b → a → c → b|c → b → a → c)"):
        load(steps(tmp_path, text))
    with pytest.raises(InvalidValue, match="cycle: a → a"):
        load(steps(tmp_path, "tasks: [{source: steps.one, name: a, product: x, upstream: a}]"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tasks: []", "no list of tasks"),
        ("tasks: [{product: a}]", "has no source"),
        ("tasks: [{source: steps.one}]", "no product"),
        ("tasks: [{source: steps.gone, product: a}]", "has no function gone"),
        ("tasks: [{source: nowhere.f, product: a}]", "no module nowhere"),
        ("tasks: [{source: a.sql, product: a}]", "no module a"),
        ("tasks: [{source: gone.ipynb, product: a}]", "not in"),
        ("tasks: [{source: steps.one, product: ../a}]", "leaves"),
        ("tasks: [{source: steps.one, product: /a}]", "not in the pipeline's folder"),
        ("tasks: [{source: steps.one, product: a, grid: {n: [1]}}]", "has grid, which is not covered"),
        ("tasks: [{source: steps.one, product: a, upstream: b}]", "downstream of 'b', which is no task"),
        ("tasks: [{source: steps.one, product: a}, {source: steps.one, product: b}]", "more than one task 'one'"),
        ("tasks: [{source: steps.one, product: a}, {source: steps.one, name: b, product: a}]", "both make a"),
        ("tasks: [{source: steps.one, product: '{{out}}/a'}]", "{{out}}"),
        ("tasks: [{source: steps.one, product: a, params: {upstream: 1}}]", "a word of the pipeline's own"),
    ],
)
def test_a_mistake_in_a_pipeline(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TrackerError, match=said):
        load(steps(tmp_path, text))


def test_places_are_filled(tmp_path: Path) -> None:
    steps(tmp_path, "- {source: steps.one, product: '{{out}}/{{n}}.csv', params: {n: '{{n}}'}}")
    (tmp_path / "env.yaml").write_text("out: made\nn: 3\n")
    (task,) = load(tmp_path).tasks
    assert task.products[""] == tmp_path / "made" / "3.csv" and task.params == {"n": 3}


def test_scripts_are_cells(tmp_path: Path) -> None:
    file = tmp_path / "s.py"
    file.write_text(
        "# + tags=[\"parameters\"]\nupstream = ['a']\n# -\nx = 1\n# %% [markdown]\n# # T\n# %% named\ny = 2\n"
    )
    cells = read_script(file)["cells"]
    assert [(c["cell_type"], c["source"]) for c in cells] == [
        ("code", "upstream = ['a']"), ("code", "x = 1"), ("markdown", "# T"), ("code", "y = 2"),
    ]  # fmt: skip
    assert cells[0]["metadata"] == {"tags": ["parameters"]}


def test_the_graph_is_text_in_the_pages_colours(tmp_path: Path) -> None:
    steps(tmp_path, "tasks:\n- {source: steps.one, product: a, name: '<script>x</script>'}\n")
    told = pipeline(tmp_path)._repr_mimebundle_()
    assert "&lt;script&gt;" in told["text/html"] and "<script" not in told["text/html"]
    assert "currentColor" in told["text/html"] and "never ran" in told["text/plain"]
