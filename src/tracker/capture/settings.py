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


def settings() -> dict[str, Any]:
    """The environment, and of what is loaded: the decimal context, NumPy's and Python's way with errors, PyTorch's
    defaults."""
    found: dict[str, Any] = {
        "depth": sys.getrecursionlimit(),
        "errors": [rule[1:] for rule in warnings.filters if rule[0] == "error"],
        "environment": {name: value for name, value in os.environ.items() if not name.startswith(_OF_LIBRARIES)},
    }
    for name, read in _READERS.items():
        library = sys.modules.get(name)
        if library is not None:
            with suppress(Exception):  # a library that is half imported, or replaced, has no settings to tell
                found[name] = read(library)
    return found


def _of_decimal(decimal: Any) -> Any:
    context = decimal.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, dict(context.traps)


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "decimal": _of_decimal,
    "numpy": lambda numpy: numpy.geterr(),
    "torch": lambda torch: (torch.get_default_dtype(), torch.is_grad_enabled()),
}
