"""Has a store changed? Told by names and sizes of files and by who still writes: nothing is read for it."""

from __future__ import annotations

from tracker.store import Store

State = frozenset[tuple[str, int, bool]]


def state_of(store: Store) -> State | None:
    """What is equal only while nothing was written and no writer has ended; None where there is no store."""
    if not store.root.is_dir():
        return None
    found = set()
    for path in store.journals():
        try:
            found.add((path.name, path.stat().st_size, store.is_live(path.stem)))
        except OSError:
            continue
    return frozenset(found)
