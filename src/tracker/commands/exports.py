"""`tracker export`: gives runs to another tracker or another store."""

from __future__ import annotations

import argparse

from tracker.commands import Runner


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="ids or names; without any: all, those in the bin too")
    parser.add_argument("-e", "--experiment", metavar="NAME", help="the runs of this experiment")
    parser.add_argument(
        "--to",
        choices=("zip", "mlflow", "parquet", "csv"),
        help="the format; without it the path says it: .zip, .csv, .parquet, .db, mlruns",
    )
    parser.add_argument("-o", "--output", required=True, metavar="PATH", help="where to; nothing may be there")
    return _export


def _export(asked: argparse.Namespace) -> int | None:
    from tracker.exceptions import InvalidValue
    from tracker.frames import runs as every_run
    from tracker.interop.exporting import export

    runs = asked.runs or None
    if asked.experiment is not None:
        if runs:
            raise InvalidValue("Give runs or an experiment, not both.")
        runs = every_run(asked.experiment)
    print(export(asked.output, runs, to=asked.to))
    return None
