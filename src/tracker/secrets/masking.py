"""Texts and values with credentials masked."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final
from urllib.parse import unquote

from . import known, shapes
from .escapes import has_escapes, masked_inside
from .names import LIKELY, MAYBE, ORDINARY, SURE, strength
from .naming import named
from .values import MASK, is_made, is_template, is_value, is_words, looks_random

_MIN_TEXT, _MAX_TEXT, _MAX_DATA, _SHORT, _MAX_DEPTH = 6, 20_000_000, 1_000_000, 4_000, 3
_CHANCE: Final = re.compile(r"(?<![\w/+.=:%@-])[A-Za-z0-9_-]{32,120}={0,2}(?![\w/+=@-]|\.\w)")
_IN_DATA: Final = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_ADDRESS: Final = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}")
_AZURE: Final = 88
_SHAPES: Final = (*shapes.SERVICES, *shapes.PLACES)
_MARKS: Final = tuple((mark, place) for place, shape in enumerate(_SHAPES) for mark in shape.marks)
_DIGEST: Final = re.compile(r"(?:sha|md)\d{1,3}[-:=]", re.I)

Found = dict[str, None]
Named = tuple[str, int, Any]
"""A value with its name, and how much that tells."""


def enabled() -> bool:
    """Whether anything is masked: not with TRACKER_MASK=0."""
    return os.environ.get("TRACKER_MASK", "1") != "0"


def masked(text: str) -> tuple[str, list[str]]:
    """The text with credentials masked, and what they were ("api_key", "AWS key"), in order and once each."""
    return _masked_text(text) if enabled() else (text, [])


def _masked_text(text: str) -> tuple[str, list[str]]:
    if len(text) < _MIN_TEXT or len(text) > _MAX_TEXT:
        return text, []
    if len(text) <= _SHORT:
        short, names = _masked_short(text, known.count())
        return short, list(names)
    return _masked(text)


def masked_bytes(data: bytes) -> tuple[bytes, list[str]]:
    """The same for a file's content, where it is text; nothing is masked for looking like chance, which data do too.

    In more than a million characters only what was met before is masked.
    """
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data, []
    if "\0" in text[:_SHORT] or not enabled():
        return data, []
    made, found = _masked(text, chance=False) if len(text) <= _MAX_DATA else masked_known(text)
    return (made.encode("utf-8", "surrogatepass"), found) if found else (data, [])


@lru_cache(maxsize=4_096)
def _masked_short(text: str, known_words: int) -> tuple[str, tuple[str, ...]]:
    """The same for texts that come again and again; `known_words` is there for the cache."""
    made, names = _masked(text)
    return made, tuple(names)


def _masked(text: str, chance: bool = True, depth: int = 0) -> tuple[str, list[str]]:
    found: Found = {}
    if depth < _MAX_DEPTH and has_escapes(text):
        text = masked_inside(text, lambda plain: _masked_inside(plain, found, chance, depth + 1))
    text = named(text, found)
    if "://" in text:
        text = shapes.URL.sub(partial(_in_url, found), text)
        text = shapes.URL_TOKEN.sub(partial(_in_url, found), text)
    if "=" in text and ("?" in text or "&" in text):
        text = shapes.QUERY.sub(partial(_in_query, found), text)
    for place in sorted({place for mark, place in _MARKS if mark in text}):
        shape = _SHAPES[place]
        text = shapes.compiled(shape.pattern).sub(partial(_shaped, shape, found), text)
    if "eyJ" in text:
        text = shapes.JSON_IN_BASE64.sub(partial(_wrapped, found), text)
    for pattern in (_CHANCE, shapes.IN_QUOTES) if chance else ():
        text = pattern.sub(partial(_by_chance, found), text)
    text, met = masked_known(text)
    return text, list(found) or met


def _masked_inside(text: str, found: Found, chance: bool, depth: int) -> str:
    text, names = _masked(text, chance, depth)
    found.update(dict.fromkeys(names))
    return text


def masked_known(text: str) -> tuple[str, list[str]]:
    """The text with only those masked that were met before."""
    text, met = known.without_known(text)
    return text, ["a credential seen before"] if met else []


def _put(match: re.Match[str], group: str) -> str:
    """What a match becomes with its group masked."""
    start = match.start()
    return match[0][: match.start(group) - start] + MASK + match[0][match.end(group) - start :]


def _in_url(found: Found, match: re.Match[str]) -> str:
    word = match["word"]
    if is_template(word) or shapes.PLACEHOLDER.fullmatch(word):
        return match[0]
    found["password in a URL"] = None
    known.note(word)
    known.note(unquote(word))
    return _put(match, "word")


def _in_query(found: Found, match: re.Match[str]) -> str:
    word, name = match["word"], match["name"]
    if is_template(word) or (word.isdigit() and len(word) < 10) or shapes.PLACEHOLDER.fullmatch(word):
        return match[0]
    if is_words(word.strip(".[]")) and (strength(name) != SURE or word.islower()):
        return match[0]
    if match["weak"] and not is_made(word):
        return match[0]
    found[name] = None
    if is_made(word):
        known.note(word)
    return _put(match, "word")


def _shaped(shape: shapes.Shape, found: Found, match: re.Match[str]) -> str:
    groups = match.re.groupindex
    if "words" in groups:
        start, end = match.span("words")
        cookies = shapes.COOKIE.sub(partial(_in_cookie, found), match["words"])
        return match[0][: start - match.start()] + cookies + match[0][end - match.start() :]
    if "name" in groups and not is_value(strength(match["name"]), match["word"]):
        return match[0]
    word = match["word"] if "word" in groups else match[0]
    if (
        MASK in word
        or is_template(word)
        or shapes.PLACEHOLDER.fullmatch(word)
        or (shape.strength != SURE and not is_value(shape.strength, word))
    ):
        return match[0]
    found[shape.label] = None
    known.note(word)
    return _put(match, "word") if "word" in groups else MASK


def _wrapped(found: Found, match: re.Match[str]) -> str:
    """Base64 is masked if what it stands for holds a credential."""
    word = match[0]
    plain = base64.b64decode(word + "=" * (-len(word) % 4), b"-_" if {"-", "_"} & set(word) else None)
    names = _masked(plain.decode("utf-8", "replace"), chance=False, depth=_MAX_DEPTH)[1]
    if not names:
        return word
    found.update(dict.fromkeys(names))
    known.note(word)
    return MASK


def _in_cookie(found: Found, match: re.Match[str]) -> str:
    if not is_value(LIKELY if shapes.SESSION.search(match["name"]) else MAYBE, match["word"]):
        return match[0]
    found["cookie"] = None
    known.note(match["word"])
    return _put(match, "word")


def _by_chance(found: Found, match: re.Match[str]) -> str:
    word = match[0]
    if word.startswith("eyJ") or _DIGEST.match(word) or word == word.lower() or word == word.upper():
        return word
    if not (looks_random(word.rstrip("=")) or (len(word) == _AZURE and word.endswith("=="))):
        return word
    if _DIGEST.search(match.string[max(0, match.start() - 12) : match.start()]) or _is_data(match):
        return word
    found["a random text"] = None
    known.note(word)
    return MASK


def _is_data(match: re.Match[str]) -> bool:
    """Whether it is a public key, the address of a content, or one line of several that hold data in base64."""
    if match[0].startswith("AAAA") or _ADDRESS.fullmatch(match[0]):
        return True
    text, start, end = match.string, match.start(), match.end()
    before, after = text[max(0, start - 200) : start], text[end : end + 200]
    if before.strip(" \t")[-1:] not in ("", "\n") or after.strip(" \t\r")[:1] not in ("", "\n"):
        return False
    beside = (before.rstrip().rpartition("\n")[2].strip(), after.lstrip().partition("\n")[0].strip())
    return any(_IN_DATA.fullmatch(line) for line in beside)


# -- values


def masked_value(name: str, value: Any) -> tuple[Any, list[str]]:
    """A parameter's or tag's value under its name, masked; containers are looked through. Types are kept otherwise."""
    if value is None or isinstance(value, (bool, float)) or not enabled():
        return value, []
    return _masked_under(name, strength(name), value)


def _masked_under(name: str, told: int, value: Any) -> tuple[Any, list[str]]:
    if isinstance(value, str):
        if is_value(told, value):
            known.note(value)
            return MASK, [name]
        return _masked_text(value)
    if isinstance(value, int):
        return (MASK, [name]) if _is_number_of_secret(name, value) else (value, [])
    if isinstance(value, Mapping):
        items, found = _masked_items(_named_items(name, told, value))
        made: dict[Any, Any] = {}
        for key, item in zip(value, items, strict=True):
            key = _masked_key(key, found)
            made[key if key not in made else f"{key} {len(made) + 1}"] = item
        return made, list(dict.fromkeys(found))
    if isinstance(value, list):
        return _masked_items(_listed_items(name, told, value))
    return value, []


def _masked_key(key: Any, found: list[str]) -> Any:
    if not isinstance(key, str) or len(key) < _MIN_TEXT:
        return key
    key, told = _masked_text(key)
    found += told
    return key


def _named_items(name: str, told: int, value: Mapping[Any, Any]) -> Iterator[Named]:
    """Each under its own name; under the table's where that tells of credentials and none of its own names does."""
    names = [str(key) for key in value]
    if told and not any(strength(one) or one.lower() in ORDINARY for one in names):
        return ((name, min(told, LIKELY), item) for item in value.values())
    return ((one, strength(one), item) for one, item in zip(names, value.values(), strict=True))


