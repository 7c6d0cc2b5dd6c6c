"""Values that look like credentials, masked before they are written.

Told by the name that stands before them, by how well-known services begin theirs, by their place in a URL, or by
looking like nothing but chance. Hexadecimal digests, UUIDs, paths, long words and pictures in base64 are not. What was
masked once is masked wherever it stands again, for as long as the process lives. TRACKER_MASK=0 switches it off.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial
from itertools import pairwise
from typing import Any, Final

MASK: Final = "[masked]"
TAG: Final = "tracker.masked"
"""The tag of a run that says what was masked in it."""

_MIN_LENGTH, _MIN_KNOWN, _MAX_KNOWN_VALUES = 4, 6, 1_000
_MAX_TEXT, _SHORT = 20_000_000, 4_000

# -- names

_STRONG: Final = (
    r"pass(?:word|wd|phrase)|pwd|secret(?:_?(?:access_?)?key|_?value)?|api_?key|apikey|(?:secret_?)?access_?key|"
    r"private_?key|client_?secret|account_?key|(?:auth|access|refresh|api|bearer|bot|session|id)_?token|credentials?"
)
_WEAK: Final = r"token|key|auth|authorization|bearer|pat|jwt|cookie|signature|dsn|sas|webhook(?:_url)?|otp"
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s/]+")
_STRONG_NAME: Final = re.compile(rf"(?:^|_)(?:{_STRONG})_?\d*$")
_WEAK_NAME: Final = re.compile(rf"(?:^|_)(?:{_WEAK})_?\d*$")
_TEMPLATE: Final = re.compile(
    r"<[^<>]*>|\*+|x{3,}|\.{3,}|\$\{?\w+\}?|\{+[^{}]*\}+|%\(\w+\)s|none|null|true|false|\[masked\]|your[-_ ].*", re.I
)


@lru_cache(maxsize=50_000)
def _strength(name: str) -> int:
    """2 for a name that holds a credential whatever its value, 1 if the value must look like one, else 0."""
    plain = _CAMEL.sub("_", name[-80:]).lower().strip("_")
    if _STRONG_NAME.search(plain):
        return 2
    return 1 if _WEAK_NAME.search(plain) else 0


# -- values

_PRIVATE = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
_MIXED = r"(?=[\w-]*\d)(?:[A-Za-z0-9]{1,10}[-_])*[\w-]*[A-Za-z0-9]{16,}[\w-]*"
_SHAPES: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    # what it is, a text that must occur (so that most texts cost nothing), how it looks
    ("private key", ("PRIVATE KEY-----",), _PRIVATE),
    ("AWS key", ("AKIA", "ASIA", "ABIA", "ACCA"), r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b"),
    ("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{30,255}"),
    ("GitHub token", ("github_pat_",), r"\bgithub_pat_\w{22,255}"),
    ("GitLab token", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"), r"\bgl(?:pat|dt|rt|cbt|ptt)-[\w-]{20,}"),
    ("API key", ("sk-",), rf"\bsk-{_MIXED}"),
    ("Slack token", ("xox", "xapp-"), r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}"),
    ("Slack webhook", ("hooks.slack.com/",), r"(?<=hooks\.slack\.com/)services/[\w/]{20,}"),
    ("Hugging Face token", ("hf_", "api_org_"), r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}\b"),
    ("Google key", ("AIza", "ya29.", "GOCSPX-"), r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}"),
    ("token", ("eyJ",), r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    ("SendGrid key", ("SG.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("PyPI token", ("pypi-",), r"\bpypi-[\w-]{50,}"),
    ("DigitalOcean token", ("_v1_",), r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    ("Stripe key", ("sk_", "rk_", "whsec_"), r"\b(?:sk_live_|sk_test_|rk_live_|rk_test_|whsec_)[0-9a-zA-Z]{20,}\b"),
    ("Databricks token", ("dapi",), r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    ("API key", ("gsk_", "r8_", "pcsk_"), r"\b(?:gsk_|r8_|pcsk_)\w{24,}"),
    ("API key", ("nvapi-", "pplx-", "xai-", "tvly-", "lsv2_"), rf"\b(?:nvapi-|pplx-|xai-|tvly-|lsv2_){_MIXED}"),
    ("Telegram token", (":AA",), r"\b\d{8,10}:AA[\w-]{33}\b"),
    ("age key", ("AGE-SECRET-KEY-1",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    ("Vault token", ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[\w-]{24,}"),
    ("Shopify token", ("shp",), r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    ("Linear key", ("lin_api_",), r"\blin_api_[A-Za-z0-9]{32,}"),
    ("Atlassian token", ("ATATT3",), r"\bATATT3[\w=-]{50,}"),
    ("Azure key", ("AccountKey=", "AccessKey="), r"(?<=AccountKey=)[\w+/=-]{40,}|(?<=AccessKey=)[\w+/=-]{30,}"),
    ("authorization", ("earer ", "asic ", "oken "),
     r"(?:(?<=[Bb]earer )|(?<=[Bb]asic )|(?<=[Tt]oken ))(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*"),
)  # fmt: skip
_URL: Final = re.compile(r"(?P<head>\b[a-zA-Z][\w+.-]{1,20}://)(?P<user>[^\s:/@'\"<>]*):(?P<word>[^\s/@'\"<>]+)(?=@)")
_URL_TOKEN: Final = re.compile(r"(?P<head>\bhttps?://)(?P<word>[A-Za-z0-9_~.-]{16,})(?=@)")
_QUERY: Final = re.compile(
    r"[?&](?P<name>[\w.-]*(?:token|key|secret|password|passwd|pwd|sig|signature|credential))=(?P<word>[^\s&#'\"<>]{6,})",
    re.I,
)
_NAME: Final = re.compile(rf"(?:{_STRONG}|{_WEAK})\d*(?![^\W_]|_[^\W_])")
_QUOTED: Final = re.compile(
    # what may stand between name and value; a quote; the value up to the same quote
    r"(?P<between>['\"]?\]?\s{0,9}(?:\)?:\s?\w{1,20}\s?=|==?|:=?|=>|,)\s{0,99})"
    r"[rRbBuUfF]{0,2}(?P<mark>\'\'\'|\"\"\"|['\"])(?P<word>(?:\\.|(?!(?P=mark)).){1,10000}?)(?P=mark)", re.S,
)  # fmt: skip
_BARE: Final = re.compile(r"(?P<between> ?[=:] ?| )(?P<word>[^\s'\"=:,;(){}\[\]<>&]{6,}={0,2})")
_CHANCE: Final = re.compile(r"(?<![\w/+.=:%@-])[A-Za-z0-9_-]{32,120}={0,2}(?![\w/+.=@-])")
_RUN_OF_LETTERS: Final = re.compile(r"[a-z]{6,}|[A-Z]{8,}")
_HEX: Final = re.compile(r"(?:0x)?[0-9a-fA-F-]+")
_DIGEST: Final = re.compile(r"(?:sha|md)\d{1,3}[-:=]", re.I)


@cache
def _shape(position: int) -> re.Pattern[str]:
    return re.compile(_SHAPES[position][2])


def looks_random(word: str) -> bool:
    """Whether a word of one of the usual alphabets is made up by chance: mixed kinds of characters all over it."""
    if len(word) < 16 or _HEX.fullmatch(word) or _RUN_OF_LETTERS.search(word) or " " in word:
        return False
    kinds = [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in word]
    if sum(kind == 2 for kind in kinds) < 2 or not any(kind < 2 for kind in kinds) or kinds.count(3) > len(word) // 4:
        return False
    return sum(a != b for a, b in pairwise(kinds)) >= 0.4 * (len(word) - 1)


def _is_value(strength: int, word: str) -> bool:
    """Whether `word` is a credential under a name of that strength."""
    if len(word) < _MIN_LENGTH or _TEMPLATE.fullmatch(word) or _is_path(word):
        return False
    if strength == 2:
        return True
    if strength == 0 or len(word) < 16 or " " in word:
        return False
    if _HEX.fullmatch(word):
        return len(word) >= 32
    return looks_random(word) or (len(word) >= 20 and _is_mixed(word))


def _is_path(word: str) -> bool:
    """Whether it is the path of something that is there: PWD is the name of a folder, too."""
    return len(word) < 1_000 and os.path.isabs(word) and os.path.exists(word)


def _is_mixed(word: str) -> bool:
    kinds = [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in word]
    return {0, 1, 2} <= set(kinds) and sum(a != b for a, b in pairwise(kinds)) >= 0.3 * (len(word) - 1)


# -- masking

_known: dict[str, None] = {}
_known_pattern: re.Pattern[str] | None = None


def enabled() -> bool:
    """Whether anything is masked: not with TRACKER_MASK=0."""
    return os.environ.get("TRACKER_MASK", "1") != "0"


def learn(name: str, value: object) -> None:
    """Remember a text as a credential if its name says so: it is masked wherever it stands from now on."""
    strength = _strength(name)
    if strength and isinstance(value, str) and _MIN_KNOWN <= len(value) <= 10_000 and _is_value(strength, value):
        _remember(value)


def remember(word: str) -> bool:
    """Mask this text wherever it stands from now on; False if it is too short to be told from other words."""
    _remember(word)
    return word in _known


def learn_environment() -> None:
    """Remember the credentials among the environment variables."""
    for name in os.environ:
        if _strength(name):
            learn(name, os.environ.get(name))


def _remember(word: str) -> None:
    global _known_pattern
    if len(word) >= _MIN_KNOWN and word not in _known and len(_known) < _MAX_KNOWN_VALUES:
        _known[word] = None
        _known_pattern = None


def forget() -> None:
    """Remember no credential any more."""
    global _known_pattern
    _known.clear()
    _known_pattern = None
    _masked_short.cache_clear()


def masked(text: str) -> tuple[str, list[str]]:
    """The text with credentials masked, and what they were ("api_key", "AWS key"), in order and once each."""
    if not enabled() or len(text) < _MIN_KNOWN or len(text) > _MAX_TEXT:
        return text, []
    if len(text) <= _SHORT:
        short, names = _masked_short(text, len(_known))
        return short, list(names)
    return _masked(text)


@lru_cache(maxsize=4_096)
def _masked_short(text: str, known: int) -> tuple[str, tuple[str, ...]]:
    """The same for texts that come again and again; `known` is there for the cache."""
    made, names = _masked(text)
    return made, tuple(names)


def _masked(text: str) -> tuple[str, list[str]]:
    found: dict[str, None] = {}
    text = _named(text, found)
    if "://" in text:
        text = _URL.sub(lambda m: _in_url(m, found), text)
        text = _URL_TOKEN.sub(lambda m: _in_url(m, found), text)
    if "=" in text and ("?" in text or "&" in text):
        text = _QUERY.sub(lambda m: _in_query(m, found), text)
    for position, (label, marks, _) in enumerate(_SHAPES):
        if any(mark in text for mark in marks):
            text = _shape(position).sub(partial(_shaped, label, found), text)
    text = _CHANCE.sub(lambda m: _by_chance(m, found), text)
    return _without_known(text, found), list(found)


def _named(text: str, found: dict[str, None]) -> str:
    """Mask values that stand behind a credential's name: `api_key="…"`, `{"password": "…"}`, `TOKEN=…`."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    pieces, done = [], 0
    for match in _NAME.finditer(lower):
        if match.start() < done:
            continue
        name = text[_name_start(text, match.start()) : match.end()]
        strength = _strength(name)
        value = strength and (_QUOTED.match(text, match.end()) or _bare(text, match.end(), name))
        if not value or _closes(text, match.end() - len(name), value) or not _is_value(strength, value["word"]):
            continue
        found[name.strip("-.")] = None
        _remember(value["word"])
        pieces += [text[done : value.start("word")], MASK]
        done = value.end("word")
    return "".join([*pieces, text[done:]]) if pieces else text


