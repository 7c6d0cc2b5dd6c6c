"""A store's health in lines for people: what `tracker store` prints, and `%tracker` in the notebook."""

from __future__ import annotations

from pathlib import Path

from tracker.query.connection import reader
from tracker.store import Store
from tracker.store.health import Health, health, size_text

_STATES = """SELECT if(lifecycle_stage = 'deleted', 'deleted', status), count(*) FROM latest.runs
    GROUP BY ALL ORDER BY 1"""


def run_counts(store: Store) -> dict[str, int]:
    """How many runs there are of each status, and how many deleted ones, as `deleted`."""
    return dict(reader(store).cursor().execute(_STATES).fetchall())


def overview(store: Store) -> list[tuple[str, str]]:
    """Label and text of each line. Nothing is made where there is no store yet."""
    if not store.root.exists():
        return [("store", f"{store.root}  (made by the first run)")]
    counts, seen = run_counts(store), health(store)
    seen.damaged |= {Path(path): why for path, why in reader(store).damaged.items()}
    return _lines(seen, counts)


def _lines(seen: Health, counts: dict[str, int]) -> list[tuple[str, str]]:
    states = ", ".join(f"{number:,} {state.lower()}" for state, number in counts.items())
    kept = [
        ("store", str(seen.root)),
        ("id", f"{seen.id or 'none yet'} (format {seen.format})"),
        ("size", size_text(seen.size)),
        ("runs", f"{sum(counts.values()):,}{f': {states}' if states else ''}"),
        ("writing now", f"{seen.live} in journals" if seen.live.files else "nobody"),
        ("to be sealed", f"{seen.waiting} in journals" if seen.waiting.files else "nothing"),
        ("segments", str(seen.segments)),
        ("artifacts", str(seen.artifacts)),
    ]
    if seen.spent.files:
        kept.append(("replaced", f"{seen.spent}, removed when their readers are through"))
    kept += [("damaged", f"{path}: {why}") for path, why in sorted(seen.damaged.items())]
    return kept if seen.damaged else [*kept, ("damaged", "nothing")]
