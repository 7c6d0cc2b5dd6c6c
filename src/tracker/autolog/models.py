"""Keeping a fitted model with the run, by the library's own `log_model`."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable
from typing import Any

from tracker.autolog.calls import Call

EXAMPLE_ROWS = 5


def head(data: Any) -> Any:
    """A copy of the first rows of a table or array; None if it has no rows to take."""
    try:
        rows = data.iloc[:EXAMPLE_ROWS] if hasattr(data, "iloc") else data[:EXAMPLE_ROWS]
        return copy.deepcopy(rows)
    except Exception:
        return None


def log_model(
    call: Call,
    library: str,
    model: Any,
    example: Any,
    predict: Callable[[Any], Any] | None,
    name: str = "model",
    **options: Any,
) -> None:
    """Keep `model` as the run's model `name`, with signature and example as the settings ask for them.

    Without `predict`, as of a clustering that only labels what it was fitted on, there is no signature.
    """
    if not call.settings.log_models:
        return
    home = _home(library)
    if home is None:
        return
    if name == "model" and call.settings.registered_model_name:
        options["registered_model_name"] = call.settings.registered_model_name
    if call.settings.log_model_signatures and example is not None and predict is not None:
        signature = call.attempt("the model's signature was", lambda: _signature(example, predict))
        options |= {} if signature is None else {"signature": signature}
    if call.settings.log_input_examples and example is not None:
        options["input_example"] = example
    call.attempt(f"the model {name!r} was", lambda: home.log_model(model, name=name, **options))


def _home(library: str) -> Any:
    """The module `tracker.<library>` if it keeps models."""
    try:
        home = importlib.import_module(f"tracker.{library}")
    except ModuleNotFoundError:
        return None
    return home if hasattr(home, "log_model") else None


def _signature(example: Any, predict: Callable[[Any], Any]) -> Any:
    return importlib.import_module("tracker.models").infer_signature(example, predict(copy.deepcopy(example)))
