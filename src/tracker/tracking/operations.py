"""What calls with `synchronous=False` give back.

Writing costs microseconds here, so it is done when they return.
"""

from __future__ import annotations


class RunOperations:
    """The receipt of writes that are on disk already."""

    def wait(self) -> None:
        """Return at once: there is nothing left to wait for."""


def receipt(synchronous: bool | None) -> RunOperations | None:
    """The receipt, if the caller asked for one with `synchronous=False`."""
    return RunOperations() if synchronous is False else None
