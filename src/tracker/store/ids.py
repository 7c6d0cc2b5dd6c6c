"""Identifiers: runs and journals by time, experiments by name."""

from __future__ import annotations

import hashlib
import os
import time

DEFAULT_EXPERIMENT_ID = "0"
DEFAULT_EXPERIMENT_NAME = "Default"


def new_id() -> str:
    """A UUIDv7 as 32 hex digits: sorts by time of creation, to a fraction of a microsecond (RFC 9562, 6.2 method 3)."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return f"{(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random:032x}"


def experiment_id(name: str, attempt: int = 0) -> str:
    """18 digits derived from the name, so that processes which create an experiment at once agree on its id.

    A later `attempt` gives another id, for a name whose first experiment was deleted or renamed.
    """
    if name == DEFAULT_EXPERIMENT_NAME and attempt == 0:
        return DEFAULT_EXPERIMENT_ID
    text = name if attempt == 0 else f"{name}\n{attempt}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return str(10**17 + int.from_bytes(digest[:8], "big") % (9 * 10**17))
