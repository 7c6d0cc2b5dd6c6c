"""What is served below `{base_url}tracker/`."""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import url_path_join
from tornado.web import Application, RequestHandler

from tracker.server.feed import Feed, FeedHandler
from tracker.server.files import FileHandler, StaticHandler
from tracker.server.handlers import AskHandler, PageHandler
from tracker.server.trainings import DeployModelHandler, TrackExperimentHandler

ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (r"/?", PageHandler),
    (r"/static/(.*)", StaticHandler),
    (r"/api/ask", AskHandler),
    (r"/api/feed", FeedHandler),
    (r"/files/([^/]+)/(.+)", FileHandler),
    (r"/track-experiment", TrackExperimentHandler),
    (r"/deploy-model", DeployModelHandler),
]


def add_routes(app: Application) -> None:
    """Serve all of it, and make what the handlers share."""
    settings: dict[str, Any] = app.settings
    settings["tracker_feed"] = Feed()
    base = url_path_join(settings["base_url"], "tracker")
    app.add_handlers(".*$", [(base + pattern, handler) for pattern, handler in ROUTES])