def _closes(text: str, start: int, value: re.Match[str]) -> bool:
    """Whether the quote ends the text that the name stands in, as in `input('Password: ')`, or runs over lines."""
    mark = value.groupdict().get("mark")
    if mark is None:
        return False
    opener = text[start - 1 : start]
    return (len(mark) == 1 and "\n" in value["word"]) or (opener == mark[0] and value["between"][0] != opener)


def _name_start(text: str, end: int) -> int:
    start = end
    while start > 0 and end - start < 60 and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
        start -= 1
    return start


def _bare(text: str, end: int, name: str) -> re.Match[str] | None:
    """A value without quotes, as in a shell, a log or a .env file; an expression of a program is none."""
    value = _BARE.match(text, end)
    if value is None:
        return None
    word, is_option = value["word"], name.startswith("--")
    if value["between"] == " " and not is_option:
        return None
    after = text[value.end() : value.end() + 1]
    is_code = word.replace(".", "").replace("_", "").isalpha() or word.isdigit() or after in ("(", "[")
    return None if is_code else value


def _in_url(match: re.Match[str], found: dict[str, None]) -> str:
    word = match["word"]
    if _TEMPLATE.fullmatch(word):
        return match[0]
    found["password in a URL"] = None
    _remember(word)
    return match[0][: match.start("word") - match.start()] + MASK


