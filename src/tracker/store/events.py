"""The events of a journal, one JSON object a line: the store's format 1.

Fields: `e` kind, `r` run id, `x` experiment id, `k` key, `v` value, `s` step, `t` microseconds since the epoch. Absent
fields are left out. `t` is the time of writing, strictly increasing within a journal; for a metric it is the point's
own time. `e` always comes first in the line: the scan for experiments relies on it.

    e                 r  x  k     v
    experiment           x        {"name", "artifact_location"?}   the earliest counts
    experiment.name      x        name
    experiment.tag       x  key   text, or null: removed
    experiment.state     x        "active" | "deleted" | "purged": gone for good
    run               r  x        {"start"?: ms}                   start as told by the caller, else `t`
    resume            r
    end               r           {"status", "end"?: ms}
    state             r           "active" | "deleted"
    purge             r                                            gone for good: no other event of the run counts
    param             r     key   any JSON value
    metric            r     key   number | "NaN" | "Infinity" | "-Infinity"; with `s`
    tag               r     key   text, or null: removed
    input             r     name  {"digest", "source_type", "source", "schema", "profile", "tags"}
    artifact          r     path  {"size": bytes}
    journal                       [names]                           this journal goes on from these, oldest first
    owner                         {"machine", "pid", "started"}     whose journal this is, where there are no locks

For everything but metrics the latest event by (t, journal) is what holds. A run is RUNNING while the journal with its
last `run` or `resume` is held by a live process and no `end` follows. A process that goes on in a new journal lets go
of the old one: it counts as held while the one that names it in its `journal` event is, and the last event of a run
that was lost is looked for in all journals of its process.
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from tracker.exceptions import InvalidValue

MAX_EVENT_BYTES = 1 << 20
MAX_KEY_CHARACTERS = 1_000

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_NOT_FINITE = {math.inf: '"Infinity"', -math.inf: '"-Infinity"'}


def json_text(value: object) -> str:
    """`value` as JSON: types kept where JSON has them, `str(value)` elsewhere; a float that is not finite as a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE.get(value, '"NaN"')
    try:
        return orjson.dumps(value, default=str, option=_OPTIONS).decode()
    except TypeError:  # integers beyond 64 bits, lone surrogates: rare, so the slow way
        text = json.dumps(value, default=str, ensure_ascii=False, skipkeys=True)
        return text.encode("utf-8", "replace").decode()


def number_text(value: float) -> str:
    """A float as JSON, with the words that JSON lacks."""
    return repr(value) if math.isfinite(value) else _NOT_FINITE.get(value, '"NaN"')


def check_key(key: object, what: str) -> str:
    """The key itself, if it can be stored. Raises InvalidValue."""
    if not isinstance(key, str):
        raise InvalidValue(f"The name of a {what} is text; got {type(key).__name__}: {key!r}.")
    if not key or len(key) > MAX_KEY_CHARACTERS:
        raise InvalidValue(
            f"The name of a {what} has 1 to {MAX_KEY_CHARACTERS:,} characters; this one has {len(key):,}: {key[:60]!r}…"
            if key
            else f"The name of a {what} is empty; give it a name."
        )
    if not key.isprintable() and any(ord(c) < 32 or ord(c) == 127 for c in key):
        raise InvalidValue(f"The name of a {what} holds a control character: {key!r}; use printable text.")
    return key


def event(kind: str, *, t: int, r: str = "", x: str = "", k: str = "", v: Any = ...) -> bytes:
    """One line. `v` is left out when not given; None is written as null. Raises InvalidValue beyond 1 MiB."""
    parts = [f'{{"e":"{kind}"']
    if r:
        parts.append(f'"r":{json_text(r)}')
    if x:
        parts.append(f'"x":{json_text(x)}')
    if k:
        parts.append(f'"k":{json_text(k)}')
    if v is not ...:
        parts.append(f'"v":{json_text(v)}')
    parts.append(f'"t":{t}}}\n')
    line = ",".join(parts).encode()
    if len(line) > MAX_EVENT_BYTES:
        name = f"{kind} {k!r}" if k else kind
        raise InvalidValue(
            f"The value of {name} has {len(line):,} bytes; at most {MAX_EVENT_BYTES:,} are kept. Log it as an artifact."
        )
    return line


def metric_prefix(run_id: str, key: str) -> str:
    """What is the same in every line of one metric of one run: made once, so that a point costs one short format."""
    return f'{{"e":"metric","r":{json_text(run_id)},"k":{json_text(key)},"v":'


def metric_line(prefix: str, value: float, step: int, t: int) -> bytes:
    """One point of a metric; `t` in microseconds. The hot path."""
    if value - value == 0.0:
        return f'{prefix}{value!r},"s":{step},"t":{t}}}\n'.encode()
    return f'{prefix}{number_text(value)},"s":{step},"t":{t}}}\n'.encode()
