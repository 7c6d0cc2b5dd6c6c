"""Values that look like credentials, masked before they are written.

Told by the name that stands before them (`names`), by how well-known services begin theirs and by the call, command or
header that they stand in (`shapes`), or by looking like nothing but chance (`values`). Hexadecimal digests, UUIDs,
paths, long words and pictures in base64 are not. What was masked once is masked wherever it stands again, for as long
as the process lives, unless it is a word that stands everywhere (`known`). TRACKER_MASK=0 switches it off.
"""

from __future__ import annotations

from .known import MAX_BYTES, count, forget, known_in, learn, learn_environment, learn_names, remember
from .masking import enabled, masked, masked_bytes, masked_file, masked_known, masked_value
from .tables import learn_tables, masked_table
from .values import MASK, TAG

__all__ = [
    "MASK",
    "MAX_BYTES",
    "TAG",
    "count",
    "enabled",
    "forget",
    "known_in",
    "learn",
    "learn_environment",
    "learn_names",
    "learn_tables",
    "masked",
    "masked_bytes",
    "masked_file",
    "masked_known",
    "masked_table",
    "masked_value",
    "remember",
]
