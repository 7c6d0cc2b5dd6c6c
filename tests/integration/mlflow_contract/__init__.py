"""What MLflow's stores promise, as small programs on its public API: each gives an answer that any store must give.

A program gets a client and a place of its own. Ids and times stay out of the answers, or stand in them as the order in
which they came up. An error is answered by its code.
"""

from . import experiments, files, models, runs, searching  # noqa: F401 - each adds its programs
from .place import PROGRAMS, Place

__all__ = ["PROGRAMS", "Place"]
