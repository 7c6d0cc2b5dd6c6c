"""tracker: an experiment tracker that lives in the notebook.

The public names are loaded on first use: importing tracker costs a few milliseconds and imports nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"

_SUBMODULES = (
    "artifacts", "autolog", "data", "entities", "exceptions", "fastai", "keras", "lightgbm", "models", "onnx", "optuna",
    "plots", "projects", "pyfunc", "pyspark", "pytorch", "sklearn", "statsmodels", "sweeps", "tensorflow", "tracking",
    "transformers", "types", "xgboost",
)  # fmt: skip

_NAMES: dict[str, tuple[str, ...]] = {
    "tracker.tracking": (
        "active_run", "create_experiment", "delete_experiment", "delete_experiment_tag", "delete_run", "delete_tag",
        "end_run", "flush_artifact_async_logging", "flush_async_logging", "get_artifact_uri", "get_experiment",
        "get_experiment_by_name", "get_parent_run", "get_run", "get_tracking_uri", "is_tracking_uri_set",
        "last_active_run", "load_table", "log_artifact", "log_artifacts", "log_dict", "log_figure", "log_image",
        "log_input", "log_metric", "log_metrics", "log_param", "log_params", "log_stream", "log_table", "log_text",
        "rename_experiment", "restore_experiment", "restore_run", "search_experiments", "search_runs",
        "set_experiment", "set_experiment_tag", "set_experiment_tags", "set_tag", "set_tags", "set_tracking_uri",
        "start_run", "ActiveRun", "MlflowClient",
    ),
    "tracker.tracking.edits": ("delete_runs", "edit", "restore_runs", "undo"),
    "tracker.tracking.scrubbing": ("scrub",),
    "tracker.tracking.system_metrics": (
        "disable_system_metrics_logging", "enable_system_metrics_logging", "set_system_metrics_sampling_interval",
    ),
    "tracker.entities": ("Experiment", "Run"),
    "tracker.comparison": ("diff",),
    "tracker.exceptions": ("MlflowException", "TrackerError"),
    "tracker.frames": ("history", "runs", "sql"),
    "tracker.interop.exporting": ("export",),
    "tracker.interop.importing": ("import_from",),
    "tracker.models": ("evaluate", "infer_signature", "validate_evaluation_results"),
    "tracker.models.registry": (
        "get_registry_uri", "register_model", "search_model_versions", "search_registered_models",
        "set_model_version_tag", "set_registry_uri",
    ),
    "tracker.models.serving.handle": ("serve",),
    "tracker.notebook": (
        "card", "compare", "last_sweep", "playground", "registry", "sweep", "show", "table", "trainer",
    ),
    "tracker.projects.launching": ("run",),
    "tracker.projects.packaging": ("package",),
    "tracker.projects.pipelines.pipeline": ("pipeline",),
    "tracker.pages.report": ("report",),
    "tracker.projects.rerun": ("rerun",),
    "tracker.projects.slices": ("slice",),
}  # fmt: skip

_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension", *_HOME, *_SUBMODULES]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"tracker.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'tracker' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """`%load_ext tracker`: the magics `%%track`, `%runs`, `%compare`, `%rerun`, `%%runs_sql` and `%tracker`."""
    from tracker.notebook import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """`%unload_ext tracker`: everything as it was before."""
    from tracker.notebook import unload

    unload(shell)
