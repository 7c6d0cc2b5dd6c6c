"""One run as the card shows it, read from the store."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tracker.exceptions import NotFound
from tracker.pages.numbers import rounded
from tracker.query import Reader
from tracker.query.curves import reduced
from tracker.tracking.provenance import SLICE

_RUN = "SELECT name, experiment, status, epoch(start_time), epoch(end_time), note FROM runs WHERE run_id = ?"
CARD_POINTS = 120
TEXT_BYTES = 20_000


def run_card(store: Reader, run_id: str, curves: bool = True, text_bytes: int = TEXT_BYTES) -> dict[str, Any]:
    """The RunCard of js/core/types.ts, its texts at most so long. Raises NotFound."""
    ask = store.cursor()
    row = ask.execute(_RUN, [run_id]).fetchone()
    if row is None:
        raise NotFound(f"No run {run_id!r} in the store at {store.store.root}.")
    name, experiment, status, started, ended, note = row
    params = ask.execute("SELECT key, value FROM params WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    metrics = ask.execute(
        "SELECT key, value, step, points FROM latest_metrics WHERE run_id = ? ORDER BY key", [run_id]
    ).fetchall()
    tags = ask.execute("SELECT key, value FROM tags WHERE run_id = ? ORDER BY key", [run_id]).fetchall()
    artifacts = ask.execute("SELECT path, size FROM artifacts WHERE run_id = ? ORDER BY path", [run_id]).fetchall()
    many = [key for key, _, _, points in metrics if points > 1] if curves else []
    return {
        "id": run_id,
        "name": name or "",
        "experiment": experiment or "",
        "status": status,
        "started": started * 1000,
        "ended": None if ended is None else ended * 1000,
        "params": [{"key": key, "value": value if value is not None else "null"} for key, value in params],
        "metrics": [
            {"key": key, "value": rounded(value), "step": step, "points": points}
            for key, value, step, points in metrics
        ],
        "tags": [{"key": key, "value": value} for key, value in tags if not key.startswith(("mlflow.", "tracker."))],
        "slice": next((value for key, value in tags if key == SLICE), ""),
        "curves": json_curves(reduced(store, [run_id], many, CARD_POINTS)) if many else [],
        "note": note or "",
        "output": store.store.kept_text(run_id, "output/output.txt", text_bytes),
        "traceback": store.store.kept_text(run_id, "output/traceback.txt", text_bytes),
        "source": store.store.kept_text(run_id, "code/cell.py", text_bytes),
        "artifacts": [{"path": path, "size": size} for path, size in artifacts],
        "notices": [],
    }


def json_curves(curves: pa.Table) -> list[dict[str, Any]]:
    """The table of `query.curves.reduced` as one JSON curve a run and key."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for point in curves.to_pylist():
        curve = found.setdefault(
            (point["run_id"], point["key"]),
            {"run": point["run_id"], "key": point["key"], "step": [], "time": [], "value": []},
        )
        curve["step"].append(point["step"])
        curve["time"].append(int(point["time"]))
        curve["value"].append(rounded(point["value"]))
    return list(found.values())
