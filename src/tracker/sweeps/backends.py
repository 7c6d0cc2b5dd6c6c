"""joblib, which runs the trials: on this machine, on Dask, on Ray, or on any other backend that is registered."""

from __future__ import annotations

from typing import Any, Final

from tracker.exceptions import InvalidState, InvalidValue

INSTALL: Final = 'pip install "jupyter-tracker[sweep]"'


def require_joblib() -> Any:
    """joblib. Raises InvalidValue, naming what to install."""
    try:
        import joblib
    except ImportError as error:
        raise InvalidValue(f"A sweep runs by joblib, which is not installed: {INSTALL}.") from error
    return joblib


def prepare(backend: str) -> None:
    """Have the backend ready under its name. Raises InvalidValue or InvalidState, saying what to do."""
    joblib = require_joblib()
    if backend == "dask":
        _find_dask()
    elif backend == "ray":
        _register_ray()
    known = {*joblib.parallel.BACKENDS, *joblib.parallel.EXTERNAL_BACKENDS}
    if backend not in known:
        raise InvalidValue(
            f"joblib knows no backend {backend!r}; it knows: {', '.join(sorted(known))}, "
            "and what joblib.register_parallel_backend adds."
        )


def jobs_of(backend: str, jobs: int | None) -> int:
    """How many trials run at once."""
    joblib = require_joblib()
    if jobs is not None and (not isinstance(jobs, int) or isinstance(jobs, bool) or jobs == 0):
        raise InvalidValue(
            f"jobs is how many trials run at once, or -1 for as many as there is room for; got {jobs!r}."
        )
    with joblib.parallel_config(backend=backend):
        return max(1, int(joblib.effective_n_jobs(-1 if jobs is None else jobs)))


def _find_dask() -> None:
    try:
        from distributed import get_client
    except ImportError as error:
        raise InvalidValue('backend="dask" needs Dask: pip install "dask[distributed]".') from error
    try:
        get_client()
    except ValueError:
        raise InvalidState(
            "There is no Dask client here: make one, as dask.distributed.Client() for this machine or "
            'Client("tcp://scheduler:8786") for a cluster.'
        ) from None


def _register_ray() -> None:
    try:
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise InvalidValue('backend="ray" needs Ray: pip install ray.') from error
    register_ray()
