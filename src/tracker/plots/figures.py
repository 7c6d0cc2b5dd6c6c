"""The charts as plotly figures. Lengths in px are left to plotly; times on an x axis are in seconds or UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from tracker.exceptions import InvalidValue
from tracker.plots.analysis import contour_grid, importance_table
from tracker.query import Reader, frames, reader
from tracker.query.curves import reduced
from tracker.query.table import run_table
from tracker.tracking.context import current_store

COLORS = ("#0072b2", "#d55e00", "#009e73", "#b8519b", "#c78500", "#2f9fd8", "#6a51a3", "#7a7a7a")
POINTS = 1_000
Axis = Literal["step", "relative", "wall"]


def curves(
    runs: Any,
    metric: str,
    x: Axis | str = "step",
    smoothing: float = 0.0,
    group: str | None = None,
    log: bool = False,
) -> go.Figure:
    """Histories of a metric, a line a run; x is step, relative (s), wall, or another metric's key.

    With `smoothing` (0 to 1) the raw line stays, faint. With `group`, a column such as "params.C", the lines are the
    mean of the runs that share its value, with a band of one standard deviation. Raises NotFound, InvalidValue.
    """
    store, ids = _found(runs)
    if not 0 <= smoothing < 1:
        raise InvalidValue(f"Smoothing is a number from 0 up to, but not, 1; got {smoothing!r}.")
    keys = [metric] if x in ("step", "relative", "wall") else [metric, x]
    points = reduced(store, ids, keys, POINTS).to_pandas()
    names = _labels(store, ids)
    figure = go.Figure()
    if group is not None:
        _bands(figure, points[points.key == metric], _values(store, ids, group))
    else:
        for place, run in enumerate(ids):
            one = points[points.run_id == run]
            line = one[one.key == metric]
            if len(line):
                _line(figure, _along(one, line, x), line.value, names[run], COLORS[place % len(COLORS)], smoothing)
    figure.update_layout(xaxis_title=x, yaxis_title=metric, template="plotly_white", hovermode="closest")
    figure.update_yaxes(type="log" if log else "linear")
    return figure


def parallel(runs: Any, columns: Sequence[str] | None = None, color: str | None = None) -> go.Figure:
    """Parallel coordinates over parameters and metrics (those that differ, if none are named)."""
    frame = _frame(runs)
    chosen = list(columns) if columns else _differing(frame)
    dimensions = [_dimension(frame, name) for name in chosen]
    shade = frame[color] if color else frame.get(next((n for n in reversed(chosen) if n.startswith("metrics.")), ""))
    line = {"color": shade, "colorscale": "Viridis", "showscale": True} if shade is not None else {}
    return go.Figure(go.Parcoords(dimensions=dimensions, line=line))


def scatter(runs: Any, x: str, y: str, color: str | None = None, size: str | None = None) -> go.Figure:
    """One point a run, by any two columns; colour and size by others."""
    frame = _frame(runs, x, y, color, size)
    marker: dict[str, Any] = {"size": _sizes(frame[size]) if size else 10, "opacity": 0.88}
    if color and pd.api.types.is_numeric_dtype(frame[color]):
        marker |= {"color": frame[color], "colorscale": "Viridis", "showscale": True, "colorbar": {"title": color}}
    elif color:
        marker["color"] = [COLORS[code % len(COLORS)] for code in pd.factorize(frame[color])[0]]
    points = go.Scatter(x=frame[x], y=frame[y], mode="markers", text=frame["name"], marker=marker)
    return _titled(go.Figure(points), x, y)


def box(runs: Any, y: str, group: str | None = None) -> go.Figure:
    """The spread of a number over runs, a box for each value of `group`."""
    return _spread(go.Box, _frame(runs, y, group), y, group, {"boxpoints": "all", "boxmean": True})


def violin(runs: Any, y: str, group: str | None = None) -> go.Figure:
    """The same as violins."""
    return _spread(go.Violin, _frame(runs, y, group), y, group, {"points": "all", "meanline_visible": True})


def bar(runs: Any, metric: str) -> go.Figure:
    """A number of each run as a bar."""
    frame = _frame(runs, metric).dropna(subset=[metric])
    return _titled(go.Figure(go.Bar(x=frame["name"], y=frame[metric], marker_color=COLORS[0])), "", metric)


def contour(runs: Any, x: str, y: str, z: str) -> go.Figure:
    """A metric over two numbers, with the runs as points. Raises InvalidValue where runs are too few."""
    store, ids = _found(runs)
    grid = contour_grid(store, ids, x, y, z)
    points = np.array(grid["points"])
    surface = go.Contour(x=grid["x"], y=grid["y"], z=grid["z"], colorscale="Viridis", colorbar={"title": z})
    dots = go.Scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker={"color": "white", "line": {"width": 1}})
    return _titled(go.Figure([surface, dots]), x, y)


def importance(runs: Any, metric: str) -> go.Figure:
    """How much a metric depends on each parameter (scikit-learn). Raises InvalidValue where runs are too few."""
    return _dependence(runs, metric, "importance")


def correlation(runs: Any, metric: str) -> go.Figure:
    """Spearman's correlation of a metric with each parameter that is a number."""
    return _dependence(runs, metric, "correlation")


