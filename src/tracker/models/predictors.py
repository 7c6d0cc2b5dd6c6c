"""Models of a library with a `predict`, as pyfunc asks them: data and parameters of inference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Predictor:
    """A model and how to predict with it; the model's other functions are there under their names."""

    def __init__(self, model: Any, predict: Callable[[Any, dict[str, Any]], Any] | None = None) -> None:
        self._model = model
        self._predict = predict

    def get_raw_model(self) -> Any:
        """The model of the library."""
        return self._model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The model's prediction; parameters are given to models that take them."""
        if self._predict is None:
            return self._model.predict(data)
        return self._predict(data, params or {})

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._model, name)
        return lambda data, params=None: function(data)
