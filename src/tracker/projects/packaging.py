"""A tracked run as a project's folder: `tracker package RUN`.

The folder holds the slice as a notebook, an `MLproject` whose parameters are the slice's literals, the packages with
their versions, the modules and data files of the run, and `package.json`: what the run's metrics and data were.
Invariants: the folder is there whole or not at all; a file that is too large, or lies elsewhere, is a reference with
its digest, checked before the project runs; the numbers are compared when it has run.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tracker.capture.data import file_digest
from tracker.capture.opened import is_installed
from tracker.comparison.reading import environment_of
from tracker.exceptions import AlreadyExists, InvalidValue, NotFound
from tracker.projects.comparison import TOLERANCE, compare_points
from tracker.projects.folder import levels_up, put_modules
from tracker.projects.locking import requirements
from tracker.projects.notebooks import PACKAGED, Default, code_cell, defaults_in
from tracker.projects.report import Report
from tracker.projects.slices import KEPT_FILES, Slice, SlicedCell, read_slice, run_id_of, unmarked
from tracker.projects.specification import FILE_NAME
from tracker.projects.substitution import literal_places
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking import reading
from tracker.tracking.context import current_store
from tracker.yaml_files import yaml_text

CONTENTS: Final = "package.json"
NOTEBOOK: Final = "main.ipynb"
MAX_COPIED: Final = 100_000_000
_MAX_POINTS: Final = 100_000


def package(run: Any, folder: str | os.PathLike[str] | None = None) -> Path:
    """Write the project folder of a tracked run (a Run, its id, the beginning of it, or its name); the folder.

    Without `folder`, one of the run's name, here. Raises NotFound for a run that keeps no slice, AlreadyExists for a
    folder that holds something.
    """
    store = current_store()
    original = reading.get_run(store, run_id_of(store, run))
    kept = read_slice(store, original.info.run_id)
    name = _file_name(original.info.run_name or "run")
    target = Path(folder) if folder is not None else Path(f"{name}-{kept.run_id[:8]}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AlreadyExists(f"{target} is there already and holds something; give another folder by -o.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tracker-package-", dir=target.parent) as place:
        made = Path(os.path.realpath(place), "project")
        made.mkdir()
        _fill(made, store, original, kept, name)
        if target.exists():
            target.rmdir()
        made.rename(target)
    return target


def _fill(place: Path, store: Store, original: Any, kept: Slice, name: str) -> None:
    below = _place_of_notebook(kept)
    working = place / below
    working.mkdir(parents=True, exist_ok=True)
    _put_kept_modules(store, kept, working)
    files = [_put_file(path, kept, place, working) for path in _data_files(store, kept)]
    notebook = _notebook(kept)
    (working / NOTEBOOK).write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    environment = environment_of(store, kept.run_id)
    (place / "requirements.txt").write_text(requirements(environment), encoding="utf-8")
    python = {"python": str(environment["python"])} if environment.get("python") else {}
    _write_yaml(place / "python_env.yaml", {
        **python, "build_dependencies": ["pip"], "dependencies": ["-r requirements.txt"],
    })  # fmt: skip
    _write_yaml(place / FILE_NAME, {
        "name": name, "python_env": "python_env.yaml",
        "entry_points": {"main": {"parameters": _parameters(kept.cells), "command": str(below / NOTEBOOK)}},
    })  # fmt: skip
    told = {
        "format": 1, "run": kept.run_id, "name": original.info.run_name, "status": original.info.status,
        "source": kept.cells[-1].source, "cells": len(kept), "files": files, "metrics": _points(store, kept.run_id),
        "datasets": {one.dataset.name: one.dataset.digest for one in original.inputs.dataset_inputs},
    }  # fmt: skip
    (place / CONTENTS).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip("-.")[:80] or "run"


def _points(store: Store, run_id: str) -> dict[str, list[tuple[int, float]]]:
    found = reading.all_points(store, run_id)
    if sum(map(len, found.values())) > _MAX_POINTS:
        return {key: points[-1:] for key, points in found.items()}
    return found


# -- the notebook


def _notebook(kept: Slice) -> dict[str, Any]:
    """The slice's cells; the last one is tracked, the others run as they did."""
    *earlier, last = kept.cells
    cells = [_cell(unmarked(cell.source), cell.error) for cell in earlier] + [_cell(last.source, last.error)]
    if not any("load_ext tracker" in cell.source for cell in earlier):
        cells.insert(0, code_cell("%load_ext tracker"))
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    return {
        "cells": cells, "nbformat": 4, "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "tracker": {PACKAGED: kept.run_id},
        },
    }  # fmt: skip


def _cell(source: str, error: str | None) -> dict[str, Any]:
    return code_cell(source, "raises-exception") if error is not None else code_cell(source)


