"""The measured rows as a Markdown table, with the machine named."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from rows import Number, Row

Numbers = Mapping[str, Mapping[str, float]]


def machine() -> str:
    """CPU, cores, system, and the versions of Python and the engines, in one line."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    cpu = names[0] if names else platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow", "pandas"))
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {versions}"


def markdown(rows: list[Row], ours: Numbers, mlflow: Numbers, bare: Numbers, note: str) -> str:
    """The table. A ratio above one says how many times better tracker is; beside a bare limit, how many limits it costs."""
    lines = [
        f"Measured on {machine()}. {note}".rstrip(),
        "",
        "| | goal | tracker | bare limit | MLflow (SQLite) | MLflow's fastest |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        number = value(ours, row.ours)
        if number is None:
            continue
        cells = [row.title, row.goal, row.write(number), _limit(row, number, bare)]
        cells += [_beside(row, number, value(mlflow, other)) for other in (row.mlflow, row.fastest)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def value(numbers: Numbers, place: Number | None) -> float | None:
    """The number at a place, or None if it was not measured."""
    return None if place is None else numbers.get(place[0], {}).get(place[1])


def ratio(row: Row, ours: float, other: float) -> float:
    """How many times better tracker is."""
    return ours / max(other, 1e-12) if row.more else other / max(ours, 1e-12)


def _limit(row: Row, ours: float, bare: Numbers) -> str:
    limit = value(bare, row.bare)
    return "" if limit is None else f"{row.write(limit)} ({1 / ratio(row, ours, limit):.1f}×)"


def _beside(row: Row, ours: float, other: float | None) -> str:
    if other is None:
        return ""
    if row.write(ours).endswith("%"):
        return row.write(other)
    return f"{row.write(other)} ({ratio(row, ours, other):,.3g}×)"
