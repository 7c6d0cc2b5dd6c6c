"""Notebooks as entry points: the cell tagged `parameters` is the interface, as papermill has it.

Invariants: the file is never changed; a value goes in as a literal of its own cell, after the defaults; a notebook that
a run was packaged into takes its values where its cells assign them.
"""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tracker.capture.literals import is_literal
from tracker.capture.magics import plain_tree
from tracker.exceptions import InvalidValue, NotFound
from tracker.projects.parameters import check_unknown
from tracker.projects.slices import SlicedCell
from tracker.projects.specification import EntryPoint, Project
from tracker.projects.substitution import literal, literal_places, with_parameters
from tracker.store.artifacts import resolve_inside

PROGRAM: Final = "tracker.projects.notebook_process"
PARAMETERS: Final = "parameters"
INJECTED: Final = "injected-parameters"
PACKAGED: Final = "package"
_MAX_BYTES: Final = 200_000_000
_TRUE: Final = ("true", "yes", "on", "1")
_FALSE: Final = ("false", "no", "off", "0")
_UNKNOWN: Final = object()


@dataclass(frozen=True)
class Default:
    """What a `parameters` cell says of a name: its value, where that is a literal, and its annotation."""

    value: Any = _UNKNOWN
    annotation: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the value is a literal."""
        return self.value is not _UNKNOWN


def path_of(project: Project, entry: EntryPoint) -> Path | None:
    """The notebook that an entry point runs, or None where it is none. Raises NotFound."""
    name = entry.script
    if name is None:
        try:
            words = shlex.split(entry.command)
        except ValueError:
            return None
        name = words[0] if len(words) == 1 else None
    if name is None or not name.endswith(".ipynb"):
        return None
    file = resolve_inside(project.folder, name)
    if not file.is_file():
        raise NotFound(f"The entry point {entry.name!r} names the notebook {name}, which is not in {project.folder}.")
    return file


def question(file: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the process that executes a notebook is told: the notebook with these values in it, and all its parameters.

    Raises InvalidValue for a name that it does not have, or a value of another type.
    """
    notebook = read_notebook(file)
    if _is_packaged(notebook):
        values, logged = _put_into_cells(notebook, given, file)
    else:
        defaults = interface(notebook)
        if given and defaults is None:
            raise InvalidValue(
                f"{file.name} has no cell tagged {PARAMETERS!r}, so that it takes none; got {', '.join(given)}. Tag "
                "the cell that sets the defaults (in JupyterLab: the gears at the upper right, Cell Tags)."
            )
        values = fitting(defaults or {}, given, file.name)
        inject(notebook, values)
        logged = {name: one.value for name, one in (defaults or {}).items() if one.is_known} | values
    return {
        "notebook": notebook, "file": str(file), "parameters": json.loads(json.dumps(logged, default=repr)),
        "packaged": _is_packaged(notebook), "changed": json.loads(json.dumps(values, default=repr)),
    }  # fmt: skip


def read_notebook(file: Path) -> dict[str, Any]:
    """A notebook's JSON, of format 4. Raises NotFound, InvalidValue."""
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise InvalidValue(f"{file} is larger than {_MAX_BYTES:,} bytes; it is not read.")
        notebook = json.loads(file.read_bytes())
    except OSError as error:
        raise NotFound(f"The notebook {file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{file} is no notebook: {error}.") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise InvalidValue(f"{file} is no notebook of format 4: it has no list of cells.")
    for cell in cells:
        cell["source"] = source_of(cell)
    return dict(notebook)


def code_cell(source: str, *tags: str) -> dict[str, Any]:
    """A new code cell."""
    return {"cell_type": "code", "execution_count": None, "metadata": {"tags": list(tags)} if tags else {},
            "outputs": [], "source": source}  # fmt: skip


