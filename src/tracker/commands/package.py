"""`tracker package RUN`: a tracked run as a project's folder."""

from __future__ import annotations

import argparse

from tracker.commands import Runner


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument("run", metavar="RUN", help="its id, the beginning of it, or its name")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="the folder to write; else one of the run's name here")
    return _package


def _package(asked: argparse.Namespace) -> None:
    from tracker.projects.packaging import contents_of, package

    folder = package(asked.run, asked.output)
    contents = contents_of(folder) or {}
    print(f"{folder}: run it by `tracker run {folder}`")
    for told in contents.get("files", []):
        where = f"copied to {told['at']}" if told["kept"] else f"stays at {told['from']}"
        print(f"  reads {told['path']} ({told['size']:,} bytes, digest {told['digest'][:12]}), {where}")
