"""Scripts as notebooks: cells parted by `# %%` (percent format) or `# +` and `# -` (light format), with their tags."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue
from tracker.projects.notebooks import code_cell

_MARK: Final = re.compile(r"#\s?(?:%%|\+(?=\s|$))(.*)")
_END: Final = re.compile(r"#\s?-\s*")
_TAGS: Final = re.compile(r"[\"']?tags[\"']?\s*[=:]\s*(\[[^\]]*\]|\"[^\"]*\"|'[^']*')")
_MAX_BYTES: Final = 10_000_000


def read_script(file: Path) -> dict[str, Any]:
    """A script as a notebook; a script without marks is one cell. Raises InvalidValue."""
    if file.stat().st_size > _MAX_BYTES:
        raise InvalidValue(f"{file} is larger than {_MAX_BYTES:,} bytes; it is not read.")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidValue(f"{file} is not text in UTF-8: {error.reason}.") from None
    cells: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        mark = _MARK.fullmatch(line.rstrip())
        if mark is not None:
            cells.append((mark[1], []))
        elif _END.fullmatch(line):
            cells.append(("", []))
        else:
            cells[-1][1].append(line)
    found = [_cell(about, "\n".join(lines).strip("\n")) for about, lines in cells if "".join(lines).strip()]
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _cell(about: str, source: str) -> dict[str, Any]:
    if "[markdown]" in about or "[md]" in about:
        text = re.sub(r"(?m)^# ?", "", source)
        return {"cell_type": "markdown", "metadata": {}, "source": text}
    tags = _TAGS.search(about)
    return code_cell(source, *(re.findall(r"[\w-]+", tags[1]) if tags is not None else ()))
