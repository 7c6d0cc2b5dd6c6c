"""Environments that projects run in: this one, or one made from the project's file by uv, venv, conda or docker.

Invariants: an environment is made once for its content and kept in the user's cache; one that was not finished is
made anew; several processes may ask at once. Programs get argument vectors.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from tracker.exceptions import InvalidState, InvalidValue
from tracker.projects.specification import Project
from tracker.store import locks
from tracker.store.artifacts import resolve_inside
from tracker.yaml_files import read_mapping

Manager = Literal["local", "uv", "virtualenv", "conda"]
MANAGERS: Final = ("local", "uv", "virtualenv", "conda")
_OWN_NEEDS: Final = ("duckdb>=2.0", "numpy", "orjson", "pyarrow", "pyyaml", "xxhash")
_NOTEBOOK_NEEDS: Final = ("ipykernel", "nbclient", "nbformat", "anywidget", "pandas")
_OLDEST: Final = (3, 11)
_DONE: Final = ".tracker-complete"
_OPTIONS_TAKEN: Final = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable")


@dataclass(frozen=True)
class Wanted:
    """What an environment is made of: Python's version (None: this one's), and pip's arguments."""

    python: str | None = None
    build: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    conda_file: Path | None = None


@dataclass(frozen=True)
class Environment:
    """Where a project's programs are found, and what its processes are told."""

    manager: str
    python: str
    folders: tuple[str, ...] = ()
    """Put before PATH."""
    variables: Mapping[str, str] = field(default_factory=dict)
    library: Path | None = None
    """A folder with tracker alone, for PYTHONPATH: where it is not installed itself."""

    def variables_over(self, outer: Mapping[str, str]) -> dict[str, str]:
        """The variables of a process in this environment; `tracker` is found in it as it was found here."""
        path = os.pathsep.join([*self.folders, outer.get("PATH", os.defpath)])
        home = str(self.library or Path(__file__).resolve().parents[2])
        own = [one for one in outer.get("PYTHONPATH", "").split(os.pathsep) if one] if self.library is None else []
        return {
            **{name: value for name, value in outer.items() if name != "PYTHONHOME"}, **self.variables, "PATH": path,
            "PYTHONPATH": os.pathsep.join(dict.fromkeys([*own, home])),
        }  # fmt: skip


def choose_manager(project: Project, asked: str | None) -> Manager:
    """The manager that was asked for, else the one that the project's file is for; "local" where it has none.

    Raises InvalidValue, InvalidState where it is not installed.
    """
    if asked is not None and asked not in MANAGERS:
        raise InvalidValue(f"env_manager is {', '.join(MANAGERS)}; got {asked!r}.")
    if asked is not None:
        return asked  # type: ignore[return-value]
    if project.environment == "python":
        return "uv" if shutil.which("uv") else "virtualenv"
    return "conda" if project.environment == "conda" else "local"


def environment_for(project: Project, manager: Manager, notebook: bool = False, say: Any = None) -> Environment:
    """The environment of a project, made if need be. Raises InvalidValue, InvalidState with what the program said."""
    if manager == "local":
        return local_environment()
    wanted = wanted_by(project)
    needs = (*_OWN_NEEDS, *(_NOTEBOOK_NEEDS if notebook else ()))
    if manager == "conda":
        return _by_conda(project, wanted, needs, say)
    if wanted.python is not None and _version(wanted.python) < _OLDEST:
        if say is not None:
            say(f"The project asks for Python {wanted.python}, which tracker is too new for: it runs with "
                f"{platform.python_version()}.")  # fmt: skip
        wanted = replace(wanted, python=None)
    told = {_plain_name(one) for one in wanted.packages}
    further = tuple(one for one in needs if _plain_name(one) not in told)
    place = cached(_digest(manager, wanted, further, project.folder))
    with _held(place):
        if not (place / _DONE).is_file():
            shutil.rmtree(place, ignore_errors=True)
            if say is not None:
                say(f"Making the environment of {project.name or project.folder.name} with {manager}.")
            make_environment(place, manager, wanted, further, project.folder)
            (place / _DONE).touch()
    bin_folder = place / ("Scripts" if os.name == "nt" else "bin")
    return Environment(
        manager, str(bin_folder / "python"), (str(bin_folder),), {"VIRTUAL_ENV": str(place)}, own_library()
    )


