"""`tracker store`: what the store holds and how it is; with `--seal`, seals and merges it first."""

from __future__ import annotations

import argparse
import warnings

from tracker.commands import Runner
from tracker.exceptions import StoreError


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument(
        "--seal", action="store_true", help="turn what dead processes wrote into segments, and merge small ones, now"
    )
    return _show


def _show(asked: argparse.Namespace) -> None:
    from tracker.query.overview import overview
    from tracker.tracking.location import current_store

    store = current_store()
    if asked.seal and store.root.exists():
        done = store.seal()
        if done is None:
            raise StoreError(
                f"The store at {store.root} cannot be sealed now: another process is at it, it cannot be written, "
                "or its file system has no locks. Try again later."
            )
        print(f"Sealed {done.journals:,} journals, merged {done.merged:,} segments, removed {done.removed:,}.\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say stands among the lines
        lines = overview(store)
    for label, text in lines:
        print(f"{label:13}{text}")
