"""What an export did, and the files that it may take along."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tracker.exceptions import InvalidValue
from tracker.interop.records import Skipped
from tracker.store import Store


@dataclass
class ExportReport:
    """What an export wrote. `skipped` names each thing that was left out, and why."""

    path: Path
    kind: str
    runs: int = 0
    points: int = 0
    files: int = 0
    versions: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.path} ({self.kind}): {self.runs:,} runs, {self.points:,} points, {self.files:,} artifacts"]
        if self.versions:
            lines.append(f"{self.versions:,} versions of registered models")
        lines += [f"skipped: {one.what}: {one.why}" for one in self.skipped]
        return "\n".join(lines)

    __repr__ = __str__

    def skip(self, what: str, why: str) -> None:
        """Note that something was left out."""
        self.skipped.append(Skipped(what, why))

    def artifacts_of(self, store: Store, run: str) -> Iterator[tuple[Path, str]]:
        """The files of a run with their posix paths among its artifacts; links and devices are noted as skipped."""
        try:
            root = store.artifact_root(run)
        except InvalidValue as error:
            self.skip(f"artifacts of run {run[:60]!r}", error.message)
            return
        for parent, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                if name.startswith(".tracker-"):
                    continue  # what a process that died was writing
                if path.is_symlink() or not path.is_file():
                    self.skip(f"artifact {path}", "it is no file but a link or a device")
                else:
                    yield path, path.relative_to(root).as_posix()
