"""What is shown of a run's file without downloading it: `Preview` of js/core/run.ts, and at most one buffer.

Which kind a file is, its name says, and its first bytes have the last word on pictures, sound and text. Invariants: of
any file, however large, only a bounded part is read; nothing is unpickled or executed; what cannot be shown is told in
a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tracker.exceptions import InvalidValue, TrackerError
from tracker.pages.files import RunFile
from tracker.pages.preview_notebook import notebook_cells
from tracker.pages.preview_table import TABLES, table_page

PICTURE_BYTES: Final = 12 << 20
MEDIA_BYTES: Final = 24 << 20
DOCUMENT_BYTES: Final = 3 << 20
TEXT_PART: Final = 200_000

_TEXT_BYTES: Final = bytes(byte for byte in range(256) if byte >= 32 or byte in b"\t\n\r\f\b\x1b")

Previewed = tuple[dict[str, Any], list[Any]]

_PICTURES: Final = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".bmp": "image/bmp", ".avif": "image/avif", ".ico": "image/x-icon",
}  # fmt: skip
_MEDIA: Final = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".flac": "audio/flac",
    ".m4a": "audio/mp4", ".opus": "audio/ogg", ".mp4": "video/mp4", ".webm": "video/webm",
}  # fmt: skip
_MARKS: Final = {
    "image/png": (b"\x89PNG",), "image/jpeg": (b"\xff\xd8\xff",), "image/gif": (b"GIF8",), "image/webp": (b"RIFF",),
    "image/bmp": (b"BM",), "image/avif": (b"",), "image/x-icon": (b"\0\0\1\0",),
}  # fmt: skip
_TOLD: Final = {
    ".pkl": "A pickle: opening one runs its code, so it is never opened here.",
    ".pickle": "A pickle: opening one runs its code, so it is never opened here.",
    ".joblib": "A pickle of joblib's: opening one runs its code, so it is never opened here.",
    ".pt": "A file of PyTorch's: opening one may run its code, so it is never opened here.",
    ".pth": "A file of PyTorch's: opening one may run its code, so it is never opened here.",
    ".pdf": "A PDF: download it to read it.",
}  # fmt: skip


def preview(file: RunFile, question: Mapping[str, Any]) -> Previewed:
    """The preview of a file. `question` may ask for what comes later: `offset` in bytes or rows, `order`, `descending`.

    Raises NotFound where the file is gone.
    """
    offset = _offset(question.get("offset"))
    shown, buffers = _shown(file, offset, question)
    return {"preview": {"path": file.name, "size": file.size, **shown}}, buffers


def _shown(file: RunFile, offset: int, question: Mapping[str, Any]) -> Previewed:
    suffix = file.suffix
    if file.size == 0:
        return _text(file, 0)
    if suffix in _PICTURES:
        return _picture(file, _PICTURES[suffix])
    if suffix in _MEDIA:
        kind = _MEDIA[suffix]
        return _whole(file, {"kind": kind.partition("/")[0], "mime": kind}, MEDIA_BYTES)
    if suffix in _TOLD:
        return _said(_TOLD[suffix])
    if suffix in TABLES:
        return _table(file, offset, question)
    documents: dict[str, Callable[[RunFile], Previewed]] = {
        ".svg": lambda file: _whole(file, {"kind": "svg", "mime": "image/svg+xml"}, DOCUMENT_BYTES),
        ".html": lambda file: _document(file, "html"),
        ".htm": lambda file: _document(file, "html"),
        ".md": lambda file: _document(file, "markdown"),
        ".json": lambda file: _document(file, "json"),
        ".geojson": lambda file: _document(file, "json"),
        ".plotly.json": lambda file: _document(file, "plotly"),
        ".ipynb": _notebook,
    }
    if suffix in documents and offset == 0 and not question.get("plain"):
        return documents[suffix](file)
    return _text(file, offset)


def _picture(file: RunFile, mime: str) -> Previewed:
    if not file.read(0, 16).startswith(_MARKS[mime]):
        return _said(f"This file is named as a picture ({mime}), but is none.")
    return _whole(file, {"kind": "image", "mime": mime}, PICTURE_BYTES)


def _whole(file: RunFile, shown: dict[str, Any], most: int) -> Previewed:
    """A file that can be shown whole or not at all."""
    if file.size > most:
        return _said(f"{_megabytes(file.size)}: larger than what is shown here (up to {_megabytes(most)}).")
    return shown, [file.read(0, most)]


def _document(file: RunFile, kind: str) -> Previewed:
    """A text that has a form of its own, if it is not too long for it, else as plain text."""
    if file.size > DOCUMENT_BYTES:
        return _text(file, 0)
    text = _decoded(file.read(0, DOCUMENT_BYTES))
    return ({"kind": kind, "text": text}, []) if text is not None else _binary()


def _notebook(file: RunFile) -> Previewed:
    if file.size > MEDIA_BYTES:
        return _text(file, 0)
    try:
        cells, total = notebook_cells(file.read(0, MEDIA_BYTES))
    except InvalidValue:
        return _text(file, 0)
    return {"kind": "notebook", "cells": cells, "total": total}, []


def _table(file: RunFile, offset: int, question: Mapping[str, Any]) -> Previewed:
    order = question.get("order")
    try:
        return table_page(file, offset, str(order) if order else None, bool(question.get("descending")))
    except TrackerError as error:
        if file.suffix in (".csv", ".tsv"):
            shown, buffers = _text(file, offset)
            return shown | {"said": str(error)}, buffers
        return _said(str(error))


def _text(file: RunFile, offset: int) -> Previewed:
    data = file.read(offset, TEXT_PART)
    text = _decoded(data)
    if text is None:
        return _binary()
    end = offset + len(data)
    return {"kind": "text", "text": text, "offset": offset, "next": end if data and end < file.size else None}, []


def _decoded(data: bytes) -> str | None:
    """Text in UTF-8 (UTF-16 with a mark, else Latin-1), a cut character replaced; None for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data.translate(None, _TEXT_BYTES):
        return None
    text = data.decode("utf-8", "replace")
    return text if text.count("\ufffd") <= 4 + len(text) // 50 else data.decode("latin-1")


def _binary() -> Previewed:
    return _said("Not text, and of no kind that can be shown here.")


def _said(sentence: str) -> Previewed:
    return {"kind": "none", "said": sentence}, []


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _offset(offset: object) -> int:
    if offset is None:
        return 0
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0:
        raise InvalidValue("An offset is a whole number from 0 on.")
    return offset
