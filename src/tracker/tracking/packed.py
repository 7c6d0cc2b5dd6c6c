"""What lies in packed files: zip (npz, xlsx, whl, torch's), gzip, bz2, xz, and Parquet tables.

Nothing is written, none of it runs, and of each file a bounded part is unpacked.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from tracker.exceptions import TrackerError

_BLOCK: Final = 500_000
_MAX_UNPACKED: Final = 1_000_000_000
_ROWS: Final = 2_000
_STREAMS: Final[dict[bytes, Callable[[Path], IO[bytes]]]] = {
    b"\x1f\x8b": gzip.GzipFile,  # type: ignore[dict-item]
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


class NotWhole(TrackerError):
    """A packed file could not be unpacked to its end."""


def blocks(path: Path) -> Iterator[bytes]:
    """What a packed file holds, piece by piece; nothing for a file of another kind.

    Raises NotWhole for one that is damaged, encrypted or too large, OSError.
    """
    with open(path, "rb") as file:
        begin = file.read(6)
    left = _MAX_UNPACKED
    try:
        for block in _blocks(path, begin):
            yield block
            left -= len(block)
            if left < 0:
                raise NotWhole(f"more than {_MAX_UNPACKED // 10**9} GB is in it")
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise NotWhole("it is damaged, or encrypted") from error


def _blocks(path: Path, begin: bytes) -> Iterator[bytes]:
    if begin.startswith(b"PAR1"):
        yield from _rows(path)
    elif begin.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode("utf-8", "replace")
                with archive.open(name) as member:
                    yield from _read(member)
    for magic, opened in _STREAMS.items():
        if begin.startswith(magic):
            with opened(path) as stream:
                yield from _read(stream)


def _read(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _rows(path: Path) -> Iterator[bytes]:
    """The cells of a table as `column='value'`, so that a column's name tells what is in it."""
    import duckdb

    try:
        with duckdb.connect() as db:
            table = db.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet($path)", {"path": str(path)})
            names = [column[0] for column in table.description or ()]
            while rows := table.fetchmany(_ROWS):
                cells = (f"{name}='{cell}'" for row in rows for name, cell in zip(names, row, strict=True) if cell)
                yield "\n".join(cells).encode("utf-8", "replace")
    except duckdb.Error as error:
        raise NotWhole("it is damaged, or encrypted") from error
