"""`tracker report`: writes runs as one HTML file that shows them anywhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tracker.commands import Runner


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="*", help="ids of runs, their beginnings, or names; else the latest"
    )
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html", help="default: report.html")
    parser.add_argument(
        "-e", "--experiment", metavar="NAME", action="append", help="its runs; may be given several times"
    )
    parser.add_argument("-w", "--where", metavar="FILTER", help="which runs, as in 'metrics.accuracy > 0.9'")
    parser.add_argument("-t", "--title", metavar="TEXT", default="", help="default: the experiments' names")
    return _report


def _report(asked: argparse.Namespace) -> int | None:
    from tracker.pages.report import chosen_ids, write_report
    from tracker.query import reader
    from tracker.tracking.context import current_store
    from tracker.tracking.reading import run_id_of

    store = reader(current_store())
    given = [run_id_of(store.store, run) for run in asked.runs] or None
    ids = chosen_ids(store, given, asked.experiment, asked.where)
    target = Path(asked.output)
    for notice in write_report(store, ids, target, asked.title):
        print(f"tracker: {notice}", file=sys.stderr)
    print(f"{target}: {len(ids):,} run{'s' * (len(ids) != 1)}, {target.stat().st_size / 1e6:.1f} MB")
    return None
