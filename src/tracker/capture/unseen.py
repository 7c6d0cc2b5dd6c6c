"""Files that libraries open by themselves, without Python's knowing: told from the source.

Invariants: leans to too much. A library that opens files in its own code (Arrow, Polars, HDF5, …) raises no audit
event: its readers are known by their library and name, and a path that was not noted beforehand means that what was
read is not known.
"""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from types import ModuleType
from typing import Any, Final

from .known import words
from .paths import path_of
from .scopes import word_of

_NATIVE: Final = words(
    """
    pyarrow polars h5py lightgbm xgboost catboost cv2 torch torchvision torchaudio tensorflow safetensors tokenizers
    onnxruntime netCDF4 tables rasterio fiona pyogrio osgeo soundfile faiss SimpleITK decord av lance deltalake
    pyreadstat python_calamine fastexcel duckdb _duckdb adbc_driver_manager connectorx datasets sentencepiece fasttext
    """
)
_ALWAYS: Final = frozenset({"duckdb", "_duckdb", "adbc_driver_manager", "connectorx"})
_OTHERWISE: Final = frozenset({"load_state_dict"})
_THROUGH: Final = frozenset(
    {
        ("pandas", "read_parquet"),
        ("pandas", "read_hdf"),
        ("pandas", "read_orc"),
        ("scipy", "mmread"),
        ("scipy", "mminfo"),
    }
)
"""Readers of other libraries that hand a folder, or any path, on to one of those."""
_READERS: Final = re.compile(
    r"(?:read|scan|load|open|imread|from_file|from_pretrained|input_stream|memory_map|mmap)(?:_\w+)?"
    r"|File|Dataset|DMatrix|QuantileDMatrix|Booster|Pool|InferenceSession|safe_open|OSFile|dataset|ParquetFile|sql"
    r"|mmread|ParquetDataset|ORCFile|SQLContext|LocalFileSystem|VideoReader|VideoCapture|RecordBatchFileReader|VideoFileClip"
)
_METHODS: Final = words("load_model from_file open_input_file open_input_stream execute sql read_table from_pretrained")
_WRITERS: Final = re.compile(r"(?:write|sink|save|dump|export)(?:_\w+)?|OSFile|\w+Writer|File|VideoWriter")
_WRITING: Final = words("write pwrite writev sendfile ftruncate mkfifo mknod fchmod fchown chmod chown setxattr")
"""Functions of `os` that raise no event, or leave a file as large and as old as it was."""
_TAKES_DATA: Final = frozenset({"Dataset", "DMatrix", "QuantileDMatrix", "Pool", "Booster"})
_PATTERN: Final = re.compile(r"[*?\[{]|://")


def unseen_file(
    trees: Iterable[ast.AST], names: Mapping[str, Any], settled: Mapping[str, Any], asked: set[str]
) -> bool:
    """Whether code may have read a file that nobody noted: `names` after the cell, `settled` those that it did not
    bind; `asked` are the paths that were noted."""
    noted = {os.path.realpath(path) for path in asked}
    for tree in trees:
        aliases = dict(_aliases(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _reads_unseen(node, aliases, names, settled, noted):
                return True
    return False


def unseen_writer(trees: Iterable[ast.AST], names: Mapping[str, Any]) -> str:
    """A call by which code may write to a file that nobody noted; empty for none."""
    for tree in trees:
        aliases = dict(_aliases(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                library, name = _callee(node.func, aliases, names)
                is_writer = library in _NATIVE and _WRITERS.fullmatch(name)
                if is_writer or (library in ("os", "posix") and name in _WRITING) or name == "chmod":
                    return name
    return ""


def _aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _reads_unseen(
    call: ast.Call, aliases: Mapping[str, str], names: Mapping[str, Any], settled: Mapping[str, Any], noted: set[str]
) -> bool:
    library, name = _callee(call.func, aliases, names)
    if library in _ALWAYS:
        return True
    if name == "getattr" and call.args:
        return _callee(call.args[0], aliases, names)[0] in _NATIVE
    is_native = library in _NATIVE or (library, name) in _THROUGH
    opens = is_native and _READERS.fullmatch(name) and name not in _OTHERWISE
    if not opens or ((library, name) == ("torch", "load") and "jit" not in ast.unparse(call.func)):
        return name in _METHODS and library not in _PYTHON_LIBRARIES and not _are_noted(call, settled, noted)
    if name in _TAKES_DATA and not any(_may_be_text(arg, names) for arg in _given(call)):
        return False
    return not _are_noted(call, settled, noted)


_PYTHON_LIBRARIES: Final = words("pandas sqlite3 sqlalchemy sklearn joblib")


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _are_noted(call: ast.Call, settled: Mapping[str, Any], noted: set[str]) -> bool:
    """Whether each text that a call is given is a file that was noted, and there is one."""
    first = (
        call.args[:1]
        or [one.value for one in call.keywords if one.arg and re.search("file|path|source|where", one.arg)][:1]
    )
    if not first:
        return _READERS.fullmatch(word_of(call.func)) is None or word_of(call.func) in _TAKES_DATA
    parts = first[0].elts if isinstance(first[0], (ast.List, ast.Tuple)) else first
    for part in parts:
        path = path_of(part, settled)
        if path is None:
            return isinstance(part, ast.Name) and part.id in settled and not _is_text(settled[part.id])
        real = os.path.realpath(path)
        if _PATTERN.search(path) or os.path.isdir(real) or real not in noted:
            return False
    return bool(parts)


def _may_be_text(node: ast.expr, names: Mapping[str, Any]) -> bool:
    if isinstance(node, ast.Name):
        return _is_text(names.get(node.id))
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and _is_text(names.get(node.value.id))
    if isinstance(node, ast.Call):
        return word_of(node.func) in {"Path", "join", "str", "format", "joinpath", "resolve", "fspath"}
    return isinstance(node, (ast.JoinedStr, ast.BinOp, ast.List, ast.Attribute)) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _is_text(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return any(isinstance(item, (str, bytes, PurePath)) for item in value[:100])
    return value is None or isinstance(value, (str, bytes, PurePath))


def _callee(node: ast.expr, aliases: Mapping[str, str], names: Mapping[str, Any]) -> tuple[str, str]:
    """The library and the name of what is called; "" for a library that cannot be told."""
    if isinstance(node, ast.Attribute):
        return _callee(node.value, aliases, names)[0], node.attr
    if isinstance(node, ast.Call):
        return _callee(node.func, aliases, names)[0], ""
    if not isinstance(node, ast.Name):
        return "", ""
    if node.id in aliases:
        return aliases[node.id].partition(".")[0], aliases[node.id].rpartition(".")[2]
    value = names.get(node.id)
    while isinstance(value, functools.partial):
        value = value.func
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0], node.id
    home = getattr(value, "__module__", None) if callable(value) else type(value).__module__
    return str(home or "").partition(".")[0], str(getattr(value, "__name__", node.id)) if callable(value) else node.id
