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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import xxhash

from tracker.fingerprints import Fingerprint

from .content import told
from .data import parts_of, presence
from .magics import plain_tree
from .modules import own_modules
from .opened import unheard
from .packages import imported_packages, installed_version
from .process import process_state
from .session import Execution
from .values import same

MAX_RECORDS: Final = 50
MAX_RECORD_BYTES: Final = 4_000_000
_MAGIC: Final = re.compile(r"(?m)^\s*(?:[%!].*|.*=\s*[%!].*)$")
_TRACK: Final = re.compile(r"\A\s*%%track(?=\s|$)[^\n]*")
_SHELLS: Final = frozenset({"open", "get_ipython"})


@dataclass(frozen=True)
class Inputs:
    """What a cell starts from."""

    key: str | None
    """A digest of all of it; None where something of it cannot be told for certain."""
    told: dict[str, str] = field(default_factory=dict)
    """Digests of the values that it reads, where their content can be told."""
    behind: dict[str, str] = field(default_factory=dict)
    """Digests of the code behind them and of what that reads, by what it is."""
    unknown: list[str] = field(default_factory=list)
    """Whose content cannot."""
    words: frozenset[str] = frozenset()
    """The names and attributes that its code, and what that calls of the user's, mentions."""


def inputs_of(cells: list[Execution], names: Mapping[str, Any], data: Mapping[str, Fingerprint]) -> Inputs:
    """What the last of `cells` starts from: the code of all of them, the values under `names` (which it needs), the
    modules of the user's, and the state of the process. `data` are the fingerprints of the datasets among the values.
    """
    names = {name: value for name, value in names.items() if name not in _SHELLS}
    if any(found.coverage != "full" for found in data.values()):
        return Inputs(None)
    known = {id(value): data[label].digest for name, given in names.items() for label, value in parts_of(name, given)
             if label in data}  # fmt: skip
    found = told(names, words_of(cells[-1].source), known)
    if found.unknown:
        return Inputs(None, found.digests, found.behind, found.unknown, found.words)
    parts = [platform.python_version(), platform.machine(), *process_state(found.words)]
    last = _normal(cells[-1].source)
    for cell in cells[:-1]:  # a cell's own earlier runs count by what they left, which is told
        parts += [_normal(cell.source), str(cell.error)] if _normal(cell.source) != last else []
    parts.append(last)
    parts += [f"{name}:{digest}" for name, digest in sorted(found.digests.items())] + [found.common]
    parts += [f"{path}:{digest}" for path, digest in sorted(own_modules())]
    running = xxhash.xxh3_128()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        running.update(len(octets).to_bytes(8, "little") + octets)
    return Inputs(str(running.hexdigest()), found.digests, found.behind, [], found.words)


@lru_cache(maxsize=4_096)
def words_of(source: str) -> frozenset[str]:
    """The names and attributes that a cell's code mentions."""
    tree = plain_tree(_TRACK.sub("", source))
    found: set[str] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
        elif isinstance(node, ast.Set | ast.SetComp):
            found.add("set")  # its order is that of hashes
    return frozenset(found)


@lru_cache(maxsize=4_096)
def _normal(source: str) -> str:
    """A digest of a cell's code without what does not count: of its tree, and its magics as they are written."""
    source = _TRACK.sub("", source)
    tree = plain_tree(source)
    code = source if tree is None else f"{ast.dump(tree)}{_MAGIC.findall(source)}"
    return str(xxhash.xxh3_128(code.encode("utf-8", "surrogatepass")).hexdigest())


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
    unsteady: str = ""
    """Why equal inputs may give something else, if they may: such a run is no earlier one of any."""

    def holds(self, states: Mapping[str, str]) -> bool:
        """Whether what it took is still the same."""
        with unheard():
            return self._holds(states)

    def _holds(self, states: Mapping[str, str]) -> bool:
        return (
            all(states.get(name) == state for name, state in self.states.items())
            and all(_version(name) == version for name, version in self.packages.items())
            and all(presence(path) == told for path, told in self.files.items())
        )


def _version(name: str) -> str | None:
    return imported_packages().get(name) or installed_version(name)


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
