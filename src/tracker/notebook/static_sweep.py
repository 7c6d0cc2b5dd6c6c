"""A sweep in a saved notebook: escaped HTML, no script."""

from __future__ import annotations

from html import escape
from typing import Any

from tracker.notebook.static import figure

_BOX = "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;margin:4px 0;max-width:980px"
_FAINT = "opacity:.65"
_LEFT = ' style="text-align:left"'


def sweep_html(body: dict[str, Any]) -> str:
    """What it came to in a line, the trials by rank as a table."""
    metric = body["metric"]
    heads = ["", *body["params"], *([metric] if metric else []), "s", "run"]
    lines = []
    for row in body["rows"]:
        shown = [row["status"].lower() if row["status"] != "FINISHED" else "", *row["values"]]
        shown += [figure(row["value"]) if row["value"] is not None else row["error"] or "–"] if metric else []
        shown += ["" if row["seconds"] is None else f"{row['seconds']:.3g}", row["run"][:12]]
        weight = ' style="font-weight:650"' if row["number"] == body["best"] else ""
        lines.append(f"<tr{weight}>{''.join(f'<td{_LEFT}>{escape(str(one))}</td>' for one in shown)}</tr>")
    top = "".join(f"<th{_LEFT}>{escape(str(head))}</th>" for head in heads)
    more = sum(body["counts"].values()) - len(body["rows"])
    rest = f'<div style="{_FAINT}">and {more:,} more trials</div>' if more > 0 else ""
    said = "".join(f"<div>{escape(text)}</div>" for text in [body["error"], *body["notices"]] if text)
    return (
        f'<div style="{_BOX}"><div><b>{escape(body["name"])}</b> '
        f'<span style="{_FAINT}">{escape(_about(body))}</span></div>{said}'
        f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>{rest}</div>"
    )


def _about(body: dict[str, Any]) -> str:
    counts = body["counts"]
    parts = [body["experiment"], f"{counts['FINISHED']} of {body['total']} trials finished"]
    parts += [f"{counts[key]} {key.lower()}" for key in ("RUNNING", "FAILED", "KILLED") if counts[key]]
    return " · ".join(parts)


def trainer_html(panel: dict[str, Any], sweep: dict[str, Any]) -> str:
    """What was trained on what, the candidates by rank, and the code."""
    about = f'<span style="{_FAINT}">{escape(panel["title"])}</span>'
    head = f'<div style="{_BOX}"><b>{escape(panel["estimator"])}</b> {about}'
    said = f"<div>{escape(panel['error'])}</div>" if panel["error"] else ""
    code = f'<pre style="margin:6px 0 0;white-space:pre-wrap">{escape(panel["code"])}</pre></div>'
    return f"{head}{said}{code}{sweep_html(sweep) if sweep else ''}"
