"""`tracker models …`: the registry by list, show and promote; a model by predict and serve."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from tracker.commands import Runner
from tracker.entities_registry import ModelVersion, RegisteredModel
from tracker.exceptions import InvalidValue

_ENVIRONMENTS = ("local", "uv", "virtualenv")


def configure(parser: argparse.ArgumentParser) -> Runner:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, add in _ACTIONS.items():
        purpose = str(add.__doc__)
        add(actions.add_parser(name, help=purpose[0].lower() + purpose[1:].rstrip("."), description=purpose))
    return lambda asked: asked.run(asked)


def _list(parser: argparse.ArgumentParser) -> None:
    """The registered models."""
    parser.add_argument("--filter", metavar="WHERE", help="as name LIKE 'iris%%' AND tags.team = 'a'")
    parser.set_defaults(run=_run_list)


def _show(parser: argparse.ArgumentParser) -> None:
    """A registered model and its versions."""
    parser.add_argument("name")
    parser.set_defaults(run=_run_show)


def _promote(parser: argparse.ArgumentParser) -> None:
    """Put a version into a stage, or give it an alias."""
    parser.add_argument("name")
    parser.add_argument("version", help="a number, or latest")
    parser.add_argument("--stage", help="None, Staging, Production or Archived")
    parser.add_argument("--alias", help="a name for the version, as champion")
    parser.add_argument("--archive", action="store_true", help="with --stage: the versions that are there are archived")
    parser.set_defaults(run=_run_promote)


def _predict(parser: argparse.ArgumentParser) -> None:
    """Predict from a file or standard input, as the scoring server would."""
    _add_model(parser)
    parser.add_argument("-i", "--input-path", metavar="FILE", help="the input; else standard input")
    parser.add_argument("-o", "--output-path", metavar="FILE", help="where the predictions go; else standard output")
    parser.add_argument("-t", "--content-type", choices=("json", "csv"), default="json")
    parser.set_defaults(run=_run_predict)


def _serve(parser: argparse.ArgumentParser) -> None:
    """Serve a model by HTTP, with MLflow's protocol."""
    _add_model(parser)
    parser.add_argument("-p", "--port", type=int, default=5000)
    parser.add_argument("--host", "-H", default="127.0.0.1", help="127.0.0.1 unless told: this machine alone")
    parser.add_argument("-w", "--workers", type=int, default=1, help="how many processes")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="of a prediction")
    parser.add_argument("--max-body", type=int, default=100, metavar="MB", help="of a request")
    parser.set_defaults(run=_run_serve)


_ACTIONS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "list": _list, "show": _show, "promote": _promote, "predict": _predict, "serve": _serve,
}  # fmt: skip


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-m", "--model-uri", required=True, metavar="URI", help="models:/…, runs:/… or a folder")
    parser.add_argument("--env-manager", choices=_ENVIRONMENTS, default="local", help="where the model runs")
    parser.add_argument("--trust", action="store_true", help="the model may run code, although it comes from elsewhere")


# -- the registry


def _run_list(asked: argparse.Namespace) -> None:
    from tracker.models.registry import search_registered_models

    found = search_registered_models(filter_string=asked.filter)
    _print_table(("name", "latest", "stages", "aliases", "changed"), map(_row, found))


def _row(model: RegisteredModel) -> tuple[str, ...]:
    latest = max((version.version for version in model.latest_versions), default=None)
    stages = [f"{v.current_stage} {v.version}" for v in model.latest_versions if v.current_stage != "None"]
    aliases = [f"{alias} {version}" for alias, version in model.aliases.items()]
    return model.name, str(latest or ""), ", ".join(stages), ", ".join(aliases), _day(model.last_updated_timestamp)


def _run_show(asked: argparse.Namespace) -> None:
    from tracker.models.registry import search_model_versions
    from tracker.tracking.client import MlflowClient

    model = MlflowClient().get_registered_model(asked.name)
    print(_printable(model.name))
    for label, text in (("about", model.description), ("tags", _pairs(model.tags))):
        if text:
            print(f"{label:9}{_printable(text)}")
    quoted = model.name.replace("'", "''")
    found = search_model_versions(filter_string=f"name = '{quoted}'", order_by=["version_number DESC"])
    print()
    _print_table(("version", "stage", "aliases", "run", "changed", "tags", "source"), map(_version_row, found))


def _version_row(version: ModelVersion) -> tuple[str, ...]:
    return (
        str(version.version), str(version.current_stage), ", ".join(version.aliases), version.run_id or "",
        _day(version.last_updated_timestamp), _pairs(version.tags), str(version.source),
    )  # fmt: skip


def _run_promote(asked: argparse.Namespace) -> None:
    from tracker.tracking.client import MlflowClient

    if asked.stage is None and asked.alias is None:
        raise InvalidValue("Say where to: --stage Production, or --alias champion.")
    client = MlflowClient()
    version = asked.version
    if version == "latest":
        version = client.get_model_version_by_alias(asked.name, "latest").version
    if asked.alias is not None:
        client.set_registered_model_alias(asked.name, asked.alias, version)
    if asked.stage is not None:
        client.transition_model_version_stage(asked.name, version, asked.stage, asked.archive)
    now = client.get_model_version(asked.name, version)
    _print_table(("version", "stage", "aliases", "run", "changed", "tags", "source"), [_version_row(now)])


def _pairs(tags: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))


def _day(time: int | None) -> str:
    return "" if time is None else datetime.fromtimestamp(time / 1000).strftime("%Y-%m-%d %H:%M")


def _print_table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    lines = [heads, *(tuple(_printable(cell) for cell in row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _printable(text: str) -> str:
    """Without what would act on a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


# -- a model


def _run_predict(asked: argparse.Namespace) -> None:
    from tracker.models.prediction import predict

    with _input(asked.input_path) as path:
        answer = predict(
            asked.model_uri, input_path=path, content_type=asked.content_type, output_path=asked.output_path,
            env_manager=asked.env_manager, trust=asked.trust,
        )  # fmt: skip
    if not asked.output_path:
        print(json.dumps(answer))


@contextlib.contextmanager
def _input(path: str | None) -> Iterator[str]:
    """The path of the input, which standard input is written to if there is none."""
    if path is not None:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "input")
        file.write_bytes(sys.stdin.buffer.read())
        yield str(file)


def _run_serve(asked: argparse.Namespace) -> None:
    from tracker.models.serving.server import Settings, run
    from tracker.tracking.location import current_store

    settings = Settings(
        asked.model_uri, str(current_store().root), asked.host, asked.port, asked.workers, asked.trust,
        asked.max_body << 20, asked.timeout,
    )  # fmt: skip
    if asked.env_manager == "local":
        run(settings)
        return
    from tracker.models.serving.environment import run_in_environment

    run_in_environment(settings, asked.env_manager)
