"""Pages of search results. A token says where the next page starts, in MLflow's form."""

from __future__ import annotations

import base64
import json
from typing import Any, TypeVar

from tracker.entities import PagedList
from tracker.exceptions import InvalidValue

MAX_PAGE = 50_000

T = TypeVar("T")


def page_limit(max_results: Any, most: int = MAX_PAGE) -> int:
    """How many items a page holds, at most `most`. Raises InvalidValue."""
    limit = 1000 if max_results is None else max_results
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= most:
        raise InvalidValue(f"max_results is a whole number from 1 to {most:,}; got {max_results!r}.")
    return limit


def page_offset(token: str | None) -> int:
    """Where the page of a token starts. Raises InvalidValue for a text that is no token."""
    if not token:
        return 0
    try:
        offset = json.loads(base64.b64decode(token, validate=True))["offset"]
        if isinstance(offset, int) and offset >= 0:
            return offset
    except (ValueError, TypeError, KeyError):
        pass
    raise InvalidValue(f"{str(token)[:60]!r} is no page token; use the `token` of the page before.")


def page_of(found: list[T], limit: int, offset: int) -> PagedList[T]:
    """A page of `limit` items out of one item more, if there are any."""
    more = len(found) > limit
    token = base64.b64encode(json.dumps({"offset": offset + limit}).encode()).decode() if more else None
    return PagedList(found[:limit], token)
