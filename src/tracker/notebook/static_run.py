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
    run = body["run"]
    parts = [
        card_parts(run),
        _table("Parameters", [(pair["key"], pair["value"]) for pair in run["params"]], over=24),
        _table("Metrics", [(one["key"], figure(one["value"])) for one in run["metrics"]], over=12),
        _table("About", _about(run)),
        _table("Nested runs", [_related(child) for child in run["children"]]),
        _table("Files", [(file["path"], _size(file["size"])) for file in run["artifacts"]]),
        _table("Data", [_dataset(one) for one in run["datasets"]]),
        _table("Environment", _environment(run["environment"])),
    ]
    return f'<div style="{_BOX}">{"".join(parts)}</div>'


def run_text(body: dict[str, Any]) -> str:
    """The card's lines, and how much else there is."""
    run = body["run"]
    counts = (("nested run", run["nested"]), ("file", len(run["artifacts"])), ("dataset", len(run["datasets"])))
    told = ", ".join(f"{count:,} {word}{'s' * (count != 1)}" for word, count in counts if count)
    return "\n".join(filter(None, [card_text(body), told]))


def _table(title: str, rows: list[tuple[str, str]], over: int = 0) -> str:
    """Folded; nothing where there are no more rows than are shown elsewhere."""
    if len(rows) <= over:
        return ""
    lines = "".join(f"<tr><td{_LEFT}>{escape(a)}</td><td{_LEFT}>{escape(b[:120])}</td></tr>" for a, b in rows[:_SHOWN])
    more = f'<div style="{_FAINT}">and {len(rows) - _SHOWN:,} more</div>' if len(rows) > _SHOWN else ""
    summary = f'<summary style="{_FAINT}">{title} ({len(rows):,})</summary>'
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
