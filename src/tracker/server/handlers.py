"""A page's questions over HTTP: the same ones that widgets ask their kernel, answered by the same code.

Invariants: a question is bounded, and is answered in one of a few threads, so that the server goes on; reading asks
for the right to read, changing for the right to write. A fault is a sentence in JSON, never a traceback.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import Any

import orjson
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.server.files import STATIC
from tracker.server.places import Place, place_of
from tracker.server.wire import KIND, packed

RESOURCE = "tracker"
MOST_BYTES = 8 << 20
MOST_WAITING = 64
_WRITES = {"edit", "view", "directions"}

threads = ThreadPoolExecutor(4, thread_name_prefix="tracker")


class AskHandler(APIHandler):
    """`POST api/ask?folder=…` with {"question": …, "home": the experiment that views are kept with}."""

    auth_resource = RESOURCE
    _waiting = 0

    @authenticated
    async def post(self) -> None:
        try:
            asked, question = self._asked()
            await self._allow("write" if question.get("do") in _WRITES else "read")
            if AskHandler._waiting >= MOST_WAITING:
                raise HTTPError(503, "This server is asked too much at once; try again in a moment.")
            AskHandler._waiting += 1
            try:
                place, home = place_of(self), str(asked.get("home", "0"))
                body = await asyncio.get_running_loop().run_in_executor(threads, _answer, place, home, question)
            finally:
                AskHandler._waiting -= 1
        except TrackerError as error:
            self._refuse(404 if isinstance(error, NotFound) else 400, str(error))
            return
        except HTTPError:
            raise
        except Exception as error:
            self.log.exception("tracker could not answer a page.")
            self._refuse(500, f"tracker could not answer: {type(error).__name__}.")
            return
        self.set_header("Cache-Control", "no-store")
        await self.finish(body, set_content_type=KIND)

    def _asked(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        if len(self.request.body) > MOST_BYTES:
            raise HTTPError(413, f"A question has at most {MOST_BYTES:,} bytes.")
        try:
            asked = orjson.loads(self.request.body)
        except ValueError as error:
            raise InvalidValue("This question is no JSON.") from error
        question = asked.get("question") if isinstance(asked, dict) else None
        if not isinstance(question, dict):
            raise InvalidValue('A question has the form {"question": {"do": …}}.')
        return asked, question

    async def _allow(self, action: str) -> None:
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, RESOURCE)):
            raise HTTPError(403, f"You may not {action} the runs of this server.")

    def _refuse(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self.finish(orjson.dumps({"error": sentence, "message": sentence}))


def _answer(place: Place, home: str, question: Mapping[str, Any]) -> bytes:
    from tracker.pages.answers import Answers
    from tracker.pages.columns import buffer
    from tracker.query import reader

    told, parts = Answers(reader(place.store()), home).answer(question)
    return packed(told, [buffer(part) for part in parts])


def _built() -> int:
    """When the page's module was built: a new one has a new address."""
    try:
        return int(os.stat(STATIC / "app.js").st_mtime)
    except OSError:
        raise HTTPError(500, "The page was not built: npm ci && npm run build.") from None


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tracker</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{static}/app.css?v={version}">
</head>
<body>
<main id="tracker" data-base="{base}"></main>
<noscript>This page needs JavaScript.</noscript>
<script type="module" src="{static}/app.js?v={version}"></script>
</body>
</html>
"""


class PageHandler(JupyterHandler):
    """The page that stands alone: table, comparison, run view."""

    auth_resource = RESOURCE

    @property
    def content_security_policy(self) -> str:
        return "; ".join([
            super().content_security_policy, "default-src 'none'", "script-src 'self'", "base-uri 'none'",
            "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:", "media-src 'self' blob:",
            "font-src 'self' data:", "connect-src 'self'", "frame-src 'self' blob: data:", "form-action 'none'",
        ])  # fmt: skip

    @authenticated
    async def get(self) -> None:
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", RESOURCE)):
            raise HTTPError(403, "You may not read the runs of this server.")
        self.xsrf_token  # noqa: B018 (sets the cookie that the page's questions carry back)
        base = url_path_join(self.base_url, "tracker")
        page = _PAGE.format(static=escape(f"{base}/static"), base=escape(self.base_url), version=_built())
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")
        await self.finish(page)
