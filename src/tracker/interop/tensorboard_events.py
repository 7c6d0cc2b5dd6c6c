"""What TensorBoard's event files hold: TFRecord frames around `Event` messages, read without TensorFlow.

A frame is its length (8 bytes) with a CRC-32C, then so many bytes with another. The length's sum is checked: after
damage there nothing in the file can be trusted. The content's sum is not, at a microsecond a byte in Python.
Messages: tensorflow/core/{util/event,framework/summary,framework/tensor}.proto; tensorboard/plugins/hparams.
"""

from __future__ import annotations

import mmap
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.interop import protobuf
from tracker.interop.protobuf import last_bytes, last_double, last_int, last_text, message

MAX_RECORD_BYTES = 256 << 20
HPARAMS = "_hparams_/"
_TENSORS = {
    1: (5, "f"), 2: (6, "d"), 3: (7, "i"), 4: (7, "B"), 5: (7, "h"), 6: (7, "b"), 9: (10, "q"), 10: (11, "?"),
    17: (7, "H"), 19: (13, "e"), 22: (16, "I"), 23: (17, "Q"),
}  # fmt: skip
_STRING = 7
_MAX_DEPTH = 20

# A point as most writers frame it, all lengths below 128: wall time, step, summary { value { tag, simple_value } }.
_PLAIN = re.compile(rb"\x09(.{8})(?:\x10([\x80-\xff]{0,9}[\x00-\x7f]))?\x2a(.)\x0a(.)\x0a(.)(.*)\x15(.{4})", re.DOTALL)
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")


@dataclass(frozen=True)
class Value:
    """One value of a summary: a number, or what `kind` names: "image", "text", "audio", "hparams", else a plugin."""

    tag: str
    kind: str
    number: float = 0.0
    content: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Event:
    """Values of one moment: seconds since the epoch, and the step."""

    time: float
    step: int
    values: tuple[Value, ...]


@dataclass
class Hyperparameters:
    """What the hparams plugin was told of a run: its parameters, and how and when (in s) it ended."""

    params: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    failed: bool = False
    ended: float | None = None