def source_of(cell: Mapping[str, Any]) -> str:
    """A cell's text, which the format lets be a list of lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def tagged(notebook: Mapping[str, Any], tag: str) -> int | None:
    """The index of the first code cell with this tag."""
    for index, cell in enumerate(notebook["cells"]):
        metadata = cell.get("metadata")
        tags = metadata.get("tags") if isinstance(metadata, dict) else None
        if cell.get("cell_type") == "code" and isinstance(tags, list) and tag in tags:
            return index
    return None


# -- the interface


def interface(notebook: Mapping[str, Any]) -> dict[str, Default] | None:
    """The names that the `parameters` cell sets, or None without such a cell."""
    index = tagged(notebook, PARAMETERS)
    return None if index is None else defaults_in(source_of(notebook["cells"][index]))


def defaults_in(source: str) -> dict[str, Default]:
    """The names that a source sets at its top level."""
    tree = plain_tree(source)
    found: dict[str, Default] = {}
    for statement in tree.body if tree is not None else ():
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = Default(_value(statement.value))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            value = _UNKNOWN if statement.value is None else _value(statement.value)
            found[statement.target.id] = Default(value, ast.unparse(statement.annotation))
    return found


def _value(node: ast.expr) -> Any:
    if is_literal(node):
        try:
            return ast.literal_eval(node)
        except ValueError:
            pass
    return _UNKNOWN


def fitting(defaults: Mapping[str, Default], given: Mapping[str, Any], whose: str) -> dict[str, Any]:
    """The given values with the types of the defaults. Raises InvalidValue."""
    for name in given:
        check_unknown(name, list(defaults), whose)
    return {name: _fitted(name, defaults[name], value) for name, value in given.items()}


def _fitted(name: str, default: Default, value: Any) -> Any:
    kind = {"int": int, "float": float, "bool": bool, "str": str}.get(default.annotation)
    if kind is None and default.is_known and default.value is not None:
        kind = type(default.value)
        kind = float if kind is int else kind  # `alpha = 1` takes 0.5
    if kind is None or kind is complex:
        return _parsed(value) if isinstance(value, str) else value
    try:
        return _as(kind, value)
    except (ValueError, SyntaxError, TypeError):
        said = {int: "a whole number", float: "a number", bool: "true or false"}.get(kind, f"a {kind.__name__}")
        shown = f", as {default.value!r}" if default.is_known else ""
        raise InvalidValue(f"The parameter {name} is {said}{shown}; got {value!r}.") from None


def _as(kind: type, value: Any) -> Any:
    if kind is str:
        return value if isinstance(value, str) else str(value)
    if kind is bool:
        text = str(value).strip().lower()
        if text not in _TRUE + _FALSE:
            raise ValueError
        return text in _TRUE
    if kind is int:
        if isinstance(value, (bool, float)):
            raise TypeError
        return int(value)
    if kind is float:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                return float(value)
        return value if isinstance(value, int) else float(value)
    found = ast.literal_eval(value) if isinstance(value, str) else value
    if isinstance(found, (list, tuple)) and kind in (list, tuple):
        return kind(found)
    if not isinstance(found, kind):
        raise TypeError
    return found


def _parsed(text: str) -> Any:
    """A text where nothing tells the type: a literal if it is one."""
    if text.strip().lower() in ("none", "null"):
        return None
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def inject(notebook: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Put a cell with these values after the `parameters` cell (else first), in place of one that was put before."""
    before = tagged(notebook, INJECTED)
    if before is not None:
        del notebook["cells"][before]
    if values:
        index = tagged(notebook, PARAMETERS)
        text = "\n".join(f"{name} = {literal(name, value)}" for name, value in values.items())
        notebook["cells"].insert(0 if index is None else index + 1, code_cell(f"# Parameters\n{text}", INJECTED))


# -- a packaged run


def _is_packaged(notebook: Mapping[str, Any]) -> bool:
    metadata = notebook.get("metadata")
    told = metadata.get("tracker") if isinstance(metadata, dict) else None
    return isinstance(told, dict) and bool(told.get(PACKAGED))


def _put_into_cells(
    notebook: dict[str, Any], given: Mapping[str, Any], file: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Other values where the cells assign them; the values given, and all of them."""
    indices = [i for i, cell in enumerate(notebook["cells"]) if cell.get("cell_type") == "code"]
    cells = [SlicedCell(i, source_of(notebook["cells"][i])) for i in indices]
    defaults = {name: Default(_value(place.value)) for name, place in literal_places(cells).items()}
    values = fitting(defaults, given, file.name)
    changed = {name: value for name, value in values.items() if not defaults[name].is_known
               or defaults[name].value != value}  # fmt: skip
    for cell in with_parameters(cells, changed):
        notebook["cells"][cell.count]["source"] = cell.source
    return changed, {name: one.value for name, one in defaults.items() if one.is_known} | values
