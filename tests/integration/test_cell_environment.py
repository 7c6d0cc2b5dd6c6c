"""What a run stood on is kept with it: git, packages, seeds, hardware; and a cell does not wait for it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel, kernel

from tracker.capture.environment import MAX_DIFF, Worktree, seeds_of
from tracker.tracking.provenance import git_tags, notebook_path


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def kept(folder: Path, run: str, name: str) -> bytes:
    path = folder / ".tracker" / "artifacts" / run / name
    for _ in range(100):
        if path.exists():
            break
        time.sleep(0.1)
    return path.read_bytes()


def environment(folder: Path, run: str) -> dict[str, Any]:
    return dict(json.loads(kept(folder, run, "environment.json")))


def tag(shell: Kernel, run: str, name: str) -> str:
    return shell.value(f"tracker.get_run({run!r}).data.tags.get({name!r})").strip("'")


def test_a_cell_in_a_repository_with_changes(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "work")
    (tmp_path / "module.py").write_text("x = 1\n")
    (tmp_path / ".gitignore").write_text(".tracker\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "remote", "add", "origin", "https://me:abcd-secret@example.com/a/b.git")
    (tmp_path / "module.py").write_text("x = 2\npassword = 'abcd-secret'\n")
    (tmp_path / "new.txt").write_text("new")
    with kernel(tmp_path, SERVICE_TOKEN="none", PYTHONHASHSEED="0") as shell:
        shell.run("%load_ext tracker\nimport tracker, random, numpy as np, yaml\nnp.random.seed(7)")
        seen = shell.run("%%track\nrandom.seed(3)\nrng = np.random.default_rng(11)\nscore = random.random()")
        run = seen.card["id"]
        told = environment(tmp_path, run)
        assert tag(shell, run, "mlflow.source.git.commit") == git(tmp_path, "rev-parse", "HEAD")
        assert tag(shell, run, "mlflow.source.git.branch") == "work"
        assert tag(shell, run, "mlflow.source.git.repoURL") == "https://example.com/a/b.git"
    diff = kept(tmp_path, run, "code/uncommitted.diff").decode()
    assert "-x = 1" in diff and "+x = 2" in diff and "abcd-secret" not in diff
    assert told["git"] == {"changed": True, "untracked": ["new.txt"], "diff_cut": False}
    assert told["seeds"] == {"np.random.seed": 7, "random.seed": 3, "np.random.default_rng": 11}
    assert told["python"] == ".".join(map(str, sys.version_info[:3])) and told["hash_seed"] == "0"
    import numpy

    assert told["packages"]["numpy"] == numpy.__version__ and "pyyaml" in {p.lower() for p in told["packages"]}
    assert told["machine"]["cores"] and told["machine"]["cpu"]


def repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-b", "main")
    (folder / "a.py").write_text("x = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one")
    return folder


def told_by_git(folder: Path) -> Worktree:
    told = Worktree(str(folder))
    assert told.wait(30)
    return told


def test_where_git_cannot_be_asked_nothing_is_said_to_be_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository(tmp_path / "r")
    assert told_by_git(folder).as_json() == {"changed": False, "untracked": [], "diff_cut": False}
    (folder / "a.py").write_text("x = 2\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # as in a hook
    assert told_by_git(folder).changed is True
    monkeypatch.setenv("PATH", str(tmp_path))
    assert told_by_git(folder).as_json()["changed"] is None
    assert git_tags(folder)["mlflow.source.git.branch"] == "main"  # read without git


def test_what_a_repository_is_set_to_changes_neither_the_diff_nor_that_there_is_one(tmp_path: Path) -> None:
    folder = repository(tmp_path / "r")
    (folder / "a.py").write_text("x = 2\n")
    plain = told_by_git(folder).diff
    git(folder, "config", "diff.noprefix", "true")
    git(folder, "config", "diff.orderFile", "none")
    assert told_by_git(folder).diff == plain != ""
    git(folder, "config", "diff.algorithm", "no such")  # git says nothing any more
    assert told_by_git(folder).changed is None


def test_before_the_first_commit_and_with_more_than_can_be_kept(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    assert git_tags(folder) == {} or Path("/.git").exists()
    git(folder, "init", "-b", "main")
    (folder / "a.py").write_text("x = 1\n")
    git(folder, "add", ".")
    for i in range(150):
        (folder / f"{i}.txt").write_text("")
    told = told_by_git(folder)
    assert told.changed is True and "+x = 1" in told.diff
    assert len(told.untracked) == 100 and told.as_json()["untracked_total"] == 150
    git(folder, "commit", "-m", "one")
    assert git_tags(folder)["mlflow.source.git.commit"] == git(folder, "rev-parse", "HEAD")  # a .git made since
    (folder / "a.py").write_text("long line of text\n" * 300_000)
    told = told_by_git(folder)
    assert told.changed is True and told.cut and len(told.diff) == MAX_DIFF


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://me:p@ss@example.com/a.git", "https://example.com/a.git"),
        ("https://example.com/a.git?private_token=abcd1234", "https://example.com/a.git"),
        ('"https://me:abcd@example.com/a" ; a comment', "https://example.com/a"),
        ("https://example.com/@scope/a # comment", "https://example.com/@scope/a"),
        ("hg::https://me:abcd@example.com/a", "hg::https://example.com/a"),
        ("https:///me:abcd@example.com/a", "https://example.com/a"),
        ("me:abcd@example.com:a/b", "example.com:a/b"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
    ],
)
def test_a_remote_is_told_without_what_opens_it(tmp_path: Path, url: str, kept: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {url}\n')
    assert git_tags(tmp_path) == {"mlflow.source.git.repoURL": kept}


def test_a_remote_in_other_spellings_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "config").write_text('[remote "a"] URL = https://me@example.com/a\n\tpushurl = b\n')
    assert git_tags(tmp_path) == {"mlflow.source.git.repoURL": "https://example.com/a"}


def test_the_notebook_as_front_ends_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JPY_SESSION_NAME", "IPYNB_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert notebook_path({}) is None and notebook_path({"__vsc_ipynb_file__": 5}) is None
    monkeypatch.setenv("IPYNB_FILE", "executed.ipynb")
    assert notebook_path({}) == "executed.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", "/work/of one.ipynb")
    assert notebook_path({}) == "/work/of one.ipynb"
    assert notebook_path({"__vsc_ipynb_file__": "/home/me/n.ipynb"}) == "/home/me/n.ipynb"


@pytest.mark.parametrize(
    ("cells", "seeds"),
    [
        (["SEED = 42", "np.random.seed(SEED)"], {"SEED": 42, "np.random.seed": 42}),
        (["s = 0\nrandom.seed(s)\nrandom.seed(a=5)"], {"random.seed": 0, "random.seed(a)": 5}),
        (["seed: int = 5\nRANDOM_STATE, n = 2**4, 4"], {"seed": 5, "RANDOM_STATE": 16}),
        (["params = {'random_state': 5}\nnp.random.Generator(np.random.PCG64(12))"],
         {"['random_state']": 5, "np.random.PCG64": 12}),
        (["seed = 5", "def seed_all(seed=0):\n    np.random.seed(seed)"], {"seed": 5}),
        (["seed = 5", "seed = int(time.time())\nnp.random.seed(seed)", "f(random_state=rng)"], {"seed": 5}),
        (["key = jax.random.key(3)\nkey = cache.key(3)"], {"jax.random.key": 3}),
        (["cfg.seed = 3\nconfig['seed'] = 4\nfit({'bagging_seed': 5}, data_seed=6)"],
         {"cfg.seed": 3, "config['seed']": 4, "['bagging_seed']": 5, "fit(data_seed)": 6}),
    ],
)  # fmt: skip
def test_seeds_in_the_forms_that_people_write(cells: list[str], seeds: dict[str, Any]) -> None:
    assert seeds_of(cells) == seeds


def test_packages_are_those_that_are_imported() -> None:
    import importlib.metadata

    import dateutil
    import PIL
    import sklearn

    from tracker.capture.packages import imported_packages, installed_version

    assert dateutil and PIL and sklearn
    found = {name.lower(): version for name, version in imported_packages().items()}
    for name in ("scikit-learn", "pillow", "python-dateutil", "numpy", "pytest"):
        assert found[name] == importlib.metadata.version(name) == installed_version(name)
    assert "json" not in found and installed_version("no-such-package") is None


def test_a_package_that_several_distributions_share_is_told_by_what_was_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracker.capture.packages import imported_packages

    for name in ("left", "right"):
        (tmp_path / "shared_by_two" / name).mkdir(parents=True)
        (tmp_path / "shared_by_two" / name / "__init__.py").write_text("")
        info = tmp_path / f"two_{name}-1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(f"shared_by_two/{name}/__init__.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("shared_by_two.right")
    monkeypatch.setitem(sys.modules, 5, sys)  # type: ignore[misc]
    assert {name for name in imported_packages() if name.startswith("two-")} == {"two-right"}
    sys.modules.pop("shared_by_two.right")
    sys.modules.pop("shared_by_two")


def test_threads_that_ask_at_once_are_told_the_same(tmp_path: Path) -> None:
    from tracker.capture.packages import _package_of

    for i in range(200):
        info = tmp_path / f"dist_{i}-1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(f"module_{i}/__init__.py,,\n" * 200)
    with ThreadPoolExecutor(4) as pool:
        told = set(pool.map(lambda _: _package_of("module_199", str(tmp_path)), range(4)))
    assert told == {("dist-199", "1.0")}


def test_the_hash_seed_is_the_one_that_the_process_began_with(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    told = "import os; os.environ['PYTHONHASHSEED'] = '7'; from tracker.capture.environment import environment"
    told += "; print(environment()['hash_seed'])"
    assert python(told, PYTHONHASHSEED="random").stdout.split() == ["random"]


def test_outside_a_repository_nothing_of_git(tmp_path: Path) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker")
        seen = shell.run("%%track\nx = 1")
        assert "git" not in environment(tmp_path, seen.card["id"]) or Path("/.git").exists()
        assert "environment.json" in [a["path"] for a in seen.card["artifacts"]]
