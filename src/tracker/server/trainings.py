"""`track-experiment` and `deploy-model`: the trainer over HTTP, behind the server's token.

    POST   track-experiment?folder=…            starts a grid search; GET …&run_id=… how far it is; DELETE stops it
    POST   deploy-model?folder=…                serves a model beside the server

Both make the server run code: they ask for the right to execute, as a kernel does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.server.handlers import MOST_BYTES, RESOURCE
from tracker.server.places import place_of

_threads = ThreadPoolExecutor(2, thread_name_prefix="tracker-training")


class _TrainingHandler(APIHandler):
    auth_resource = RESOURCE

    def asked(self) -> Any:
        """The body. Raises InvalidValue."""
        if len(self.request.body) > MOST_BYTES:
            raise HTTPError(413, f"A question has at most {MOST_BYTES:,} bytes.")
        try:
            return orjson.loads(self.request.body)
        except ValueError as error:
            raise InvalidValue("This question is no JSON.") from error

    async def answer(self, step: Callable[[Path, Any], dict[str, Any]]) -> None:
        """What a step gives for the folder and its store, in a thread."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, "execute", RESOURCE)):
            raise HTTPError(403, "You may not run programs on this server.")
        try:
            place = place_of(self)
            folder = place.key[0].parent if place.key[1] else place.key[0]
            told = await asyncio.get_running_loop().run_in_executor(_threads, lambda: step(folder, place.store()))
        except TrackerError as error:
            self.set_status(404 if isinstance(error, NotFound) else 400)
            told = {"error": str(error), "message": str(error)}
        self.set_header("Cache-Control", "no-store")
        await self.finish(orjson.dumps(told))


class TrackExperimentHandler(_TrainingHandler):
    @authenticated
    async def post(self) -> None:
        from tracker.training import requests

        await self.answer(lambda folder, store: requests.track_experiment(self.asked(), folder, store))

    @authenticated
    async def get(self) -> None:
        from tracker.training import requests

        await self.answer(lambda _, store: requests.state(self.get_query_argument("run_id", ""), store))

    @authenticated
    async def delete(self) -> None:
        from tracker.training import requests

        await self.answer(lambda _, store: requests.stop_experiment(self.get_query_argument("run_id", ""), store))


class DeployModelHandler(_TrainingHandler):
    @authenticated
    async def post(self) -> None:
        from tracker.training import requests

        await self.answer(lambda _, store: requests.deploy_model(self.asked(), store))
