"""The state of the process that a cell's result may depend on, beside names and files: its environment, folder, and the
settings of the interpreter and of the libraries that are loaded.

Invariants: no library is imported for it; a library that is not loaded counts as one with its defaults, so that a cell
which loads it is the same the second time; what differs between kernels and tells nothing (terminals, sessions,
process numbers) does not count unless the code asks for the environment.
"""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from .settings import working_folder

_ASKS_ENVIRONMENT: Final = frozenset({"environ", "environb", "getenv", "getenvb", "expandvars", "argv"})
_ASKS_HASHES: Final = frozenset({"hash", "set", "frozenset", "__hash__"})
_ASKS_WARNINGS: Final = frozenset({"catch_warnings", "warn", "warnings"})
_SESSIONS: Final = re.compile(
    r"JPY_|JUPYTER_|VSCODE_|SSH_|XDG_|DBUS_|TERM|WT_|ITERM|LC_TERMINAL|WINDOWID|INVOCATION_ID|JOURNAL_|SYSTEMD_|MANAGERPID|PWD\b|OLDPWD"
    r"|SHLVL|TORCHINDUCTOR_|TRITON_|TF2_|TF_CPP_|_\b|COLUMNS|LINES|KMP_|PYDEVD_|CLICOLOR|FORCE_COLOR|PAGER|GIT_PAGER|MPLBACKEND|TRACKER_|PYTEST_|DISPLAY|GPG_|LS_COLORS|SECURITYSESSIONID|IPY"
)
_SKLEARN: Final = {
    "assume_finite": False, "transform_output": "default", "array_api_dispatch": False, "working_memory": 1024,
    "enable_metadata_routing": False, "print_changed_only": True,
}  # fmt: skip


def process_state(words: frozenset[str]) -> Iterator[str]:
    """Texts that together tell the state; `words` are the names that the code uses."""
    whole = not words.isdisjoint(_ASKS_ENVIRONMENT)
    for name, value in sorted(os.environ.items()):
        if not name.startswith("JPY_") and (whole or not _SESSIONS.match(name)):
            yield f"{name}={value}"
    if whole:
        yield repr(sys.argv)
    if "getLogger" in words:
        loggers = list(logging.Logger.manager.loggerDict.items())
        yield repr(sorted((name, one.level) for name, one in loggers if isinstance(one, logging.Logger) and one.level))
    if not words.isdisjoint(_ASKS_HASHES):
        yield f"hashes={hash('tracker')}"
    yield working_folder()
    yield repr(sys.path)
    yield repr((sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits(), gc.isenabled()))
    yield repr((time.tzname, time.timezone, locale.setlocale(locale.LC_ALL)))
    yield repr([(one[0], str(one[1]), one[2].__qualname__, str(one[3]), one[4]) for one in _filters(words)])
    context = decimal.getcontext()
    yield repr((context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp,
                sorted(str(kind) for kind, trapped in context.traps.items() if trapped)))  # fmt: skip
    for library, state in _LIBRARIES.items():
        module = sys.modules.get(library)
        if module is not None:
            with suppress(Exception):  # one that is half imported, or of another version
                yield from (f"{library}.{part}" for part in state(module))


def _filters(words: frozenset[str]) -> list[Any]:
    """Those that make an error of a warning; all of them where the code looks at warnings."""
    every = not words.isdisjoint(_ASKS_WARNINGS)
    return [one for one in warnings.filters if every or one[0] == "error"]


def _numpy(numpy: Any) -> Iterator[str]:
    errors = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    yield from _others(numpy.geterr(), errors)
    if numpy.geterrcall() is not None:
        yield "errors are handled"
    defaults = {
        "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False, "linewidth": 75,
        "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "legacy": False, "override_repr": None,
    }  # fmt: skip
    yield from _others(numpy.get_printoptions(), defaults)


def _pandas(pandas: Any) -> Iterator[str]:
    config: Any = sys.modules["pandas._config.config"]
    for name, option in sorted(config._registered_options.items()):
        value = config._global_config
        for part in name.split("."):
            value = value[part]
        if value is not option.defval and value != option.defval:
            yield f"{name}={value!r}"


def _torch(torch: Any) -> Iterator[str]:
    states = {
        "dtype": str(torch.get_default_dtype()), "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "precision": torch.get_float32_matmul_precision(), "inference": torch.is_inference_mode_enabled(),
    }  # fmt: skip
    defaults = {
        "dtype": "torch.float32", "grad": True, "deterministic": False, "precision": "highest", "inference": False,
    }  # fmt: skip
    yield from _others(states, defaults)


def _sklearn(sklearn: Any) -> Iterator[str]:
    yield from _others({name: sklearn.get_config().get(name) for name in _SKLEARN}, _SKLEARN)


def _polars(polars: Any) -> Iterator[str]:
    defaults = {"set_decimal_separator": ".", "set_fmt_float": "mixed", "set_thousands_separator": ""}
    yield from _others({name: value for name, value in polars.Config.state(if_set=True).items() if value}, defaults)


def _others(states: dict[str, Any], defaults: dict[str, Any]) -> Iterable[str]:
    return (f"{name}={value!r}" for name, value in sorted(states.items()) if value != defaults.get(name))


_LIBRARIES: Final[dict[str, Callable[[Any], Iterator[str]]]] = {
    "numpy": _numpy, "pandas": _pandas, "torch": _torch, "sklearn": _sklearn, "polars": _polars,
}  # fmt: skip
