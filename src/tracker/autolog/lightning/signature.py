"""The signature of a Lightning module, as its first pass in a training shows it."""

from __future__ import annotations

import importlib
from typing import Any


class FirstPass:
    """What goes in and out when the module is first called in a training; a trainer's trial run is none."""

    def __init__(self, module: Any) -> None:
        self._seen: tuple[Any, Any] | None = None
        self._hook = module.register_forward_hook(self._look)

    def end(self) -> None:
        """Look no further."""
        self._hook.remove()

    def signature(self) -> Any:
        """The signature; None for a module that was not called, or not with one tensor for another."""
        if self._seen is None:
            return None
        given, made = (tensor.detach().cpu().numpy() for tensor in self._seen)
        return importlib.import_module("tracker.models").infer_signature(given, made)

    def _look(self, module: Any, given: tuple[Any, ...], made: Any) -> None:
        from torch import Tensor

        if not module.training:
            return
        self._hook.remove()
        if len(given) == 1 and isinstance(given[0], Tensor) and isinstance(made, Tensor):
            self._seen = given[0], made