def _listed_items(name: str, told: int, value: list[Any]) -> Iterator[Named]:
    """Each under the list's name, or that of the option before it: `["--password", "…"]`."""
    for before, item in zip([None, *value], value, strict=False):
        option = before if isinstance(before, str) and before.startswith("-") and strength(before) else None
        yield (name, told, item) if option is None else (option.strip("-"), strength(option), item)


def _is_number_of_secret(name: str, value: int) -> bool:
    return value >= 100_000 and re.search(r"pass(word|wd|phrase|code)$", name, re.I) is not None


def _masked_items(items: Iterable[Named]) -> tuple[list[Any], list[str]]:
    found: dict[str, None] = {}
    made: list[Any] = []
    for name, told, item in items:
        item, names = _masked_under(name, told, item)
        made.append(item)
        found.update(dict.fromkeys(names))
    return made, list(found)


# -- files

_clean: set[tuple[str, int, int]] = set()


def masked_file(path: str | os.PathLike[str]) -> tuple[bytes | None, list[str]]:
    """A text file's content with credentials masked, or None where there is nothing to mask. Raises OSError."""
    status = os.stat(path)
    mark = (os.fspath(path), status.st_mtime_ns, status.st_size)
    if mark in _clean:
        return None, []
    with open(path, "rb") as file:
        text, found = masked(file.read().decode("utf-8", "surrogateescape"))
    if found:
        return text.encode("utf-8", "surrogateescape"), found
    _clean.add(mark)
    return None, []
