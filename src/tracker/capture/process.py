"""The state of the process that a cell's result may depend on, beside names and files: its environment, folder, and the
settings of the interpreter and of the libraries that are loaded.

Invariants: no library is imported for it; a library that is not loaded counts as one with its defaults, so that a cell
which loads it is the same the second time (where the machine decides the defaults, they are what was found first); what
differs between kernels and tells nothing (terminals, sessions, process numbers) does not count unless the code asks for
the environment.
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
from functools import lru_cache
from typing import Any, Final

import xxhash

from .known import words
from .settings import working_folder

_ASKS_ENVIRONMENT: Final = words(
    """
    environ environb getenv getenvb expandvars argv orig_argv get_terminal_size ArgumentParser parse_args
    parse_known_args parse_args_into_dataclasses getopt Fire
    """
)
_ASKS_HASHES: Final = frozenset({"hash", "set", "frozenset", "__hash__"})
_ASKS_LOGGERS: Final = frozenset({"logging", "getLogger", "basicConfig", "dictConfig", "fileConfig"})
_ASKS_WARNINGS: Final = frozenset({"catch_warnings", "warn", "warnings"})
_SESSIONS: Final = re.compile(
    r"JPY_|JUPYTER_|VSCODE_|SSH_|XDG_(?!\w+_HOME)|DBUS_|TERM|WT_|ITERM|LC_TERMINAL|WINDOWID|INVOCATION_ID|JOURNAL_|SYSTEMD_|MANAGERPID|PWD\b|OLDPWD"
    r"|SHLVL|TORCHINDUCTOR_|TRITON_|TF2_|TF_CPP_|_\b|COLUMNS|LINES|KMP_|PYDEVD_|CLICOLOR|FORCE_COLOR|PAGER|GIT_PAGER|MPLBACKEND|TRACKER_|PYTEST_|DISPLAY|GPG_|LS_COLORS|SECURITYSESSIONID|IPY"
)
_SKLEARN: Final = {
    "assume_finite": False, "working_memory": 1024, "print_changed_only": True, "display": "diagram",
    "pairwise_dist_chunk_size": 256, "enable_cython_pairwise_dist": True, "array_api_dispatch": False,
    "transform_output": "default", "enable_metadata_routing": False, "skip_parameter_validation": False,
    "sparse_interface": "spmatrix",
}  # fmt: skip
_KERAS: Final = {"floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}
_first: dict[str, Any] = {}
"""Settings whose defaults the machine decides, as they were when they were first looked at."""


def process_state(used: frozenset[str]) -> Iterator[str]:
    """Texts that together tell the state; `used` are the names that the code uses."""
    whole = not used.isdisjoint(_ASKS_ENVIRONMENT)
    yield _variables(tuple(getattr(os.environ, "_data", os.environ).items()), whole)
    if whole:
        yield repr((sys.argv, sys.orig_argv))
    if not used.isdisjoint(_ASKS_LOGGERS):
        root = logging.getLogger()
        yield repr((root.level, [type(one).__qualname__ for one in root.handlers]))
        loggers = list(logging.Logger.manager.loggerDict.items())
        yield repr(sorted((name, one.level) for name, one in loggers if isinstance(one, logging.Logger) and one.level))
    if not used.isdisjoint(_ASKS_HASHES):
        yield f"hashes={hash('tracker')}"
    yield f"{working_folder()} {logging.root.manager.disable}"
    yield repr(sys.path)
    yield repr((sys.getrecursionlimit(), sys.getswitchinterval(), sys.get_int_max_str_digits(), gc.isenabled()))
    yield repr((time.tzname, time.timezone, locale.setlocale(locale.LC_ALL)))
    yield repr([(one[0], str(one[1]), one[2].__qualname__, str(one[3]), one[4]) for one in _filters(used)])
    context = decimal.getcontext()
    yield repr((context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp,
                sorted(str(kind) for kind, trapped in context.traps.items() if trapped)))  # fmt: skip
    for library, state in _LIBRARIES.items():
        module = sys.modules.get(library)
        if module is not None:
            with suppress(Exception):  # one that is half imported, or of another version
                yield from (f"{library}.{part}" for part in state(module))


@lru_cache(maxsize=4)
def _variables(variables: tuple[tuple[Any, Any], ...], whole: bool) -> str:
    """The environment (as it lies: to read it by its names decodes all of it), without the names of sessions."""
    told = sorted((os.fsdecode(name), os.fsdecode(value)) for name, value in variables)
    return repr([pair for pair in told if not pair[0].startswith("JPY_") and (whole or not _SESSIONS.match(pair[0]))])


def _filters(used: frozenset[str]) -> list[Any]:
    """Those that make an error of a warning; all of them where the code looks at warnings."""
    every = not used.isdisjoint(_ASKS_WARNINGS)
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
    backends = torch.backends
    states = {
        "dtype": str(torch.get_default_dtype()), "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "precision": torch.get_float32_matmul_precision(), "inference": torch.is_inference_mode_enabled(),
        "device": str(torch.get_default_device()), "onednn": backends.mkldnn.enabled,
        "benchmark": backends.cudnn.benchmark, "cudnn": backends.cudnn.deterministic,
        "autocast": torch.is_autocast_enabled("cpu") and str(torch.get_autocast_dtype("cpu")),
    }  # fmt: skip
    defaults = {
        "dtype": "torch.float32", "grad": True, "deterministic": False, "precision": "highest", "inference": False,
        "device": "cpu", "onednn": True, "benchmark": False, "cudnn": False, "autocast": False,
    }  # fmt: skip
    yield from _others(states, defaults)
    yield from _moved("torch", {"threads": torch.get_num_threads(), "print": str(vars(torch._tensor_str.PRINT_OPTS))})
    for name, hooks in vars(torch.nn.modules.module).items():
        if name.startswith("_global_") and type(hooks).__name__ == "OrderedDict" and hooks:
            yield f"{name}={[id(hook) for hook in hooks.values()]}"


def _sklearn(sklearn: Any) -> Iterator[str]:
    yield from _others(sklearn.get_config(), _SKLEARN)


def _polars(polars: Any) -> Iterator[str]:
    defaults = {"set_decimal_separator": ".", "set_fmt_float": "mixed", "set_thousands_separator": ""}
    yield from _others({name: value for name, value in polars.Config.state(if_set=True).items() if value}, defaults)


def _matplotlib(matplotlib: Any) -> Iterator[str]:
    """Parameters that are not the defaults (who draws tells nothing), and what is in the figures that are open."""
    defaults = dict(dict.items(matplotlib.rcParamsDefault))
    drawing = {"backend", "backend_fallback", "interactive"}
    for name, value in dict.items(matplotlib.rcParams):
        if name not in drawing and value is not defaults.get(name) and value != defaults.get(name):
            yield f"{name}={value!r}"
    open_ones = getattr(sys.modules.get("matplotlib._pylab_helpers"), "Gcf", None)
    for number, manager in getattr(open_ones, "figs", {}).items():
        yield f"figure {number} {[len(axes.get_children()) for axes in manager.canvas.figure.axes]}"


def _keras(config: Any) -> Iterator[str]:
    yield from _others({name: getattr(config, name)() for name in _KERAS}, _KERAS)


def _joblib(parallel: Any) -> Iterator[str]:
    backend, jobs = parallel.get_active_backend()
    yield from _moved("joblib", {"backend": type(backend).__name__, "jobs": jobs})


def _memory(memory: Any) -> Iterator[str]:
    """The files of fsspec's own, which are in memory."""
    for path, file in sorted(memory.MemoryFileSystem.store.items()):
        yield f"{path} {xxhash.xxh3_128(file.getbuffer()).hexdigest()}"


