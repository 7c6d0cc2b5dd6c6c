"""The registry and the playground in a saved notebook: escaped HTML and text, no script."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from tracker.notebook.static import figure

_BOX = "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;margin:4px 0;max-width:980px"
_FAINT = "opacity:.65"
_METRICS = 8


def registry_html(body: dict[str, Any]) -> str:
    """Each model with its versions as a table: stage, aliases, metrics of its run, run, day."""
    parts = [f'<div style="{_BOX}">']
    for model in body["models"]:
        about = f' <span style="{_FAINT}">{escape(_about(model))}</span>'
        parts.append(f"<div><b>{escape(model['name'])}</b>{about}</div>{_versions(model)}")
    more = body["total"] - len(body["models"])
    parts.append(f'<div style="{_FAINT}">and {more:,} more models</div>' if more > 0 else "")
    parts.append("" if body["models"] else f'<div style="{_FAINT}">{_NOTHING}</div>')
    return "".join([*parts, "</div>"])


_NOTHING = "No registered models yet: tracker.register_model(model_uri, name)."


def _about(model: dict[str, Any]) -> str:
    tags = [f"{tag['key']}: {tag['value']}" for tag in model["tags"][:6]]
    return " · ".join(filter(None, [model["description"][:300], *tags]))


def _versions(model: dict[str, Any]) -> str:
    keys = list(dict.fromkeys(metric["key"] for one in model["versions"] for metric in one["metrics"]))[:_METRICS]
    heads = ["version", "stage", "aliases", *keys, "run", "created"]
    lines = []
    for one in model["versions"]:
        values = {metric["key"]: metric["value"] for metric in one["metrics"]}
        stage = "" if one["stage"] == "None" else one["stage"]
        cells = [str(one["version"]), stage, ", ".join(one["aliases"])]
        numbers = [figure(values[key]) if key in values else "–" for key in keys]
        day = datetime.fromtimestamp(one["created"] / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        cells += [*numbers, one["run"] or one["run_id"][:12], day]
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    more = model["total"] - len(model["versions"])
    rest = f'<div style="{_FAINT}">and {more:,} earlier versions</div>' if more > 0 else ""
    top = "".join(f'<th style="text-align:left">{escape(head)}</th>' for head in heads)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>{rest}"


def registry_text(body: dict[str, Any]) -> str:
    """Each model and its versions in a line each."""
    lines = []
    for model in body["models"]:
        lines.append(f"{model['name']}: {model['total']} version{'' if model['total'] == 1 else 's'}")
        for one in model["versions"][:10]:
            words = [f"  {one['version']}", one["stage"] if one["stage"] != "None" else "", *one["aliases"]]
            lines.append("  ".join(filter(None, words)))
    return "\n".join(lines) or _NOTHING


def playground_html(form: dict[str, Any]) -> str:
    """The rows that were asked, and what the model predicted for each."""
    names = [column["name"] for column in form["columns"]]
    heads = "".join(f'<th style="text-align:left">{escape(str(name))}</th>' for name in [*names, *form["outputs"]])
    lines = []
    for number, row in enumerate(form["rows"]):
        told = form["predicted"][number] if number < len(form["predicted"]) else []
        cells = "".join(f"<td>{escape(str(row.get(name, '')))}</td>" for name in names)
        lines.append(f"<tr>{cells}{''.join(f'<td><b>{escape(str(value))}</b></td>' for value in told)}</tr>")
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div style="{_BOX}"><div><b>{escape(str(form["title"]))}</b></div>{table}</div>'
