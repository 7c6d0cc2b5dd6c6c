"""The static twins: the same displays as escaped HTML and as text, for wherever no script runs.

Every text from a run is escaped. No script, no style sheet, no class: only what GitHub, nbviewer and an untrusted
notebook let through; drawings are SVG pictures. Colours are such that both a light and a dark page carry them.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

from tracker.pages.numbers import number

_STATUS = {
    "RUNNING": "#2f7de1",
    "FINISHED": "#2e9e5b",
    "FAILED": "#d9483b",
    "KILLED": "#c98a1b",
    "SCHEDULED": "#8a8f98",
}
PALETTE = ("#3b7dd8", "#e08a2e", "#2e9e5b", "#c4509b", "#7a63d1", "#a0762c", "#1f9fb0", "#d9483b")
_BOX = "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;margin:4px 0;max-width:980px"
_FAINT = "opacity:.65"
_UNSHOWN = ("run_id", "end_time", "parent_run_id", "user", "note", "star")
# A table's cells carry as little as they can: fifty runs with their columns must stay within the bundle's bound.
# Jupyter sets every cell to the right; in tables with more cells than this only names are set back to the left.
_MANY_CELLS = 400
_LEFT, _RIGHT = " style=text-align:left", " align=right"


def card_html(body: dict[str, Any]) -> str:
    """The run card: heading, metrics with their curves, parameters, notices, folded output, traceback and source."""
    return f'<div style="{_BOX}">{card_parts(body["run"])}</div>'


def card_parts(run: dict[str, Any]) -> str:
    """What stands in the card's box."""
    parts = [_heading(run)]
    if run["note"]:
        parts.append(f'<div style="{_FAINT}">{escape(run["note"]).replace(chr(10), "<br>")}</div>')
    if run["metrics"]:
        curves = {curve["key"]: curve for curve in run["curves"]}
        cells = [_metric_tile(metric, curves.get(metric["key"])) for metric in run["metrics"][:12]]
        parts.append(f"<div>{''.join(cells)}</div>")
    pairs = [f"{escape(p['key'])} = <b>{escape(p['value'][:80])}</b>" for p in run["params"][:24]]
    pairs += [f"{escape(tag['key'])}: {escape(tag['value'][:80])}" for tag in run["tags"][:12]]
    if pairs:
        parts.append(f"<div>{' · '.join(pairs)}</div>")
    origin = [f"made by {run['slice']}"] if run.get("slice") else []
    origin += [f"read {', '.join(name[:80] for name in run['inputs'])}"] if run.get("inputs") else []
    if origin:
        parts.append(f'<div style="{_FAINT}">{escape(" · ".join(origin))}</div>')
    parts += [f'<div style="{_FAINT}">{escape(remark)}</div>' for remark in run.get("remarks", ())]
    parts += [f'<div style="color:#b9770e">{escape(notice)}</div>' for notice in run["notices"]]
    parts += [
        _folded("Traceback", run["traceback"]),
        _folded("Output", run["output"]),
        _folded("Source", run["source"]),
    ]
    return "".join(parts)


def card_text(body: dict[str, Any]) -> str:
    """The run card in one or a few lines."""
    run = body["run"]
    lines = [f"{run['experiment']} / {run['name']}  {run['status']}  {duration(run)}  [{run['id'][:12]}]".strip()]
    if run["metrics"]:
        lines.append("  ".join(f"{m['key']} = {figure(m['value'])}" for m in run["metrics"][:12]))
    if run["params"]:
        lines.append("  ".join(f"{p['key']}={p['value'][:40]}" for p in run["params"][:12]))
    return "\n".join([*lines, *run.get("remarks", ()), *run["notices"]])


def table_html(body: dict[str, Any]) -> str:
    """The first rows of the run table, and how many there are."""
    columns = [c for c in body["runs"] if c["name"] not in _UNSHOWN]
    columns = [c for c in columns if any(v is not None and v != "NaN" for v in c["values"])]
    columns = [c for c in columns if c["name"] != "experiment" or len(set(c["values"])) > 1]
    shown = len(columns[0]["values"]) if columns else 0
    heading = f"<b>{escape(body['title'])}</b> <span style='{_FAINT}'>{_count(shown, body['total'])}</span>"
    return f'<div style="{_BOX}"><div>{heading}</div>{_table(columns[:14], shown) if shown else _nothing()}</div>'