def _moved(library: str, states: dict[str, Any]) -> Iterator[str]:
    """Those that are no longer as they were when they were first looked at."""
    for name, value in states.items():
        if value != _first.setdefault(f"{library}.{name}", value):
            yield f"{name}={value!r}"


def _others(states: dict[str, Any], defaults: dict[str, Any]) -> Iterable[str]:
    return (f"{name}={value!r}" for name, value in sorted(states.items()) if value != defaults.get(name))


_LIBRARIES: Final[dict[str, Callable[[Any], Iterable[str]]]] = {
    "numpy": _numpy, "pandas": _pandas, "torch": _torch, "sklearn": _sklearn, "polars": _polars,
    "matplotlib": _matplotlib, "keras.config": _keras, "joblib.parallel": _joblib,
    "fsspec.implementations.memory": _memory,
    "xgboost": lambda xgboost: _moved("xgboost", xgboost.get_config()),
    "pyarrow": lambda pyarrow: _moved("pyarrow", {"threads": pyarrow.cpu_count()}),
    "plotly.io._templates": lambda templates: _moved("plotly", {"template": templates.templates.default}),
    "scipy.special": lambda special: _moved("scipy.special", {"errors": str(special.geterr())}),
    "scipy.fft": lambda fft: _moved("scipy.fft", {"workers": fft.get_workers()}),
    "calendar": lambda calendar: _others({"first": calendar.firstweekday()}, {"first": 0}),
    "socket": lambda socket: _others({"timeout": socket.getdefaulttimeout()}, {"timeout": None}),
    "zoneinfo": lambda zoneinfo: _moved("zoneinfo", {"path": zoneinfo.TZPATH}),
    "mimetypes": lambda mimetypes: _moved("mimetypes", {"types": len(mimetypes.types_map)}),
}  # fmt: skip
