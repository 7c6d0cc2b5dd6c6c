"""Where reading everything would take too long: which rows stand for the rest.

The bound depends on the data's size alone, never on time: equal data is read in the same way each time.
"""

from __future__ import annotations

import os
from typing import Any, Final

VARIABLE: Final = "TRACKER_FINGERPRINT_BYTES"
DEFAULT_BYTES: Final = 2 << 30
SAMPLE_BYTES: Final = 64 << 20
_MIN_ROWS, _MAX_ROWS = 1_000, 10_000


def bound() -> int:
    """The size in bytes up to which all is read: 2 GiB, or what TRACKER_FINGERPRINT_BYTES says."""
    try:
        return int(os.environ.get(VARIABLE, DEFAULT_BYTES))
    except ValueError:
        return DEFAULT_BYTES


def sample_positions(numpy: Any, rows: int, bytes_per_row: int) -> Any:
    """Positions of the first, the last, and evenly spread rows, as many as fit into some megabytes."""
    wanted = min(rows, max(_MIN_ROWS, min(_MAX_ROWS, SAMPLE_BYTES // max(1, bytes_per_row))))
    return numpy.unique(numpy.linspace(0, max(0, rows - 1), wanted).astype(numpy.int64))


def sampled_why(size: int) -> str:
    """The reason, for the person."""
    return f"{size / 2**30:,.1f} GiB are more than the {bound() / 2**30:,.1f} GiB that are read whole ({VARIABLE})"
