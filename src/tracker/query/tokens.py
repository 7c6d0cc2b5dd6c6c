"""The words of a filter, each with its place, and the one way that a mistake in it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from tracker.exceptions import FilterError

TokenKind = Literal["word", "number", "string", "backtick", "symbol", "end"]

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)

_BLANK = re.compile(r"\s*")
_NUMBER_TOKEN = re.compile(NUMBER.pattern + r"(?![\w./:@-])")
_WORD = re.compile(r"\w[\w./:@-]*")
_SYMBOL = re.compile(r"<=|>=|!=|<>|==|[=<>(),]")
_QUOTED: dict[str, tuple[TokenKind, re.Pattern[str]]] = {
    "'": ("string", re.compile(r"'((?:[^']|'')*)'")),
    '"': ("string", re.compile(r'"((?:[^"]|"")*)"')),
    "`": ("backtick", re.compile(r"`((?:[^`]|``)*)`")),
}


@dataclass(frozen=True)
class Token:
    """One word: `text` without its quotes, `at` and `end` its place, `quote` the mark around it if any."""

    kind: TokenKind
    text: str
    at: int
    end: int
    quote: str = ""

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.upper() in words

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"{self.quote}{self.text}{self.quote}"


def mistake(text: str, at: int, what: str) -> NoReturn:
    """Raise FilterError with the line that holds the place, a caret under it, and what was expected there."""
    start = text.rfind("\n", 0, at) + 1
    stop = text.find("\n", at)
    line = text[start : stop if stop >= 0 else len(text)]
    left = max(0, at - start - 60)
    shown = line[left : left + 100].replace("\t", " ")
    raise FilterError(f"{what}\n  {shown}\n  {' ' * (at - start - left)}^", at)


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, the last of kind "end". Raises FilterError."""
    tokens: list[Token] = []
    at = _skip_blanks(text, 0)
    while at < len(text):
        tokens.append(_token(text, at))
        at = _skip_blanks(text, tokens[-1].end)
    return [*tokens, Token("end", "", len(text), len(text))]


def _skip_blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _token(text: str, at: int) -> Token:
    quote = text[at]
    if quote in _QUOTED:
        kind, pattern = _QUOTED[quote]
        match = pattern.match(text, at)
        if match is None:
            mistake(
                text,
                at,
                f"This quote is not closed; end the {'name' if quote == '`' else 'text'} with {quote}.",
            )
        return Token(kind, match[1].replace(quote * 2, quote), at, match.end(), quote)
    patterns: tuple[tuple[TokenKind, re.Pattern[str]], ...] = (
        ("number", _NUMBER_TOKEN), ("word", _WORD), ("symbol", _SYMBOL),
    )  # fmt: skip
    for kind, pattern in patterns:
        match = pattern.match(text, at)
        if match is not None:
            return Token(kind, match[0], at, match.end())
    mistake(text, at, f"Unexpected character {text[at]!r}.")
