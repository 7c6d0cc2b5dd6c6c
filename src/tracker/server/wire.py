"""An answer as bytes: the length of a JSON text (four bytes, little endian), that text, then each buffer.

The text holds the answer, and under `sizes` the buffers' sizes. Text and buffers begin at multiples of eight, so that
the page reads Arrow's columns where they lie.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

KIND = "application/vnd.tracker.answer"
_ALIGNED = 8


def packed(answer: Mapping[str, Any], buffers: Sequence[bytes]) -> bytes:
    """The answer and its buffers."""
    told = orjson.dumps({**answer, "sizes": [len(one) for one in buffers]}, option=orjson.OPT_SERIALIZE_NUMPY)
    parts = [struct.pack("<Ixxxx", len(told)), _padded(told), *map(_padded, buffers)]
    return b"".join(parts)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNED)
