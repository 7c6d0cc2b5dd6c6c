"""What a run stood on beside its code and data: Python, platform, packages, hardware, seeds, and the state of git.

Invariants: no library is imported for it; what takes longer than a moment (`git diff`) runs in `Worktree`, beside the
cell; text from outside is bounded.
"""

from __future__ import annotations

import ast
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from .literals import evaluate, is_literal
from .magics import plain_tree
from .packages import imported_packages
from .settings import working_folder

MAX_DIFF: Final = 1_000_000
MAX_UNTRACKED: Final = 100
GIT_SECONDS: Final = 10
_MAX_TOLD: Final = 2 * MAX_DIFF
_OTHER_REPOSITORY: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE"})
"""Set where git runs this process, in a hook say: they would turn it away from the folder that it is asked of."""
_SEEDERS: Final = frozenset({"seed", "manual_seed", "manual_seed_all", "set_seed", "seed_everything", "default_rng",
                             "RandomState", "PRNGKey", "set_random_seed", "Random", "SeedSequence", "PCG64", "MT19937",
                             "Philox", "SFC64"})  # fmt: skip
_SEED_NAMES: Final = frozenset({"random_state", "seed", "random_seed"})
_MAX_SEEDS: Final = 50
_MAY_SEED: Final = re.compile(r"seed|rng|random|PCG64|MT19937|Philox|SFC64", re.I)


def environment() -> dict[str, Any]:
    """The environment as JSON."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": _platform(),
        "machine": hardware(),
        "packages": imported_packages(),
        "hash_seed": _hash_seed(),
        "process": {"prefix": sys.prefix, "folder": working_folder(), "threads": _thread_variables()},
    }


@lru_cache(maxsize=1)
def _platform() -> str:
    return platform.platform()


@lru_cache(maxsize=1)
def _hash_seed() -> str:
    """As the process was started: what a cell puts into os.environ changes nothing of it."""
    if not sys.flags.hash_randomization:
        return "0"
    told = os.environ.get("PYTHONHASHSEED", "")
    with suppress(OSError), open("/proc/self/environ", "rb") as file:
        variables = dict(line.partition(b"=")[::2] for line in file.read(_MAX_TOLD).split(b"\0"))
        told = variables.get(b"PYTHONHASHSEED", b"").decode()
    return told if told not in ("", "0") else "random"


def _thread_variables() -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "PYTHONPATH")
    return {name: os.environ[name] for name in names if name in os.environ}


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


class Named(str):
    """A seed that stands under this name."""


@lru_cache(maxsize=2_000)
def seeds(source: str) -> dict[str, Any]:
    """Seeds that the cell sets: {what was called, or the keyword, or the name: value}. A value that is another name
    is Named: which it was, an earlier cell may tell."""
    tree = plain_tree(source) if _MAY_SEED.search(source) else None
    if tree is None:
        return {}
    found: dict[str, Any] = {}
    bound: dict[str, Any] = {}
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    local = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            bound[node.targets[0].id] = _seed(node.value)
        for name, value in _seeding(node):
            seed = _seed(value)
            if not (isinstance(seed, Named) and id(node) in local) and len(found) < _MAX_SEEDS:
                found[name] = seed
    told = {name: bound.get(seed, seed) if isinstance(seed, Named) else seed for name, seed in found.items()}
    return {name: seed for name, seed in told.items() if seed is not None}


def seeds_of(sources: Iterable[str]) -> dict[str, Any]:
    """Those that cells set one after another, the last one under a name; what a name stood for is told by the cells
    before."""
    found: dict[str, Any] = {}
    for told in filter(None, map(seeds, sources)):
        for name, seed in told.items():
            known = found.get(seed) if isinstance(seed, Named) else seed
            if known is not None:
                found[name] = known
    return found


def _seeding(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Where a syntax node seeds something: the name to tell it by, and the seed."""
    match node:
        case ast.Call(func=ast.Name() | ast.Attribute() as function, args=args, keywords=keywords):
            name = ast.unparse(function)
            last = name.rpartition(".")[2]
            if args and (last in _SEEDERS or name.endswith("random.key")):
                yield name, args[0]
            for keyword in keywords:
                if _is_seed_name(keyword.arg or "") or (keyword.arg == "a" and last == "seed"):
                    yield f"{name}({keyword.arg})", keyword.value
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _seeds_bound(target, value)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _seeds_bound(target, value)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and _is_seed_name(str(key.value)):
                    yield f"[{key.value!r}]", value


def _seeds_bound(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if _is_seed_name(_last_name(target)):
        yield ast.unparse(target), value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for part, piece in zip(target.elts, value.elts, strict=True):
            yield from _seeds_bound(part, piece)


def _last_name(target: ast.expr) -> str:
    """The name that an assignment binds: of a variable, an attribute or a key."""
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
    return ""


def _is_seed_name(name: str) -> bool:
    plain = name.lower()
    return plain in _SEED_NAMES or plain.endswith("_seed")


def _seed(value: ast.expr) -> int | str | None:
    if isinstance(value, ast.Name):
        return Named(value.id)
    known = evaluate(value) if is_literal(value) else None
    return known if isinstance(known, (int, str)) and not isinstance(known, bool) else None


# -- git


class Worktree:
    """The uncommitted changes of a folder's repository, asked of git in a thread of its own."""

    def __init__(self, folder: str) -> None:
        self.diff = ""
        self.changed: bool | None = None
        self.untracked: list[str] = []
        self.untracked_total = 0
        self.cut = False
        self._folder = folder
        self._thread = threading.Thread(target=self._ask, name="tracker-git", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether git has answered, after at most so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def as_json(self) -> dict[str, Any]:
        """What environment.json tells of it; `changed` is None where git could not be asked."""
        more = {"untracked_total": self.untracked_total} if self.untracked_total > len(self.untracked) else {}
        return {"changed": self.changed, "untracked": self.untracked, "diff_cut": self.cut} | more

    def _ask(self) -> None:
        how = ("--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--src-prefix=a/",
               "--dst-prefix=b/", "-O/dev/null")  # fmt: skip
        diff = self._git("diff", "HEAD", *how)
        if diff is None and self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:  # no commit yet
            diff = self._git("diff", "--cached", *how)
        names = (self._git("ls-files", "--others", "--exclude-standard", "-z") or b"").split(b"\0")
        self.changed = None if diff is None else bool(diff)
        self.cut = len(diff or b"") > MAX_DIFF
        self.diff = (diff or b"")[:MAX_DIFF].decode("utf-8", "replace")
        self.untracked_total = sum(map(bool, names))
        self.untracked = [name.decode("utf-8", "replace") for name in names[:MAX_UNTRACKED] if name]

    def _git(self, *arguments: str) -> bytes | None:
        """The first bytes of what git says; None if it could not be asked, or did not know."""
        command = ["git", "-C", self._folder, "-c", "core.fsmonitor=false", "-c", "core.quotepath=false", *arguments]
        quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        inherited = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
        try:
            process = subprocess.Popen(  # noqa: S603
                command, env=inherited | quiet, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError:
            return None
        late = threading.Timer(GIT_SECONDS, process.kill)
        late.daemon = True
        late.start()
        with process, suppress(OSError):
            told = process.stdout.read(_MAX_TOLD) if process.stdout is not None else b""
            if len(told) == _MAX_TOLD:
                process.kill()
            cut, code = len(told) == _MAX_TOLD, process.wait()
            late.cancel()
            return told if code == 0 or cut else None
        return None
