"""`tracker pipeline [build|status|plot] PATH`: a pipeline's steps, only what changed."""

from __future__ import annotations

import argparse
from pathlib import Path

from tracker.commands import Runner

_ACTIONS = ("build", "status", "plot")


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument(
        "what", nargs="*", metavar="[build|status|plot] PATH",
        help="build (default) runs what changed, status says what that is, plot writes the graph as SVG; PATH is a "
        "pipeline.yaml or its folder (default: this one)",
    )  # fmt: skip
    parser.add_argument(
        "-t", "--task", action="append", default=[], metavar="NAME", help="only it, and what is upstream"
    )
    parser.add_argument("-f", "--force", action="store_true", help="run what did not change too")
    parser.add_argument("-o", "--output", metavar="FILE", default="pipeline.svg", help="of plot")
    parser.add_argument("--experiment-name", metavar="NAME")
    return lambda asked: _pipeline(parser, asked)


def _pipeline(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    from tracker.projects.pipelines.pipeline import pipeline

    words = list(asked.what)
    action = words.pop(0) if words and words[0] in _ACTIONS else "build"
    if len(words) > 1:
        parser.error(f"one path is expected; got {', '.join(words)}")
    found = pipeline(words[0] if words else ".")
    if action == "status":
        print(found)
    elif action == "plot":
        Path(asked.output).write_text(found.svg(), encoding="utf-8")
        print(asked.output)
    else:
        found.run(asked.task, force=asked.force, experiment_name=asked.experiment_name)
