"""Whether an earlier run had the same inputs: code of the slice, values, data, files, packages, random states.

Invariants: when unsure, no. Comments, blank lines and the `%%track` line do not count as code; everything else that
can be told does. What a cell reads only while it runs (files, random numbers) is not in the key, which is made
before: it is kept with the record, and compared when the key was found.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

import xxhash

from tracker.fingerprints import Fingerprint, Unreadable, encoded

from .data import file_digest
from .magics import plain_tree
from .modules import own_modules
from .packages import imported_packages, installed_version
from .randomness import random_states
from .session import Execution
from .values import same

MAX_RECORDS: Final = 50
MAX_RECORD_BYTES: Final = 4_000_000
_MAX_PLAIN: Final = 10_000
_MAX_DEPTH: Final = 8
_PLAIN: Final = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, type(None))
_MAGIC: Final = re.compile(r"(?m)^\s*(?:[%!].*|.*=\s*[%!].*)$")
_ENVIRONMENT: Final = re.compile(r"\b(?:environb?|getenv|argv|expandvars)\b")
_TRACK: Final = re.compile(r"\A\s*%%track(?=\s|$)[^\n]*")


def inputs_key(
    cells: list[Execution], names: Mapping[str, Any], data: Mapping[str, Fingerprint]
) -> tuple[str | None, dict[str, str]]:
    """A digest of what the last of `cells` starts from (None where something of it cannot be told for certain), and
    those of the values whose content can be told.

    `names` are the needed names with their values, `data` the fingerprints of those that are datasets.
    """
    if any(found.coverage != "full" for found in data.values()):
        return None, {}
    told = contents(names)
    parts = [platform.python_version(), platform.machine()]
    if any(_ENVIRONMENT.search(cell.source) for cell in cells):
        parts += sorted(f"{name}={value}" for name, value in os.environ.items() if not name.startswith("JPY_"))
        parts += sys.argv
    for cell in cells:
        parts += [_normal(cell.source), str(cell.error)]
    parts += [f"{name}={found.digest}" for name, found in sorted(data.items())]
    parts += [f"{name}:{told}" for name, told in sorted(told.items())]
    parts += [f"{path}:{digest}" for path, digest in sorted(own_modules())]
    running = xxhash.xxh3_128()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        running.update(len(octets).to_bytes(8, "little") + octets)
    return str(running.hexdigest()), told


@lru_cache(maxsize=4_096)
def _normal(source: str) -> str:
    """A digest of a cell's code without what does not count: of its tree, and its magics as they are written."""
    source = _TRACK.sub("", source)
    tree = plain_tree(source)
    code = source if tree is None else f"{ast.dump(tree)}{_MAGIC.findall(source)}"
    return str(xxhash.xxh3_128(code.encode("utf-8", "surrogatepass")).hexdigest())


def contents(names: Mapping[str, Any]) -> dict[str, str]:
    """Digests of the values whose content can be told: plain ones, and objects that are nothing but attributes."""
    return {name: told for name, value in names.items() if (told := _content(value)) is not None}


def untold(names: Mapping[str, Any], data: Mapping[str, Fingerprint]) -> list[str]:
    """The names whose value is neither told by its content nor by the code of the slice alone, as functions are."""
    known = contents(names).keys() | {label.partition("[")[0] for label in data}
    return sorted(name for name, value in names.items() if name not in known and not _is_code(value))


def _is_code(value: Any) -> bool:
    if isinstance(value, FunctionType):
        return not value.__closure__ and not value.__dict__ and not value.__defaults__ and not value.__kwdefaults__
    return isinstance(value, (ModuleType, type, BuiltinFunctionType)) or type(value).__name__ == "ufunc"


def _content(value: Any) -> str | None:
    """None for what is told by the code that made it, is a dataset, or large."""
    try:
        return str(xxhash.xxh3_128(_encoded(value, 0)).hexdigest())
    except (Unreadable, RecursionError):
        return None


