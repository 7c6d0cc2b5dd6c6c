"""What charts show that must be computed: which parameters a metric depends on, a surface over two parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tracker.exceptions import InvalidValue
from tracker.query import Reader
from tracker.query.table import run_table

FEWEST_RUNS = 4
GRID = 40
_TREES = 100
_WITHOUT = "Importance needs scikit-learn (pip install scikit-learn): only the correlation is shown."


def importance_table(store: Reader, runs: Sequence[str], target: str) -> tuple[pa.Table, list[str]]:
    """How much a metric depends on each parameter: name, importance (a share, NaN if unknown), correlation.

    Importance is that of a random forest (scikit-learn, if installed), correlation Spearman's, in [-1, 1]; of words
    it is unknown. Also gives plain sentences of what is missing. Raises InvalidValue where runs are too few.
    """
    frame = run_table(store, run_ids=runs, view="all").to_pandas()
    if target not in frame or not pd.api.types.is_numeric_dtype(frame[target]):
        raise InvalidValue(f"{target!r} is no number of these runs.")
    frame = frame[np.isfinite(frame[target].astype(float))]
    if len(frame) < FEWEST_RUNS:
        raise InvalidValue(f"Importance needs at least {FEWEST_RUNS} runs with {target}; there are {len(frame)}.")
    names = [n for n in frame.columns if n.startswith("params.") and frame[n].nunique(dropna=False) > 1]
    numbers = {name: _numbers(frame[name]) for name in names}
    wanted = frame[target].astype(float)
    shares, notices = _shares(pd.DataFrame(numbers, index=frame.index), wanted)
    correlations = [_spearman(frame[name], wanted) for name in names]
    table = pa.table({"name": names, "importance": shares, "correlation": correlations})
    return table.sort_by([("importance", "descending")]) if shares else table, notices


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(float).replace([math.inf, -math.inf], np.nan).fillna(-1e9)
    codes, _ = pd.factorize(column)
    return pd.Series(codes, index=column.index, dtype=float)


def _shares(inputs: pd.DataFrame, wanted: pd.Series[float]) -> tuple[list[float], list[str]]:
    if inputs.shape[1] == 0:
        return [], ["These runs differ in no parameter."]
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        return [math.nan] * inputs.shape[1], [_WITHOUT]
    forest = RandomForestRegressor(n_estimators=_TREES, random_state=0, min_samples_leaf=2)
    forest.fit(inputs.to_numpy(), wanted.to_numpy())
    return [float(share) for share in forest.feature_importances_], []


def _spearman(column: pd.Series[Any], wanted: pd.Series[float]) -> float:
    if not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return math.nan
    both = pd.DataFrame({"x": column.astype(float), "y": wanted}).dropna().rank()
    if len(both) < 3 or both["x"].nunique() < 2 or both["y"].nunique() < 2:
        return math.nan
    return float(both["x"].corr(both["y"]))


def contour_grid(store: Reader, runs: Sequence[str], x: str, y: str, z: str) -> dict[str, Any]:
    """A surface of z over x and y, from scattered runs: axes of GRID places each, z as rows (None outside the runs).

    Each place takes the runs' values weighted by their nearness; places far from every run stay empty. Also gives
    the runs' own points. Raises InvalidValue where there are fewer than three places.
    """
    frame = run_table(store, run_ids=runs, view="all").to_pandas()
    missing = [name for name in (x, y, z) if name not in frame or not pd.api.types.is_numeric_dtype(frame[name])]
    if missing:
        raise InvalidValue(f"{missing[0]!r} is no number of these runs: a contour is drawn over numbers.")
    points = frame[[x, y, z]].astype(float).replace([math.inf, -math.inf], np.nan).dropna().to_numpy()
    if len(points) < 3 or any(len(np.unique(points[:, i])) < 2 for i in (0, 1)):
        raise InvalidValue("A contour needs at least three runs that differ in both axes.")
    axes = [_axis(points[:, i]) for i in (0, 1)]
    places = np.stack(np.meshgrid(axes[0][1], axes[1][1]), axis=-1)
    scaled = np.stack([axes[i][2](points[:, i]) for i in (0, 1)], axis=-1)
    distance = ((places[:, :, None, :] - scaled[None, None, :, :]) ** 2).sum(-1) + 1e-6
    weights = distance**-1.5
    surface = (weights * points[:, 2]).sum(-1) / weights.sum(-1)
    far = distance.min(-1) > 0.12
    rows = [[None if f else float(v) for v, f in zip(vs, fs, strict=True)] for vs, fs in zip(surface, far, strict=True)]
    return {"x": axes[0][0].tolist(), "y": axes[1][0].tolist(), "z": rows, "points": points.tolist()}


def _axis(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], Any]:
    """Places along an axis as values and in [0, 1], and the way there from a value; logarithmic over two decades."""
    low, high = float(values.min()), float(values.max())
    log = low > 0 and high / low >= 100
    by = np.log10 if log else np.asarray
    first, span = float(by(low)), float(by(high) - by(low)) or 1.0
    at = np.linspace(0, 1, GRID)
    along = first + at * span
    return (10**along if log else along), at, lambda given: (by(given) - first) / span
