"""The modules that pages load, as they were built from js/."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tracker.exceptions import TrackerError

_STATIC: Final = Path(__file__).parent.parent / "static"


def page_module(name: str) -> str:
    """The text of a module: "table.js". Raises TrackerError where it was not built."""
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except OSError as error:
        raise TrackerError(
            f"{name} is missing: the page's modules were not built. Build them: npm ci && npm run build."
        ) from error
