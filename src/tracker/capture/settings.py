"""Settings of the process that change what later cells compute, though no name leads to them."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

_OF_LIBRARIES: Final = ("KMP_", "OMP_", "MKL_", "OPENBLAS_", "TORCH", "TF_", "CUDA_", "QT_", "LC_", "COLUMNS", "LINES")
"""Environment variables that libraries set when they are imported."""


def working_folder() -> str:
    """The folder that the process is in; empty where that has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def settings() -> dict[str, Any]:
    """The environment, and of what is loaded: the decimal context, NumPy's and Python's way with errors, PyTorch's
    defaults."""
    found: dict[str, Any] = {
        "depth": sys.getrecursionlimit(),
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
    if any(after.get(name) != value for name, value in before.items() if name != "environment"):
        return True
    old, new = before["environment"], after["environment"]
    if old == new:
        return False
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return not all(os.fsdecode(name).startswith(_OF_LIBRARIES) for name in changed)


def _of_decimal(decimal: Any) -> Any:
    context = decimal.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, dict(context.traps)


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "decimal": _of_decimal,
    "numpy": lambda numpy: numpy.geterr(),
    "torch": lambda torch: (torch.get_default_dtype(), torch.is_grad_enabled()),
}
