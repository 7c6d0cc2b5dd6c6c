"""The ASGI application that scores: `/invocations`, `/ping`, `/health`, `/version`, and what the model takes.

Predictions run in a few threads, so that `/ping` answers while they do. No answer holds a traceback: the reason is
told to the client, the traceback goes to the server's log.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.models.serving import openapi, payloads
from tracker.models.serving.payloads import UnknownType

if TYPE_CHECKING:
    from tracker.models.pyfunc import PyFuncModel

MAX_BODY_BYTES = 100 << 20
DEFAULT_TIMEOUT_SECONDS = 60.0
_JSON = "application/json"

_log = logging.getLogger("tracker.serving")


class TooLarge(TrackerError):
    """A body beyond the bound."""

    error_code = "REQUEST_LIMIT_EXCEEDED"


class Scorer:
    """One loaded model and the threads that it predicts in."""

    def __init__(self, model: PyFuncModel, max_body: int, timeout: float) -> None:
        self.model = model
        self.max_body = max_body
        self.timeout = timeout
        signature = model.metadata.signature
        self.inputs = signature.inputs if signature is not None else None
        self.params = signature.params if signature is not None else None
        self.threads = ThreadPoolExecutor(max(2, os.cpu_count() or 2), thread_name_prefix="predict")

    def score(self, body: bytes, content_type: str | None) -> bytes:
        """The answer to a body. Raises TrackerError."""
        asked = payloads.read(body, content_type, self.inputs, self.params)
        try:
            predictions = self.model.predict(asked.data, params=asked.params)
        except TrackerError:
            raise
        except Exception as error:
            _log.exception("The model failed.")
            reason = f"{type(error).__name__}: {error}"[:1000]
            raise InvalidValue(f"The model cannot predict from this input. {reason}", "BAD_REQUEST") from error
        return payloads.written(predictions, asked.bare)


def create_app(
    model: PyFuncModel,
    max_body: int = MAX_BODY_BYTES,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    example: Any = None,
) -> Starlette:
    """The application that serves `model`.

    `max_body`: the bytes that a body may have; `timeout`: the seconds after which a client is told 504; `example`: a
    payload that the model takes, for the page that describes it.
    """
    scorer = Scorer(model, max_body, timeout)
    document = openapi.document(model.metadata.signature, example)

    async def ping(_: Request) -> Response:
        return Response("\n", media_type=_JSON)

    async def version(_: Request) -> Response:
        return PlainTextResponse(document["info"]["version"], media_type=_JSON)

    async def described(_: Request) -> Response:
        return Response(orjson.dumps(document), media_type=_JSON)

    async def page(_: Request) -> Response:
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return HTMLResponse(openapi.page(document), headers=headers)

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/health", ping),
            Route("/version", version),
            Route("/invocations", functools.partial(_invoke, scorer), methods=["POST"]),
            Route("/openapi.json", described),
            Route("/docs", page),
        ]
    )


async def _invoke(scorer: Scorer, request: Request) -> Response:
    try:
        body = await _body(request, scorer.max_body)
        loop = asyncio.get_running_loop()
        kind = request.headers.get("content-type")
        async with asyncio.timeout(scorer.timeout):
            answer = await loop.run_in_executor(scorer.threads, scorer.score, body, kind)
        return Response(answer, media_type=_JSON)
    except TimeoutError:
        return _failed(504, "DEADLINE_EXCEEDED", f"The model took longer than {scorer.timeout:g} s.")
    except UnknownType as error:
        return PlainTextResponse(error.message, status_code=415)
    except TooLarge as error:
        return _failed(413, error.error_code, error.message, {"Connection": "close"})
    except TrackerError as error:
        status = 404 if isinstance(error, NotFound) else 500 if error.error_code == "INTERNAL_ERROR" else 400
        return _failed(status, error.error_code, error.message)
    except Exception as error:
        _log.exception("A request failed.")
        return _failed(500, "INTERNAL_ERROR", f"The server failed: {type(error).__name__}.")


async def _body(request: Request, most: int) -> bytes:
    """The request's body. Raises TooLarge without reading the rest."""
    told = request.headers.get("content-length", "")
    too_large = f"The body has more than {most:,} bytes; send fewer rows at once, or serve with a larger --max-body."
    if told.isdigit() and int(told) > most:
        raise TooLarge(too_large)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooLarge(too_large)
        parts.append(part)
    return b"".join(parts)


def _failed(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    told = orjson.dumps({"error_code": code, "message": message})
    return Response(told, status_code=status, media_type=_JSON, headers=headers)
