"""Scores and metrics that are computed after a fit are logged into the run of the fit.

A prediction remembers its model's run and the variable that it was made from; `sklearn.metrics.f(y, prediction)`
becomes the metric `f_<variable>`, `model.score(X, y)` becomes `<Class>_score_<variable>`. Nothing is attached to
models or predictions, and nothing is kept alive: they are known by weak references.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from tracker.autolog.calls import is_inside, unlogged
from tracker.autolog.patching import Patches
from tracker.autolog.reports import report
from tracker.autolog.settings import Settings, evaluates, settings_of
from tracker.autolog.tables import noted
from tracker.autolog.variables import variable_name
from tracker.tracking import artifact_logging
from tracker.tracking.datasets import input_of
from tracker.tracking.writer import RunWriter

PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")


@dataclass
class _Fit:
    """A fit's run, and what was evaluated of it."""

    library: str
    writer: RunWriter
    datasets: dict[str, list[int]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    commands: dict[str, Any] = field(default_factory=dict)


class _ByIdentity:
    """Values for objects that need not be hashable, forgotten with the object."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def put(self, key: Any, value: Any) -> None:
        """Remember; what takes no weak reference, as a list, is passed over."""
        identity = id(key)
        try:
            reference = weakref.ref(key, lambda dead: self._forget(identity, dead))
        except TypeError:
            return
        self._values[identity] = (reference, value)

    def get(self, key: Any) -> Any:
        reference, value = self._values.get(id(key), (None, None))
        return value if reference is not None and reference() is key else None

    def _forget(self, identity: int, dead: weakref.ref[Any]) -> None:
        entry = self._values.get(identity)
        if entry is not None and entry[0] is dead:
            self._values.pop(identity, None)


_lock = threading.Lock()
_fits = _ByIdentity()
_made_from = _ByIdentity()
"""Of each prediction: its fit, and the name of the data."""


def remember(model: Any, library: str, writer: RunWriter) -> None:
    """From now on, the scores of `model` belong to this run."""
    _fits.put(model, _Fit(library, writer))


def log_evaluation(model: Any, step: Callable[[RunWriter], None]) -> None:
    """Log what was found of a model into the run of its fit, if it has one."""
    fit = _fit_of(model)
    if fit is not None:
        _guarded(fit, lambda _: step(fit.writer))


# -- what is patched


def patch(module: ModuleType, patches: Patches) -> None:
    """Let the predictions and scores of scikit-learn's classes, and its metrics, be logged."""
    name = module.__name__
    if ".tests" in name or ".externals" in name:
        return
    for key, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != name:
            continue
        if isinstance(value, type):
            patch_predictions(value, patches)
        elif isinstance(value, FunctionType) and name.startswith("sklearn.metrics.") and _is_metric(key, value):
            patches.function(module, key, _metric)


def patch_predictions(cls: type, patches: Patches) -> None:
    """Let a class's predictions be known again, and its scores be logged."""
    for name in PREDICTIONS:
        patches.method(cls, name, predicting)
    patches.method(cls, "score", _score)


def _is_metric(name: str, function: FunctionType) -> bool:
    """The public functions of a value and a prediction; those of a scorer's name or an estimator are none."""
    return hasattr(function, "_skl_parameter_constraints") and not name.startswith(("_", "check_", "get_", "make_"))


# -- the replacements


def predicting(original: Any) -> Any:
    """The replacement of a fitted model's method that predicts."""

    @functools.wraps(original)
    def replacement(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        fit = _fit_of(self)
        if fit is None:
            return original(self, *args, **kwargs)
        with unlogged():
            result = original(self, *args, **kwargs)
        _guarded(fit, lambda settings: _note_prediction(fit, settings, _first(args, kwargs), result))
        return result

    return replacement


def _score(original: Any) -> Any:
    @functools.wraps(original)
    def replacement(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        fit = _fit_of(self)
        if fit is None:
            return original(self, *args, **kwargs)
        with unlogged():
            value = original(self, *args, **kwargs)
        _guarded(fit, lambda _: _note_score(fit, self, original, args, kwargs, value))
        return value

    return replacement


def _metric(original: Any) -> Any:
    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if is_inside() or not evaluates():
            return original(*args, **kwargs)
        with unlogged():
            value = original(*args, **kwargs)
        origin = _origin(args, kwargs)
        if origin is not None:
            fit, dataset = origin
            _guarded(fit, lambda _: _note_metric(fit, dataset, original, args, kwargs, value))
        return value

    return replacement


def evaluating(described: Callable[..., tuple[str, Any]]) -> Callable[[Any], Any]:
    """Makes replacements of an evaluator's method that takes a prediction; `described` tells metric and command."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def replacement(self: Any, prediction: Any, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            if is_inside():
                return original(self, prediction, *args, **kwargs)
            with unlogged():
                value = original(self, prediction, *args, **kwargs)
            origin = _origin((prediction,), {})
            if origin is not None and _is_number(value):
                fit, dataset = origin
                _guarded(fit, lambda _: _log(fit, *described(self, *args, **kwargs), dataset, value))
            return value

        return replacement

    return make


def _fit_of(model: Any) -> _Fit | None:
    """The fit whose run the model's evaluation goes to, or None."""
    if is_inside():
        return None
    fit: _Fit | None = _fits.get(model)
    if fit is None:
        return None
    settings = settings_of(fit.library)
    return fit if settings is not None and settings.option("log_post_training_metrics", True) else None


def _guarded(fit: _Fit, step: Any) -> None:
    settings = settings_of(fit.library) or Settings()
    try:
        step(settings)
    except Exception as error:
        report(fit.library, "an evaluation was not logged", error, settings.silent)


# -- what is logged


def _note_prediction(fit: _Fit, settings: Settings, data: Any, result: Any) -> None:
    origin = (fit, _dataset_name(fit, data))
    _made_from.put(result, origin)
    whole = getattr(result, "base", None)  # NumPy gives a view of a view this base, not the view that it was made of
    if hasattr(whole, "__array_interface__") and whole is not data and whole is not getattr(data, "base", None):
        _made_from.put(whole, origin)
    table = noted(data) if settings.log_datasets else None
    if table is not None:
        fit.writer.input(*input_of(table, "eval", None))


def _note_score(
    fit: _Fit, model: Any, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any
) -> None:
    if not _is_number(value):
        return
    command = _command(f"{type(model).__name__}.{original.__name__}", original, (model, *args), kwargs, skip=1)
    _log(fit, f"{type(model).__name__}_score", command, _dataset_name(fit, _first(args, kwargs)), value)


def _note_metric(
    fit: _Fit, dataset: str, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any
) -> None:
    if _is_number(value):
        _log(fit, original.__name__, _command(original.__name__, original, args, kwargs), dataset, value)


def _log(fit: _Fit, metric: str, command: Any, dataset: str, value: Any) -> None:
    with _lock:
        index = fit.calls[metric] = fit.calls.get(metric, 0) + 1
        key = f"{_indexed(metric, index)}_{dataset}"
        fit.commands[key] = command
        commands = dict(sorted(fit.commands.items()))
    fit.writer.metric(key, float(value))
    artifact_logging.log_dict(fit.writer, commands, "metric_info.json")


def _dataset_name(fit: _Fit, data: Any) -> str:
    """The variable's name, numbered when another object of that name was evaluated before."""
    name = variable_name(data) or "unknown_dataset"
    with _lock:
        known = fit.datasets.setdefault(name, [])
        if id(data) not in known:
            known.append(id(data))
        return _indexed(name, known.index(id(data)) + 1)


def _indexed(name: str, index: int) -> str:
    return name if index == 1 else f"{name}-{index}"


def _origin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[_Fit, str] | None:
    """The fit and dataset of the first argument that is a prediction, or a view of one, as in `proba[:, 1]`."""
    for value in (*args, *kwargs.values()):
        while value is not None:
            found: tuple[_Fit, str] | None = _made_from.get(value)
            if found is not None and settings_of(found[0].library) is not None:
                return found
            value = getattr(value, "base", None) if hasattr(value, "__array_interface__") else None
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else next(iter(kwargs.values()), None)


def _command(shown: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], skip: int = 0) -> str:
    """The call as one would write it, data by its variable's name."""
    names = list(inspect.signature(function).parameters)
    given = [*zip(names, args, strict=False), *kwargs.items()][skip:]
    return f"{shown}({', '.join(f'{name}={_shown(value)}' for name, value in given)})"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (bool, numbers.Number)):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 32 else f"{value[:32]}...")
    return variable_name(value) or f"<{type(value).__name__}>"
