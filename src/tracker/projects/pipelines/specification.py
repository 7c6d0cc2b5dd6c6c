"""`pipeline.yaml`: tasks with sources, products, parameters and what is upstream of them.

Invariants: every source and product lies inside the pipeline's folder; names are unique; what is upstream exists; there
is no cycle. What of Ploomber's form is not covered is refused by its name, never passed over in silence.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal

from tracker.exceptions import InvalidValue, NotFound
from tracker.projects.pipelines import code
from tracker.store.artifacts import resolve_inside
from tracker.yaml_files import read_mapping

FILE_NAME: Final = "pipeline.yaml"
Kind = Literal["notebook", "script", "function"]
_TASK_KEYS: Final = {"source", "name", "product", "upstream", "params", "class"}
_OF_PLOOMBER_ONLY: Final = {
    "papermill_params", "executor", "kernelspec_name", "static_analysis", "nbconvert_exporter_name", "local_execution",
    "nb_product_key",
}  # fmt: skip
_CLASSES: Final = {"NotebookRunner", "ScriptRunner", "PythonCallable"}
_TOP_KEYS: Final = {"tasks", "meta", "executor", "config"}
_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FUNCTION: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class Task:
    """One step. `products` are paths by name; a single product has the name "" and is handed over as a path."""

    name: str
    kind: Kind
    source: str
    file: Path
    products: Mapping[str, Path]
    params: Mapping[str, Any] = field(default_factory=dict)
    upstream: tuple[str, ...] = ()

    @property
    def notebook_product(self) -> Path | None:
        """Where the executed notebook goes, if that is asked for."""
        if self.kind == "function":
            return None
        if "" in self.products:
            return self.products[""]
        return self.products.get("nb")

    @property
    def data_products(self) -> dict[str, Path]:
        """The products but the executed notebook."""
        notebook = self.notebook_product
        return {name: path for name, path in self.products.items() if path != notebook}


@dataclass(frozen=True)
class Specification:
    """The tasks in an order in which they can run."""

    file: Path
    tasks: tuple[Task, ...]

    @property
    def folder(self) -> Path:
        """Where the pipeline's file lies, and its steps run."""
        return self.file.parent

    def task(self, name: str) -> Task:
        """The task of this name. Raises NotFound."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise NotFound(f"{self.file} has no task {name!r}. It has: {', '.join(task.name for task in self.tasks)}.")


def load(path: str | os.PathLike[str]) -> Specification:
    """The pipeline at a path: the file, or the folder with `pipeline.yaml`. Raises NotFound, InvalidValue."""
    file = Path(path).expanduser().absolute()
    file = file / FILE_NAME if file.is_dir() else file
    if not file.is_file():
        raise NotFound(f"There is no pipeline at {file}.")
    told = _filled(read_mapping(file, lists_as="tasks"), file)
    _refuse(told, _TOP_KEYS, f"{file}")
    entries = told.get("tasks")
    if not isinstance(entries, list) or not entries:
        raise InvalidValue(f"{file} has no list of tasks.")
    extracts = _extracts(told.get("meta"))
    drafts = [_draft(entry, number, file.parent) for number, entry in enumerate(entries, 1)]
    names = [draft.name for draft in drafts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidValue(f"{file} has more than one task {twice[0]!r}: give each its own name.")
    tasks = [_linked(draft, entry, names, extracts, file) for draft, entry in zip(drafts, entries, strict=True)]
    _check_products(tasks, file)
    return Specification(file, tuple(_in_order(tasks, file)))


def _extracts(meta: Any) -> bool:
    return not (isinstance(meta, dict) and meta.get("extract_upstream") is False)


# -- one task


def _draft(entry: Any, number: int, folder: Path) -> Task:
    """A task without what is upstream of it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("source"), str):
        raise InvalidValue(f"Task {number} of {folder / FILE_NAME} has no source.")
    source = entry["source"]
    name = str(entry.get("name") or _name_of(source))
    where = f"The task {name!r}"
    _refuse({key: value for key, value in entry.items() if key not in _OF_PLOOMBER_ONLY}, _TASK_KEYS, where)
    if entry.get("class", "NotebookRunner") not in _CLASSES:
        raise InvalidValue(f"{where} is of the class {entry['class']}; covered are {', '.join(sorted(_CLASSES))}.")
    params = entry.get("params") or {}
    if not isinstance(params, dict) or not all(isinstance(key, str) and key.isidentifier() for key in params):
        raise InvalidValue(f"{where} has params that are no mapping of names: {params!r:.80}.")
    reserved = sorted(set(params) & {"product", "upstream"})
    if reserved:
        raise InvalidValue(f"{where} has the parameter {reserved[0]}, which is a word of the pipeline's own.")
    kind, file = _place_of(source, folder, where)
    return Task(name, kind, source, file, _products(entry.get("product"), folder, where), params)


def _name_of(source: str) -> str:
    return Path(source).stem if source.endswith((".py", ".ipynb", ".R", ".sh", ".sql")) else source.rpartition(".")[2]