def table_text(body: dict[str, Any]) -> str:
    """The run table's title and size, and its first rows by name and status."""
    columns = {c["name"]: c["values"] for c in body["runs"]}
    names, statuses = columns.get("name", []), columns.get("status", [])
    rows = [f"  {name}  {status}" for name, status in zip(names[:10], statuses[:10], strict=True)]
    return "\n".join([f"{body['title']}: {_count(len(names), body['total'])}", *rows])


def compare_html(body: dict[str, Any]) -> str:
    """One chart a metric with every run's curve, a legend, and the table of the runs."""
    names = _run_names(body)
    colours = {run: PALETTE[i % len(PALETTE)] for i, run in enumerate(names)}
    charts: list[str] = []
    for key in dict.fromkeys(curve["key"] for curve in body["curves"]):
        lines = [
            (colours.get(c["run"], PALETTE[0]), c) for c in body["curves"] if c["key"] == key and len(c["step"]) > 1
        ]
        if lines and len(charts) < 6:
            charts.append(
                f'<div style="display:inline-block;margin:6px 16px 6px 0"><div>{escape(key)}</div>'
                f"{_picture(lines, 300, 140, key)}</div>"
            )
    legend = "".join(
        f'<span style="margin-right:14px"><span style="color:{colours[run]}">●</span> {escape(name)}</span>'
        for run, name in list(names.items())[:24]
    )
    columns = [
        c for c in body["runs"] if c["name"] in ("name", "status") or c["name"].startswith(("params.", "metrics."))
    ]
    columns = [c for c in columns if c["name"] == "name" or len({str(v) for v in c["values"]}) > 1]
    shown = len(columns[0]["values"]) if columns else 0
    heading = f"<b>{escape(body['title'])}</b> <span style='{_FAINT}'>{_count(shown, body['total'])}</span>"
    table = _table(columns[:14], shown) if shown else _nothing()
    return f'<div style="{_BOX}"><div>{heading}</div><div>{"".join(charts)}</div><div>{legend}</div>{table}</div>'


def compare_text(body: dict[str, Any]) -> str:
    """The comparison's title and its runs' names."""
    names = list(_run_names(body).values())
    return "\n".join([f"{body['title']}: {_count(len(names), body['total'])}", *(f"  {name}" for name in names[:20])])


def figure(value: object) -> str:
    """A number for people: four significant digits, integers whole, missing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return {"Infinity": "∞", "-Infinity": "−∞"}.get(value, value)
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "∞" if number > 0 else "−∞"
    return f"{number:,.0f}" if number.is_integer() and abs(number) < 1e9 else f"{number:.4g}"


def duration(run: dict[str, Any]) -> str:
    """How long a run took, as in 0.42 s, 12.3 s, 4 min 05 s, 2 h 10 min; empty while it runs."""
    return "" if run["ended"] is None else seconds_text((run["ended"] - run["started"]) / 1000)


def seconds_text(seconds: float) -> str:
    """A duration for people."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _heading(run: dict[str, Any]) -> str:
    status = run["status"]
    shown = "was running when this was saved" if status == "RUNNING" else status.capitalize()
    return (
        f'<div><span style="color:{_STATUS.get(status, "#888")}">●</span> <b>{escape(run["name"])}</b> '
        f'<span style="{_FAINT}">{escape(run["experiment"])} · {shown} · {duration(run)} · {run["id"][:12]}</span>'
        "</div>"
    )


def _metric_tile(metric: dict[str, Any], curve: dict[str, Any] | None) -> str:
    drawn = (
        _picture([(PALETTE[0], curve)], 96, 24, metric["key"], frame=False) if curve and len(curve["step"]) > 1 else ""
    )
    return (
        f'<div style="display:inline-block;margin:4px 22px 4px 0;vertical-align:bottom"><div style="{_FAINT}">'
        f"{escape(metric['key'])}</div><div><b>{figure(metric['value'])}</b> {drawn}</div></div>"
    )


