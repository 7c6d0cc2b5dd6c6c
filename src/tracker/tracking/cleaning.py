"""Text files with credentials masked, of any size: a file is read in pieces that end where a line does.

What is no text is not changed (its formats hold lengths and checksums), but looked through for what was masked
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final

from tracker import secrets
from tracker.store.artifacts import write_by
from tracker.tracking import packed

_BLOCK: Final = 2_000_000
_LONG_LINE: Final = 500


def is_text(path: Path) -> bool:
    """Whether a file is UTF-8 without NUL; False where it cannot be read."""
    try:
        for piece in _pieces(path):
            if b"\0" in piece:
                return False
            piece.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return True


def found_in(path: Path) -> list[str]:
    """What would be masked in a text file, once each. Raises OSError."""
    names: dict[str, None] = {}
    for piece in _pieces(path):
        names.update(dict.fromkeys(_masked(piece)[1]))
    return list(names)


def _masked(piece: bytes) -> tuple[str, list[str]]:
    """The text with credentials masked. Lines of a packed program, as of a chart that holds its library, are of names
    without meaning: only what was met before is masked there."""
    text = piece.decode("utf-8")
    lines = [(line, _is_packed_program(line)) for line in text.splitlines(keepends=True)]
    if not any(packed for _, packed in lines):
        return secrets.masked(text)
    parts, found = [], {}
    for is_program, group in groupby(lines, itemgetter(1)):
        part = "".join(line for line, _ in group)
        part, told = secrets.masked_known(part) if is_program else secrets.masked(part)
        parts.append(part)
        found.update(dict.fromkeys(told))
    return "".join(parts), list(found)


def _is_packed_program(line: str) -> bool:
    return len(line) > _LONG_LINE and line.count("function") + line.count("=>") > len(line) // _LONG_LINE


def clean(path: Path) -> int:
    """Write a text file anew with credentials masked; its size. Raises OSError."""

    def fill(file: BinaryIO) -> None:
        for piece in _pieces(path):
            file.write(_masked(piece)[0].encode("utf-8"))

    return write_by(path, fill)


def holds_credential(path: Path) -> bool:
    """Whether a file that is no text holds a text that was met as a credential, as it is, or something that looks like
    one, packed. Raises packed.NotWhole, OSError."""
    with open(path, "rb") as file:
        if any(secrets.known_in(block) for block in _joined(iter(partial(file.read, _BLOCK), b""))):
            return True
    return any(
        secrets.known_in(block)
        or (b"\0" not in block and secrets.masked_bytes(block.decode(errors="ignore").encode())[1])
        for block in _joined(packed.blocks(path))
    )


def _joined(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Each with the end of the one before, so that nothing is cut."""
    before = b""
    for block in blocks:
        yield before + block
        before = block[-secrets.MAX_BYTES :]


def _pieces(path: Path) -> Iterator[bytes]:
    """The content, cut behind line ends, and in a line without end behind a comma or space."""
    rest = b""
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            block = rest + block
            ends = block.rfind(b"\n") + 1 or max(block.rfind(b","), block.rfind(b" ")) + 1 or len(block)
            ends = ends if len(block) >= _BLOCK else len(block)
            yield block[:ends]
            rest = block[ends:]
    if rest:
        yield rest
