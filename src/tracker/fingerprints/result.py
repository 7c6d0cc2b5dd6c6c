"""A fingerprint, and what a person wants to know beside its digits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Coverage = Literal["full", "sampled", "unread"]


@dataclass(frozen=True)
class Column:
    """One column of a table, or a part of a dataset that has none: its name as text, its type, its own digest."""

    name: str
    dtype: str
    digest: str


@dataclass(frozen=True)
class Fingerprint:
    """What stands for a dataset's content.

    `coverage` tells how much was read: "full"; "sampled" (evenly spread rows, beyond the bound) or "unread" (on
    a device, or of values that have no content to read), with the reason in `why`. `shape` is rows first.
    """

    kind: str
    digest: str
    shape: tuple[int, ...]
    columns: tuple[Column, ...] = ()
    coverage: Coverage = "full"
    why: str = ""
    nbytes: int = 0
    schema: dict[str, Any] = field(default_factory=dict)
    """MLflow's: {"mlflow_colspec": […]} or {"mlflow_tensorspec": {…}}."""

    @property
    def rows(self) -> int:
        """The length of the first axis; 1 for a single value."""
        return self.shape[0] if self.shape else 1