def _folded(title: str, text: str) -> str:
    if not text.strip():
        return ""
    summary = f'<summary style="{_FAINT}">{title}</summary>'
    return f'<details>{summary}<pre style="white-space:pre-wrap">{escape(text)}</pre></details>'


def _table(columns: list[dict[str, Any]], rows: int) -> str:
    heads = "".join(f"<th{_RIGHT if _numeric(c) else _LEFT}>{escape(_short(c['name']))}</th>" for c in columns)
    left = _LEFT if rows * len(columns) <= _MANY_CELLS else ""
    lines = "".join(f"<tr>{''.join(_cell(c, row, left) for c in columns)}</tr>" for row in range(rows))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(column: dict[str, Any], row: int, left: str) -> str:
    value = column["values"][row]
    if column["name"] == "status":
        return (
            f'<td{left}><span style="color:{_STATUS.get(value, "#888")}">●</span>&nbsp;'
            f"{escape(str(value).capitalize())}</td>"
        )
    if column["kind"] == "time":
        return f"<td nowrap{left}>{_moment(value)}</td>"
    if column["name"] == "duration":
        return f"<td{_RIGHT}>{seconds_text(value) if isinstance(value, float | int) else '–'}</td>"
    if _numeric(column):
        return f"<td{_RIGHT}>{figure(value)}</td>"
    if column["name"] == "name":
        left = _LEFT
    return f"<td{left}>{escape('–' if value is None else str(value)[:60])}</td>"


def _numeric(column: dict[str, Any]) -> bool:
    return bool(column["kind"] == "number")


def _short(name: str) -> str:
    return name.split(".", 1)[1] if name.startswith(("params.", "metrics.", "tags.")) else name.replace("_", " ")


def _moment(value: object) -> str:
    if not isinstance(value, int | float):
        return "–"
    return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _count(shown: int, total: int) -> str:
    if total == shown:
        return f"{total:,} run{'' if total == 1 else 's'}"
    return f"{shown:,} of {total:,} runs"


def _nothing() -> str:
    return f'<div style="{_FAINT}">No runs yet. Put %%track on top of a cell and run it.</div>'


def _run_names(body: dict[str, Any]) -> dict[str, str]:
    columns = {c["name"]: c["values"] for c in body["runs"]}
    return dict(zip(columns.get("run_id", []), columns.get("name", []), strict=False))


def _picture(lines: list[tuple[str, dict[str, Any]]], width: int, height: int, title: str, frame: bool = True) -> str:
    """Curves as one SVG picture: an <img>, since sanitizers let pictures through and strip inline SVG."""
    curves = [(colour, curve["step"], [number(v) for v in curve["value"]]) for colour, curve in lines]
    xs = [x for _, steps, _ in curves for x in steps]
    ys = [y for _, _, values in curves for y in values if math.isfinite(y)]
    if not ys:
        return ""
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    pad = 4 if frame else 2

    def point(x: float, y: float) -> str:
        along = (x - left) / (right - left) if right > left else 0.5
        up = (y - low) / (high - low) if high > low else 0.5
        return f"{pad + along * (width - 2 * pad):.1f},{height - pad - up * (height - 2 * pad):.1f}"

    paths = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" '
        f'points="{" ".join(_finite_points(steps, values, point))}"/>'
        for colour, steps, values in curves
    )
    border = (
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" fill="none" stroke="#888" stroke-opacity=".4"/>'
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"{border if frame else ''}{paths}</svg>"
    )
    words = f"{title}: {figure(low)} to {figure(high)} over steps {figure(left)} to {figure(right)}"
    source = base64.b64encode(svg.encode()).decode()
    alt = escape(words, quote=True)
    picture = (
        f'<img src="data:image/svg+xml;base64,{source}" width="{width}" height="{height}" alt="{alt}" title="{alt}">'
    )
    return picture + (f'<div style="{_FAINT}">{figure(low)} … {figure(high)}</div>' if frame else "")


def _finite_points(steps: Iterable[float], values: Iterable[float], point: Any) -> list[str]:
    return [point(x, y) for x, y in zip(steps, values, strict=True) if math.isfinite(y)]