def local_environment() -> Environment:
    """This process's environment: `python` is this Python."""
    folder = Path(sys.executable).parent
    if not (folder / "python").exists():  # a system that has python3 alone
        folder = cached("python-" + hashlib.sha256(sys.executable.encode()).hexdigest()[:12])
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "python").exists():
            (folder / "python").symlink_to(sys.executable)
    return Environment("local", sys.executable, (str(folder), str(Path(sys.executable).parent)))


def cached(name: str) -> Path:
    """A place in the user's cache: TRACKER_CACHE, else XDG's."""
    root = os.environ.get("TRACKER_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "tracker"
    )
    return Path(root, "environments", name)


# -- what it is made of


def wanted_by(project: Project) -> Wanted:
    """What the project's file says. Raises InvalidValue."""
    file = project.environment_file
    if file is None:
        return Wanted()
    told = read_mapping(file)
    if project.environment == "conda":
        return _from_conda(told, file)
    python = told.get("python")
    packages = _texts(told.get("dependencies"), f"the dependencies in {file}")
    return Wanted(
        None if python is None else str(python), _texts(told.get("build_dependencies"), f"the dependencies in {file}"),
        tuple(_placed(one, file.parent) for one in packages),
    )  # fmt: skip


def _from_conda(told: Mapping[str, Any], file: Path) -> Wanted:
    """What pip can make of a conda file: Python, and the packages that conda and PyPI call the same."""
    python, packages = None, []
    for one in told.get("dependencies") or []:
        if isinstance(one, dict):
            packages += [_placed(line, file.parent) for line in _texts(one.get("pip"), f"the pip part of {file}")]
        elif (match := re.fullmatch(r"(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)\s*([=<>!~].*)?", str(one))) is not None:
            name, rule = match[1], match[2] or ""
            if name == "python":
                python = rule.lstrip("=").split("=")[0] or None
            elif name not in ("pip", "setuptools", "wheel"):
                packages.append(name + re.sub(r"^={1}(?!=)", "==", rule.split("=h")[0]).strip())
        else:
            raise InvalidValue(f"{file} has a dependency that cannot be read: {one!r}.")
    return Wanted(python, (), tuple(packages), file)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidValue(f"{where[0].upper()}{where[1:]} are a list of texts; got {value!r:.80}.")
    return tuple(one.strip() for one in value if one.strip())


def _placed(line: str, folder: Path) -> str:
    """A line for pip; a file that it names is one of the project's."""
    if not line.startswith("-"):
        return line
    option, _, name = line.replace("=", " ", 1).partition(" ")
    if option not in _OPTIONS_TAKEN or not name.strip():
        raise InvalidValue(f"{line!r} is an option of pip that a project's environment cannot have.")
    return f"{option} {resolve_inside(folder, name.strip())}"


def _plain_name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", requirement, maxsplit=1)[0]).lower()


