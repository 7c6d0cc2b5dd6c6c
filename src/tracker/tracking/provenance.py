"""Where a run comes from, as the tags that every run gets: user, program and git commit.

Cheap enough for every start: environment variables and a few small files, no subprocess.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

RUN_NAME = "mlflow.runName"
NOTE = "mlflow.note.content"
PARENT = "mlflow.parentRunId"
USER = "mlflow.user"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
GIT_COMMIT = "mlflow.source.git.commit"
GIT_BRANCH = "mlflow.source.git.branch"
GIT_REMOTE = "mlflow.source.git.repoURL"
LOGGED_ARTIFACTS = "mlflow.loggedArtifacts"
LOGGED_IMAGES = "mlflow.loggedImages"
DATA_CONTEXT = "mlflow.data.context"
SLICE = "tracker.slice"
RERUN_OF = "tracker.rerun_of"
RERUN = "tracker.rerun"
PARENT_VARIABLE = "TRACKER_PARENT_RUN"
"""Names the run that tracked cells of a process are below, where it was started for one."""
VSCODE_NOTEBOOK = "__vsc_ipynb_file__"
"""The name under which VS Code puts the notebook's path into the session."""
CELL_RUN_VARIABLE = "TRACKER_CELL_RUN"
"""Names the run that the first tracked cell of a process is."""

_USER_INFO = re.compile(r"(?<=://)/*[^/]*@")
_USER_AND_PASSWORD = re.compile(r"[^/\\@:]*:[^/\\@]*@")
_SECTION = re.compile(r"\s*\[([^\]]*)\]")
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def automatic_tags() -> dict[str, str]:
    """The tags of a run that starts here and now."""
    kind, name = _source()
    told = {USER: user(), SOURCE_NAME: name, SOURCE_TYPE: kind}
    try:
        is_script = kind != "NOTEBOOK" and os.path.isfile(name)
        folder = os.path.dirname(os.path.realpath(name)) if is_script else os.getcwd()
    except FileNotFoundError:  # the working folder has been removed
        return told
    return told | git_tags(folder)


@lru_cache(maxsize=1)
def user() -> str:
    """The name of the user who runs this process."""
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if os.environ.get(variable):
            return os.environ[variable]
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        return "unknown"


def _source() -> tuple[str, str]:
    """The kind of program, in MLflow's words, and its name."""
    shell = current_shell()
    if shell is None or not hasattr(shell, "kernel"):
        return "LOCAL", (sys.argv[0] if sys.argv and sys.argv[0] else "<console>")
    return "NOTEBOOK", notebook_path(getattr(shell, "user_ns", {})) or "<notebook>"


def notebook_path(names: Mapping[str, Any]) -> str | None:
    """The notebook's path: told by VS Code among the session's names, by Jupyter Server, or by who executes it."""
    told = (names.get(VSCODE_NOTEBOOK), os.environ.get("JPY_SESSION_NAME"), os.environ.get("IPYNB_FILE"))
    return next((path for path in told if isinstance(path, str) and path), None)


def current_shell() -> Any:
    """The running IPython shell, or None; IPython is never imported for it."""
    if not hasattr(builtins, "__IPYTHON__"):
        return None
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython() if callable(get_ipython) else None


# -- git, read by hand


def git_tags(folder: str) -> dict[str, str]:
    """Commit, branch and remote of the repository that a folder lies in; what is not known is left out."""
    try:
        found = _git_folder(folder)
        if found is None:
            return {}
        remote = _remote(found)
        head = (found / "HEAD").read_text(errors="replace").strip()
        if not head.startswith("ref: "):
            return ({GIT_COMMIT: head} if _SHA.fullmatch(head) else {}) | remote
        reference = head.removeprefix("ref: ").strip()
        commit = _commit_of(found, reference)
        known = {GIT_COMMIT: commit, GIT_BRANCH: reference.removeprefix("refs/heads/")} if commit else {}
        return known | remote
    except (OSError, ValueError):
        return {}


_git_folders: dict[str, Path] = {}


def _git_folder(start: str) -> Path | None:
    """The `.git` folder that holds HEAD for `start`. One that is not there may be made at any time."""
    known = _git_folders.get(start)
    if known is None:
        known = _found_git_folder(start)
        if known is not None:
            _git_folders[start] = known
    return known


def _found_git_folder(start: str) -> Path | None:
    """The same, looked for; a worktree's `.git` is a file that points to it."""
    folder, marker = start, os.path.join(start, ".git")
    while not os.path.exists(marker):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
        marker = os.path.join(folder, ".git")
    if os.path.isdir(marker):
        return Path(marker)
    target = Path(marker).read_text(errors="replace").partition("gitdir:")[2].strip()
    return Path(folder, target) if target else None


def in_repository(folder: str) -> bool:
    """Whether a folder lies in a git repository."""
    try:
        return _git_folder(folder) is not None
    except OSError:
        return False


def _remote(git: Path) -> dict[str, str]:
    """The URL of `origin`, or of the first remote, without the user and password in it."""
    common = git / "commondir"
    config = (git / common.read_text().strip() if common.is_file() else git) / "config"
    if not config.is_file():
        return {}
    url = _url_in(str(config), config.stat().st_mtime_ns)
    return {GIT_REMOTE: url} if url else {}


@lru_cache(maxsize=64)
def _url_in(config: str, changed: int) -> str | None:
    section, found = "", dict[str, str]()
    for line in Path(config).read_text(errors="replace").splitlines():
        head = _SECTION.match(line)
        section = head[1] if head else section
        name, _, value = line[head.end() if head else 0 :].partition("=")
        if section.startswith("remote ") and name.strip().lower() == "url":
            found.setdefault(section.removeprefix("remote ").strip('"'), _config_value(value))
    url = found.get("origin") or next(iter(found.values()), None)
    return _without_credentials(url) if url else None


def _config_value(text: str) -> str:
    """A value of git's configuration, without the quotes and the comment that may stand about it."""
    text = text.strip()
    if text.startswith('"'):
        return text[1:].partition('"')[0]
    return re.split(r"\s[#;]", text, maxsplit=1)[0].strip()


def _without_credentials(url: str) -> str:
    """A remote's address without user, password and what is asked of it, where tokens stand too."""
    if "://" in url:
        return _USER_INFO.sub("", re.split(r"[?#]", url, maxsplit=1)[0])
    return _USER_AND_PASSWORD.sub("", url, count=1) if _USER_AND_PASSWORD.match(url) else url


def _commit_of(git: Path, reference: str) -> str | None:
    common = git / "commondir"
    roots = [git, git / common.read_text().strip()] if common.is_file() else [git]
    if ".." in reference.split("/"):
        return None
    for root in roots:
        loose = root / reference
        if loose.is_file():
            commit = loose.read_text(errors="replace").strip()
            return commit if _SHA.fullmatch(commit) else None
        packed = root / "packed-refs"
        if packed.is_file():
            for line in packed.read_text(errors="replace").splitlines():
                commit, _, name = line.partition(" ")
                if name == reference and _SHA.fullmatch(commit):
                    return commit
    return None
