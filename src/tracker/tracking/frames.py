"""Runs as a DataFrame in MLflow's columns: run_id, experiment_id, status, artifact_uri, start_time,
end_time, then metrics.*, params.* and tags.*. A metric that a run lacks is NaN, a parameter or tag None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tracker.entities import Run

if TYPE_CHECKING:
    import pandas as pd

_INFO = ("run_id", "experiment_id", "status", "artifact_uri")
_TIMES = ("start_time", "end_time")


def runs_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a run, times in UTC."""
    import pandas as pd

    data: dict[str, Any] = {name: [getattr(run.info, name) for run in runs] for name in _INFO}
    for name in _TIMES:
        data[name] = pd.to_datetime([getattr(run.info, name) for run in runs], unit="ms", utc=True)
    data |= _spread("metrics", [run.data.metrics for run in runs], lambda: math.nan)
    data |= _spread("params", [run.data.params for run in runs], lambda: None)
    data |= _spread("tags", [run.data.tags for run in runs], lambda: None)
    return pd.DataFrame(data)


def run_rows(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Each run's row as a dict."""
    rows: list[dict[str, Any]] = runs_frame(runs).to_dict("records")  # type: ignore[assignment]
    return rows


def _spread(prefix: str, values: list[dict[str, Any]], missing: Callable[[], Any]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for row, one in enumerate(values):
        for key, value in one.items():
            if key not in columns:
                columns[key] = [missing()] * len(values)
            columns[key][row] = value
    return {f"{prefix}.{key}": column for key, column in columns.items()}
