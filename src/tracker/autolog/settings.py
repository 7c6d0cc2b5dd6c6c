"""What is switched on: the settings of each library, and the library's patches while it is."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tracker.autolog.imports import unwatch, watch
from tracker.autolog.patching import Patches
from tracker.autolog.reports import forget_reports, report
from tracker.capture.packages import installed_version
from tracker.exceptions import InvalidState


@dataclass(frozen=True)
class Settings:
    """How a library is logged, in MLflow's words; `options` are those that only this library has."""

    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    exclusive: bool = False
    disable_for_unsupported_versions: bool = False
    silent: bool = False
    registered_model_name: str | None = None
    extra_tags: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def option(self, name: str, default: Any = None) -> Any:
        """A setting that only this library has."""
        return self.options.get(name, default)


@dataclass(frozen=True)
class Library:
    """A library that can be logged: the packages it consists of, and the module of ours that patches them."""

    roots: tuple[str, ...]
    home: str
    package: str = ""
    """Its name where it is installed from, if that is another than the first root's."""
    versions: tuple[int, int] = (0, 1_000)
    """Major versions that are supported: from the first up to, without, the second."""
    evaluates: bool = False
    """Whether its models' later predictions and scores are logged, which patches scikit-learn's metrics."""


LIBRARIES: dict[str, Library] = {
    "sklearn": Library(("sklearn",), "tracker.autolog.sklearn", "scikit-learn", (1, 2), evaluates=True),
    "xgboost": Library(("xgboost",), "tracker.autolog.xgboost", versions=(2, 4), evaluates=True),
    "lightgbm": Library(("lightgbm",), "tracker.autolog.lightgbm", versions=(4, 5), evaluates=True),
    "statsmodels": Library(("statsmodels",), "tracker.autolog.statsmodels", versions=(0, 1)),
    "pytorch": Library(("lightning", "pytorch_lightning"), "tracker.autolog.lightning", versions=(2, 3)),
    "keras": Library(("keras",), "tracker.autolog.keras", versions=(3, 4)),
    "transformers": Library(("transformers",), "tracker.autolog.huggingface", versions=(4, 6)),
    "optuna": Library(("optuna",), "tracker.autolog.optuna", versions=(4, 6)),
    "fastai": Library(("fastai",), "tracker.autolog.fastai", versions=(2, 3)),
    "pyspark.ml": Library(("pyspark",), "tracker.autolog.spark", versions=(3, 5)),
}

_lock = threading.RLock()
_active: dict[str, Settings] = {}
_chosen: set[str] = set()
"""Libraries that were set up by themselves, which `tracker.autolog()` leaves as they are."""
_watchers: dict[str, _Watcher] = {}


def settings_of(library: str) -> Settings | None:
    """The settings of a library, or None while it is switched off."""
    return _active.get(library)


def evaluates() -> bool:
    """Whether predictions and scores of fitted models are logged for any library."""
    return any(library.evaluates and name in _active for name, library in LIBRARIES.items())


def enable(library: str, settings: Settings, by_itself: bool = True) -> None:
    """Switch a library on, or change its settings. Its modules are patched when they are imported."""
    with _lock:
        if not by_itself and library in _chosen:
            return
        if by_itself:
            _chosen.add(library)
        _active[library] = settings
        forget_reports()
        entry = LIBRARIES[library]
        _install(library, entry.roots, entry.home)
        if entry.evaluates:
            _install("evaluation", ("sklearn",), "tracker.autolog.evaluation")


def switch(library: str, disable_it: bool, settings: Settings) -> None:
    """What each library's `autolog` does in the end."""
    if disable_it:
        disable(library)
    else:
        enable(library, settings)


def disable(library: str) -> None:
    """Switch a library off; its functions and classes are as they were before."""
    with _lock:
        _active.pop(library, None)
        _chosen.discard(library)
        _remove(library)
        if not evaluates():
            _remove("evaluation")


def refuse_unsupported(name: str, module: ModuleType) -> None:
    """Raise InvalidState for a version that was asked to be left alone (`disable_for_unsupported_versions`)."""
    settings, library = _active.get(name), LIBRARIES.get(name)
    if settings is None or library is None or not settings.disable_for_unsupported_versions:
        return
    root = module.__name__.partition(".")[0]
    version = installed_version(library.package or root) or str(getattr(module, "__version__", ""))
    major = re.match(r"\d+", version)
    first, below = library.versions
    if major is not None and not first <= int(major[0]) < below:
        raise InvalidState(
            f"{root} {version} is not supported ({first}.0 up to {below}.0 is), and is left alone as asked by "
            "disable_for_unsupported_versions."
        )


class _Watcher:
    """Patches a library's modules as they come."""

    def __init__(self, name: str, roots: tuple[str, ...], home: str) -> None:
        self._name = name
        self._roots = roots
        self._home = home
        self._patches = Patches()
        self._loaded = self.loaded  # one bound method, which `unwatch` knows again

    def start(self) -> None:
        for root in self._roots:
            watch(root, self._loaded)

    def stop(self) -> None:
        for root in self._roots:
            unwatch(root, self._loaded)
        self._patches.undo()

    def loaded(self, module: ModuleType) -> None:
        try:
            refuse_unsupported(self._name, module)
            importlib.import_module(self._home).patch(module, self._patches)
        except Exception as error:
            report(self._name, f"{module.__name__} cannot be logged", error)


def _install(name: str, roots: tuple[str, ...], home: str) -> None:
    if name not in _watchers:
        _watchers[name] = _Watcher(name, roots, home)
        _watchers[name].start()


def _remove(name: str) -> None:
    watcher = _watchers.pop(name, None)
    if watcher is not None:
        watcher.stop()
