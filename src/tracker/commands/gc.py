"""`tracker gc`: frees what deleted runs and orphaned artifacts take, after saying what it would free."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tracker.commands import Runner

if TYPE_CHECKING:
    from tracker.query.garbage import Garbage

_AGE = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument(
        "--older-than", metavar="AGE", type=_age, default=0.0,
        help="only what was deleted that long ago, as 30d, 12h, 90m, 2w (default: all that is deleted)",
    )  # fmt: skip
    parser.add_argument(
        "--experiment",
        metavar="NAME",
        action="append",
        help="only runs of this one (name or id); may be repeated",
    )
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--yes", action="store_true", help="do not ask")
    answer.add_argument("--dry-run", action="store_true", help="only say what would be freed")
    return _collect


def _age(text: str) -> float:
    told = _AGE.fullmatch(text.strip().lower())
    if told is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age; write a number and s, m, h, d or w, as 30d")
    return float(int(told[1]) * _SECONDS[told[2]])


def _collect(asked: argparse.Namespace) -> int | None:
    from tracker.query import garbage
    from tracker.store.health import size_text
    from tracker.tracking.location import current_store

    store = current_store()
    found = garbage.find(store, asked.older_than, asked.experiment) if store.root.exists() else garbage.Garbage()
    _tell(found)
    if not found:
        print("Nothing to free.")
        return None
    if asked.dry_run or not (asked.yes or _agreed()):
        print("Nothing was freed.")
        return None
    freed = garbage.free(store, found)
    print(f"Freed {size_text(freed.now)}.")
    if freed.later:
        print(f"{size_text(freed.later)} more go in ten minutes, when readers are through with the files.")
    if not freed.sealed:
        print("The runs are gone; their events take space until the store can be sealed: run tracker gc again.")
    return None


def _tell(found: Garbage) -> None:
    from tracker.store.health import size_text

    lines = []
    if found.runs:
        names = _listed(name or run for run, name in found.runs.items())
        lines.append(("runs", f"{len(found.runs):,} deleted: {names}"))
    if found.experiments:
        lines.append(("experiments", f"{len(found.experiments):,} deleted: {_listed(found.experiments.values())}"))
    if found.events:
        lines.append(("events", f"about {size_text(found.events)}"))
    if found.artifacts.files:
        lines.append(("artifacts", f"{found.artifacts} of these runs"))
    if found.orphans:
        size = size_text(sum(amount.size for amount in found.orphans.values()))
        lines.append(("orphaned", f"{len(found.orphans):,} folders of artifacts without a run · {size}"))
    if found.half_removed.files:
        lines.append(("left over", f"{found.half_removed} of a removal that was cut short"))
    lines += [("kept", reason) for reason in found.kept]
    for label, text in lines:
        print(f"{label:13}{text}")


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f", and {len(every) - _SHOWN:,} more" if len(every) > _SHOWN else ""
    return ", ".join(_plain(name) for name in every[:_SHOWN]) + more


def _plain(name: str) -> str:
    """A name without what a terminal would obey."""
    return "".join(c if c.isprintable() else "�" for c in name[:60])


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("Give --yes to free it.")
        return False
    return input("Free it for good? [y/N] ").strip().lower() in ("y", "yes")
