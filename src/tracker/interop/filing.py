"""A run's files into the store: copied, moved, linked, or only noted where they are.

What is no plain file, or has a name that leaves the run, is skipped and told. A file that is there already with the
size that it has in the source is left: an import that was cut off does not copy gigabytes twice.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tracker.exceptions import InvalidValue, TrackerError
from tracker.interop.records import File, RunRecord, Skipped
from tracker.store.artifacts import make_folder
from tracker.tracking.writer import RunWriter

Artifacts = Literal["copy", "move", "link", "reference"]


class Filing:
    """Places runs' files by one of the ways; `skipped` is told what was not."""

    def __init__(self, way: Artifacts, skipped: list[Skipped]) -> None:
        self._way, self._skipped = way, skipped

    def elsewhere(self, record: RunRecord) -> str | None:
        """Where the run's files stay, if they are not brought in."""
        if self._way == "reference" and record.artifacts:
            return str(record.artifacts)
        return record.artifacts_elsewhere

    def place(self, writer: RunWriter, record: RunRecord, below: str | None = None, tell: bool = True) -> int:
        """Bring the run's files in, into the folder `below` of its artifacts; how many. Raises StoreError.

        `tell`: each as an artifact of the run.
        """
        placed = 0
        for name, content in _files_of(record):
            if isinstance(content, Path) and self._way == "reference":
                continue
            name = f"{below}/{name}" if below else name
            try:
                if isinstance(content, bytes):
                    writer.artifact_bytes(name, content)
                else:
                    self._place(writer, content, name, tell)
                placed += 1
            except (InvalidValue, OSError) as error:
                reason = error.message if isinstance(error, TrackerError) else str(error.strerror)
                self._skipped.append(Skipped(f"artifact {content if isinstance(content, Path) else name}", reason))
        return placed

    def _place(self, writer: RunWriter, source: Path, name: str, tell: bool) -> None:
        if source.is_symlink() or not source.is_file():
            raise InvalidValue("it is no file but a link or a device" if source.exists() else "it is not there")
        target, size = writer.artifact_path(name), source.stat().st_size
        if tell:  # first: a file that was moved is not found in the source again, should the import be cut off here
            writer.store.append(writer.event("artifact", k=name, v={"size": size}))
        bring(source, target, self._way)


def bring(source: Path, target: Path, way: Artifacts) -> None:
    """Have the file at `target`, whole or not at all, by a way that is not "reference". Raises InvalidValue, OSError.

    By "move" and "link" it is renamed or linked where that can be done, else copied. What is there already with the
    same size is left.
    """
    if source.is_symlink() or not source.is_file():
        raise InvalidValue("it is no file but a link or a device" if source.exists() else "it is not there")
    if not (target.is_file() and target.stat().st_size == source.stat().st_size):
        make_folder(target.parent)
        if way == "copy" or not _renamed(source, target, way):
            _copy(source, target)
    if way == "move":
        source.unlink(missing_ok=True)


def _renamed(source: Path, target: Path, way: Artifacts) -> bool:
    target.unlink(missing_ok=True)
    try:
        if way == "link":
            os.link(source, target)
        else:
            source.rename(target)
            target.chmod(0o600)
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    fd, temporary = tempfile.mkstemp(dir=target.parent, prefix=".tracker-")
    try:
        with os.fdopen(fd, "wb") as file, source.open("rb") as stream:
            shutil.copyfileobj(stream, file, 1 << 20)
        shutil.copystat(source, temporary)
        os.chmod(temporary, 0o600)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _files_of(record: RunRecord) -> Iterator[File]:
    if record.artifacts is not None:
        for parent, folders, names in os.walk(record.artifacts):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                yield path.relative_to(record.artifacts).as_posix(), path
    yield from record.files()
