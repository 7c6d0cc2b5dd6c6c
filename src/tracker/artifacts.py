"""MLflow's `artifacts` module: reading the files that runs keep, by run and path or by URI.

A URI is a local path, `file:…` or `runs:/RUN_ID/PATH`. A path inside a run never leads out of it.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tracker.entities import FileInfo
from tracker.exceptions import InvalidValue, NotFound
from tracker.tracking.client import MlflowClient

__all__ = ["download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"]


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """The local path of a file or folder: where it is kept, or of a copy in `dst_path`. Raises NotFound."""
    run, path = _asked(artifact_uri, run_id, artifact_path)
    if run is not None:
        return MlflowClient(tracking_uri).download_artifacts(run, path or "", dst_path)
    source = _local(path or "")
    if not source.exists():
        raise NotFound(f"There is no file or folder {source}.")
    if dst_path is None:
        return str(source)
    target = Path(dst_path, source.name)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return str(target)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """What is in a run's artifact folder, or in a local folder, by name; empty if there is nothing."""
    run, path = _asked(artifact_uri, run_id, artifact_path)
    if run is not None:
        return MlflowClient(tracking_uri).list_artifacts(run, path)
    root = _local(path or "")
    if not root.is_dir():
        return []
    return [
        FileInfo(entry.name, entry.is_dir(), None if entry.is_dir() else entry.stat().st_size)
        for entry in sorted(root.iterdir())
    ]


def load_text(artifact_uri: str) -> str:
    """The text of a file. Raises NotFound, or InvalidValue if it is not UTF-8."""
    path = _file(artifact_uri)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{artifact_uri} is not text in UTF-8: {error.reason}.") from error


def load_dict(artifact_uri: str) -> Any:
    """The content of a JSON file. Raises NotFound, or InvalidValue if it is no JSON."""
    try:
        return json.loads(load_text(artifact_uri))
    except ValueError as error:
        raise InvalidValue(f"{artifact_uri} cannot be read as JSON: {error}.") from error


def load_image(artifact_uri: str) -> Any:
    """A picture as a PIL image. Raises NotFound, or InvalidValue if it is none."""
    from PIL import Image, UnidentifiedImageError

    path = _file(artifact_uri)
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (UnidentifiedImageError, OSError) as error:
        raise InvalidValue(f"{artifact_uri} cannot be read as an image.") from error


def _asked(uri: str | None, run_id: str | None, path: str | None) -> tuple[str | None, str | None]:
    """The run, if one is meant, and the path inside it or on this machine."""
    if (uri is None) == (run_id is None):
        raise InvalidValue("Give either artifact_uri or run_id, and not both.")
    if run_id is not None:
        return run_id, path
    if path is not None:
        raise InvalidValue("artifact_path goes with run_id only; artifact_uri names the whole path.")
    parts = urlsplit(str(uri))
    if parts.scheme != "runs":
        return None, uri
    run, _, inside = str(uri)[len("runs:") :].lstrip("/").partition("/")
    return run, inside or None


def _local(uri: str) -> Path:
    parts = urlsplit(uri)
    if len(parts.scheme) <= 1:
        return Path(uri)
    if parts.scheme != "file":
        raise InvalidValue(f"{uri!r} is no artifact here; give a path, file:… or runs:/RUN_ID/PATH.")
    return Path(unquote(parts.path))


def _file(uri: str) -> Path:
    path = Path(download_artifacts(uri))
    if not path.is_file():
        raise InvalidValue(f"{uri} is a folder; give a file.")
    return path
