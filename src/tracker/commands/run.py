"""`tracker run URI`: an entry point of a project, a script or a notebook, as a run."""

from __future__ import annotations

import argparse
import signal
import sys

from tracker.commands import Runner


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    parser.add_argument("uri", metavar="URI", help="a folder, a git repository (URI#subfolder), a ZIP file, a notebook")
    parser.add_argument("-e", "--entry-point", default="main", metavar="NAME", help="or a script or notebook in it")
    parser.add_argument("-v", "--version", metavar="VERSION", help="of a repository: a branch, a tag or a commit")
    parser.add_argument("-P", "--param-list", action="append", default=[], metavar="NAME=VALUE", help="a parameter")
    parser.add_argument(
        "-A", "--docker-args", action="append", default=[], metavar="NAME[=VALUE]", help="for docker run"
    )
    parser.add_argument("--experiment-name", metavar="NAME")
    parser.add_argument("--experiment-id", metavar="ID")
    parser.add_argument("--run-name", metavar="NAME")
    parser.add_argument("--run-id", metavar="ID", help="go on with this run instead of a new one")
    parser.add_argument("-b", "--backend", default="local", metavar="NAME", help="local")
    parser.add_argument(
        "--env-manager",
        choices=("local", "uv", "virtualenv", "conda"),
        help="local: this environment; else one made of the project's file (default: what that file asks for)",
    )
    parser.add_argument("--storage-dir", metavar="FOLDER", help="where parameters of type path are brought to")
    parser.add_argument("--build-image", action="store_true", help="make the project's docker image anew")
    return _run


def _run(asked: argparse.Namespace) -> int | None:
    from tracker.exceptions import ExecutionException
    from tracker.projects.launching import follow, run, say
    from tracker.projects.parameters import parse_pairs

    signal.signal(signal.SIGTERM, _interrupt)  # what was started ends with it
    options = dict(pair.partition("=")[::2] if "=" in pair else (pair, True) for pair in asked.docker_args)
    submitted = run(
        asked.uri, asked.entry_point, asked.version, parse_pairs(asked.param_list), options,
        experiment_name=asked.experiment_name, experiment_id=asked.experiment_id, backend=asked.backend,
        storage_dir=asked.storage_dir, synchronous=False, run_id=asked.run_id, run_name=asked.run_name,
        env_manager=asked.env_manager, build_image=asked.build_image,
    )  # fmt: skip
    say(f"run {submitted.run_id}")
    try:
        follow(submitted)
    except ExecutionException as error:
        print(f"tracker: {error.message.partition(' Its last lines:')[0]}", file=sys.stderr)  # they were just shown
        return 1
    say(f"run {submitted.run_id} {submitted.get_status()}")
    return None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
