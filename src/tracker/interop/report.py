"""What an import did, for the person who asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.interop.records import Skipped


@dataclass
class Report:
    """What an import did. `skipped` names each thing that was left out, and why."""

    kind: str
    runs: int = 0
    already: int = 0
    experiments: int = 0
    points: int = 0
    files: int = 0
    versions: int = 0
    never_ended: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.kind}: {self.runs:,} runs of {self.experiments:,} experiments imported, "
            f"with {self.points:,} points and {self.files:,} artifacts"
        ]
        if self.versions:
            lines.append(f"{self.versions:,} versions of models registered")
        if self.already:
            lines.append(f"{self.already:,} runs were here already")
        if self.never_ended:
            lines.append(f"{self.never_ended:,} runs had never ended; they read KILLED")
        lines += [f"skipped: {one.what}: {one.why}" for one in self.skipped]
        return "\n".join(lines)

    __repr__ = __str__
