"""Commands of `tracker …` that work on the store itself; `tracker.cli` tells what a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Runner = Callable[[argparse.Namespace], int | None]
