"""What changed between two runs: parameters, metrics, code cell by cell, environment, data column by column.

`diff(a, b)` reads both runs (`reading.py`), compares (`compare.py`, `code.py`) and gives a value that shows itself as
text and as escaped HTML without a script (`render.py`).
"""

from .compare import RunDiff, diff

__all__ = ["RunDiff", "diff"]
