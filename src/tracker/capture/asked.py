"""What code asks that equal inputs do not settle: chance, the machine, whether files are there, workers, files that
are opened without Python's knowing.

Invariants: told from the source alone, of the cell and of the functions that it reaches; leans to too much. A library
that opens files by itself (Arrow, Polars, HDF5, …) raises no audit event: its readers are known by their library and
name, and a path that was not noted beforehand means that what was read is not known.
"""

from __future__ import annotations

import ast
import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from .known import words
from .magics import plain_tree
from .modules import own_modules
from .paths import path_of

_CHANCE: Final = words(
    """
    uuid1 uuid4 urandom token_hex token_bytes token_urlsafe randbelow SystemRandom getrandom secrets
    """
)
_MACHINE: Final = words(
    """
    getpid getppid get_ident get_native_id gethostname getnode getlogin virtual_memory cpu_percent disk_usage
    getloadavg getrusage user_ns _getframe currentframe CDLL cdll LoadLibrary dlopen getswapinfo times umask
    getrlimit stdin gettrace getprofile getsource getsourcelines
    """
)
_CLOCKS: Final = words(
    """
    perf_counter perf_counter_ns monotonic monotonic_ns process_time process_time_ns time_ns thread_time now utcnow
    today ctime default_timer clock_gettime localtime gmtime
    """
)
_PRESENCE: Final = words(
    """
    exists isfile isdir is_file is_dir getsize getmtime getctime getatime stat lstat lexists samefile islink
    is_symlink readlink access
    """
)
_WORKERS: Final = words(
    """
    delayed ProcessPoolExecutor Pool apply_async starmap imap imap_unordered get_context Process ray dask
    """
)
_LOOKING: Final = words("eval globals locals get_ipython In Out _ih _oh")
_LOCAL: Final = re.compile(r"(?<![\w.])@\w")
_ASKING: Final = words("time uuid secrets os posix random datetime")
_SEEDED: Final = words("default_rng RandomState PCG64 MT19937 Philox SFC64 SeedSequence seed Random")
_NATIVE: Final = words(
    """
    pyarrow polars h5py lightgbm xgboost catboost cv2 torch torchvision torchaudio tensorflow safetensors tokenizers
    onnxruntime netCDF4 tables rasterio fiona pyogrio osgeo soundfile faiss SimpleITK decord av lance deltalake
    pyreadstat python_calamine fastexcel duckdb _duckdb adbc_driver_manager connectorx datasets sentencepiece fasttext
    """
)
_ALWAYS: Final = frozenset({"duckdb", "_duckdb", "adbc_driver_manager", "connectorx"})
_OTHERWISE: Final = frozenset({"load_state_dict"})
_THROUGH: Final = frozenset({("pandas", "read_parquet"), ("pandas", "read_hdf"), ("pandas", "read_orc")})
"""Readers of other libraries that hand a folder, or any path, on to one of those."""
_READERS: Final = re.compile(
    r"(?:read|scan|load|open|imread|from_file|from_pretrained|input_stream|memory_map|mmap)(?:_\w+)?"
    r"|File|Dataset|DMatrix|QuantileDMatrix|Booster|Pool|InferenceSession|safe_open|OSFile|dataset|ParquetFile|sql"
    r"|ParquetDataset|ORCFile|SQLContext|LocalFileSystem|VideoReader|VideoCapture|RecordBatchFileReader|VideoFileClip"
)
_METHODS: Final = words("load_model from_file open_input_file open_input_stream execute sql read_table from_pretrained")
_TAKES_DATA: Final = frozenset({"Dataset", "DMatrix", "QuantileDMatrix", "Pool", "Booster"})
_MAX_SOURCE: Final = 2_000_000
_PATTERN: Final = re.compile(r"[*?\[{]|://")
Functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


def chance_of(trees: Iterable[ast.AST], names: Mapping[str, Any], asked: set[str]) -> str:
    """What code asks that may answer otherwise, empty for nothing; `names` are those that it did not bind, `asked` the
    paths that were noted."""
    for tree in trees:
        for node in ast.walk(tree):
            word = _word(node)
            if isinstance(node, ast.Name):
                word = _own_name(names.get(node.id)) or word
                if word in _LOOKING or (word == "vars" and not _has_arguments(tree, node)):
                    return "for names that its text does not tell"
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _LOCAL.search(node.value):
                return "for names that its text does not tell"
            if word in _CHANCE or (isinstance(node, ast.Call) and _word(node.func) in _SEEDED and _is_unseeded(node)):
                return "chance"
            if word in _MACHINE or (isinstance(node, ast.Name) and word == "id"):
                return "the machine"
            if word in _WORKERS:
                return "other processes"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _is_typed(node.func.id, names):
                return "a person"
            if isinstance(node, ast.Call) and _word(node.func) in _PRESENCE and not _is_settled(node, names, asked):
                return "whether files are there"
    return ""


def _word(node: ast.AST) -> str:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word):
            return word
    return ""