def _dependence(runs: Any, metric: str, column: str) -> go.Figure:
    store, ids = _found(runs)
    table, notices = importance_table(store, ids, metric)
    frame = table.to_pandas().dropna(subset=[column]).iloc[::-1]
    figure = go.Figure(go.Bar(x=frame[column], y=frame["name"], orientation="h", marker_color=COLORS[0]))
    if notices:
        figure.add_annotation(text=notices[0], xref="paper", yref="paper", x=0.5, y=1.08, showarrow=False)
    return _titled(figure, f"{column} for {metric}", "")


# -- parts


def _found(runs: Any) -> tuple[Reader, list[str]]:
    ids = frames.run_ids(runs)
    if not ids:
        raise InvalidValue("No run to draw: give run ids, a DataFrame of runs, or a table with a selection.")
    return reader(current_store()), ids


def _frame(runs: Any, *columns: str | None) -> pd.DataFrame:
    store, ids = _found(runs)
    frame: pd.DataFrame = run_table(store, run_ids=ids, view="all").to_pandas()
    for name in columns:
        if name is not None and name not in frame:
            raise InvalidValue(f"None of these runs has {name!r}.")
    return frame


def _values(store: Reader, ids: list[str], column: str) -> dict[str, Any]:
    frame = run_table(store, run_ids=ids, view="all").to_pandas()
    if column not in frame:
        raise InvalidValue(f"None of these runs has {column!r}.")
    return dict(zip(frame["run_id"], frame[column], strict=True))


def _labels(store: Reader, ids: list[str]) -> dict[str, str]:
    table = run_table(store, run_ids=ids, view="all")
    return dict(zip(table.column("run_id").to_pylist(), table.column("name").to_pylist(), strict=True))


def _along(one: pd.DataFrame, line: pd.DataFrame, x: str) -> Any:
    if x == "step":
        return line.step
    if x == "relative":
        return (line.time - line.time.iloc[0]) / 1000
    if x == "wall":
        return pd.to_datetime(line.time, unit="ms", utc=True)
    other = one[one.key == x]
    if len(other) == 0:
        return np.full(len(line), np.nan)
    return np.interp(line.step, other.step, other.value, left=np.nan, right=np.nan)


def _line(figure: go.Figure, x: Any, y: pd.Series[float], name: str, color: str, smoothing: float) -> None:
    if smoothing > 0:
        raw = {"color": color, "width": 1}
        figure.add_scatter(x=x, y=y, mode="lines", line=raw, opacity=0.35, showlegend=False, hoverinfo="skip")
        y = y.ewm(alpha=1 - smoothing, adjust=True, ignore_na=True).mean()
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": color}, name=name)


def _bands(figure: go.Figure, points: pd.DataFrame, values: dict[str, Any]) -> None:
    low, high = points.step.min(), points.step.max()
    steps = np.unique(np.round(np.linspace(low, high, 200))) if len(points) else np.array([])
    for place, value in enumerate(dict.fromkeys(values.values())):
        members = [points[points.run_id == run] for run, other in values.items() if other == value]
        lines = [np.interp(steps, m.step, m.value, left=np.nan, right=np.nan) for m in members if len(m)]
        if not lines:
            continue
        table = pd.DataFrame(lines)
        mean, sd, color = table.mean(), table.std(ddof=1).fillna(0), COLORS[place % len(COLORS)]
        edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
        figure.add_scatter(x=steps, y=mean - sd, **edge)
        figure.add_scatter(x=steps, y=mean + sd, fill="tonexty", fillcolor=_faint(color), **edge)
        figure.add_scatter(x=steps, y=mean, mode="lines", line={"color": color}, name=f"{value} (n = {len(lines)})")


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"


def _differing(frame: pd.DataFrame) -> list[str]:
    names = [n for n in frame.columns if n.startswith(("params.", "metrics."))]
    return [name for name in names if frame[name].nunique(dropna=False) > 1][:24]


def _dimension(frame: pd.DataFrame, name: str) -> dict[str, Any]:
    label = name.split(".", 1)[-1]
    if pd.api.types.is_numeric_dtype(frame[name]):
        return {"label": label, "values": frame[name].astype(float)}
    codes, words = pd.factorize(frame[name])
    return {"label": label, "values": codes, "tickvals": list(range(len(words))), "ticktext": [str(w) for w in words]}


def _sizes(column: pd.Series[Any]) -> Any:
    if not pd.api.types.is_numeric_dtype(column):
        raise InvalidValue(f"{column.name!r} is no number: a size is made of numbers.")
    low, high = column.min(), column.max()
    return (6 + 18 * (column - low) / (high - low if high > low else 1)).fillna(4)


def _spread(kind: Any, frame: pd.DataFrame, y: str, group: str | None, options: dict[str, Any]) -> go.Figure:
    figure = go.Figure()
    parts = frame.groupby(group, dropna=False) if group else [("", frame)]
    for place, (value, part) in enumerate(parts):
        color = COLORS[place % len(COLORS)]
        figure.add_trace(kind(y=part[y], name=str(value), text=part["name"], marker_color=color, **options))
    return _titled(figure, group or "", y)


def _titled(figure: go.Figure, x: str, y: str) -> go.Figure:
    return figure.update_layout(xaxis_title=x, yaxis_title=y, template="plotly_white", showlegend=False)