def _digest(manager: str, wanted: Wanted, further: Sequence[str], folder: Path) -> str:
    """What stands for the content: the files that it names are part of it."""
    contents = []
    for line in wanted.packages:
        option, _, name = line.partition(" ")
        if line.startswith("-") and option not in ("-e", "--editable"):
            contents.append(_content(Path(name)))
        elif line.startswith("-"):
            contents.append(str(folder))
    told = [manager, wanted.python, wanted.build, wanted.packages, contents, list(further), sys.executable,
            platform.python_version(), platform.machine()]  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _content(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidValue(f"The project's requirements {file} cannot be read: {error.strerror}.") from error


# -- making it


def make_environment(place: Path, manager: str, wanted: Wanted, further: Sequence[str], folder: Path) -> Path:
    """The Python of a new environment. Raises InvalidState with the program's last words."""
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    arguments = [part for line in (*wanted.packages, *further) for part in _as_arguments(line)]
    if manager == "uv":
        uv = shutil.which("uv")
        if uv is None:
            raise InvalidState("env_manager='uv' needs uv, which is not on the PATH: pip install uv.")
        _run([uv, "venv", "--python", wanted.python or sys.executable, str(place)], folder)
        install = [uv, "pip", "install", "--python", str(python)]
    else:
        _run([_python_of_version(wanted.python), "-m", "venv", str(place)], folder)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if wanted.build:
        _run([*install, *wanted.build], folder)
    _run([*install, *arguments], folder)
    return python


def _as_arguments(line: str) -> list[str]:
    return list(line.partition(" ")[::2]) if line.startswith("-") else [line]


def _version(text: str) -> tuple[int, ...]:
    """The first two numbers of a version or a rule for one; far ahead where there are none."""
    found = tuple(int(part) for part in re.findall(r"\d+", text)[:2])
    return found if len(found) == 2 else (99,)


def _python_of_version(version: str | None) -> str:
    """A Python of this version that is installed. Raises InvalidState."""
    wanted = (version or "").strip("= ").split(".")[:2]
    if not wanted[0] or wanted == [str(part) for part in sys.version_info[: len(wanted)]]:
        return sys.executable
    found = shutil.which("python" + ".".join(wanted))
    if found is None:
        raise InvalidState(
            f"The project wants Python {version}, which is not installed; this is {platform.python_version()}. "
            "--env-manager uv brings any version; --env-manager local runs it with this one."
        )
    return found


def own_library() -> Path:
    """A folder with tracker alone and its metadata (which name its plugins), for environments where it is not
    installed."""
    from importlib import metadata

    home = Path(__file__).resolve().parents[1]
    try:
        told = metadata.distribution("jupyter-tracker")
        files = {name: told.read_text(name) or "" for name in ("METADATA", "entry_points.txt")}
    except metadata.PackageNotFoundError:
        files = {}
    place = cached("library-" + hashlib.sha256(json.dumps([str(home), files]).encode()).hexdigest()[:16])
    with _held(place):
        if not (place / _DONE).is_file():
            shutil.rmtree(place, ignore_errors=True)
            info = place / f"jupyter_tracker-{told.version if files else 0}.dist-info"
            info.mkdir(parents=True)
            (place / "tracker").symlink_to(home)
            for name, text in files.items():
                (info / name).write_text(text, encoding="utf-8")
            (place / _DONE).touch()
    return place


class _held:
    """Holds an environment's place while it is made; others wait."""

    def __init__(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        self._file = place.with_suffix(".lock")
        self._fd = -1

    def __enter__(self) -> None:
        self._fd = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        locks.hold(self._fd)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - a vector, no shell
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise InvalidState(f"The environment of {folder} cannot be made ({Path(command[0]).name}):\n{said}")


# -- conda


def _by_conda(project: Project, wanted: Wanted, needs: Sequence[str], say: Any) -> Environment:
    conda = next(filter(None, map(shutil.which, ("mamba", "conda", "micromamba"))), None)
    if conda is None:
        raise InvalidState(
            "env_manager='conda' needs conda, which is not on the PATH. --env-manager uv or virtualenv makes the "
            "environment from PyPI, --env-manager local runs in this one."
        )
    if wanted.conda_file is None:
        raise InvalidValue(f"The project {project.folder} has no conda.yaml for env_manager='conda'.")
    content = wanted.conda_file.read_bytes() + repr(needs).encode()
    place = cached("conda-" + hashlib.sha256(content).hexdigest()[:32])
    with _held(place):
        if not (place / _DONE).is_file():
            shutil.rmtree(place, ignore_errors=True)
            if say is not None:
                say(f"Making the environment of {project.name or project.folder.name} with conda.")
            _run([conda, "env", "create", "--prefix", str(place), "--file", str(wanted.conda_file)], project.folder)
            if (place / "bin" / "pip").exists():
                _run([str(place / "bin" / "pip"), "install", "--quiet", *needs], project.folder)
            (place / _DONE).touch()
    bin_folder = str(place / "bin")
    variables = {"CONDA_PREFIX": str(place), "CONDA_DEFAULT_ENV": str(place)}
    return Environment("conda", str(place / "bin" / "python"), (bin_folder,), variables, own_library())