def _place_of(source: str, folder: Path, where: str) -> tuple[Kind, Path]:
    if source.endswith((".ipynb", ".py")):
        file = _inside(folder, source, where)
        if not file.is_file():
            raise NotFound(f"{where} has the source {source}, which is not in {folder}.")
        return ("notebook" if source.endswith(".ipynb") else "script"), file
    if not _FUNCTION.fullmatch(source):
        raise InvalidValue(f"{where} has the source {source!r}: covered are .ipynb, .py, and functions as module.name.")
    module, _, name = source.rpartition(".")
    base = folder / module.replace(".", "/")
    file = next((one for one in (base.with_suffix(".py"), base / "__init__.py") if one.is_file()), base)
    if not file.is_file():
        raise NotFound(f"{where} has the source {source}; there is no module {module} in {folder}.")
    if name not in code.functions_in(file):
        raise NotFound(f"{where} has the source {source}; {file.name} has no function {name}.")
    return "function", file


def _products(told: Any, folder: Path, where: str) -> dict[str, Path]:
    if isinstance(told, str) and told:
        return {"": _inside(folder, told, where)}
    if isinstance(told, dict) and told and all(isinstance(value, str) for value in told.values()):
        return {str(key): _inside(folder, value, where) for key, value in told.items()}
    raise InvalidValue(f"{where} has no product: the path of what it makes, or a mapping of names to paths.")


def _inside(folder: Path, name: str, where: str) -> Path:
    path = Path(name)
    if path.is_absolute():
        if not path.is_relative_to(folder):
            raise InvalidValue(f"{where} names {name}, which is not in the pipeline's folder {folder}.")
        path = path.relative_to(folder)
    return resolve_inside(folder, os.path.normpath(path))


# -- the graph


def _linked(draft: Task, entry: Mapping[str, Any], names: list[str], extracts: bool, file: Path) -> Task:
    told = entry.get("upstream")
    if told is None and extracts:
        told = code.upstream_in(draft.kind, draft.file, draft.source)
    wanted = [told] if isinstance(told, str) else list(told or ())
    found: list[str] = []
    for one in map(str, wanted):
        matching = [name for name in names if name != draft.name and fnmatchcase(name, one)] if "*" in one else [one]
        if not matching or any(name not in names for name in matching):
            raise InvalidValue(
                f"The task {draft.name!r} in {file} is downstream of {one!r}, which is no task: {', '.join(names)}."
            )
        found += matching
    return Task(
        draft.name, draft.kind, draft.source, draft.file, draft.products, draft.params, tuple(dict.fromkeys(found))
    )


def _in_order(tasks: list[Task], file: Path) -> Iterator[Task]:
    """Each after what is upstream of it, else as they stand. Raises InvalidValue that names a cycle."""
    waiting = {task.name: task for task in tasks}
    while waiting:
        ready = next((task for task in waiting.values() if not any(name in waiting for name in task.upstream)), None)
        if ready is None:
            raise InvalidValue(f"{file} has a cycle: {' → '.join(_cycle(waiting))}. A step cannot wait for itself.")
        yield waiting.pop(ready.name)


def _cycle(waiting: Mapping[str, Task]) -> list[str]:
    """Names along one cycle, in the order of the work, the first one at both ends."""
    path = [next(iter(waiting))]
    while True:
        before = next(name for name in waiting[path[-1]].upstream if name in waiting)
        if before in path:
            return [before, *reversed(path[path.index(before) :])]
        path.append(before)


def _check_products(tasks: list[Task], file: Path) -> None:
    makers: dict[Path, str] = {}
    for task in tasks:
        for path in task.products.values():
            if makers.setdefault(path, task.name) != task.name:
                raise InvalidValue(f"{file}: {makers[path]} and {task.name} both make {path.relative_to(file.parent)}.")


# -- the file


def _filled(told: dict[str, Any], file: Path) -> dict[str, Any]:
    """With `{{name}}` replaced by what `env.yaml` beside the file says, or Ploomber's own words."""
    environment = file.parent / "env.yaml"
    known = {"here": str(file.parent), "root": str(file.parent), "cwd": str(Path.cwd()), "user": getpass.getuser()}
    known |= read_mapping(environment) if environment.is_file() else {}

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(one) for key, one in value.items()}
        if isinstance(value, list):
            return [replaced(one) for one in value]
        if not isinstance(value, str):
            return value
        whole = _PLACE.fullmatch(value)
        for name in _PLACE.findall(value):
            if name not in known:
                raise InvalidValue(f"{file} has {{{{{name}}}}}, which env.yaml does not set.")
        return known[whole[1]] if whole else _PLACE.sub(lambda found: str(known[found[1]]), value)

    return {key: replaced(value) for key, value in told.items()}


def _refuse(told: Mapping[str, Any], known: set[str], where: str) -> None:
    strange = sorted(str(key) for key in told if key not in known)
    if strange:
        raise InvalidValue(f"{where} has {', '.join(strange)}, which is not covered; {', '.join(sorted(known))} are.")
