"""What a model needs installed: found from modules it refers to, pinned to the versions of this process.

No subprocess: a module is followed to the distribution that installed it, a module of the user's own to its imports.
"""

from __future__ import annotations

import ast
import importlib.metadata
import io
import os
import pickletools
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.yaml_files import read_yaml, yaml_text

REQUIREMENTS, CONDA, PYTHON_ENV, CONSTRAINTS = "requirements.txt", "conda.yaml", "python_env.yaml", "constraints.txt"
_SERVER = "mlflow>=3"  # so that MLflow, too, can serve the model in an environment of its own
_MOST_PICKLE_BYTES = 32 << 20
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn", "PIL": "pillow", "yaml": "PyYAML", "cv2": "opencv-python", "skimage": "scikit-image",
    "bs4": "beautifulsoup4", "dateutil": "python-dateutil",
}  # fmt: skip
_NEVER = {"tracker", "mlflow", "pip", "setuptools", "IPython", "ipykernel", "__main__", "_distutils_hack"}


def write_environment(
    folder: Path,
    modules: Iterable[str],
    conda_env: Any = None,
    pip_requirements: Any = None,
    extra_pip_requirements: Any = None,
) -> None:
    """Write `requirements.txt`, `conda.yaml` and `python_env.yaml`. Raises InvalidValue for what cannot be read."""
    if conda_env is not None and (pip_requirements is not None or extra_pip_requirements is not None):
        raise InvalidValue("Give either conda_env or pip_requirements and extra_pip_requirements, not both.")
    if conda_env is not None:
        conda = _conda(conda_env)
        lists = [one["pip"] for one in conda.get("dependencies", ()) if isinstance(one, dict) and "pip" in one]
        lines, constraints = [str(line) for line in (lists or [[]])[0]], list[str]()
    else:
        lines, constraints = _lines(modules, pip_requirements, extra_pip_requirements)
        conda = _default_conda(lines)
    if constraints:
        (folder / CONSTRAINTS).write_text("\n".join(constraints), encoding="utf-8")
    (folder / REQUIREMENTS).write_text("\n".join(lines), encoding="utf-8")
    (folder / CONDA).write_text(yaml_text(conda), encoding="utf-8")
    (folder / PYTHON_ENV).write_text(yaml_text(_python_env()), encoding="utf-8")


def _lines(modules: Iterable[str], given: Any, extra: Any) -> tuple[list[str], list[str]]:
    base, held = (pinned(modules), list[str]()) if given is None else _read(given)
    more, also = (list[str](), list[str]()) if extra is None else _read(extra)
    named = {_name(line) for line in more}
    lines = [line for line in base if _name(line) not in named] + more
    if "mlflow" not in {_name(line) for line in lines}:
        lines.insert(0, _SERVER)
    constraints = held + also
    return lines + ([f"-c {CONSTRAINTS}"] if constraints else []), constraints


def _read(told: Any) -> tuple[list[str], list[str]]:
    """Requirements and constraints in a list or file; `-r` and `-c` files are read."""
    if isinstance(told, (str, os.PathLike)):
        return _read_file(told)
    if not isinstance(told, (list, tuple)) or not all(isinstance(line, str) for line in told):
        raise InvalidValue(f"Requirements are a list of texts or the path of a file; got {told!r}.")
    lines: list[str] = []
    constraints: list[str] = []
    for line in told:
        match line.strip().split(None, 1):
            case ["-r" | "--requirement", path]:
                more, also = _read_file(path)
                lines, constraints = lines + more, constraints + also
            case ["-c" | "--constraint", path]:
                constraints += _read_file(path)[0]
            case [] | ["#", *_]:
                continue
            case _:
                lines.append(line.strip())
    return lines, constraints


def _read_file(path: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"The requirements in {os.fspath(path)} cannot be read: {error}.") from error
    kept = [line.split(" #")[0].strip() for line in text.splitlines()]
    return _read([line for line in kept if line and not line.startswith("#")])


def _name(line: str) -> str:
    found = re.match(r"[A-Za-z0-9][\w.\-]*", line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else line


def _conda(told: Any) -> dict[str, Any]:
    env = read_yaml(Path(told)) if isinstance(told, (str, os.PathLike)) else told
    if not isinstance(env, Mapping):
        raise InvalidValue(f"conda_env is a dict or the path of a YAML file; got {type(env).__name__}.")
    return dict(env)


def _default_conda(lines: list[str]) -> dict[str, Any]:
    pip = importlib.metadata.version("pip") if _is_installed("pip") else None
    return {
        "channels": ["conda-forge"],
        "dependencies": [f"python={platform.python_version()}", f"pip<={pip}" if pip else "pip", {"pip": lines}],
        "name": "mlflow-env",
    }


def _python_env() -> dict[str, Any]:
    tools = [name for name in ("pip", "setuptools", "wheel") if _is_installed(name)]
    build = [f"{name}=={importlib.metadata.version(name)}" for name in tools]
    return {
        "python": platform.python_version(),
        "build_dependencies": build or ["pip"],
        "dependencies": [f"-r {REQUIREMENTS}"],
    }


# -- versions


def pinned(modules: Iterable[str]) -> list[str]:
    """The distributions that these modules came from, each with its version, by name."""
    tops = {name.partition(".")[0] for name in modules}
    found = {distribution_of(top) for top in tops}
    return sorted((f"{name}=={version_of(name)}" for name in found if name is not None), key=str.lower)


@lru_cache(maxsize=1024)
def distribution_of(module: str) -> str | None:
    """The distribution that a top-level module came from; None for Python's own, the user's and ours."""
    if module in sys.stdlib_module_names or module in _NEVER:
        return None
    for name in (_DISTRIBUTIONS.get(module, module), module.replace("_", "-")):
        if _is_installed(name):
            return name
    homes = _packages().get(module)
    return homes[0] if homes else None


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def version_of(distribution: str) -> str:
    """The installed version, without a build's own mark, which no index would have."""
    return importlib.metadata.version(distribution).partition("+")[0]


def _is_installed(distribution: str) -> bool:
    try:
        return bool(importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return False


# -- modules


def modules_in_pickle(file: Path) -> set[str]:
    """The modules that a pickle refers to, read without unpickling it."""
    if file.stat().st_size > _MOST_PICKLE_BYTES:
        return set()
    found: set[str] = set()
    for _, text, _ in pickletools.genops(io.BytesIO(file.read_bytes())):
        if isinstance(text, str) and len(text) < 200:
            name = text.split(" ")[0].partition(".")[0]
            if name in sys.modules and distribution_of(name) is not None:
                found.add(name)
    return found | modules_of_own(found)


def modules_of_own(modules: Iterable[str]) -> set[str]:
    """The modules that these, as far as they are the user's own files, import; followed through."""
    found: set[str] = set()
    waiting = [name.partition(".")[0] for name in modules]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name in sys.stdlib_module_names:
            continue
        seen.add(name)
        if distribution_of(name) is not None:
            found.add(name)
            continue
        file = getattr(sys.modules.get(name), "__file__", None)
        if name not in _NEVER and file and file.endswith(".py"):
            waiting += imports_in(Path(file).read_text(encoding="utf-8", errors="replace"))
    return found


def imports_in(source: str) -> set[str]:
    """The top-level modules that a program imports; none if it does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def imports_below(folder: Path) -> set[str]:
    """The modules that the Python files in a folder import, as far as they are installed."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        found |= imports_in(file.read_text(encoding="utf-8", errors="replace"))
    return {name for name in found if distribution_of(name) is not None}
