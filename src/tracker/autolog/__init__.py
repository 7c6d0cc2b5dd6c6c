"""Autologging: `tracker.autolog()`, and one module a library.

The package itself is the function: `tracker.autolog()` switches every library on, `tracker.autolog.sklearn.autolog()`
(also `tracker.sklearn.autolog()`) one. Switching on imports no library; each is patched when the user imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from tracker.autolog import settings


class _Autolog(ModuleType):
    """The package as a function."""

    def __call__(
        self,
        log_input_examples: bool = False,
        log_model_signatures: bool = True,
        log_models: bool = True,
        log_datasets: bool = True,
        log_traces: bool = True,
        disable: bool = False,
        exclusive: bool = False,
        disable_for_unsupported_versions: bool = False,
        silent: bool = False,
        extra_tags: Mapping[str, Any] | None = None,
        exclude_flavors: Sequence[str] | None = None,
    ) -> None:
        """Log the trainings of every library that is known, or no longer with `disable`.

        A library that was set up by itself keeps its settings. `log_models`, `log_datasets`, `log_input_examples`,
        `log_model_signatures`: what is kept beside parameters and metrics. `exclusive`: nothing is logged into runs
        that were started by hand. `silent`: say nothing about what could not be logged. `extra_tags`: tags of the
        runs that are started for a fit. `exclude_flavors`: libraries to leave as they are. There are no traces:
        `log_traces` has no effect.
        """
        chosen = settings.Settings(
            log_input_examples, log_model_signatures, log_models, log_datasets, exclusive,
            disable_for_unsupported_versions, silent, None, extra_tags,
        )  # fmt: skip
        for library in settings.LIBRARIES:
            if library in (exclude_flavors or ()):
                continue
            if disable:
                settings.disable(library)
            else:
                settings.enable(library, chosen, by_itself=False)


sys.modules[__name__].__class__ = _Autolog