def _parameters(cells: Iterable[SlicedCell]) -> dict[str, dict[str, Any]]:
    found = {}
    for name, place in literal_places(list(cells)).items():
        default = defaults_in(f"{name} = {_text(place.value)}").get(name, Default())
        if not default.is_known or default.value is None:
            continue
        number = isinstance(default.value, (int, float)) and not isinstance(default.value, bool)
        plain = default.value if number or isinstance(default.value, str) else repr(default.value)
        found[name] = {"type": "float" if number else "string", "default": plain}
    return found


def _text(node: Any) -> str:
    import ast

    return ast.unparse(node)


# -- files


def _place_of_notebook(kept: Slice) -> PurePosixPath:
    """Where the notebook lies in the package: as deep as its cells name files above it by `..`."""
    levels = levels_up(kept.source)
    parts = PurePosixPath(Path(kept.folder).as_posix()).parts[1:]
    return PurePosixPath(*parts[len(parts) - levels :]) if levels else PurePosixPath()


def _put_kept_modules(store: Store, kept: Slice, working: Path) -> None:
    root = resolve_inside(store.artifact_root(kept.run_id), str(KEPT_FILES))
    names = [str(Path(path).relative_to(KEPT_FILES)) for path in kept.modules if Path(path).is_relative_to(KEPT_FILES)]
    there = [name for name in names if resolve_inside(root, name).is_file() and resolve_inside(working, name)]
    put_modules(root, there, working)


def _data_files(store: Store, kept: Slice) -> list[str]:
    """Files that the cells read and did not make: no modules, nothing of Python, tracker or the store."""
    own = (os.path.realpath(store.root), str(Path(__file__).resolve().parents[1]), sys.prefix, sys.base_prefix)
    foreign = tuple(place + os.sep for place in own)
    modules = {str(PurePosixPath(path).relative_to(KEPT_FILES)) for path in kept.modules}
    found = []
    for path in kept.read:
        real = os.path.realpath(os.path.join(kept.folder, path))
        if path in modules or path in kept.written or real.startswith(foreign) or is_installed(real):
            continue
        if not os.path.isabs(path) or os.path.exists(real):
            found.append(path)
    return found


def _put_file(path: str, kept: Slice, place: Path, working: Path) -> dict[str, Any]:
    """Copy a file that the run read to where it is read in the package, if it lies there; what is told of it."""
    real = os.path.join(kept.folder, path)
    told = file_digest(real)
    if told is None:
        raise NotFound(f"The run read {real}, which is not there any more; its package would not run.")
    target = Path(os.path.normpath(working / os.path.relpath(os.path.realpath(real), os.path.realpath(kept.folder))))
    reference = {"path": path, "size": told.size, "digest": told.digest, "from": real}
    if not target.is_relative_to(place) or told.size > MAX_COPIED:
        return reference | {"kept": False}
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(real, target)
    return reference | {"kept": True, "at": target.relative_to(place).as_posix()}


# -- running it


def contents_of(folder: Path) -> dict[str, Any] | None:
    """What the package in a folder says of itself; None where there is none. Raises InvalidValue."""
    file = folder / CONTENTS
    if not file.is_file():
        return None
    try:
        told = json.loads(file.read_bytes())
    except ValueError as error:
        raise InvalidValue(f"{file} cannot be read: {error}.") from None
    if not isinstance(told, dict) or told.get("format") != 1:
        raise InvalidValue(f"{file} is of a form that this version does not know.")
    return told


def check_files(folder: Path, contents: Mapping[str, Any]) -> list[str]:
    """What differs of the package's files from those that the run read. Raises NotFound for one that is not there."""
    notices = []
    for told in contents.get("files", []):
        path = resolve_inside(folder, str(told["at"])) if told.get("kept") else Path(str(told["from"]))
        found = file_digest(str(path))
        if found is None:
            raise NotFound(
                f"The run read {path} ({told['size']:,} bytes, digest {told['digest']}), which is not there."
            )
        if found.digest != told["digest"]:
            notices.append(f"{path} is not as it was: its digest is {found.digest}, {told['digest']} then.")
    return notices


def judged(store: Store, contents: Mapping[str, Any], run_id: str, changed: Mapping[str, Any]) -> Report:
    """Whether the package's run has the numbers of the run that was packaged."""
    then = {key: [(int(step), float(value)) for step, value in points] for key, points in contents["metrics"].items()}
    now = reading.all_points(store, run_id)
    for key, points in then.items():
        if len(points) == 1 and len(now.get(key, ())) > 1:
            now[key] = now[key][-1:]
    report = Report("failed", str(contents["run"]), run_id, int(contents["cells"]), TOLERANCE, dict(changed))
    compared = compare_points(then, now, str(contents.get("source", "")), TOLERANCE)
    report.equal, report.differences, report.timings = compared.equal, compared.differences, compared.timings
    if changed:
        report.status = "ran"
    elif compared.differences:
        report.status = "differs"
    else:
        report.status = "reproduced" if compared.equal else "nothing to compare"
    return report


def _write_yaml(file: Path, told: dict[str, Any]) -> None:
    file.write_text(yaml_text(told, sorted_keys=False), encoding="utf-8")
