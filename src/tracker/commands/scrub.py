"""`tracker scrub RUN`: takes credentials out of a run that is already kept."""

from __future__ import annotations

import argparse
import sys

from tracker.commands import Runner


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="its id, the beginning of it, or its name")
    parser.add_argument(
        "--ask", action="store_true", help="ask for texts that are to be masked too, without showing them"
    )
    parser.add_argument(
        "--now", action="store_true", help="remove old copies of the events at once, not in ten minutes"
    )
    return _scrub


def _scrub(asked: argparse.Namespace) -> None:
    from tracker.tracking.scrubbing import scrub

    also = list(_words()) if asked.ask else []
    for run in asked.runs:
        print(scrub(run, also, now=asked.now))


def _words() -> list[str]:
    """Lines from a terminal without echo, or from a pipe, up to an empty one."""
    if not sys.stdin.isatty():
        return [line.rstrip("\n") for line in sys.stdin if line.strip()]
    from getpass import getpass

    words = []
    while word := getpass("Text to mask (empty: no more): "):
        words.append(word)
    return words
