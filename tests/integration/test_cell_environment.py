"""What a run stood on is kept with it: git, packages, seeds, hardware; and a cell does not wait for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kernels import Kernel, kernel


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


def test_outside_a_repository_nothing_of_git(tmp_path: Path) -> None:
    with kernel(tmp_path) as shell:
        shell.run("%load_ext tracker")
        seen = shell.run("%%track\nx = 1")
        assert "git" not in environment(tmp_path, seen.card["id"]) or Path("/.git").exists()
        assert "environment.json" in [a["path"] for a in seen.card["artifacts"]]
