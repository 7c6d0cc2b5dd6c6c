"""What a run stood on beside its code and data: Python, platform, packages, hardware, seeds, and the state of git.

Invariants: no library is imported for it; what takes longer than a moment (`git diff`) runs in `Worktree`, beside the
cell; text from outside is bounded.
"""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from .magics import plain_tree
from .packages import imported_packages

MAX_DIFF: Final = 1_000_000
MAX_UNTRACKED: Final = 100
GIT_SECONDS: Final = 10
_SEEDERS: Final = frozenset({"seed", "manual_seed", "manual_seed_all", "set_seed", "seed_everything", "default_rng",
                             "RandomState", "PRNGKey", "set_random_seed", "Random"})  # fmt: skip
_SEED_NAMES: Final = frozenset({"random_state", "seed", "random_seed"})


def environment() -> dict[str, Any]:
    """The environment as JSON."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": _platform(),
        "machine": hardware(),
        "packages": imported_packages(),
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
        "process": {"prefix": sys.prefix, "folder": _folder(), "threads": _thread_variables()},
    }


@lru_cache(maxsize=1)
def _platform() -> str:
    return platform.platform()


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _thread_variables() -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "PYTHONPATH")
    return {name: os.environ[name] for name in names if name in os.environ}


def warm_up() -> None:
    """Find out in a thread what takes a moment the first time, so that no cell waits for it."""
    threading.Thread(target=_warm, name="tracker-environment", daemon=True).start()


def _warm() -> None:
    with suppress(Exception):  # a library that is half imported: the first cell asks again
        environment()


# -- hardware


@lru_cache(maxsize=1)
def hardware() -> dict[str, Any]:
    """Names of the processor and of the graphics cards, the number of cores, and the memory in bytes."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "memory": _memory(), "gpus": _gpus()}


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read(20_000).splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None


def _gpus() -> list[str]:
    """NVIDIA's cards as the kernel driver tells them, Apple's as the machine does."""
    found = []
    try:
        for card in sorted(Path("/proc/driver/nvidia/gpus").iterdir()):
            for line in (card / "information").read_text(errors="replace").splitlines():
                if line.startswith("Model:"):
                    found.append(line.partition(":")[2].strip())
    except OSError:
        pass
    return found


# -- seeds


@lru_cache(maxsize=1_000)
def seeds(source: str) -> dict[str, Any]:
    """Seeds that the cell sets by literals: {what was called, or the keyword: value}."""
    tree = plain_tree(source)
    if tree is None:
        return {}
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
            if name.rpartition(".")[2] in _SEEDERS and node.args:
                _note_seed(found, name, node.args[0])
            for keyword in node.keywords:
                if keyword.arg in _SEED_NAMES:
                    _note_seed(found, f"{name}({keyword.arg})", keyword.value)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id.lower() in _SEED_NAMES:
                    _note_seed(found, target.id, node.value)
    return found


def _note_seed(found: dict[str, Any], name: str, value: ast.expr) -> None:
    if isinstance(value, ast.Constant) and isinstance(value.value, (int, str)) and len(found) < 50:
        found[name] = value.value


# -- git


class Worktree:
    """The uncommitted changes of a folder's repository, asked of git in a thread of its own."""

    def __init__(self, folder: str) -> None:
        self.diff = ""
        self.untracked: list[str] = []
        self.cut = False
        self._folder = folder
        self._thread = threading.Thread(target=self._ask, name="tracker-git", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether git has answered, after at most so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def as_json(self) -> dict[str, Any]:
        """What environment.json tells of it."""
        return {"changed": bool(self.diff), "untracked": self.untracked, "diff_cut": self.cut}

    def _ask(self) -> None:
        diff = self._git("diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short")
        names = self._git("ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
        self.cut = len(diff) > MAX_DIFF
        self.diff = diff[:MAX_DIFF].decode("utf-8", "replace")
        self.untracked = [name.decode("utf-8", "replace") for name in names[:MAX_UNTRACKED] if name]

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-C", self._folder, "-c", "core.fsmonitor=false", "-c", "core.quotepath=false", *arguments]
        quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(  # noqa: S603
                command, env=os.environ | quiet, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_SECONDS
            )
        except (OSError, subprocess.SubprocessError):
            return b""
        return done.stdout if done.returncode == 0 else b""
