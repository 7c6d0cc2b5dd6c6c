"""Projects in a container, by the docker that is installed.

The store is mounted where it is, so that what tracks in the container goes on with the run made outside.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from tracker.exceptions import InvalidState, InvalidValue
from tracker.projects.command import Command
from tracker.projects.specification import Project
from tracker.tracking.context import current_store

WORKING_FOLDER: Final = "/mlflow/projects/code/"
_TOLD: Final = ("MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "TRACKER_STORE")


def check(project: Project) -> None:
    """Raises InvalidState where docker cannot be used, InvalidValue for a variable that is not there to be copied."""
    docker = shutil.which("docker")
    if docker is None:
        raise InvalidState(
            "The project runs in a container, which needs docker, and docker is not on the PATH. --env-manager local "
            "runs it in this environment."
        )
    asked = subprocess.run([docker, "info"], capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode:
        last = (asked.stderr.strip() or asked.stdout.strip()).splitlines()[-1:]
        raise InvalidState(
            f"The project runs in a container, and docker does not answer: {' '.join(last)} --env-manager local runs "
            "it in this environment."
        )
    missing = [name for name in (project.docker.variables if project.docker else ())
               if isinstance(name, str) and name not in os.environ]  # fmt: skip
    if missing:
        raise InvalidValue(f"The project copies {', '.join(missing)} into its container, which is not set here.")


def command(project: Project, inner: Command, options: Mapping[str, Any] | None, build: bool) -> Command:
    """The command that runs `inner` in the project's container."""
    assert project.docker is not None
    store = str(current_store().root.absolute())
    words = ["docker", "run", "--rm", "--init", "-v", f"{store}:{store}", "-v",
             f"{project.folder.absolute()}:{WORKING_FOLDER}", "-w", WORKING_FOLDER]  # fmt: skip
    for name, value in (options or {}).items():
        dashes = "-" if len(name) == 1 else "--"
        words += [dashes + name] if value is True else [dashes + name, str(value)]
    for volume in project.docker.volumes:
        words += ["-v", volume]
    for variable in project.docker.variables:
        words += ["-e", variable if isinstance(variable, str) else "=".join(variable)]
    for name in (*_TOLD, *inner.variables):
        words += ["-e", name]
    image = _built(project) if build else project.docker.image
    return Command((*words, image, *inner.words), inner.variables)


def _built(project: Project) -> str:
    """The image made anew, with the project's files in it."""
    assert project.docker is not None
    tag = f"tracker-{(project.name or project.folder.name).lower()}"
    text = f"FROM {project.docker.image}\nCOPY . {WORKING_FOLDER}\nWORKDIR {WORKING_FOLDER}\n"
    done = subprocess.run(  # noqa: S603 - a vector, no shell
        ["docker", "build", "--tag", tag, "--file", "-", str(project.folder)],  # noqa: S607 - the user's docker
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise InvalidState(f"The image of {project.folder} cannot be built:\n{done.stderr.strip()[-1000:]}")
    return tag
