"""`tracker ui [PATH]`: the run table, comparison and run view of a store in a browser, without a notebook."""

from __future__ import annotations

import argparse

from tracker.commands import Runner
from tracker.exceptions import InvalidValue


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="the store's folder, or a folder that holds one")
    parser.add_argument("--port", type=int, help="the port to listen on; else the first free one from 8888")
    parser.add_argument("--browser", action="store_true", help="open the page in a browser")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE",
        help="a setting of Jupyter Server, as ServerApp.base_url=/runs/ or ServerApp.ip=0.0.0.0 (again and again)",
    )  # fmt: skip
    return _serve


def _serve(asked: argparse.Namespace) -> None:
    from tracker.tracking.location import current_store, set_tracking_uri

    try:
        from tracker.server.alone import Settings, serve
    except ImportError as error:
        raise InvalidValue(
            f"tracker ui needs {error.name}, which is not installed: pip install 'jupyter-tracker[lab]'."
        ) from error
    for option in asked.option:
        if "." not in option.partition("=")[0] or "=" not in option:
            raise InvalidValue(f"--option {option!r} is no setting: give one as ServerApp.base_url=/runs/.")
    if asked.path is not None:
        set_tracking_uri(asked.path)
    serve(Settings(current_store().root, asked.port, asked.browser, [f"--{option}" for option in asked.option]))