def records(path: Path) -> Iterator[bytes]:
    """The contents of the frames, up to the first that was not written whole. Raises ValueError for damage, OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size:
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as content:
                yield from _records(content, size)


def _records(content: mmap.mmap, size: int) -> Iterator[bytes]:
    at = 0
    sums: dict[bytes, bytes] = {}  # of the lengths: few, since points are alike
    while at + 16 <= size:
        head = content[at : at + 8]
        told = sums.get(head) or sums.setdefault(head, _masked_crc(head).to_bytes(4, "little"))
        if content[at + 8 : at + 12] != told:
            raise ValueError(f"damaged after {at:,} bytes")
        length = int.from_bytes(head, "little")
        if length > size - at - 16:
            return  # still being written, or cut off
        if length > MAX_RECORD_BYTES:
            raise ValueError(f"a record of {length:,} bytes; at most {MAX_RECORD_BYTES:,} are read")
        yield content[at + 12 : at + 12 + length]
        at += 16 + length


def plain_point(data: bytes) -> tuple[bytes, float, int, float] | None:
    """Tag, value, step and time of the one point in a frame, if it is framed as most writers do; else None."""
    plain = _PLAIN.fullmatch(data)
    if plain is None:
        return None
    time, step, of_summary, of_value, of_tag, tag, value = plain.groups()
    size = len(tag)
    if of_tag[0] != size or size >= 110 or of_value[0] != size + 7 or of_summary[0] != size + 9:
        return None
    if step is None:
        at = 0
    elif len(step) == 1:
        at = step[0]
    elif len(step) == 2:
        at = step[0] & 127 | step[1] << 7
    else:
        at = protobuf.signed(protobuf.varint(step, 0)[0])
    return tag, _FLOAT.unpack(value)[0], at, _DOUBLE.unpack(time)[0]


def event(data: bytes) -> Event:
    """What a frame holds. Raises ValueError."""
    found = message(data)
    values = []
    for summary in found.get(5, []):
        for number, kind, one in protobuf.fields(_checked(summary)):
            if number == 1 and kind == protobuf.LENGTH:
                values.append(_value(message(_checked(one))))
    return Event(last_double(found, 1), last_int(found, 2), tuple(values))


def _value(found: dict[int, list[protobuf.Value]]) -> Value:
    tag = last_text(found, 1)
    plugin_data = message(last_bytes(message(last_bytes(found, 9)), 1))
    plugin = last_text(plugin_data, 1)
    if plugin == "hparams" or tag.startswith(HPARAMS):
        return Value(tag, "hparams", content=(last_bytes(plugin_data, 2),))
    if 2 in found:
        return Value(tag, "number", _FLOAT.unpack(_sized(last_bytes(found, 2), 4))[0])
    if 4 in found:
        return Value(tag, "image", content=(last_bytes(message(last_bytes(found, 4)), 4),))
    if 6 in found:
        return Value(tag, "audio", content=(last_bytes(message(last_bytes(found, 6)), 4),))
    if 8 in found:
        return _tensor(tag, plugin, message(last_bytes(found, 8)))
    return Value(tag, "histogram" if 5 in found else plugin or "nothing")


def _tensor(tag: str, plugin: str, found: dict[int, list[protobuf.Value]]) -> Value:
    kind = last_int(found, 1)
    if kind == _STRING:
        texts = tuple(text for text in found.get(8, []) if isinstance(text, bytes))
        if plugin == "images":
            return Value(tag, "image", content=texts[2:])  # width and height come first
        return Value(tag, "audio" if plugin == "audio" else plugin or "text", content=texts)
    if kind in _TENSORS and plugin in ("", "scalars"):
        number = _single(found, *_TENSORS[kind])
        if number is not None:
            return Value(tag, "number", number)
    return Value(tag, plugin or "tensor")


def _single(found: dict[int, list[protobuf.Value]], number: int, code: str) -> float | None:
    """The one number that a tensor holds, if it holds one."""
    content, size = last_bytes(found, 4), struct.calcsize(code)
    if content:
        return float(struct.unpack(f"<{code}", content)[0]) if len(content) == size else None
    values = found.get(number, [])
    if len(values) != 1:
        return None if values else 0.0
    value = values[0]
    if isinstance(value, bytes):
        width = 8 if code == "d" else 4
        if code in "fd":
            return float(struct.unpack(f"<{code}", value)[0]) if len(value) == width else None
        value, end = protobuf.varint(value, 0)  # packed
        if end != len(values[0]):  # type: ignore[arg-type]
            return None
    if code == "e":
        return float(struct.unpack("<e", (value & 0xFFFF).to_bytes(2, "little"))[0])
    return float(value) if code in "QI" else float(protobuf.signed(value))


# -- hyperparameters


def take_hyperparameters(into: Hyperparameters, content: bytes) -> None:
    """Add what one message of the hparams plugin says. Raises ValueError."""
    found = message(content)
    if 3 in found:
        start = message(last_bytes(found, 3))
        into.group = last_text(start, 4)
        for entry in start.get(1, []):
            pair = message(_checked(entry))
            into.params[last_text(pair, 1)] = _json_value(last_bytes(pair, 2), 0)
    if 4 in found:
        end = message(last_bytes(found, 4))
        into.failed = last_int(end, 1) == 2
        into.ended = last_double(end, 2) or None


def _json_value(data: bytes, depth: int) -> Any:
    """A google.protobuf.Value; a whole number is an int, as it was before it was made a double."""
    if depth > _MAX_DEPTH:
        raise ValueError("a parameter nests too deep")
    for number, kind, value in protobuf.fields(data):
        if number == 4 and isinstance(value, int):
            return bool(value)
        if kind == protobuf.VARINT or isinstance(value, int):
            continue
        if number == 2:
            real = _DOUBLE.unpack(_sized(value, 8))[0]
            return int(real) if real.is_integer() and abs(real) < 1 << 53 else real
        if number == 3:
            return value.decode("utf-8", "replace")
        if number == 6:
            return [_json_value(_checked(one), depth + 1) for one in message(value).get(1, [])]
        if number == 5:
            pairs = [message(_checked(one)) for one in message(value).get(1, [])]
            return {last_text(pair, 1): _json_value(last_bytes(pair, 2), depth + 1) for pair in pairs}
    return None


def _checked(value: protobuf.Value) -> bytes:
    if isinstance(value, int):
        raise ValueError("a message was expected, not a number")
    return value


def _sized(value: bytes, size: int) -> bytes:
    if len(value) != size:
        raise ValueError(f"a number has {len(value)} bytes, not {size}")
    return value


# -- CRC-32C, of eight bytes a record


def _table() -> tuple[int, ...]:
    values = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        values.append(byte)
    return tuple(values)


_CRC = _table()


def _masked_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF
