"""`tracker …` and `python -m tracker …`: commands on a store, without a notebook.

A command is one line of `COMMANDS`: its name, "module:function", and what it does. The function is given an
`argparse.ArgumentParser`, adds its arguments, and returns what carries the command out: called with the parsed
arguments, it prints its answer and returns None or an exit code. Only the module of the command that was asked for is
imported. `--store PATH` may stand before or after any command; the store is then what `current_store()` gives.

Exit codes: 0 done, 1 a fault (one sentence on stderr, no traceback), 2 a mistake in the command line.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import warnings
from collections.abc import Sequence

from tracker import __version__
from tracker.commands import Runner
from tracker.exceptions import TrackerError

COMMANDS = {
    "store": ("tracker.commands.store:configure", "show what the store holds and how it is, or seal it"),
    "models": ("tracker.commands.models:configure", "list, show and promote registered models; predict and serve"),
    "gc": ("tracker.commands.gc:configure", "free what deleted runs and orphaned artifacts take"),
    "scrub": ("tracker.commands.scrub:configure", "take credentials out of a run that is kept"),
    "ui": ("tracker.commands.ui:configure", "show runs in a browser: table, comparison, run view"),
    "run": ("tracker.commands.run:configure", "run a project, a script or a notebook with other parameters"),
    "package": ("tracker.commands.package:configure", "write a tracked run as a project's folder"),
    "export": ("tracker.commands.exports:configure", "write runs as a zip, for MLflow, as Parquet or as CSV"),
    "pipeline": ("tracker.commands.pipeline:configure", "run what changed of a pipeline, say how it stands, draw it"),
    "report": ("tracker.commands.report:configure", "write runs as one HTML file that shows them anywhere"),
    "import": ("tracker.commands.imports:configure", "bring the runs of another tracker into the store"),
}

_DONE, _FAULT, _MISTAKE, _INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line (without the program's name); the exit code."""
    warnings.showwarning = _show_warning
    try:
        return _run(sys.argv[1:] if arguments is None else list(arguments))
    except TrackerError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return _FAULT
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _DONE
    except OSError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return _FAULT


def _run(arguments: list[str]) -> int:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.command is None:
        parser.print_help()
        return _DONE
    if asked.command not in COMMANDS:
        parser.error(f"there is no command {asked.command!r}; there are {', '.join(COMMANDS)}")
    place, purpose = COMMANDS[asked.command]
    own = argparse.ArgumentParser(prog=f"tracker {asked.command}", description=f"{purpose[0].upper()}{purpose[1:]}.")
    _add_store(own)
    runner = _configured(place, own)
    details = own.parse_args(asked.rest)
    _use(details.store or asked.store)
    return runner(details) or _DONE


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    parser = argparse.ArgumentParser(
        prog="tracker",
        description="An experiment tracker that lives in the notebook: commands on its store.",
        epilog="commands:\n" + "\n".join(f"  {name:{width}}  {purpose}" for name, (_, purpose) in COMMANDS.items())
        + "\n\ntracker COMMAND --help tells of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"tracker {__version__}")
    _add_store(parser)
    parser.add_argument("command", nargs="?", metavar="COMMAND", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="…", help=argparse.SUPPRESS)
    return parser


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", metavar="PATH", help="the store's folder; else the one that is found from here")


def _configured(place: str, parser: argparse.ArgumentParser) -> Runner:
    module, _, function = place.partition(":")
    runner: Runner = getattr(importlib.import_module(module), function)(parser)
    return runner


def _use(store: str | None) -> None:
    from tracker.tracking.location import set_tracking_uri

    if store is not None:
        set_tracking_uri(store)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"tracker: {message}", file=sys.stderr)
