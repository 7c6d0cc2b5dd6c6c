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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import xxhash

from tracker.fingerprints import Fingerprint, Unreadable, encoded

from .data import file_digest
from .magics import plain_tree
from .packages import imported_packages, installed_version
from .randomness import random_states
from .session import Execution

MAX_RECORDS: Final = 50
MAX_RECORD_BYTES: Final = 4_000_000
_MAX_PLAIN: Final = 10_000
_MAGIC: Final = re.compile(r"(?m)^\s*(?:[%!].*|.*=\s*[%!].*)$")
_TRACK: Final = re.compile(r"\A\s*%%track(?=\s|$)[^\n]*")


def inputs_key(
    cells: list[Execution], names: Mapping[str, Any], data: Mapping[str, Fingerprint], options: str = ""
) -> str | None:
    """A digest of what the last of `cells` starts from; None where something of it cannot be told for certain.

    `names` are the needed names with their values, `data` the fingerprints of those that are datasets.
    """
    if any(found.coverage != "full" for found in data.values()):
        return None
    parts = [platform.python_version(), platform.machine(), options]
    for cell in cells:
        parts += [_normal(cell.source), str(cell.error)]
    parts += [f"{name}={found.digest}" for name, found in sorted(data.items())]
    parts += [f"{name}:{told}" for name, value in sorted(names.items()) if (told := _plain(value)) is not None]
    parts += [f"{path}:{digest}" for path, digest in sorted(_own_modules())]
    running = xxhash.xxh3_128()
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        running.update(len(octets).to_bytes(8, "little") + octets)
    return str(running.hexdigest())


def _normal(source: str) -> str:
    """A cell's code without what does not count: its tree, and its magics as they are written."""
    source = _TRACK.sub("", source)
    tree = plain_tree(source)
    return source if tree is None else f"{ast.dump(tree)}{_MAGIC.findall(source)}"


def _plain(value: Any) -> str | None:
    """A small plain value as text; None for what is told by the code that made it, or is a dataset."""
    if isinstance(value, (list, tuple, dict, set, frozenset)) and len(value) > _MAX_PLAIN:
        return None
    if not isinstance(value, (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, type(None))):
        return None
    try:
        return str(xxhash.xxh3_128(encoded(value)).hexdigest())
    except (Unreadable, RecursionError):
        return None


_modules: tuple[int, list[str]] = (0, [])
_digests: dict[str, tuple[int, int, str]] = {}


def _own_modules() -> Iterator[tuple[str, str]]:
    """Files of the imported modules that no installer has put there, with their digests: a version tells nothing."""
    global _modules
    if _modules[0] != len(sys.modules):
        _modules = (len(sys.modules), sorted(_own_files()))
    for path in _modules[1]:
        try:
            status = os.stat(path)
        except OSError:
            continue
        known = _digests.get(path)
        if known is None or known[:2] != (status.st_mtime_ns, status.st_size):
            found = file_digest(path)
            known = _digests[path] = (status.st_mtime_ns, status.st_size, found.digest if found else "")
        yield path, known[2]


def _own_files() -> set[str]:
    ours = os.path.dirname(os.path.dirname(__file__)) + os.sep
    installed = tuple({sys.prefix + os.sep, sys.base_prefix + os.sep, sys.exec_prefix + os.sep})
    found = set()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not path.startswith((ours, *installed)) and os.sep in path:
            found.add(path)
    return found


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

    def holds(self, states: Mapping[str, str]) -> bool:
        """Whether what it took is still the same."""
        return (
            all(states.get(name) == state for name, state in self.states.items())
            and all(_version(name) == version for name, version in self.packages.items())
            and all((found := file_digest(path)) and found.digest == told for path, told in self.files.items())
        )


def _version(name: str) -> str | None:
    return imported_packages().get(name) or installed_version(name)


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


def _read(line: bytes) -> Record | None:
    try:
        told = json.loads(line)
        record = Record(**told)
    except (ValueError, TypeError):
        return None
    mappings = (record.metrics, record.files, record.packages, record.states)
    is_whole = all(isinstance(one, dict) for one in mappings) and isinstance(record.ended, (int, float))
    return record if is_whole and re.fullmatch(r"[0-9a-f]{32}", str(record.run)) else None
