"""Tells pages that a store changed: one watch a store for all its pages, none where nobody looks.

A watch looks at names and sizes of files, in a thread, once a second or rarer, as long as a look takes. A page that
cannot be reached is dropped; what it missed it sees when it asks again.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from tracker.exceptions import TrackerError
from tracker.server.handlers import RESOURCE, threads
from tracker.server.places import Place, place_of

EVERY_SECONDS = 1.0
MOST_PAGES = 256
_PART_OF_TIME = 0.05

Key = tuple[object, bool]


class Feed:
    """The pages that listen, by the place of their store, and the watches over these."""

    def __init__(self) -> None:
        self._pages: dict[Key, set[FeedHandler]] = defaultdict(set)
        self._watches: dict[Key, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._pages.values()))

    def join(self, page: FeedHandler) -> None:
        """Tell this page of changes from now on; first of all that there is something to see.

        What changed between the page's own first look and the watch's would be told by nobody else.
        """
        key = page.place.key
        self._pages[key].add(page)
        if key in self._watches:
            page.tell("changed")
        else:
            self._watches[key] = asyncio.create_task(self._watch(page.place))

    def leave(self, page: FeedHandler) -> None:
        """Tell this page nothing more."""
        key = page.place.key
        self._pages[key].discard(page)
        if not self._pages[key]:
            del self._pages[key]
            watch = self._watches.pop(key, None)
            if watch is not None:
                watch.cancel()

    async def _watch(self, place: Place) -> None:
        loop, seen = asyncio.get_running_loop(), object()
        while True:
            now, took = await loop.run_in_executor(threads, _state, place)
            if now != seen:
                for page in list(self._pages.get(place.key, ())):
                    page.tell("changed")
            seen = now
            await asyncio.sleep(max(EVERY_SECONDS, took / _PART_OF_TIME))


def _state(place: Place) -> tuple[object, float]:
    """What differs where the store does, and the seconds of work that it was to see."""
    from tracker.pages.watch import state_of

    started = time.thread_time()
    try:
        store = place.store()
        return (store.root, state_of(store)), time.thread_time() - started
    except Exception as error:  # a store in any state: the watch goes on
        return str(error), time.thread_time() - started


class FeedHandler(WebSocketMixin, JupyterHandler, WebSocketHandler):
    """`GET api/feed?folder=…`, a web socket: {"event": "changed"} at once and after each change.

    What a page sends is not read.
    """

    auth_resource = RESOURCE
    place: Place

    @property
    def _feed(self) -> Feed:
        feed: Feed = self.settings["tracker_feed"]
        return feed

    @ws_authenticated
    async def get(self) -> None:
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "read", RESOURCE)):
            raise HTTPError(403)
        if len(self._feed) >= MOST_PAGES:
            raise HTTPError(503)
        try:
            self.place = place_of(self)
        except TrackerError as error:
            raise HTTPError(400, str(error)) from None
        await ensure_async(super().get())

    def open(self) -> None:
        super().open()
        self._feed.join(self)

    def on_message(self, message: str | bytes) -> None:
        """Pages say nothing here."""

    def on_close(self) -> None:
        self._feed.leave(self)

    def tell(self, event: str) -> None:
        """Send an event, if the page is still there."""
        try:
            self.write_message(json.dumps({"event": event}))
        except WebSocketClosedError:
            self._feed.leave(self)
