"""`tracker.projects.run`: a project's entry point as a run, with MLflow's signature.

Invariants: everything is checked before there is a run; the process finds its run, experiment and store in its
environment variables, under MLflow's names, so that whatever tracks in it goes on with the run that was made here.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue
from tracker.projects import docker, notebooks, packaging
from tracker.projects.command import Command, command_of
from tracker.projects.environments import Environment, choose_manager, environment_for, local_environment
from tracker.projects.parameters import Values, values_for
from tracker.projects.report import Report
from tracker.projects.sources import Source, fetched
from tracker.projects.specification import EntryPoint, Project, load_project
from tracker.projects.submitted import LocalSubmittedRun, submit
from tracker.store import Store
from tracker.tracking import context, experiments
from tracker.tracking.client import MlflowClient, existing_writer
from tracker.tracking.provenance import (
    GIT_BRANCH,
    GIT_COMMIT,
    GIT_REMOTE,
    PARENT,
    RERUN,
    RERUN_OF,
    SOURCE_NAME,
    SOURCE_TYPE,
)

ENTRY_POINT: Final = "mlflow.project.entryPoint"
BACKEND: Final = "mlflow.project.backend"
ENVIRONMENT: Final = "mlflow.project.env"
_ELSEWHERE: Final = ("databricks", "kubernetes")
_OF_THE_OUTER: Final = ("TRACKER_EXPERIMENT", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID", "TRACKER_PARENT_RUN",
                        "JPY_SESSION_NAME", "JPY_PARENT_PID", "MPLBACKEND")  # fmt: skip


def run(
    uri: str | os.PathLike[str],
    entry_point: str = "main",
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, Any] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: Any = None,
    storage_dir: str | os.PathLike[str] | None = None,
    synchronous: bool = True,
    run_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    build_image: bool = False,
    docker_auth: Any = None,
) -> LocalSubmittedRun:
    """Run an entry point of the project at `uri`: a folder, a git repository (`URI#subfolder`, `version`), a ZIP file,
    or one notebook or script.

    A new run (or the run `run_id`), below the active run if there is one, is what the project's own tracking goes to.
    `env_manager`: "local" (this environment), "uv", "virtualenv" or "conda"; by default what the project's files ask
    for. `storage_dir`: where parameters of type `path` are brought to. With `synchronous` the output is shown, and a
    failure raises ExecutionException; without, the run goes on by itself. Raises NotFound, InvalidValue, InvalidState.
    """
    _check_backend(backend)
    with ExitStack() as opened:
        source = opened.enter_context(fetched(os.fspath(uri), version))
        place = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="tracker-run-", dir=_made(storage_dir))))
        prepared = _Prepared(source, entry_point, parameters or {}, env_manager, place, docker_args, build_image)
        store = context.current_store()
        experiment = _experiment(store, experiment_name, experiment_id)
        identifier = run_id or _new_run(store, experiment, prepared, run_name, version)
        existing_writer(store, identifier).params(prepared.logged)
        command, folder = prepared.command_for(identifier)
        variables = process_variables(prepared.environment, store, identifier, experiment)
        judge = partial(prepared.judged, store, identifier) if prepared.package is not None else None
        submitted = submit(identifier, command, folder, variables, store, opened.pop_all().close, judge)
    if synchronous:
        follow(submitted)
    return submitted


def follow(submitted: LocalSubmittedRun) -> None:
    """Show a run's output until its end; an interrupt ends it. Raises ExecutionException if it failed."""
    try:
        submitted.follow()
    except KeyboardInterrupt:
        submitted.cancel()
        raise
    submitted.check()
    if submitted.report is not None:
        print(submitted.report)


def say(text: str) -> None:
    """A line about the launch, on the output."""
    print(f"tracker: {text}", flush=True)


