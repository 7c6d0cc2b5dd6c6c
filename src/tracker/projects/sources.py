"""Where a project comes from: a folder, a git repository (`URI#subfolder`, a version), a ZIP file, or one notebook.

Invariants: git gets its arguments as a vector, with what could be an option refused; what is unpacked stays inside its
folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.projects.specification import SCRIPTS
from tracker.store.artifacts import resolve_inside
from tracker.tracking.provenance import GIT_BRANCH, GIT_COMMIT, GIT_REMOTE, git_tags

_REMOTE: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:)")
_TRANSPORTS: Final = ("https", "http", "ssh", "git", "file")
_USER: Final = re.compile(r"(?<=://)[^/@\s]*@")
_MAX_UNPACKED: Final = 1 << 30


@dataclass(frozen=True)
class Source:
    """A project's folder on this machine; `entry` is the script or notebook that the URI itself names."""

    folder: Path
    name: str
    """As runs note it: the path, or the URI without credentials."""
    entry: str | None = None
    commit: str | None = None
    branch: str | None = None
    repository: str | None = None


@contextmanager
def fetched(uri: str, version: str | None = None) -> Iterator[Source]:
    """The project at a URI, for as long as the block lasts. Raises NotFound, InvalidValue, InvalidState."""
    with tempfile.TemporaryDirectory(prefix="tracker-project-", ignore_cleanup_errors=True) as place:
        yield fetch(uri, version, Path(place))


def fetch(uri: str, version: str | None, place: Path) -> Source:
    """The project at a URI; what is not a folder here is brought into `place`."""
    address, _, below = str(uri).strip().strip("'\"").partition("#")
    if not address:
        raise InvalidValue("A project is named by a folder, a git repository, a ZIP file or a notebook.")
    local = _local(address)
    if local is not None and local.suffix == ".zip" and local.is_file():
        _unpack(local, place)
        return _inside(place, below, str(local))
    if local is not None and local.is_file():
        if version is not None or below or local.suffix not in SCRIPTS:
            raise InvalidValue(
                f"{local} is a file; a project is a folder, a repository, or a file {', '.join(SCRIPTS)}."
            )
        return Source(local.parent, str(local), local.name, *_commit(local.parent))
    if local is not None and local.is_dir() and version is None and not _is_bare(local):
        return _inside(local, below, str(local))
    if local is not None and not (_is_bare(local) or (local / ".git").exists()):
        if not local.exists():
            raise NotFound(f"There is no project at {local}.")
        raise InvalidValue(f"{local} is no git repository, so that it has no version {version!r}.")
    where = address if local is None else str(local)
    return _cloned(where, version, below, place, _USER.sub("", where))


def _local(address: str) -> Path | None:
    """The path that an address names, or None for one elsewhere."""
    if address.startswith("file:"):
        parts = urlsplit(address)
        return Path(unquote(parts.netloc + parts.path))
    if _REMOTE.match(address):
        return None
    return Path(os.path.abspath(Path(address).expanduser()))


def _inside(folder: Path, below: str, name: str, *known: str | None) -> Source:
    found = resolve_inside(folder, below) if below else folder
    if not found.is_dir():
        raise NotFound(f"{name} has no folder {below!r}.")
    return Source(found, name + (f"#{below}" if below else ""), None, *(known or _commit(found)))


# -- git


def _cloned(address: str, version: str | None, below: str, place: Path, shown: str) -> Source:
    scheme = urlsplit(address).scheme if "://" in address else ""
    if scheme and scheme not in _TRANSPORTS:
        raise InvalidValue(f"A project is not read by {scheme}:; git repositories are by {', '.join(_TRANSPORTS)}.")
    if address.startswith("-") or (version or "").startswith("-"):
        raise InvalidValue(f"{address if address.startswith('-') else version!r} is no name that git is given.")
    _git(place, "init", "--quiet")
    _git(place, "remote", "add", "origin", address)
    fetched_by = _git(place, "fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*", check=False)
    if fetched_by.returncode:
        raise NotFound(f"The repository {shown} cannot be read: {_last(fetched_by.stderr)}")
    if version is None:
        _git(place, "remote", "set-head", "origin", "--auto", check=False)
        head = _git(place, "rev-parse", "--abbrev-ref", "origin/HEAD", check=False).stdout.strip()
        branch = head.removeprefix("origin/") if head.startswith("origin/") else None
        target = head if branch else "FETCH_HEAD"
    else:
        branch = version if _exists(place, f"refs/remotes/origin/{version}") else None
        target = f"origin/{version}" if branch else version
    out = _git(place, "checkout", "--quiet", "--detach", target, check=False)
    if out.returncode and version is not None and re.fullmatch(r"[0-9a-fA-F]{7,64}", version):
        _git(place, "fetch", "--quiet", "origin", version, check=False)
        out = _git(place, "checkout", "--quiet", "--detach", "FETCH_HEAD", check=False)
    if out.returncode:
        known = _git(place, "for-each-ref", "--format=%(refname:lstrip=-1)", "refs/remotes", "refs/tags").stdout.split()
        raise NotFound(f"The repository {shown} has no version {version!r}. It has: {', '.join(known[:20])}.")
    _git(place, "submodule", "--quiet", "update", "--init", "--recursive", check=False)
    commit = _git(place, "rev-parse", "HEAD").stdout.strip()
    return _inside(place, below, shown, commit, branch, shown)


def _exists(place: Path, reference: str) -> bool:
    return _git(place, "show-ref", "--verify", "--quiet", reference, check=False).returncode == 0


def _git(place: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None:
        raise InvalidState("A project in a repository needs git, which is not on the PATH.")
    quiet = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = subprocess.run(  # noqa: S603 - a vector, no shell
        [git, "-C", str(place), "-c", "protocol.ext.allow=never", *arguments], env=os.environ | quiet,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if check and done.returncode:
        raise InvalidState(f"git {arguments[0]} failed: {_last(done.stderr)}")
    return done


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "git said nothing."


def _is_bare(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and not (folder / ".git").exists()


def _commit(folder: Path) -> tuple[str | None, str | None, str | None]:
    """Commit, branch and repository of a folder that lies in one."""
    tags = git_tags(str(folder))
    return tags.get(GIT_COMMIT), tags.get(GIT_BRANCH), tags.get(GIT_REMOTE)


# -- ZIP


def _unpack(file: Path, place: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > _MAX_UNPACKED:
                raise InvalidValue(f"{file} unpacks to more than {_MAX_UNPACKED >> 30} GiB; it is not unpacked.")
            for member in members:
                resolve_inside(place, member.filename)
            archive.extractall(place)
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidValue(f"{file} cannot be unpacked: {error}.") from error
