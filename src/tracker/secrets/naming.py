"""Values that stand behind a credential's name: `api_key="…"`, `{"password": "…"}`, `export TOKEN=…`, `--token …`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from . import known
from .names import LIKELY, MAYBE, NAME, ORDINARY, strength
from .values import MASK, is_made, is_value, is_words, looks_like_path

_ANNOTATION = r"=['\"]\s?\+|\)?:\s?[\w.]{1,40}(?:\[[^\[\]\n]{0,60}\])?(?:\s?\|\s?[\w.]{1,40}){0,3}\s?=|:=?|=>|==?"
_OTHERWISE = r"(?:[^\n'\"#,;()]{0,99}(?:\([^\n()]{0,60}\)[^\n'\"#,;()]{0,60})?\s(?:or|else)\s)?"
_WRAPPED = (
    r"(?:[\w.]{0,40}\b(?:SecretStr|SecretBytes|Secret|Field|field|str|bytes|b64decode|unhexlify|quote|quote_plus|Fernet)\(\s{0,99}(?:default\s?=\s?)?|"
    r"[\w.]{0,40}\b(?:getenv|get)\(\s?['\"]\w{1,60}['\"]\s?,\s{0,9}|\(\s{0,99}){0,2}"
)
_STRING = r"[rRbBuUfF]{0,2}(?P<mark>\'\'\'|\"\"\"|\\{0,3}['\"])(?P<word>(?:(?!(?P=mark))(?:\\.|.)){1,10000})(?P=mark)"
_QUOTED: Final = re.compile(
    rf"(?P<between>(?:\\{{0,3}}['\"])?\]?\s{{0,9}}(?:{_ANNOTATION}|(?P<comma>,))\s{{0,99}}{_OTHERWISE}{_WRAPPED}){_STRING}",
    re.S,
)
_QUOTED_OPTION: Final = re.compile(rf"(?P<between> ){_STRING}", re.S)
_MORE: Final = re.compile(
    rf"[ \t]*(?:\\?\r?\n[ \t]*|[ \t]|\+[ \t]*(?:\\?\r?\n[ \t]*)?|\sif\s[^\n'\"]{{1,60}}\selse\s){_STRING}", re.S
)
_LIST: Final = re.compile(r"(?:\\{0,3}['\"])?\]?\s?[:=]\s?(?P<joined>(['\"])\2\.join\()?[\[({]\s{0,99}")
_ITEM: Final = re.compile(
    rf"(?:\\{{0,3}}['\"](?P<key>[^'\"\\\n]{{1,60}})\\{{0,3}}['\"]\s?:\s?)?{_STRING}\s?(?P<more>,\s{{0,99}})?", re.S
)
_TUPLE: Final = re.compile(r"[:=]\s?\(\s{0,99}\Z")
_COLUMNS: Final = re.compile(r"(?:columns|rename|mapper|schema|dtypes?|astype|alias(?:es)?)\s?[=(:]\s?\(?\{[^{}]*\Z")
_BARE: Final = re.compile(
    r"(?P<between> ?[=:] ?|[ \t]{2,20}|\t| [|-] | )(?P<word>(?:[^\s'\"=:,;(){}\[\]<>&\\]|\\(?![nrt]\b)){6,}={0,2})"
)
_BLOCK: Final = re.compile(
    r"(?P<between>: ?[|>][-+]?\n[ \t]+)(?P<word>[^\s'\"]{8,}(?:\n[ \t]+[^\s'\":]{8,}(?=\n|\Z)){0,99})[ \t]*(?=\n|\Z)"
)
_SHELL: Final = re.compile(
    r"(?:^|\n)[ \t]*(?:!|(?:export|set|setx|ENV|ARG|-e|%env|%set_env)[ \t]+)?(?:\w+=\S*[ \t]+)*\Z"
)
_RESOURCE: Final = re.compile(r"\barn:[\w:-]*:\Z")
_TARGET: Final = r"[^\W\d][\w.]*(?:\[['\"][\w.-]+['\"]\])?"
_MANY: Final = re.compile(
    rf"^[-+ \t]*['\"]?[(\[]?(?P<names>{_TARGET}(?:[ \t]*,[ \t]*{_TARGET})+)[)\]]?[ \t]*=(?!=)"
    r"[ \t]*[(\[]?(?P<values>\S[^\n]*?)(?:\\n['\"],?)?$",
    re.M,
)
_ONE_VALUE: Final = re.compile(r"[rRbBuUfF]{0,2}(?P<mark>['\"])(?P<word>(?:(?!(?P=mark))(?:\\.|.))*)(?P=mark)|[^,'\"]+")
_STRONG: Final = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[!#$%&*@^?+-])[^/\\]{8,}$")
_MAX_BEFORE, _MAX_ITEMS = 300, 10_000


def named(text: str, found: dict[str, None]) -> str:
    """The text with the values behind the names of credentials masked; the names are added to `found`."""
    heads: list[tuple[int, int]] = []
    if "=" in text and "," in text:
        text = _MANY.sub(lambda match: _many(match, found), text)
        heads = [match.span("names") for match in _MANY.finditer(text)]
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    pieces, done = [], 0
    for match in NAME.finditer(lower):
        if match.start() < done:
            continue
        start = _name_start(text, match.start())
        name = text[start : match.end()]
        told = strength(name)
        if not told or any(first <= match.start() < last for first, last in heads):
            continue
        for begin, end, word in _values(text, start, match.end(), name, told):
            found[name.strip("-.")] = None
            if not is_words(word):
                known.note(word)
            pieces += [text[done:begin], MASK]
            done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def _values(text: str, start: int, end: int, name: str, told: int) -> Iterator[tuple[int, int, str]]:
    """Where the credential behind a name stands: one place, or several where a program joins texts."""
    value = _QUOTED.match(text, end) or (_QUOTED_OPTION.match(text, end) if name.startswith("-") else None)
    if value is None:
        bare = _BLOCK.match(text, end) or _bare(text, start, end, name)
        if bare is not None and _is_bare_value(name, told, bare["word"]):
            yield (*bare.span("word"), bare["word"])
            return
        yield from _listed(text, end, told)
        return
    if _closes(text, start, value) or (value.groupdict().get("comma") and not _is_argument(text, start, name, value)):
        return
    if _is_name_of_value(text, start, value):
        return
    parts = [value]
    while (more := _MORE.match(text, parts[-1].end())) and len(parts) < 100:
        parts.append(more)
    if _TUPLE.search(value["between"]) and text[parts[-1].end() :].lstrip()[:1] == ",":
        yield from _listed(text, end, told)
        return
    if is_value(told, "".join(part["word"] for part in parts)):
        for part in parts:
            yield (*part.span("word"), part["word"])


def _listed(text: str, end: int, told: int) -> Iterator[tuple[int, int, str]]:
    """The credentials of a list or table behind a name, as a table's column is written: none is a plain word.

    A table with names of its own is looked at under them.
    """
    begin = _LIST.match(text, end)
    place = begin.end() if begin is not None else -1
    items: list[re.Match[str]] = []
    while place >= 0 and len(items) < _MAX_ITEMS and (item := _ITEM.match(text, place)):
        items.append(item)
        place = item.end() if item["more"] else -1
    if any(item["key"] and (strength(item["key"]) or item["key"].lower() in ORDINARY) for item in items):
        return
    whole = "".join(item["word"] for item in items) if begin is not None and begin["joined"] else ""
    for item in items:
        if is_value(min(told, LIKELY), whole or item["word"]):
            yield (*item.span("word"), item["word"])


def _is_bare_value(name: str, told: int, word: str) -> bool:
    if name.lower() == "pwd" and looks_like_path(word):
        return False
    return is_value(MAYBE if told == LIKELY and not _STRONG.match(word) else told, word)


def _closes(text: str, start: int, value: re.Match[str]) -> bool:
    """Whether the quote ends the text that the name stands in, as in `input('Password: ')`, or runs over lines."""
    mark = value["mark"].lstrip("\\")
    opener = text[start - 1 : start]
    begins = value["between"].lstrip("\\")[:1]
    return (len(mark) == 1 and "\n" in value["word"]) or (opener == mark[0] and begins != opener)


def _is_argument(text: str, start: int, name: str, value: re.Match[str]) -> bool:
    """Whether a name and, behind a comma, its value are two arguments of a call or a command, no list of names."""
    if name.startswith("-"):
        return True
    word = value["word"]
    return not is_words(word) and not strength(word) and _opener(text, start) == "("


def _is_name_of_value(text: str, start: int, value: re.Match[str]) -> bool:
    """Whether what stands there names a value: the option that is read from a file, a column's new name."""
    word = value["word"]
    return is_words(word) and bool(
        (strength(word) and value["between"].rstrip().endswith(",") and "(" in value["between"])
        or (
            value["between"].lstrip("\\")[:1] in "'\"" and _COLUMNS.search(text, max(0, start - _MAX_BEFORE), start - 1)
        )
    )


