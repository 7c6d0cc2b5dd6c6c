"""The fluent API's other half: experiments, and searching in them. No call here needs or starts a run."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from tracker.entities import Experiment, Run, ViewType
from tracker.exceptions import InvalidValue
from tracker.tracking import experiments
from tracker.tracking.client import MlflowClient
from tracker.tracking.context import current_store
from tracker.tracking.paging import MAX_PAGE

if TYPE_CHECKING:
    import pandas as pd


# -- experiments


def set_experiment(
    experiment_name: str | None = None, experiment_id: str | None = None, trace_location: Any = None
) -> Experiment:
    """Let runs go to this experiment from now on; a name that no active experiment has makes a new one."""
    experiments.check_choice(experiment_name, experiment_id)
    store = current_store()
    if experiment_name is not None:
        experiment_id = store.ensure_experiment(experiment_name)
    identifier = experiments.check_usable(store, experiment_id)
    experiments.choose(store, identifier)
    return experiments.get(store, identifier)


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, Any] | None = None) -> str:
    """The id of a new experiment. Raises AlreadyExists if an active one has the name."""
    return MlflowClient().create_experiment(name, artifact_location, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """The experiment of this id. Raises NotFound."""
    return MlflowClient().get_experiment(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """The experiment of this name, or None."""
    return MlflowClient().get_experiment_by_name(name)


def delete_experiment(experiment_id: str) -> None:
    """Put an experiment and its runs into the bin. Raises NotFound."""
    MlflowClient().delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Take an experiment and its runs out of the bin.

    Raises AlreadyExists if its name was given to another.
    """
    MlflowClient().restore_experiment(experiment_id)


def rename_experiment(experiment_id: str, new_name: str) -> None:
    """Give an experiment another name. Raises AlreadyExists if it is taken."""
    MlflowClient().rename_experiment(experiment_id, new_name)


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the active experiment."""
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the active experiment."""
    store = current_store()
    experiment = experiments.active_experiment_id(store)
    for key, value in tags.items():
        experiments.set_tag(store, experiment, key, value)


def delete_experiment_tag(key: str) -> None:
    """Remove a tag of the active experiment. Raises NotFound if it has no such tag."""
    store = current_store()
    experiments.delete_tag(store, experiments.active_experiment_id(store), key)


# -- searching


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> list[Experiment]:
    """The experiments that pass the filter, those that changed last first. Raises FilterError."""
    found: list[Experiment] = []
    token: str | None = None
    while max_results is None or len(found) < max_results:
        wanted = MAX_PAGE if max_results is None else min(MAX_PAGE, max_results - len(found))
        page = MlflowClient().search_experiments(view_type, wanted, filter_string, order_by, token)
        found += page
        token = page.token
        if token is None:
            break
    return found


@overload
def search_runs(
    experiment_ids: list[str] | None = ...,
    filter_string: str = ...,
    run_view_type: int = ...,
    max_results: int = ...,
    order_by: list[str] | None = ...,
    output_format: Literal["pandas"] = ...,
    search_all_experiments: bool = ...,
    experiment_names: list[str] | None = ...,
) -> pd.DataFrame: ...


@overload
def search_runs(
    experiment_ids: list[str] | None = ...,
    filter_string: str = ...,
    run_view_type: int = ...,
    max_results: int = ...,
    order_by: list[str] | None = ...,
    *,
    output_format: Literal["list"],
    search_all_experiments: bool = ...,
    experiment_names: list[str] | None = ...,
) -> list[Run]: ...


def search_runs(
    experiment_ids: list[str] | None = None,
    filter_string: str = "",
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 100_000,
    order_by: list[str] | None = None,
    output_format: str = "pandas",
    search_all_experiments: bool = False,
    experiment_names: list[str] | None = None,
) -> pd.DataFrame | list[Run]:
    """The runs that pass the filter, newest first unless ordered: a DataFrame, or with "list" a list of Run.

    Without ids and names: the active experiment's, or all with `search_all_experiments`. Raises FilterError.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValue(f"output_format is 'pandas' or 'list'; got {output_format!r}.")
    ids = _asked_experiments(experiment_ids, experiment_names, search_all_experiments)
    found: list[Run] = []
    token: str | None = None
    while ids and len(found) < max_results:
        wanted = min(MAX_PAGE, max_results - len(found))
        page = MlflowClient().search_runs(ids, filter_string, run_view_type, wanted, order_by, token)
        found += page
        token = page.token
        if token is None:
            break
    if output_format == "list":
        return found
    from tracker.tracking.frames import runs_frame

    return runs_frame(found)


def _asked_experiments(ids: list[str] | None, names: list[str] | None, everywhere: bool) -> list[str]:
    if ids and names:
        raise InvalidValue("Give either experiment_ids or experiment_names, and not both.")
    if ids:
        return [str(one) for one in ids]
    if names:
        named = {name: experiments.named(current_store(), name) for name in names}
        for name in (name for name, found in named.items() if found is None):
            warnings.warn(f"There is no experiment {name!r}; its runs are not searched.", UserWarning, stacklevel=3)
        return [found.experiment_id for found in named.values() if found is not None]
    if everywhere:
        return [one.experiment_id for one in search_experiments()]
    return [experiments.active_experiment_id(current_store())]
