"""Figures that a cell displays, kept as files as they pass to the front end."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

MAX_FIGURES = 100
MAX_BYTES = 20 << 20
_PLOTLY = "application/vnd.plotly.v1+json"

Keep = Callable[[str, bytes], None]


class FigureTap:
    """Watches what the shell displays, between `install` and `remove`, and hands each figure to `keep(path, data)`.

    Displaying itself is not changed: each call goes on as it came. `cleared` tells that the cell cleared its output,
    `displayed` that it displayed something beside its last value.
    """

    def __init__(self, shell: Any, keep: Keep) -> None:
        self._publisher, self._hook = shell.display_pub, shell.displayhook
        self._keep = keep
        self._count = 0
        self.cleared = False
        self.displayed = False
        self.notices: list[str] = []

    def install(self) -> None:
        publish, clear, write = self._publisher.publish, self._publisher.clear_output, self._hook.write_format_data

        def publish_tapped(data: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            self.displayed = True
            if not kwargs.get("update"):
                self._take(data)
            return publish(data, *args, **kwargs)

        def clear_tapped(*args: Any, **kwargs: Any) -> Any:
            self.cleared = True
            return clear(*args, **kwargs)

        def write_tapped(format_dict: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            self._take(format_dict)
            return write(format_dict, *args, **kwargs)

        self._publisher.publish = publish_tapped
        self._publisher.clear_output = clear_tapped
        self._hook.write_format_data = write_tapped

    def remove(self) -> None:
        for owner, name in (
            (self._publisher, "publish"),
            (self._publisher, "clear_output"),
            (self._hook, "write_format_data"),
        ):
            vars(owner).pop(name, None)

    def _take(self, data: object) -> None:
        try:
            found = _figure(data) if isinstance(data, dict) else None
            if found is None:
                return
            self._count += 1
            suffix, content = found
            if self._count > MAX_FIGURES or len(content) > MAX_BYTES:
                self._say(f"Not every figure was kept: at most {MAX_FIGURES}, each of at most {MAX_BYTES >> 20} MB.")
                return
            self._keep(f"figures/figure-{self._count}{suffix}", content)
        except Exception as error:  # a figure that cannot be kept is still displayed
            self._say(f"A figure was not kept: {error}")

    def _say(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)


def _figure(data: dict[str, Any]) -> tuple[str, bytes] | None:
    """The suffix and content of a figure in a MIME bundle: plotly's own form, else SVG, PNG, JPEG."""
    if _PLOTLY in data:
        return ".plotly.json", json.dumps(data[_PLOTLY]).encode()
    for mime, suffix in (("image/svg+xml", ".svg"), ("image/png", ".png"), ("image/jpeg", ".jpg")):
        content = data.get(mime)
        if isinstance(content, bytes):
            return suffix, content
        if isinstance(content, str):
            return suffix, content.encode() if suffix == ".svg" else base64.b64decode(content)
    return None
