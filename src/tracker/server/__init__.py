"""The Jupyter Server side of JupyterLab's extension and of `tracker ui`: answers pages about a store, with no kernel.

Installing the wheel enables it (etc/jupyter/jupyter_server_config.d). `routes.py` lists what is served, `handlers.py`
carries questions to `tracker.pages`, `files.py` serves what runs keep, `feed.py` tells pages that a store changed,
`places.py` finds the store, `alone.py` is the server of `tracker ui`. Everything is behind Jupyter Server's own
authentication, authorization and XSRF check; the query engine is imported by the first question, not by the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "tracker.server"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from tracker.server.routes import add_routes

    add_routes(server.web_app)
