"""The run view in a saved notebook: the card, and what else the run holds, as escaped HTML and text, no script."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from tracker.notebook.static import card_parts, card_text, figure, seconds_text

_BOX = "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;margin:4px 0;max-width:980px"
_FAINT = "opacity:.65"
_LEFT = ' style="text-align:left"'
_SHOWN = 40


def run_html(body: dict[str, Any]) -> str:
    """The run's card, then its parameters and metrics as tables, related runs, files, data and environment."""
    run, totals = body["run"], body["totals"]
    params = [(pair["key"], pair["value"]) for pair in run["params"]]
    metrics = [(one["key"], figure(one["value"])) for one in run["metrics"]]
    files = [(file["path"], _size(file["size"])) for file in run["artifacts"]]
    parts = [
        card_parts(run),
        _table("Parameters", params, totals["params"], over=24),
        _table("Metrics", metrics, totals["metrics"], over=12),
        _table("About", _about(run)),
        _table("Nested runs", [_related(child) for child in run["children"]], totals["children"]),
        _table("Files", files, totals["artifacts"]),
        _table("Data", [_dataset(one) for one in run["datasets"]], totals["datasets"]),
        _table("Environment", _environment(run["environment"])),
    ]
    return f'<div style="{_BOX}">{"".join(parts)}</div>'


def run_text(body: dict[str, Any]) -> str:
    """The card's lines, and how much else there is."""
    totals = body["totals"]
    counts = (("nested run", totals["children"]), ("file", totals["artifacts"]), ("dataset", totals["datasets"]))
    told = ", ".join(f"{count:,} {word}{'s' * (count != 1)}" for word, count in counts if count)
    return "\n".join(filter(None, [card_text(body), told]))


def _table(title: str, rows: list[tuple[str, str]], total: int | None = None, over: int = 0) -> str:
    """Folded, the first of `total` rows; nothing where there are no more than are shown elsewhere."""
    total = len(rows) if total is None else total
    if total <= over:
        return ""
    lines = "".join(f"<tr><td{_LEFT}>{escape(a)}</td><td{_LEFT}>{escape(b[:120])}</td></tr>" for a, b in rows[:_SHOWN])
    rest = total - min(len(rows), _SHOWN)
    more = f'<div style="{_FAINT}">and {rest:,} more</div>' if rest > 0 else ""
    summary = f'<summary style="{_FAINT}">{title} ({total:,})</summary>'
    return f"<details>{summary}<table><tbody>{lines}</tbody></table>{more}</details>"


def _about(run: dict[str, Any]) -> list[tuple[str, str]]:
    system = {tag["key"]: tag["value"] for tag in run["system"]}
    parent = run["parent"]
    told = [
        ("run id", run["id"]),
        ("user", run["user"]),
        ("source", system.get("mlflow.source.name", "")),
        ("git commit", system.get("mlflow.source.git.commit", "")),
        ("parent run", f"{parent['name']} {parent['id']}" if parent else ""),
    ]
    return [(key, value) for key, value in told if value]


def _related(child: dict[str, Any]) -> tuple[str, str]:
    seconds = child["duration"]
    took = seconds_text(seconds) if isinstance(seconds, int | float) else ""
    return child["name"] or child["id"][:12], f"{child['status'].capitalize()} {took}".strip()


def _dataset(one: dict[str, Any]) -> tuple[str, str]:
    shape = " × ".join(f"{size:,}" for size in one["shape"])
    return one["name"], " ".join(filter(None, [one["digest"][:12], shape, one["context"], one["source"]]))


def _environment(environment: dict[str, Any]) -> list[tuple[str, str]]:
    packages = environment.get("packages")
    found = [(key, value) for key, value in environment.items() if isinstance(value, str)]
    if isinstance(packages, dict):
        found += [(str(key), value if isinstance(value, str) else json.dumps(value)) for key, value in packages.items()]
    return found


def _size(size: int) -> str:
    return f"{size:,} B" if size < 10_000 else f"{size / 1e3:,.0f} kB" if size < 1e7 else f"{size / 1e6:,.0f} MB"
