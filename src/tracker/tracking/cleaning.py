"""Text files with credentials masked, of any size: a file is read in pieces that end where a line does.

What is no text is not changed (its formats hold lengths and checksums), but looked through for what was masked
elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from tracker import secrets
from tracker.store.artifacts import write_by

_BLOCK: Final = 2_000_000


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
        names.update(dict.fromkeys(secrets.masked(piece.decode("utf-8"))[1]))
    return list(names)


def clean(path: Path) -> int:
    """Write a text file anew with credentials masked; its size. Raises OSError."""

    def fill(file: BinaryIO) -> None:
        for piece in _pieces(path):
            file.write(secrets.masked(piece.decode("utf-8"))[0].encode("utf-8"))

    return write_by(path, fill)


def holds_known(path: Path) -> bool:
    """Whether a file of any kind holds, as it is, a text that was met as a credential."""
    before = b""
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                if secrets.known_in(before + block):
                    return True
                before = block[-secrets.MAX_BYTES :]
    except OSError:
        return False
    return False


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