def _in_query(match: re.Match[str], found: dict[str, None]) -> str:
    word, name = match["word"], match["name"]
    if _TEMPLATE.fullmatch(word) or word.isalpha() or (word.isdigit() and len(word) < 10):
        return match[0]
    found[name] = None
    return match[0][: match.start("word") - match.start()] + MASK


def _shaped(label: str, found: dict[str, None], match: re.Match[str]) -> str:
    found[label] = None
    _remember(match[0])
    return MASK


def _by_chance(match: re.Match[str], found: dict[str, None]) -> str:
    word = match[0]
    if not looks_random(word.rstrip("=")) or _DIGEST.match(word) or word == word.lower() or word == word.upper():
        return word
    if _DIGEST.search(match.string[max(0, match.start() - 12) : match.start()]):
        return word
    found["a random text"] = None
    _remember(word)
    return MASK


def _without_known(text: str, found: dict[str, None]) -> str:
    global _known_pattern
    if not _known:
        return text
    if _known_pattern is None:
        words = sorted(_known, key=len, reverse=True)
        _known_pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words))
    text, count = _known_pattern.subn(MASK, text)
    if count and not found:
        found["a credential seen before"] = None
    return text


def masked_value(name: str, value: Any) -> tuple[Any, list[str]]:
    """A parameter's or tag's value under its name, masked; containers are looked through. Types are kept otherwise."""
    if value is None or isinstance(value, (bool, float)) or not enabled():
        return value, []
    if isinstance(value, str):
        strength = _strength(name)
        if strength and _is_value(strength, value):
            _remember(value)
            return MASK, [name]
        return masked(value)
    if isinstance(value, int):
        return (MASK, [name]) if _is_number_of_secret(name, value) else (value, [])
    if isinstance(value, Mapping):
        return _masked_items(value.items(), dict, name)
    if isinstance(value, list):
        return _masked_items(((name, item) for item in value), lambda pairs: [item for _, item in pairs], name)
    return value, []


def _is_number_of_secret(name: str, value: int) -> bool:
    return value >= 100_000 and re.search(r"pass(word|wd|phrase|code)$", name, re.I) is not None


def _masked_items(
    pairs: Iterable[tuple[Any, Any]], make: Callable[[list[Any]], Any], name: str
) -> tuple[Any, list[str]]:
    found: list[str] = []
    made: list[tuple[Any, Any]] = []
    for key, item in pairs:
        item, told = masked_value(str(key), item)
        made.append((key, item))
        found += told
    return make(made), list(dict.fromkeys(found))


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
