"""Settings of the process that change what later cells compute, though no name leads to them."""

from __future__ import annotations

import builtins
import locale
import operator
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

_OF_LIBRARIES: Final = ("KMP_", "OMP_", "MKL_", "OPENBLAS_", "TORCH", "TF_", "CUDA_", "QT_", "LC_", "COLUMNS", "LINES")
"""Environment variables that libraries set when they are imported."""


_NONE: Final = object()
_SHELLS: Final = frozenset({"get_ipython", "display", "exit", "quit"})


def working_folder() -> str:
    """The folder that the process is in; empty where that has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def settings() -> dict[str, Any]:
    """The environment, Python's built-in names, its way with errors and languages, and how the libraries that are
    loaded were told to work."""
    found: dict[str, Any] = {
        "depth": sys.getrecursionlimit(),
        "names": dict(vars(builtins)),
        "language": locale.setlocale(locale.LC_ALL),
        "errors": [rule[1:] for rule in warnings.filters if rule[0] == "error"],
        "environment": dict(getattr(os.environ, "_data", os.environ)),
    }
    for name, read in _READERS.items():
        library = sys.modules.get(name)
        if library is not None:
            with suppress(Exception):  # a library that is half imported, or replaced, has no settings to tell
                found[name] = read(library)
    return found


def are_other(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a setting was changed; those of a library that was loaded since are as it sets them."""
    if any(after.get(name) != value for name, value in before.items() if name not in ("environment", "names")):
        return True
    if _other_names(before["names"], after["names"]):
        return True
    old, new = before["environment"], after["environment"]
    if old == new:
        return False
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return not all(os.fsdecode(name).startswith(_OF_LIBRARIES) for name in changed)


def _other_names(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether a name stands for another object; none is asked whether it is equal, for it may be the user's."""
    if before.keys() == after.keys() and all(map(operator.is_, before.values(), after.values())):
        return False
    moved = {name for name in before.keys() | after.keys() if before.get(name, _NONE) is not after.get(name, _NONE)}
    return any(name[0] != "_" and name not in _SHELLS for name in moved)


def _of_decimal(decimal: Any) -> Any:
    context = decimal.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, dict(context.traps)


def _of_pandas(pandas: Any) -> Any:
    return _flat(object.__getattribute__(pandas.options, "d"))


def _flat(options: dict[str, Any]) -> list[Any]:
    return [(name, _flat(value) if type(value) is dict else value) for name, value in options.items()]


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "decimal": _of_decimal,
    "numpy": lambda numpy: (numpy.geterr(), numpy.get_printoptions()),
    "pandas": _of_pandas,
    "sklearn": lambda sklearn: sklearn.get_config(),
    "torch": lambda torch: (torch.get_default_dtype(), torch.is_grad_enabled()),
}
