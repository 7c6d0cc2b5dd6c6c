"""`tracker import`: brings the runs of another tracker into the store."""

from __future__ import annotations

import argparse

from tracker.commands import Runner


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument(
        "place",
        metavar="PATH",
        help="what another tracker wrote: MLflow (folder, database file or URI), TensorBoard, W&B offline runs, "
        "Trackio, Neptune's export, or a CSV table of runs; which it is, is found out",
    )
    parser.add_argument(
        "--artifacts",
        choices=("copy", "move", "link", "reference"),
        default="copy",
        help="copy the runs' files (default), move them, hard-link them, or only note where they are",
    )
    return _import


def _import(asked: argparse.Namespace) -> int | None:
    from tracker.interop.importing import import_from

    print(import_from(asked.place, artifacts=asked.artifacts))
    return None
