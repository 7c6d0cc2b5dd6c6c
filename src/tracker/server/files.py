"""Files over HTTP: what runs keep, and the page's own modules.

Invariants: a run's file is reached only by `pages.files.run_file`, which never leaves the run. Whatever a file holds,
it runs nothing here: each comes with `nosniff` and a sandbox of its own, and a type that a browser could make more of
than pictures, sound or text is a download. Files are sent in pieces, whatever their size.
"""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, StaticFileHandler, authenticated

from tracker.exceptions import TrackerError
from tracker.server.places import place_of

STATIC = Path(__file__).parent.parent / "static"
_MODULE = re.compile(r"[a-z_]+\.(js|css|txt)")
_SEEN = re.compile(r"(image/(png|jpeg|gif|webp|avif|bmp)|audio/[\w.+-]+|video/[\w.+-]+|text/plain)")
_FRAMED = {"image/svg+xml", "text/html"}
_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; media-src 'self'; base-uri 'none'"


class _PlainFiles(JupyterHandler, StaticFileHandler):
    """A file that was found by other means than a URL's path below a root."""

    auth_resource = "tracker"

    def initialize(self) -> None:
        StaticFileHandler.initialize(self, "")

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        return path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        return absolute_path

    def parse_url_path(self, url_path: str) -> str:
        return url_path

    def compute_etag(self) -> str | None:
        return None

    def set_extra_headers(self, path: str) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "private, no-cache")


class FileHandler(_PlainFiles):
    """`GET files/RUN/PATH?folder=…`; with `download=1` as a download, whatever it is."""

    @property
    def content_security_policy(self) -> str:
        return f"{_POLICY}; frame-ancestors 'self'"

    @authenticated
    @authorized
    async def get(self, run: str, path: str, include_body: bool = True) -> None:
        from tracker.pages.files import run_file

        try:
            file = run_file(place_of(self).store(), run, path)
        except TrackerError as error:
            raise HTTPError(404, str(error)) from None
        await ensure_async(StaticFileHandler.get(self, str(file.path), include_body))

    async def head(self, run: str, path: str) -> None:
        await self.get(run, path, include_body=False)

    def get_content_type(self) -> str:
        kind = self._kind()
        if kind == "text/plain":
            return "text/plain; charset=utf-8"
        return kind if kind in _FRAMED or _SEEN.fullmatch(kind) else "application/octet-stream"

    def _kind(self) -> str:
        kind, encoding = mimetypes.guess_type(self.path)
        if kind is None or encoding is not None:
            return "application/octet-stream"
        is_text = kind.startswith("text/") and kind not in _FRAMED
        return "text/plain" if is_text or kind == "application/json" else kind

    def set_extra_headers(self, path: str) -> None:
        super().set_extra_headers(path)
        told = self.get_query_argument("download", "") or self.get_content_type() == "application/octet-stream"
        name = quote(Path(path).name, safe="")
        self.set_header("Content-Disposition", f"{'attachment' if told else 'inline'}; filename*=UTF-8''{name}")


class StaticHandler(_PlainFiles):
    """The modules of the page that stands alone."""

    @authenticated
    async def get(self, name: str, include_body: bool = True) -> None:
        path = STATIC / name
        if not _MODULE.fullmatch(name) or not path.is_file():
            raise HTTPError(404, f"There is no {name!r} here.")
        await ensure_async(StaticFileHandler.get(self, str(path), include_body))

    async def head(self, name: str) -> None:
        await self.get(name, include_body=False)

    def get_content_type(self) -> str:
        kinds: dict[str, Any] = {".js": "text/javascript", ".css": "text/css"}
        return f"{kinds.get(Path(self.path).suffix, 'text/plain')}; charset=utf-8"
