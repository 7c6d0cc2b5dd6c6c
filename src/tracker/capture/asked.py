"""What code asks that equal inputs do not settle: chance, the machine, clocks, whether files are there, workers.

Invariants: told from the source alone, of the cell and of the functions that it reaches; leans to too much.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from .known import words
from .magics import plain_tree
from .modules import own_modules
from .paths import path_of
from .scopes import word_of

_CHANCE: Final = words(
    """
    uuid1 uuid4 urandom token_hex token_bytes token_urlsafe randbelow SystemRandom getrandom secrets mktemp mkdtemp
    mkstemp
    """
)
_MACHINE: Final = words(
    """
    getpid getppid get_ident get_native_id gethostname getnode getlogin virtual_memory cpu_percent disk_usage
    getloadavg getrusage user_ns _getframe currentframe CDLL cdll LoadLibrary dlopen getswapinfo times umask
    getrlimit stdin gettrace getprofile getsource getsourcelines getline getlines getrefcount getsizeof getweakrefcount
    getweakrefs get_objects get_referrers get_count active_count memory_info memory_full_info getallocatedblocks
    get_traced_memory sched_getaffinity nice getpriority string_at wstring_at from_address threadpool_info
    """
)
_CLOCKS: Final = words(
    """
    perf_counter perf_counter_ns monotonic monotonic_ns process_time process_time_ns time_ns thread_time now utcnow
    today ctime default_timer clock_gettime localtime gmtime timeit
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
    delayed ProcessPoolExecutor Pool apply_async starmap imap imap_unordered get_context Process ray dask SharedMemory
    ShareableList
    """
)
_LOOKING: Final = words("eval globals locals get_ipython In Out _ih _oh")
_LOCAL: Final = re.compile(r"(?<![\w.])@\w")
_ASKING: Final = words("time uuid secrets os posix random datetime")
_SEEDED: Final = words("default_rng RandomState PCG64 MT19937 Philox SFC64 SeedSequence seed Random")
_BY_CHANCE: Final = {
    "sample": ("polars", "seed"), "shuffle": ("polars", "seed"), "create_study": ("", "sampler"),
    "TPESampler": ("", "seed"), "RandomSampler": ("optuna", "seed"), "CmaEsSampler": ("", "seed"),
    "NSGAIISampler": ("", "seed"), "QMCSampler": ("", "seed"), "GPSampler": ("", "seed"),
}  # fmt: skip
"""What draws by chance where it is not given this argument; of this library alone, if one is named."""
_MAX_SOURCE: Final = 2_000_000
_ELSEWHERE: Final = re.compile(r"(?:https?|s3a?|gs|gcs|abfss?|az|ftp|hdfs|dask)://\S")
_OF_SYSTEM: Final = re.compile(r"/(?:proc|sys|dev/shm)/")
_OPEN_FILES: Final = words("read pread readv preadv")
_Functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


def chance_of(trees: Iterable[ast.AST], names: Mapping[str, Any], asked: set[str]) -> str:
    """What code asks that may answer otherwise, empty for nothing; `names` are those that it did not bind, `asked` the
    paths that were noted."""
    for tree in trees:
        for node in ast.walk(tree):
            word = word_of(node)
            if isinstance(node, ast.Name):
                word = _own_name(names.get(node.id)) or word
                if word in _LOOKING or (word == "vars" and not _has_arguments(tree, node)):
                    return "for names that its text does not tell"
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _LOCAL.search(node.value):
                return "for names that its text does not tell"
            if word in _CHANCE or (isinstance(node, ast.Call) and _draws(node, names)):
                return "chance"
            if (elsewhere := _elsewhere(node, names)) is not None:
                return elsewhere
            if word in _MACHINE or (isinstance(node, ast.Name) and word == "id"):
                return "the machine"
            if word in _WORKERS:
                return "other processes"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _is_typed(node.func.id, names):
                return "a person"
            if isinstance(node, ast.Call) and _asks_presence(node, names, asked):
                return "whether files are there"
    return ""


def _asks_presence(call: ast.Call, names: Mapping[str, Any], asked: set[str]) -> bool:
    """Whether a call asks what is at a path, or hands on a function that does."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(isinstance(one, ast.Name | ast.Attribute) and word_of(one) in _PRESENCE for one in given):
        return True
    return word_of(call.func) in _PRESENCE and not _is_settled(call, names, asked)


def _draws(call: ast.Call, names: Mapping[str, Any]) -> bool:
    """Whether a call seeds a generator, or draws from one that nobody can seed, by chance."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if word_of(call.func) in _SEEDED:
        return all(_is_none(one, names) for one in given)
    library, settled = _BY_CHANCE.get(word_of(call.func), ("", ""))
    if not settled or (library and library != _home(call.func, names)):
        return False
    return not any(keyword.arg == settled for keyword in call.keywords)


def _is_none(node: ast.expr, names: Mapping[str, Any]) -> bool:
    """Whether an expression is None, as far as that can be told without asking an object."""
    match node:
        case ast.Constant(value=value):
            return value is None
        case ast.Name(id=name):
            return name in names and names[name] is None
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            return getattr(names.get(name), "__dict__", {}).get(attr, 0) is None
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)):
            holder = names.get(name)
            return type(holder) is dict and holder.get(key, 0) is None
    return False


def _home(node: ast.expr, names: Mapping[str, Any]) -> str:
    """The library of what stands at the root of a chain of calls and attributes."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    value = names.get(node.id) if isinstance(node, ast.Name) else None
    home = value.__name__ if isinstance(value, ModuleType) else type(value).__module__
    return str(home).partition(".")[0]


def _elsewhere(node: ast.AST, names: Mapping[str, Any]) -> str | None:
    """What a node asks beyond files that are opened by their names."""
    text = node.value if isinstance(node, ast.Constant) else None
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        text = names.get(node.id)
    if type(text) is str and _ELSEWHERE.match(text):
        return "the network"
    if isinstance(node, ast.Constant) and type(text) is str and _OF_SYSTEM.match(text):
        return "the machine"
    match node:
        case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
            return "which modules are loaded"
        case ast.Attribute(attr="__array_interface__" | "__array_struct__"):
            return "an address in memory"
        case ast.keyword(arg="dir_fd"):
            return "an open folder"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr=attr), args=[ast.Name(id=name), *_]):
            return "an open file" if attr in _OPEN_FILES and type(names.get(name)) is int else None
        case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="fdopen"), args=[ast.Name(id=name), *_]):
            return "an open file" if type(names.get(name)) is int else None
    return None


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
    if word_of(call.func) not in {"exists", "isfile", "isdir", "is_file", "is_dir"}:
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
        case ast.Call(func=ast.Attribute(attr="strftime", value=ast.Name(id="time")), args=[_], keywords=[]):
            return True
        case ast.Call(func=ast.Attribute(attr="asctime"), args=[], keywords=[]):
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
        if inner and not isinstance(statement, _Functions):
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
