"""What a credential itself looks like, and what merely resembles one."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from typing import Final

from .names import LIKELY, MAYBE, SURE

MASK: Final = "[masked]"
TAG: Final = "tracker.masked"
"""The tag of a run that says what was masked in it."""

_MIN_LENGTH: Final = 4
_MIN_DIFFERENT: Final = 9  # characters: the formula of a molecule has fewer
_TEMPLATE: Final = re.compile(
    r"<[^<>]*>|\*+|x{3,}|\.{3,}|\$\{?\w+\}?|\{+[^{}]*\}+|%s|%\(\w+\)s|!\w+|none|null|true|false|"
    r"\[(?:masked|redacted|hidden)\]|your[-_ ].*", re.I,
)  # fmt: skip
_WORDS: Final = re.compile(r"[^\W\d_]+(?:[\s_./:,-]+[^\W\d_]+)*[.!?:]?")
_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NUMBERS: Final = re.compile(r"[\d.,_/:eE%+-]+")
_RUN_OF_LETTERS: Final = re.compile(r"[a-z]{6,}|[A-Z]{8,}")
_LONG_RUN_OF_LETTERS: Final = re.compile(r"[a-z]{8,}|[A-Z]{10,}")
_SYLLABLES: Final = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_LONG: Final = 32
_HEX: Final = re.compile(r"(?:0x|[A-Z])?[0-9a-fA-F-]+")
_FILE: Final = re.compile(
    r"[\w.:/\\~ =-]+\.(?:json|ya?ml|toml|ini|cfg|conf|env|pem|key|pub|crt|cer|p12|pfx|jks|txt|csv|tsv|gz|zip|parquet|"
    r"npz?|pkl|pt|pth|onnx|h5|ipynb|py|log)"
)
_FOLDER: Final = re.compile(
    r"(?:/(?:home|Users|usr|var|etc|opt|mnt|media|data|tmp|root|srv|content|kaggle|workspaces?|dbfs|Volumes|run)"
    r"|[A-Za-z]:\\{1,2}\w+)(?:[/\\]+[\w .-]+)+[/\\]?"
)
_EXPRESSION: Final = re.compile(r"\(\?|\[\^|\\[dwsbDWSBx(|]")
_KINDS_OF_VALUES: Final = frozenset({
    "object", "string", "boolean", "bool", "integer", "float", "float64", "int64", "category", "datetime", "varchar",
    "text", "bytes", "required", "optional", "missing", "hidden", "unset", "undefined",
})  # fmt: skip
_PATH_LIKE: Final = re.compile(r"(?:/|~/|\.{1,2}/|[A-Za-z]:\\)[\w./\\ -]*")


def is_value(strength: int, word: str) -> bool:
    """Whether `word` is a credential under a name of that strength."""
    if not strength or len(word) < _MIN_LENGTH or is_template(word) or word in _KINDS_OF_VALUES or _is_path(word):
        return False
    if strength == SURE:
        return True
    if strength == LIKELY:
        return len(word) >= 6 and not (is_words(word) or _NUMBERS.fullmatch(word))
    return strength == MAYBE and is_made(word)


def is_made(word: str) -> bool:
    """Whether it looks like a key that a machine made."""
    if len(word) < 16 or " " in word or _EXPRESSION.search(word):
        return False
    if _HEX.fullmatch(word):
        return len(word) >= 32
    return len(set(word)) >= _MIN_DIFFERENT and (looks_random(word) or (len(word) >= 20 and _is_mixed(word)))


def is_template(word: str) -> bool:
    """Whether it stands for a credential to be put there: `<key>`, `$TOKEN`, `***`."""
    return _TEMPLATE.fullmatch(word) is not None


def is_words(word: str) -> bool:
    """Whether it is made of letters alone, as the words of a language are, and not of their two cases by chance."""
    return _WORDS.fullmatch(word) is not None and not _is_scattered(word)


def _is_scattered(word: str) -> bool:
    parts = len(_PARTS.findall(word))
    return parts >= 4 and len(word) >= 8 and " " not in word and len(word) / parts <= (2.6 if parts == 4 else 2.8)


def looks_like_path(word: str) -> bool:
    """Whether it is written as the path of a file or folder."""
    return _PATH_LIKE.fullmatch(word) is not None


def looks_random(word: str) -> bool:
    """Whether a word of one of the usual alphabets is made up by chance: mixed kinds of characters all over it."""
    if len(word) < 16 or _HEX.fullmatch(word) or " " in word or _is_wordy(word):
        return False
    kinds = _kinds(word)
    if sum(kind == 2 for kind in kinds) < 2 or not any(kind < 2 for kind in kinds) or kinds.count(3) > len(word) // 4:
        return False
    return sum(a != b for a, b in pairwise(kinds)) >= 0.4 * (len(word) - 1)


def _is_wordy(word: str) -> bool:
    """Whether it is made of words: a long one holds runs of letters by chance, too, but not half of it."""
    if len(word) < _LONG:
        return _RUN_OF_LETTERS.search(word) is not None
    syllables = sum(map(len, _SYLLABLES.findall(word)))
    return _LONG_RUN_OF_LETTERS.search(word) is not None or syllables > 0.5 * sum(map(str.isalnum, word))


def _is_mixed(word: str) -> bool:
    kinds = _kinds(word)
    return {0, 1, 2} <= set(kinds) and sum(a != b for a, b in pairwise(kinds)) >= 0.3 * (len(word) - 1)


def _kinds(word: str) -> list[int]:
    return [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in word]


def _is_path(word: str) -> bool:
    """Whether it is the path of something that is there (PWD is the name of a folder, too), or written as one."""
    if _FILE.fullmatch(word) or _FOLDER.fullmatch(word):
        return True
    return len(word) < 1_000 and os.path.isabs(word) and os.path.exists(word)
