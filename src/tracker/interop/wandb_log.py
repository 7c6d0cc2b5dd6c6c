"""W&B's `.wandb` files: LevelDB's log frames around `Record` messages, read without W&B.

The file begins with `:W&B`, 0xBEE1 and a version. Blocks of 32 KiB hold records or parts of them: CRC-32 (of the
type and the content), length, type (whole, first, middle, last). What is damaged costs its record; a file that was
cut off ends where it does. Messages: wandb/proto/wandb_internal.proto.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b":W&B\xe1\xbe"
_HEADER = 7
_BLOCK = 32_768
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
MAX_RECORD_BYTES = 256 << 20


class Damage(ValueError):
    """Something in the file is no record."""


def is_log(path: Path) -> bool:
    """Whether a file begins as W&B's do."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def records(path: Path) -> Iterator[bytes | Damage]:
    """The records' contents in order, and in their places what was damaged. Raises OSError."""
    with path.open("rb") as file:
        block, number, at, parts = file.read(_BLOCK), 0, _HEADER, bytearray()
        while block:
            while len(block) - at >= _HEADER:
                size, kind = int.from_bytes(block[at + 4 : at + 6], "little"), block[at + 6]
                content = block[at + _HEADER : at + _HEADER + size]
                if len(content) < size and len(block) < _BLOCK:
                    return  # still being written, or cut off
                if kind == 0 and size == 0:
                    break  # padding
                told = int.from_bytes(block[at : at + 4], "little")
                if len(content) < size or not _WHOLE <= kind <= _LAST or zlib.crc32(content, _SUMS[kind]) != told:
                    parts.clear()
                    yield Damage(f"damaged after {number * _BLOCK + at:,} bytes; read on from the next block")
                    break
                at += _HEADER + size
                if kind in (_WHOLE, _FIRST):
                    parts.clear()
                parts += content
                if len(parts) > MAX_RECORD_BYTES:
                    parts.clear()
                    yield Damage(f"a record of more than {MAX_RECORD_BYTES:,} bytes")
                if kind in (_WHOLE, _LAST):
                    yield bytes(parts)
                    parts.clear()
            block, at, number = file.read(_BLOCK), 0, number + 1


_SUMS = {kind: zlib.crc32(bytes([kind])) for kind in (_WHOLE, _FIRST, _MIDDLE, _LAST)}
