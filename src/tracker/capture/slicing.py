"""The slice: the executions that made what one execution read, in their order, and how it is kept.

Invariants: going backwards, an execution belongs to the slice when it bound a name that is needed and not bound
again since, changed an object that is needed, wrote a file that is needed, moved a random generator since its last
seed that something in the slice drew from, set the process up, or may have done anything; each then needs what it
read itself. The last cell is the run's own.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from .beside import source_beside
from .session import Execution, Session

FORMAT: Final = 1
MAX_MODULE_BYTES: Final = 2_000_000
MAX_MODULES: Final = 500


def slice_of(executions: list[Execution], last: Execution) -> list[Execution]:
    """The executions that `last` stands on, and itself; `executions` are those before it, in order."""
    kept = [last]
    names: set[str] = set()
    objects: set[int] = set()
    cut = False
    files: set[str] = set()
    listed: set[str] = set()
    floors: dict[str, int] = {}
    everything = False

    def include(execution: Execution) -> None:
        nonlocal cut, everything, objects, names
        names -= execution.bound | {execution.shown}
        names |= execution.needs
        objects |= execution.read.ids
        cut |= execution.read.cut
        files.difference_update(execution.files.replaced)
        files.update(execution.files.read | execution.files.asked | execution.taken | execution.listed)
        listed.update(execution.listed)
        files.update(os.path.dirname(path) for path in (*execution.files.written, *execution.files.read))
        everything |= execution.unknown
        for generator in execution.drew - (execution.seeded if execution.seeded_first else frozenset()):
            seed = _last_seed(executions, execution.number, generator)
            if seed is not None:
                floors[generator] = min(floors.get(generator, seed), seed)

    def is_wanted(execution: Execution) -> bool:
        return (
            not names.isdisjoint(execution.touched)
            or execution.shown in names
            or not objects.isdisjoint(execution.changed.ids)
            or (cut and execution.changed.cut)
            or not files.isdisjoint(execution.files.written)
            or any(os.path.dirname(path) in listed for path in execution.files.written if listed)
            or (execution.unknown and bool(names))
            or (bool(floors) and any(execution.number >= floors.get(name, sys.maxsize) for name in execution.drew))
        )

    include(last)
    for index in range(last.number - 1, -1, -1):
        execution = executions[index]
        if not everything and not execution.left_traces:
            continue
        wants = bool(names or objects or files or floors) or cut
        if everything or execution.serves_all or (wants and is_wanted(execution)):
            include(execution)
            kept.append(execution)
    return kept[::-1]


def _last_seed(executions: list[Execution], before: int, generator: str) -> int | None:
    return next((i for i in range(before - 1, -1, -1) if generator in executions[i].seeded), None)


# -- as it is kept


def cells_json(session: Session, cells: list[Execution], modules: Iterable[str]) -> bytes:
    """The slice as `code/cells.json`: sources as they were typed, in the order of execution."""
    written = sorted({path for cell in cells for path in cell.files.written})
    home = os.path.realpath(session.folder)
    return json.dumps(
        {
            "format": FORMAT,
            "folder": session.origin,
            "executed": len(session.executions),
            "cells": [{"count": cell.count, "source": cell.source, "error": cell.error} for cell in cells],
            "written": [_relative(path, home) for path in written],
            "read": [
                _relative(path, home)
                for path in sorted({path for cell in cells for path in cell.files.read} - set(written))[:1_000]
                if os.path.exists(path)  # to try is not to read
            ],
            "modules": sorted(modules),
        },
        ensure_ascii=False, indent=1,
    ).encode("utf-8", "replace")  # fmt: skip


def _relative(path: str, home: str) -> str:
    return os.path.relpath(path, home) if path.startswith(home + os.sep) else path


def script(cells: list[Execution], transform: Callable[[str], str]) -> str:
    """The slice as one Python file, cells apart by `# %%`. Cells that hold magics stand in the form that IPython
    makes of them (`transform`), so that the file is Python: run it by `ipython`, or by `python` if there are none."""
    return "\n".join(f"# %% [{cell.count}]\n{_as_python(cell, transform)}\n" for cell in cells)


def _as_python(cell: Execution, transform: Callable[[str], str]) -> str:
    source = cell.source if _is_python(cell.source) else _transformed(cell.source, transform)
    if not _is_python(source):
        return "".join(f"# {line}\n" for line in source.splitlines())
    return source.strip("\n") if cell.error is None else _until_it_failed(cell, source)


@lru_cache(maxsize=4_096)
def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


@lru_cache(maxsize=4_096)
def _transformed(source: str, transform: Callable[[str], str]) -> str:
    return transform(source)


def _until_it_failed(cell: Execution, source: str) -> str:
    """A cell that raised: what ran before as it is, the statement that raised with its exception passed over."""
    line = cell.failed_line
    if line is None:
        return source.strip("\n")
    failing = next((s for s in ast.parse(source).body if s.lineno <= line <= (s.end_lineno or s.lineno)), None)
    if failing is None:
        return source.strip("\n")
    before = "\n".join(source.split("\n")[: failing.lineno - 1]).strip("\n")
    body = "\n".join("    " + text for text in ast.unparse(failing).split("\n"))
    return (
        f"{before}\ntry:  # it raised {cell.error} in the notebook too\n{body}\nexcept BaseException:\n    pass".strip(
            "\n"
        )
    )


# -- modules beside the notebook

_known: tuple[int, str, list[str]] = (0, "", [])


def local_modules(folder: str) -> list[str]:
    """The source files below `folder` of the modules that are imported, as real paths."""
    global _known
    if _known[0] != len(sys.modules) or _known[1] != folder:
        _known = (len(sys.modules), folder, list(_found_modules(os.path.realpath(folder))))
    return _known[2]


def _found_modules(folder: str) -> Iterable[str]:
    inside = folder.rstrip(os.sep) + os.sep
    found: set[str] = set()
    for module in list(sys.modules.values()):
        path = source_beside(module)
        if path is not None and path.startswith(inside) and len(found) < MAX_MODULES:
            found.add(path)
    return found


def kept_path(path: str, folder: str) -> str | None:
    """Where a file below `folder` is kept among a run's files; None if it is not below it, or too large."""
    relative = os.path.relpath(path, os.path.realpath(folder))
    try:
        if relative.startswith("..") or Path(path).stat().st_size > MAX_MODULE_BYTES:
            return None
    except OSError:
        return None
    return "code/files/" + Path(relative).as_posix()
