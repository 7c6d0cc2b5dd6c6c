"""What stands for a step's source: its statements without comments and layout, and those that they need.

A notebook and a script are their cells. A function is its own text, what it uses of its module, and the modules of the
pipeline's folder that they import, so that a change elsewhere does not run it again.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from tracker.capture.magics import plain_tree
from tracker.exceptions import InvalidValue
from tracker.projects.notebooks import INJECTED, interface, read_notebook, source_of
from tracker.projects.pipelines.scripts import read_script

_MAX_MODULES: Final = 500


def read_cells(kind: str, file: Path) -> dict[str, Any]:
    """A notebook's or a script's cells, as a notebook."""
    return read_notebook(file) if kind == "notebook" else read_script(file)


def source_digest(kind: str, file: Path, source: str, folder: Path) -> str:
    """What changes when the step would do something else."""
    if kind == "function":
        texts, trees = _function(file, source.rpartition(".")[2])
    else:
        sources = [source_of(cell) for cell in _code_cells(read_cells(kind, file))]
        parsed = [(text, plain_tree(text)) for text in sources]
        texts = [text if tree is None else ast.unparse(tree) for text, tree in parsed]
        trees = [tree for _, tree in parsed if tree is not None]
    running = hashlib.sha256()
    for text in (*texts, *_modules(trees, file, folder)):
        running.update(f"{len(text)}:{text}".encode("utf-8", "surrogatepass"))
    return running.hexdigest()[:32]


def upstream_in(kind: str, file: Path, source: str) -> list[str] | None:
    """What the source itself says that it is downstream of: `upstream = […]` among the parameters of a notebook or
    script, `upstream["…"]` in a function."""
    if kind != "function":
        told = (interface(read_cells(kind, file)) or {}).get("upstream")
        value = told.value if told is not None and told.is_known else None
        if value is None:
            return None
        if isinstance(value, str):
            return [value]
        if isinstance(value, (list, tuple, set, dict)):
            return sorted(map(str, value)) if isinstance(value, set) else [str(one) for one in value]
        raise InvalidValue(f"{file} sets upstream to {value!r}: the names of tasks, or None.")
    found: dict[str, None] = {}
    for node in ast.walk(functions_in(file)[source.rpartition(".")[2]]):
        match node:
            case ast.Subscript(value=ast.Name(id="upstream"), slice=ast.Constant(value=str() as name)):
                found[name] = None
    return list(found)


def functions_in(file: Path) -> dict[str, ast.FunctionDef]:
    """The functions that a module defines at its top level. Raises InvalidValue for a mistake in its syntax."""
    return {node.name: node for node in _tree(file).body if isinstance(node, ast.FunctionDef)}


def arguments_of(function: ast.FunctionDef) -> tuple[set[str], set[str], bool]:
    """The names of its arguments, of those without a default, and whether it takes any other by `**`."""
    told = function.args
    plain = [*told.posonlyargs, *told.args]
    needed = {one.arg for one in plain[: len(plain) - len(told.defaults)]}
    needed |= {one.arg for one, default in zip(told.kwonlyargs, told.kw_defaults, strict=True) if default is None}
    return {one.arg for one in (*plain, *told.kwonlyargs)}, needed, told.kwarg is not None


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"), str(file))
    except (SyntaxError, ValueError) as error:
        raise InvalidValue(f"{file} is no Python: {error}.") from None


def _code_cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in notebook["cells"]:
        tags = cell.get("metadata", {}).get("tags", []) if isinstance(cell.get("metadata"), dict) else []
        if cell.get("cell_type") == "code" and INJECTED not in tags:
            yield cell


def _function(file: Path, name: str) -> tuple[list[str], list[ast.AST]]:
    """A function and, of its module, what it uses, in the module's order."""
    body = _tree(file).body
    makers: dict[str, list[int]] = {}
    for index, statement in enumerate(body):
        for bound in _bound(statement):
            makers.setdefault(bound, []).append(index)
    wanted, waiting = set[int](), [name]
    while waiting:
        for index in makers.pop(waiting.pop(), ()):
            if index not in wanted:
                wanted.add(index)
                waiting += [node.id for node in ast.walk(body[index]) if isinstance(node, ast.Name)]
    kept: list[ast.AST] = [body[index] for index in sorted(wanted)]
    return [ast.unparse(node) for node in kept], kept


def _bound(statement: ast.stmt) -> Iterable[str]:
    """The names that a statement binds, in branches too."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]


def _modules(trees: Iterable[ast.AST], file: Path, folder: Path) -> Iterator[str]:
    """The texts of the modules in the pipeline's folder that are imported, and of those that they import."""
    seen: set[Path] = set()
    waiting = [(node, file) for tree in trees for node in ast.walk(tree)]
    while waiting:
        node, importer = waiting.pop()
        for module in _imported(node, importer, folder):
            if module in seen or module == file or len(seen) >= _MAX_MODULES:
                continue
            seen.add(module)
            tree = plain_tree(module.read_text(encoding="utf-8", errors="replace"))
            if tree is not None:
                waiting += [(inner, module) for inner in ast.walk(tree)]
    for module in sorted(seen):
        text = module.read_text(encoding="utf-8", errors="replace")
        tree = plain_tree(text)
        yield f"{module.relative_to(folder)}\n{text if tree is None else ast.unparse(tree)}"


def _imported(node: ast.AST, importer: Path, folder: Path) -> Iterator[Path]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _files(folder, alias.name)
    elif isinstance(node, ast.ImportFrom):
        base = folder if node.level == 0 else importer.parents[min(node.level, len(importer.parents)) - 1]
        yield from _files(base, node.module or "")
        for alias in node.names:
            yield from _files(base, f"{node.module}.{alias.name}" if node.module else alias.name)


def _files(base: Path, dotted: str) -> Iterator[Path]:
    place = base
    for part in dotted.split(".") if dotted else ():
        place = place / part
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                yield file
