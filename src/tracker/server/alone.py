"""The server of `tracker ui`: a Jupyter Server with nothing but our page, on this machine's own address.

A person's Jupyter Server settings hold (base URL, certificate, password); kernels, files and terminals are not served.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from traitlets.config import Config

from tracker.exceptions import InvalidValue, StoreError
from tracker.server.places import ONE_STORE


@dataclass(frozen=True)
class Settings:
    """What `tracker ui` was asked for. `port` None: the first free one from 8888; `more`: Jupyter Server's options."""

    store: Path
    port: int | None = None
    browser: bool = False
    more: Sequence[str] = ()


class NoFiles(AsyncLargeFileManager):
    """A contents manager, which each Jupyter Server has, that serves none of them."""

    def get_extra_handlers(self) -> list[tuple[object, ...]]:
        """No handler of files."""
        return []


class PageServer(ServerApp):
    """Of Jupyter Server's services only logging in and out."""

    default_services = ("auth", "security")

    def start_app(self) -> None:
        """Say where the page is, in one line, and serve."""
        local = self.ip in ("localhost", "127.0.0.1", "::1")
        print(f"tracker ui: {self.local_url if local else self.public_url}", flush=True)
        level = self.log.level
        self.log.setLevel(logging.CRITICAL + 1)  # Jupyter Server's own words on where it is
        super().start_app()
        self.log.setLevel(level)


def serve(settings: Settings) -> None:
    """Serve until interrupted. Raises InvalidValue if the port is taken or no port."""
    if settings.port is not None and not 0 <= settings.port < 1 << 16:
        raise InvalidValue(f"A port is 0 to 65535; got {settings.port}.")
    server = PageServer(config=_config(settings))
    try:
        server.initialize(list(settings.more), find_extensions=False)
    except SystemExit as error:  # what Jupyter Server does where it cannot listen
        raise InvalidValue(f"The server could not start{_where(settings)}.") from error
    server.start()


def _config(settings: Settings) -> Config:
    config = Config()
    config.ServerApp.jpserver_extensions = {"tracker.server": True}
    config.ServerApp.root_dir = str(_folder(settings.store))
    config.ServerApp.contents_manager_class = NoFiles
    config.ServerApp.default_url = "/tracker"
    config.ServerApp.open_browser = settings.browser
    config.ServerApp.allow_root = True  # nothing that is served here runs code
    config.ServerApp.answer_yes = True  # an interrupt ends it: there are no kernels to ask about
    config.ServerApp.log_level = "WARN"
    config.ServerApp.tornado_settings = {ONE_STORE: str(settings.store)}
    if settings.port is not None:
        config.ServerApp.port = settings.port
        config.ServerApp.port_retries = 0
    return config


def _folder(store: Path) -> Path:
    """The folder around the store; one that is there."""
    for folder in store.parents:
        if folder.is_dir():
            return folder
    raise StoreError(f"{store} is no place for a store.")


def _where(settings: Settings) -> str:
    return (
        f" on port {settings.port}: it is taken, or not allowed. Give another --port"
        if settings.port is not None
        else ""
    )
