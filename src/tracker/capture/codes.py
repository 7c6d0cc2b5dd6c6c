"""What a function says: its code's bytes, the names that it uses, what it has closed over.

Invariants: nothing is called; line numbers, file names and the interpreter's own marks in running code do not count.
"""

from __future__ import annotations

import dis
import marshal
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, Final

_GLOBAL_READS: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_SETS: Final = frozenset({dis.opmap["BUILD_SET"], dis.opmap["SET_ADD"]})
_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(Ellipsis)})


def closed_over(function: FunctionType) -> list[Any]:
    """The values of the outer functions' names that it uses, those that are not bound yet left out."""
    found = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):
            found.append(cell.cell_contents)
    return found


@lru_cache(maxsize=4_096)
def global_names(code: CodeType) -> frozenset[str]:
    """The globals that it reads, functions inside it included; with `globals()` whatever its texts may name."""
    return frozenset(_globals_of(code))


@lru_cache(maxsize=4_096)
def identifiers(code: CodeType) -> frozenset[str]:
    """All globals and attributes that it names, functions inside it included."""
    inner = [identifiers(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    makes_sets = {"set"} if _SETS & set(code.co_code[::2]) else set()
    return frozenset(code.co_names).union(makes_sets, *inner)


def code_bytes(code: CodeType) -> bytes:
    """What it does."""
    names = [*code.co_names, "", *code.co_varnames, "", *code.co_freevars, "", *code.co_cellvars]
    counts = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    parts = [code.co_code, marshal.dumps([*names, *counts], 2)]
    parts += [_constant(constant) for constant in code.co_consts]
    return b"".join(len(part).to_bytes(8, "little") + part for part in parts)


def _constant(value: Any) -> bytes:
    if isinstance(value, CodeType):
        return code_bytes(value)
    if type(value) is frozenset:
        return b"".join(sorted(_constant(item) for item in value))
    if type(value) is tuple:
        return b"(" + b"".join(_constant(item) for item in value) + b")"
    return marshal.dumps(value, 2) if type(value) in _PLAIN else repr(value).encode()


def _globals_of(code: CodeType) -> Iterator[str]:
    if code.co_names:
        for instruction in dis.get_instructions(code):
            if instruction.opname in _GLOBAL_READS:
                yield str(instruction.argval)
        if "globals" in code.co_names:
            yield from (text for text in code.co_consts if isinstance(text, str) and text.isidentifier())
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)
