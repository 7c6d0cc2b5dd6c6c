"""`MLproject` files: a project's name, its environment and its entry points, in MLflow's grammar.

Invariants: what is read may come from anywhere; it is checked whole before anything is run, and files that it names
lie inside the project's folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tracker.exceptions import InvalidValue, NotFound
from tracker.store.artifacts import resolve_inside
from tracker.yaml_files import read_mapping

FILE_NAME: Final = "MLproject"
SCRIPTS: Final = (".py", ".sh", ".R", ".ipynb")
EnvironmentKind = Literal["none", "python", "conda", "docker"]
_ENVIRONMENTS: Final = {"python_env": "python", "conda_env": "conda", "docker_env": "docker"}
_DEFAULT_FILES: Final = {"python": "python_env.yaml", "conda": "conda.yaml"}
_KNOWN: Final = {"name", "entry_points", "python_env", "conda_env", "docker_env"}


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: its type's name, and its default (None: it must be given)."""

    name: str
    type: str = "string"
    default: Any = None


@dataclass(frozen=True)
class EntryPoint:
    """What can be run: a command's template with the parameters that it declares, or a script or notebook by its path.

    `declares` is false where the file says nothing of parameters, so that any are passed on.
    """

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    script: str | None = None

    @property
    def declares(self) -> bool:
        """Whether the project says what parameters there are."""
        return self.script is None


@dataclass(frozen=True)
class DockerEnvironment:
    """The image, the volumes as docker takes them, and variables: pairs are set, names are taken from outside."""

    image: str
    volumes: tuple[str, ...] = ()
    variables: tuple[tuple[str, str] | str, ...] = ()


@dataclass(frozen=True)
class Project:
    """A folder with what its `MLproject` says; without one, a folder of scripts."""

    folder: Path
    name: str | None = None
    entry_points: Mapping[str, EntryPoint] = field(default_factory=dict)
    environment: EnvironmentKind = "none"
    environment_file: Path | None = None
    docker: DockerEnvironment | None = None

    def entry_point(self, name: str) -> EntryPoint:
        """The entry point of this name, or the script or notebook of this path. Raises NotFound, with what there is."""
        found = self.entry_points.get(name)
        if found is not None:
            return found
        if Path(name).suffix in SCRIPTS:
            if not resolve_inside(self.folder, name).is_file():
                raise NotFound(f"The project {self.folder} has no file {name!r}.{self._choices()}")
            return EntryPoint(name, "", script=name)
        raise NotFound(f"The project {self.folder} has no entry point {name!r}.{self._choices()}")

    def _choices(self) -> str:
        if self.entry_points:
            return f" It has: {', '.join(self.entry_points)}; a script ({', '.join(SCRIPTS)}) can be named too."
        there = sorted(file.name for file in self.folder.iterdir() if file.suffix in SCRIPTS)[:20]
        scripts = f" The scripts in it: {', '.join(there)}." if there else ""
        return f" It has no {FILE_NAME} file with entry points.{scripts}"


def load_project(folder: Path) -> Project:
    """The project in a folder. Raises InvalidValue for an `MLproject` with a mistake."""
    file = _find(folder)
    if file is None:
        return Project(folder, **_default_environment(folder))
    told = read_mapping(file)
    _check_names(told, _KNOWN, f"{file}", ignored=("databricks_spark_job", "description", "version"))
    environments = [key for key in _ENVIRONMENTS if told.get(key) is not None]
    if len(environments) > 1:
        raise InvalidValue(f"{file} has {' and '.join(environments)}: a project has one environment.")
    name = told.get("name")
    points = _mapping(told.get("entry_points"), f"entry_points in {file}")
    return Project(
        folder,
        None if name is None else str(name),
        {str(key): _entry_point(str(key), value, file) for key, value in points.items()},
        **(_environment(environments[0], told, folder, file) if environments else _default_environment(folder)),
    )


def _find(folder: Path) -> Path | None:
    try:
        return next((file for file in sorted(folder.iterdir()) if file.name.lower() == FILE_NAME.lower()), None)
    except OSError as error:
        raise NotFound(f"The project {folder} cannot be read: {error.strerror}.") from error


def _entry_point(name: str, told: Any, file: Path) -> EntryPoint:
    where = f"the entry point {name!r} in {file}"
    told = _mapping(told, where)
    _check_names(told, {"parameters", "command"}, where)
    command = told.get("command")
    if not isinstance(command, str) or not command.strip():
        raise InvalidValue(f"{where[0].upper()}{where[1:]} has no command.")
    parameters = _mapping(told.get("parameters"), f"the parameters of {where}")
    return EntryPoint(
        name, command, {str(key): _parameter(str(key), value, where) for key, value in parameters.items()}
    )


def _parameter(name: str, told: Any, where: str) -> Parameter:
    if told is None or isinstance(told, str):
        return Parameter(name, told or "string")
    told = _mapping(told, f"the parameter {name!r} of {where}")
    _check_names(told, {"type", "default"}, f"the parameter {name!r} of {where}")
    return Parameter(name, str(told.get("type", "string")), told.get("default"))


# -- the environment


def _default_environment(folder: Path) -> dict[str, Any]:
    for kind, name in _DEFAULT_FILES.items():
        if (folder / name).is_file():
            return {"environment": kind, "environment_file": folder / name}
    return {}


def _environment(key: str, told: Mapping[str, Any], folder: Path, file: Path) -> dict[str, Any]:
    kind, value = _ENVIRONMENTS[key], told[key]
    if kind == "docker":
        return {"environment": kind, "docker": _docker(_mapping(value, f"docker_env in {file}"), file)}
    if not isinstance(value, str):
        raise InvalidValue(f"{key} in {file} is the name of a file; got {value!r}.")
    place = resolve_inside(folder, value)
    if not place.is_file():
        raise NotFound(f"{file} names the environment file {value}, which is not there.")
    return {"environment": kind, "environment_file": place}


def _docker(told: Mapping[str, Any], file: Path) -> DockerEnvironment:
    _check_names(told, {"image", "volumes", "environment"}, f"docker_env in {file}")
    image, volumes, variables = told.get("image"), told.get("volumes") or [], told.get("environment") or []
    if not isinstance(image, str) or not image or image.startswith("-"):
        raise InvalidValue(f"docker_env in {file} has no image.")
    if not isinstance(volumes, list) or not all(isinstance(one, str) for one in volumes):
        raise InvalidValue(f'The volumes of docker_env in {file} are a list of texts, as ["/data:/data"].')
    pairs: list[tuple[str, str] | str] = []
    for one in variables if isinstance(variables, list) else [None]:
        if isinstance(one, list) and len(one) == 2:
            pairs.append((str(one[0]), str(one[1])))
        elif isinstance(one, str):
            pairs.append(one)
        else:
            raise InvalidValue(
                f"The environment of docker_env in {file} is a list of [name, value] pairs, and of names to be copied."
            )
    return DockerEnvironment(image, tuple(volumes), tuple(pairs))


# -- checks


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValue(f"{where[0].upper()}{where[1:]}: a mapping of names is expected; got {value!r:.80}.")
    return value


def _check_names(told: Mapping[str, Any], known: Iterable[str], where: str, ignored: Iterable[str] = ()) -> None:
    strange = sorted(str(key) for key in told if key not in known and key not in ignored)
    if strange:
        raise InvalidValue(
            f"{where[0].upper()}{where[1:]} has {', '.join(strange)}; known are {', '.join(sorted(known))}."
        )
