"""What a sweep is to do, and what becomes of each of its points."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tracker.sweeps.program import Program
from tracker.sweeps.space import Values
from tracker.sweeps.strategies import Direction

_ENDED: Final = ("FINISHED", "FAILED", "KILLED")


@dataclass
class Trial:
    """One point and what became of it."""

    number: int
    values: Values
    status: str = "SCHEDULED"
    """SCHEDULED, RUNNING, FINISHED, FAILED or KILLED."""
    run_id: str | None = None
    value: float | None = None
    """The metric that the sweep looks at."""
    seconds: float | None = None
    error: str = ""
    tries: int = 0
    key: Any = None
    told: bool = False
    pruned: bool = False
    """It was stopped since it was behind the others."""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.status in _ENDED


@dataclass
class Plan:
    """How a sweep is to be run. `timeout` of a trial in s."""

    program: Program
    experiment: str
    experiment_id: str
    metric: str | None
    direction: Direction
    strategy_name: str
    backend: str
    jobs: int
    timeout: float | None = None
    prune: bool = False
    name: str = "sweep"
    tags: dict[str, str] = field(default_factory=dict)
