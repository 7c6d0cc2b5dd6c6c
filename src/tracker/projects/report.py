"""What a rerun found, for a person and for a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any, Final, Literal

from tracker.projects.comparison import Difference

Status = Literal["reproduced", "differs", "nothing to compare", "ran", "missing", "failed"]
_MARKS: Final = {
    "reproduced": ("✓", "#2e9e5b"), "differs": ("≠", "#c98a1b"), "nothing to compare": ("–", "#8a8f98"),
    "ran": ("✓", "#2f7de1"), "missing": ("✗", "#d9483b"), "failed": ("✗", "#d9483b"),
}  # fmt: skip
_SHOWN: Final = 20
_BOX: Final = (
    "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;max-width:980px;overflow-wrap:anywhere"
)


@dataclass
class Report:
    """How a rerun went.

    `status` is "reproduced" (every metric is equal within `tolerance`; of a run that failed, the failure too),
    "differs" (`differences` says which and by how much), "nothing to compare" (no metric that does not measure time),
    "ran" (with other parameters), "missing" (a name, file or package, in `missing`) or "failed" (`error` says how).
    """

    status: Status
    original: str
    """The id of the run that was run again."""
    run_id: str | None
    """The id of the new run, its child."""
    cells: int
    tolerance: float
    parameters: dict[str, Any] = field(default_factory=dict)
    equal: list[str] = field(default_factory=list)
    """The metrics that are equal."""
    differences: list[Difference] = field(default_factory=list)
    timings: list[str] = field(default_factory=list)
    """The metrics that measure time or the machine, and are not compared."""
    missing: tuple[str, str] | None = None
    """What kind of thing was missing, and its name."""
    ending: str = ""
    """How the new run's end differs from the old one's."""
    failure: str = ""
    """What both runs failed with, in the same place."""
    error: str = ""
    notes: list[str] = field(default_factory=list)
    """What is not as it was then: versions, data, files."""
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return self.status == "reproduced"

    def __repr__(self) -> str:
        return "\n".join([self._headline(), *("  " + line for line in self._lines())])

    def _repr_html_(self) -> str:
        mark, colour = _MARKS[self.status]
        lines = "".join(f'<div style="white-space:pre-wrap">{escape(line)}</div>' for line in self._lines())
        return (
            f'<div style="{_BOX}">'
            f'<div><b style="color:{colour}">{mark}</b> <b>{escape(self._headline())}</b></div>{lines}</div>'
        )

    def _headline(self) -> str:
        told = {
            "reproduced": f"reproduced: {self._same()}",
            "differs": f"differs: {self._differing()}",
            "nothing to compare": "nothing to compare: it ran, and the run has no metric that can be compared",
            "ran": f"ran with {', '.join(f'{name}={value!r}' for name, value in self.parameters.items())}",
            "missing": "missing: {} {!r}".format(*(self.missing or ("", ""))),
            "failed": "failed",
        }
        return told[self.status]

    def _same(self) -> str:
        metrics = f"{_metrics(len(self.equal))} equal within {self.tolerance:g} (relative)"
        if not self.failure:
            return metrics
        return f"it failed as it did then, with {self.failure[:200]}{f'; {metrics}' if self.equal else ''}"

    def _differing(self) -> str:
        if not self.differences:
            return self.ending
        return f"{len(self.differences)} of {_metrics(len(self.equal) + len(self.differences))}"

    def _lines(self) -> list[str]:
        lines = [str(difference) for difference in self.differences[:_SHOWN]]
        if len(self.differences) > _SHOWN:
            lines.append(f"and {len(self.differences) - _SHOWN} more")
        if self.ending and (self.differences or self.status == "ran"):
            lines.append(self.ending)
        if self.failure and self.status != "reproduced":
            lines.append(f"it failed as it did then, with {self.failure}")
        if self.timings:
            lines.append(f"not compared, since they measure time or the machine: {', '.join(self.timings[:_SHOWN])}")
        lines += self.error.splitlines()
        lines += self.notes
        ran = f"{self.cells} cell{'' if self.cells == 1 else 's'} of run {self.original[:12]} in {self.seconds:.1f} s"
        lines.append(f"{ran}{f', as run {self.run_id[:12]}' if self.run_id else ''}")
        return lines


def _metrics(count: int) -> str:
    return f"{count} metric{'' if count == 1 else 's'}"