def _encoded(value: Any, depth: int) -> bytes:
    kind = type(value)
    if kind in (list, tuple, dict, set, frozenset) and len(value) > _MAX_PLAIN:
        raise Unreadable("too many items")
    if isinstance(value, _PLAIN):
        return encoded(value)
    if not _is_attributes_only(kind) or depth > _MAX_DEPTH:
        raise Unreadable(kind.__name__)
    parts = [f"{kind.__module__}.{kind.__qualname__}".encode()]
    for name, part in vars(value).items():
        data = _attribute(part, depth)
        parts += [name.encode("utf-8", "surrogatepass"), len(data).to_bytes(8, "little"), data]
    return b"\0".join(parts)


def _attribute(part: Any, depth: int) -> bytes:
    if isinstance(part, (list, tuple, dict, set, frozenset)) and len(part) > _MAX_PLAIN:
        raise Unreadable("too many items")
    try:
        return encoded(part)
    except Unreadable:
        if type(part) in (list, tuple):
            return b"[" + b",".join(_attribute(item, depth + 1) for item in part)
        return b"{" + _encoded(part, depth + 1)


class _Bare:
    pass


def _is_attributes_only(kind: type) -> bool:
    """Whether all that an object of this class is stands in its `__dict__`: no class above it is made in C, or has
    slots. A class of the notebook's own is told by its cell."""
    return kind.__module__ != "__main__" and bool(kind.__dictoffset__) and kind.__basicsize__ == _Bare.__basicsize__


# -- records


@dataclass(frozen=True)
class Record:
    """An ended run under its key: what it gave, and what it took while it ran."""

    run: str
    name: str
    ended: float
    metrics: dict[str, float] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    """The states, before the cell, of the random generators from which it drew."""
    folder: str = ""
    """Where relative names of files were looked up."""

    def holds(self, states: Mapping[str, str]) -> bool:
        """Whether what it took is still the same."""
        return (
            (not self.files or self.folder == working_folder())
            and all(states.get(name) == state for name, state in self.states.items())
            and all(_version(name) == version for name, version in self.packages.items())
            and all((found := file_digest(path)) and found.digest == told for path, told in self.files.items())
        )


def _version(name: str) -> str | None:
    return imported_packages().get(name) or installed_version(name)


def working_folder() -> str:
    """The folder that the process is in; empty where that has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def states_now() -> dict[str, str]:
    """The states of the global random generators, as texts."""
    return {name: str(state) for name, state in random_states().items()}


def remember(folder: Path, key: str, record: Record) -> None:
    """Add a record to those of its key: one append. Raises OSError."""
    from tracker.store.artifacts import make_folder

    make_folder(folder)
    line = json.dumps(vars(record)).encode() + b"\n"
    fd = os.open(folder / key, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)


def recalled(folder: Path, key: str) -> Iterator[Record]:
    """The records of a key, newest first; damaged ones are passed over."""
    try:
        with open(folder / key, "rb") as file:
            lines = file.read(MAX_RECORD_BYTES).splitlines()
    except OSError:
        return
    for line in lines[: -MAX_RECORDS - 1 : -1]:
        record = _read(line)
        if record is not None:
            yield record


def disagree(records: Iterable[Record]) -> bool:
    """Whether runs of the same key gave different metrics."""
    known: dict[str, float] = {}
    for record in records:
        for name, value in record.metrics.items():
            if not same(known.setdefault(name, value), value):
                return True
    return False


def _read(line: bytes) -> Record | None:
    try:
        told = json.loads(line)
        record = Record(**told)
    except (ValueError, TypeError):
        return None
    mappings = (record.metrics, record.files, record.packages, record.states)
    is_whole = all(isinstance(one, dict) for one in mappings) and isinstance(record.ended, (int, float))
    return record if is_whole and re.fullmatch(r"[0-9a-f]{32}", str(record.run)) else None