def _is_unseeded(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return all(isinstance(one, ast.Constant) and one.value is None for one in given)


def _own_name(value: Any) -> str:
    """What a function of the standard library is called at home, whatever it is called here."""
    if isinstance(value, (BuiltinFunctionType, FunctionType)) and value.__module__ in _ASKING:
        return value.__name__
    return ""


def _is_typed(name: str, names: Mapping[str, Any]) -> bool:
    return name == "getpass" or (name == "input" and name not in names)


def _has_arguments(tree: ast.AST, name: ast.Name) -> bool:
    return any(isinstance(node, ast.Call) and node.func is name and node.args for node in ast.walk(tree))


def _is_settled(call: ast.Call, names: Mapping[str, Any], asked: set[str]) -> bool:
    """Whether the path that a call asks for is known before it runs."""
    if _word(call.func) not in {"exists", "isfile", "isdir", "is_file", "is_dir"}:
        return False
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    path = path_of(call.args[0] if call.args or owner is None else owner, names)
    return path is not None and os.path.abspath(path) in asked


# -- the code that a cell runs


def reached_code(cells: Sequence[str], used: frozenset[str]) -> list[ast.AST]:
    """The last cell's tree, and the functions and classes that it may use of the cells before it and of the user's
    modules; `used` are the names that all of it mentions."""
    *before, last = cells
    tree = plain_tree(last)
    found: list[ast.AST] = [] if tree is None else [tree]
    pieces = chain(*map(_pieces, before), *(_module_pieces(path, digest) for path, digest in own_modules()))
    return found + [piece for name, piece in pieces if name is None or name in used]


_Pieces = tuple[tuple[str | None, ast.AST], ...]


@lru_cache(maxsize=1_000)
def _pieces(source: str) -> _Pieces:
    """The functions and classes in a cell with their names, and its lambdas; each with the imports beside it."""
    return tuple(_functions(plain_tree(source)))


@lru_cache(maxsize=200)
def _module_pieces(path: str, digest: str) -> _Pieces:
    """The same of a module that is in the file as it has that digest."""
    try:
        with open(path, "rb") as file:
            return tuple(_functions(ast.parse(file.read(_MAX_SOURCE))))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ()


def _functions(tree: ast.Module | None) -> Iterator[tuple[str | None, ast.AST]]:
    nodes = list(ast.walk(tree)) if tree is not None else []
    imports: list[ast.stmt] = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in nodes:
        if isinstance(node, ast.Lambda):
            yield None, ast.Module([*imports, ast.Expr(node)], [])
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, ast.Module([*imports, node], [])


# -- clocks


def reads_clock(trees: Iterable[ast.AST], names: Mapping[str, Any], clocks: frozenset[str] | None = None) -> bool:
    """Whether code asks what time it is; with `clocks`, otherwise than to tell how long something took: to work
    out these names alone, or to print."""
    return any(
        _asks_time(node, names)
        for tree in trees
        for node in (ast.walk(tree) if clocks is None else _beside(tree, clocks))
    )


def _asks_time(node: ast.AST, names: Mapping[str, Any]) -> bool:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word, asname=str()) if word in _CLOCKS:
            return True
        case ast.Name(id=name) if _own_name(names.get(name)) in {*_CLOCKS, "time"}:
            return True
        case ast.Attribute(attr="time", value=ast.Name(id="time" | "_time")):
            return True
        case ast.Constant(value="now" | "today"):
            return True
    return False


def _beside(tree: ast.AST, clocks: frozenset[str]) -> Iterator[ast.AST]:
    """The nodes of statements that do more with a clock than to tell how long something took."""
    for statement in getattr(tree, "body", []):
        inner = [block for name in ("body", "orelse", "finalbody") for block in getattr(statement, name, [])]
        inner += [
            one for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())) for one in part.body
        ]
        if inner and not isinstance(statement, Functions):
            heads = [child for child in ast.iter_child_nodes(statement) if child not in inner]
            for head in heads:
                if isinstance(head, ast.expr | ast.withitem):
                    yield from _uses(head, clocks)
            yield from _beside(ast.Module(inner, []), clocks)
        elif not _only_measures(statement, clocks):
            yield from _uses(statement, clocks)


def _uses(node: ast.AST, clocks: frozenset[str]) -> Iterator[ast.AST]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in clocks and isinstance(part.ctx, ast.Load):
            yield ast.Constant("now")
        yield part


def _only_measures(statement: ast.stmt, clocks: frozenset[str]) -> bool:
    match statement:
        case ast.Assign(targets=targets):
            return all(isinstance(target, ast.Name) and target.id in clocks for target in targets)
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            return name in clocks
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"))):
            return name in clocks
        case ast.Expr(value=ast.Call(func=ast.Name(id="print" | "display"))):
            return True
        case ast.Import() | ast.ImportFrom():
            return all(alias.asname is None for alias in statement.names)
    return False


# -- files that are opened without Python


def paths_given(tree: ast.AST, values: Mapping[str, Any]) -> Iterator[str]:
    """The paths that the calls of a cell are given, where they are built of what is known before it runs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for arg in (*node.args, *(keyword.value for keyword in node.keywords)):
                parts = arg.elts if isinstance(arg, (ast.List, ast.Tuple)) else [arg]
                for part in parts:
                    if not isinstance(part, (ast.Constant, ast.Name)) and (path := path_of(part, values)):
                        yield path


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
        return _READERS.fullmatch(_word(call.func)) is None or _word(call.func) in _TAKES_DATA
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
        return _word(node.func) in {"Path", "join", "str", "format", "joinpath", "resolve", "fspath"}
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