class _Prepared:
    """An entry point with its values, environment and command, all checked. Raises NotFound, InvalidValue,
    InvalidState."""

    def __init__(self, source: Source, name: str, given: Mapping[str, Any], manager: str | None, place: Path,
                 docker_args: Mapping[str, Any] | None, build_image: bool) -> None:  # fmt: skip
        if source.entry is not None and name not in ("main", source.entry):
            raise InvalidValue(f"{source.name} is one file, which has no entry point {name!r}.")
        self.source = source
        self.project: Project = load_project(source.folder)
        self.entry: EntryPoint = self.project.entry_point(source.entry or name)
        self.place = place
        self._docker_args, self._build_image = docker_args, build_image
        self.notebook = notebooks.path_of(self.project, self.entry)
        self._question: dict[str, Any] | None = None
        self._command: Command | None = None
        if self.notebook is not None:
            values = given if self.entry.script else values_for(self.entry, given, place / "paths", source.folder).given
            self._question = notebooks.question(self.notebook, values)
            self.logged: Mapping[str, Any] = self._question["parameters"]
        else:
            filled: Values = values_for(self.entry, given, place / "paths", source.folder)
            self._command, self.logged = command_of(self.entry, filled), filled.logged
        self.package = packaging.contents_of(source.folder) if self._is_package() else None
        for notice in packaging.check_files(source.folder, self.package) if self.package is not None else ():
            say(notice)
        self.is_docker = self.project.environment == "docker" and manager is None
        self.environment: Environment = (
            local_environment()
            if self.is_docker
            else environment_for(self.project, choose_manager(self.project, manager), self.notebook is not None, say)
        )
        if self.is_docker:
            docker.check(self.project)

    def _is_package(self) -> bool:
        return self._question is not None and bool(self._question["packaged"])

    def judged(self, store: Store, run_id: str) -> Report:
        """Whether the run of a package has the numbers that it should; its tag says so too."""
        assert self.package is not None and self._question is not None
        report = packaging.judged(store, self.package, run_id, self._question["changed"])
        existing_writer(store, run_id).tags({RERUN: report.status, RERUN_OF: report.original})
        return report

    def command_for(self, run_id: str) -> tuple[Command, Path]:
        """The command of a run, and the folder that it is started in."""
        if self._question is not None and self.notebook is not None:
            file = self.place / "question.json"
            file.write_text(json.dumps(self._question), encoding="utf-8")
            words = (self.environment.python, "-m", notebooks.PROGRAM, str(file), run_id)
            return Command(words, name=self.notebook.name), self.notebook.parent
        assert self._command is not None
        command = self._command
        if self.is_docker:
            command = docker.command(self.project, command, self._docker_args, self._build_image)
        return command, self.project.folder


def process_variables(environment: Environment, store: Store, run_id: str, experiment_id: str) -> dict[str, str]:
    """The variables of a process that tracks into this run."""
    outer = {name: value for name, value in os.environ.items() if name not in _OF_THE_OUTER}
    return {
        **environment.variables_over(outer),
        "MLFLOW_RUN_ID": run_id,
        "MLFLOW_EXPERIMENT_ID": experiment_id,
        "MLFLOW_TRACKING_URI": "tracker" + store.root.absolute().as_uri().removeprefix("file"),
        "TRACKER_STORE": str(store.root.absolute()),
        "PYTHONUNBUFFERED": "1",
    }


def _new_run(store: Store, experiment: str, prepared: _Prepared, name: str | None, version: str | None) -> str:
    source = prepared.source
    outer = context.active_run()
    every = {
        SOURCE_NAME: source.name, SOURCE_TYPE: "PROJECT", ENTRY_POINT: prepared.entry.name, BACKEND: "local",
        ENVIRONMENT: "docker" if prepared.is_docker else prepared.environment.manager,
        PARENT: outer.run_id if outer is not None else None, GIT_COMMIT: source.commit, GIT_BRANCH: source.branch,
        GIT_REMOTE: source.repository, "mlflow.gitRepoURL": source.repository, "mlflow.source.git.version": version,
    }  # fmt: skip
    tags = {key: value for key, value in every.items() if value is not None}
    return MlflowClient(str(store.root)).create_run(experiment, tags=tags, run_name=name).info.run_id


def _experiment(store: Store, name: str | None, identifier: str | None) -> str:
    if name is not None and identifier is not None:
        raise InvalidValue("Give the experiment either by its name or by its id, and not both.")
    if name is not None:
        return store.ensure_experiment(name)
    if identifier is not None:
        return experiments.check_usable(store, identifier)
    outer = context.active_run()
    return outer.info.experiment_id if outer is not None else experiments.active_experiment_id(store)


def _check_backend(backend: str) -> None:
    if backend in _ELSEWHERE:
        raise InvalidValue(
            f"backend={backend!r} is a cluster of another service: tracker runs projects on this machine "
            "(backend='local')."
        )
    if backend != "local":
        raise InvalidValue(f"There is no backend {backend!r}; projects run on this machine, backend='local'.")


def _made(folder: str | os.PathLike[str] | None) -> str | None:
    if folder is None:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return os.path.abspath(folder)
