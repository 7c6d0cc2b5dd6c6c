"""Protocol buffers' wire format, read without a schema: the fields of a message as numbers and bytes.

What is read may be hostile: every length is checked against what is there, numbers have at most 10 bytes, and nothing
nests by itself: a caller that opens a field does so on its own. Damage raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = int | bytes
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BITS = 70


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place, unsigned, and the place after it. Raises ValueError."""
    result = shift = 0
    while shift < _MAX_VARINT_BITS:
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise ValueError("a number does not end")


def fields(data: bytes) -> Iterator[tuple[int, int, Value]]:
    """The fields of a message in their order: number, wire type, value. Raises ValueError.

    A varint is an unsigned number; fixed and length-delimited values are their bytes.
    """
    at, end = 0, len(data)
    while at < end:
        key = data[at]  # most numbers are small, and calls cost
        if key < 128:
            at += 1
        else:
            key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, kind, value
            continue
        if kind == LENGTH:
            if at < end and data[at] < 128:
                size = data[at]
                at += 1
            else:
                size, at = varint(data, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"field {number} has the unknown wire type {kind}")
        if size > end - at or number == 0:
            raise ValueError(f"field {number} is longer than its message")
        yield number, kind, data[at : at + size]
        at += size


def message(data: bytes) -> dict[int, list[Value]]:
    """The values of each field of a message, in order. Raises ValueError."""
    found: dict[int, list[Value]] = {}
    for number, _, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def last_bytes(found: dict[int, list[Value]], number: int) -> bytes:
    """The bytes of a field that is not repeated; none if it is not there. Raises ValueError for a number."""
    value = found.get(number, [b""])[-1]
    if isinstance(value, int):
        raise ValueError(f"field {number} is a number, not bytes")
    return value


def last_text(found: dict[int, list[Value]], number: int) -> str:
    """The text of a field that is not repeated."""
    return last_bytes(found, number).decode("utf-8", "replace")


def last_int(found: dict[int, list[Value]], number: int, default: int = 0) -> int:
    """The signed number of a field that is not repeated. Raises ValueError for bytes."""
    value = found.get(number, [default])[-1]
    if not isinstance(value, int):
        raise ValueError(f"field {number} is bytes, not a number")
    return signed(value)


def last_double(found: dict[int, list[Value]], number: int, default: float = 0.0) -> float:
    """The double of a field that is not repeated. Raises ValueError."""
    if number not in found:
        return default
    value = last_bytes(found, number)
    if len(value) != 8:
        raise ValueError(f"field {number} is no double")
    return float(struct.unpack("<d", value)[0])


def signed(value: int) -> int:
    """An unsigned 64-bit number as what it stands for in an int64."""
    return value - (1 << 64) if value >= 1 << 63 else value