def _opener(text: str, start: int) -> str:
    """The bracket that is open before a place, if it is not far."""
    depth = 0
    for i in range(start - 1, max(start - _MAX_BEFORE, 0) - 1, -1):
        if text[i] in ")]}":
            depth += 1
        elif text[i] in "([{":
            if not depth:
                return text[i]
            depth -= 1
    return ""


def _name_start(text: str, end: int) -> int:
    start = end
    while start > 0 and end - start < 60 and (text[start - 1].isalnum() or text[start - 1] in "_.-"):
        start -= 1
    return start + (
        start < end and text[start] in "nrt" and text[start - 1 : start] == "\\"
    )  # the name begins behind an escape


def _bare(text: str, start: int, end: int, name: str) -> re.Match[str] | None:
    """A value without quotes, as in a shell, a log or a .env file; an expression of a program is none."""
    value = _BARE.match(text, end)
    if value is None:
        return None
    word, between = value["word"], value["between"]
    if between == " " and not name.startswith("--"):
        return None
    if between not in (" ", "=", ":") and between.strip(" ") not in ("=", ":") and not is_made(word):
        return None  # a table's cells
    if between == ":" and _RESOURCE.search(text, max(0, start - 200), start):
        return None
    is_variable = between == "=" and name.isupper() and _SHELL.search(text[max(0, start - 200) : start])
    if is_variable and not strength(word) and "." not in word and "_" not in word:
        return value
    after = text[value.end() : value.end() + 1]
    is_code = word.replace(".", "").replace("_", "").isalpha() or word.isdigit() or after in ("(", "[")
    return None if is_code else value


def _many(match: re.Match[str], found: dict[str, None]) -> str:
    """`user, password = "me", "…"`: each value under its own name."""
    names = [name.strip(" \t[]'\"") for name in match["names"].split(",")]
    values = [one for one in _ONE_VALUE.finditer(match["values"]) if one["mark"] or one[0].strip(" \t)]")]
    if len(values) != len(names) or not any(strength(name) for name in names):
        return match[0]
    line, shift = match[0], match.start("values") - match.start()
    for name, value in reversed(list(zip(names, values, strict=True))):
        if value["mark"] and is_value(strength(name), value["word"]):
            found[name] = None
            known.note(value["word"])
            line = line[: shift + value.start("word")] + MASK + line[shift + value.end("word") :]
    return line
